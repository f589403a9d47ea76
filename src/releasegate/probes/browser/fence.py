"""Hosts that the target does not list cannot be reached from the browser at all, whatever leads it there.

The routes of Playwright answer what a page asks for; where an answer leads on to, the browser goes without asking this
program. So every window is given a proxy for all hosts but those that are listed and asked directly: one that nobody
listens on, or, where a proxy has to be asked for listed hosts, one of ours that asks it for those alone. (Chromium's
`--host-resolver-rules` would do the same, for the hosts that are known at its start alone: those of the media come
later.)
"""

from __future__ import annotations

import socket
from contextlib import ExitStack
from typing import Self

from playwright.sync_api import ProxySettings

from releasegate.probes.browser.gatekeeper import Gatekeeper
from releasegate.probes.browser.interception import LOOPBACK, Rules
from releasegate.probes.browser.upstream import Proxies, Upstream, written


class Fence:
    """The dead end and the gatekeepers, held as long as the browser runs; `proxy` is the target's own.

    Behind a proxy that is itself asked over TLS or SOCKS there is no fence: it asks whatever it is asked for.
    """

    def __init__(self, proxy: str | None = None) -> None:
        self._proxies = Proxies.of(proxy)
        self._open = ExitStack()
        self._end = ""
        self._gates: dict[frozenset[str], Gatekeeper] = {}

    def __enter__(self) -> Self:
        end = self._open.enter_context(socket.socket())
        end.bind(("127.0.0.1", 0))  # bound, so that nobody else takes it, and never listening
        self._end = f"http://127.0.0.1:{end.getsockname()[1]}"
        return self

    def __exit__(self, *_: object) -> None:
        self._open.close()

    def around(self, rules: Rules) -> ProxySettings | None:
        """Return the proxy of a window with these rules, None where there is no fence.

        Raises CannotMeasure where listed hosts are asked by a proxy that cannot be reached.
        """
        hosts = sorted(rules.hosts | (LOOPBACK if rules.hosts & LOOPBACK else frozenset()))
        passed_by = {host: self._proxies.passed_by(host) for host in hosts}
        server = self._end
        if any(past != [written(host)] for host, past in passed_by.items()):
            named = [one for one in (self._proxies.http, self._proxies.https) if one]
            if not all(map(Upstream.of, named)):
                return None
            server = self._gate(rules).url
        # Without "<-loopback>" Chromium asks every name of this machine directly, listed or not.
        return {
            "server": server,
            "bypass": ",".join(["<-loopback>", *(one for past in passed_by.values() for one in past)]),
        }

    def _gate(self, rules: Rules) -> Gatekeeper:
        """Return the one gatekeeper of all windows with the same hosts."""
        if rules.hosts not in self._gates:
            plain, tunnels = Upstream.of(self._proxies.http), Upstream.of(self._proxies.https)
            gate = Gatekeeper(rules.is_listed, plain, tunnels or plain)  # for a ws:// Chromium takes what there is
            self._gates[rules.hosts] = self._open.enter_context(gate)
        return self._gates[rules.hosts]
