"""Hosts that the target does not list cannot be reached from the browser at all, whatever leads it there.

The routes of Playwright answer what a page asks for; where an answer leads on to, the browser goes without asking this
program. So every window is given a proxy that nobody listens on, for all hosts but those that are listed. (Chromium's
`--host-resolver-rules` would do the same, for the hosts that are known at its start alone: those of the media come
later.)
"""

from __future__ import annotations

import socket
from contextlib import ExitStack
from typing import Self
from urllib.request import getproxies, proxy_bypass

from playwright.sync_api import ProxySettings

from releasegate.probes.browser.interception import LOOPBACK, Rules


class Fence:
    """The dead end, held as long as the browser runs; `proxy` is the target's own, by which all is asked.

    With a proxy, the target's or this machine's, there is no fence: it cannot be passed by for the hosts that are
    listed, and asks whatever it is asked for.
    """

    def __init__(self, proxy: str | None = None) -> None:
        self._proxy = proxy
        self._open = ExitStack()
        self._end = ""

    def __enter__(self) -> Self:
        end = self._open.enter_context(socket.socket())
        end.bind(("127.0.0.1", 0))  # bound, so that nobody else takes it, and never listening
        self._end = f"http://127.0.0.1:{end.getsockname()[1]}"
        return self

    def __exit__(self, *_: object) -> None:
        self._open.close()

    def around(self, rules: Rules) -> ProxySettings | None:
        """Return the proxy of a window with these rules, None where there is no fence."""
        hosts = sorted(rules.hosts | (LOOPBACK if rules.hosts & LOOPBACK else frozenset()))
        if self._proxy or any(_is_asked_by_proxy(host) for host in hosts):
            return None
        # Without "<-loopback>" Chromium asks every name of this machine directly, listed or not.
        return {"server": self._end, "bypass": ",".join(["<-loopback>", *map(_written, hosts)])}


def _is_asked_by_proxy(host: str) -> bool:
    """Whether Chromium would ask `host` by a proxy that this machine's environment names."""
    return host not in LOOPBACK and bool(getproxies().keys() & {"http", "https", "all"}) and not proxy_bypass(host)


def _written(host: str) -> str:
    return f"[{host}]" if ":" in host else host
