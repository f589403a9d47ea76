"""By which proxy a host is asked: the target's own for all, else as this machine's environment says.

The environment is read as Chromium reads it (`proxy_config_service_linux.cc`): `all_proxy` before `http_proxy` and
`https_proxy`; `no_proxy` by the end of a name, by `*`, by a network or with a port; this machine's own names never.
"""

from __future__ import annotations

import base64
import socket
from dataclasses import dataclass
from fnmatch import fnmatchcase
from ipaddress import ip_address, ip_network
from typing import Final, Self
from urllib.parse import unquote, urlsplit
from urllib.request import getproxies

from releasegate.core import CannotMeasure
from releasegate.core.redaction import redactor

_SCHEMES: Final = ("http", "https")
_PATIENCE_S: Final = 10


@dataclass(frozen=True, slots=True)
class Upstream:
    """A proxy that is asked over plain HTTP; `credentials` are what `Proxy-Authorization: Basic` says, "" for none."""

    host: str
    port: int
    credentials: str = ""

    @classmethod
    def of(cls, url: str) -> Self | None:
        """Return the proxy of an address, None where it is of another kind (https, socks5) or none at all."""
        try:
            parts = urlsplit(url if "://" in url else f"http://{url}")
            port = parts.port or 80
        except ValueError:  # Chromium takes no notice of it either
            return None
        if parts.scheme != "http" or not parts.hostname:
            return None
        user, password = unquote(parts.username or ""), unquote(parts.password or "")
        redactor.register(password)
        named = base64.b64encode(f"{user}:{password}".encode()).decode() if user else ""
        return cls(parts.hostname, port, named)

    def must_answer(self) -> None:
        """Raise CannotMeasure where it cannot be reached: behind our own proxy the browser could not say so."""
        try:
            socket.create_connection((self.host, self.port), _PATIENCE_S).close()
        except OSError as error:
            raise CannotMeasure(f"the browser's proxy {self.host}:{self.port} cannot be reached: {error}") from error


@dataclass(frozen=True, slots=True)
class Proxies:
    """The addresses of the proxies by which http and https are asked, "" for directly, and whom `no_proxy` names.

    `is_for_all` says that nothing is asked directly, this machine's own names neither: that of `[browser] proxy`.
    """

    http: str
    https: str
    no_proxy: tuple[str, ...] = ()
    is_for_all: bool = False

    @classmethod
    def of(cls, given: str | None) -> Self:
        """Return those of a target whose `[browser] proxy` is `given`."""
        if given:
            return cls(given, given, is_for_all=True)
        named = getproxies()
        http, https = (named.get("all") or named.get(scheme, "") for scheme in _SCHEMES)
        return cls(http, https, tuple(one.strip() for one in named.get("no", "").lower().split(",") if one.strip()))

    def passed_by(self, host: str) -> list[str]:
        """Return what of `host` is asked directly, as rules of Chromium: a name, one with its port, or a scheme's."""
        if self.is_for_all:
            return []
        if is_of_this_machine(host) or not (self.http or self.https):
            return [written(host)]
        ports = [port for port in (_port_passed(host, entry) for entry in self.no_proxy) if port is not None]
        if "" in ports:
            return [written(host)]
        schemes = [scheme for scheme, proxy in zip(_SCHEMES, (self.http, self.https), strict=True) if not proxy]
        return [*(f"{written(host)}:{port}" for port in ports), *(f"{scheme}://{written(host)}" for scheme in schemes)]


def is_of_this_machine(host: str) -> bool:
    """Whether a host is one that Chromium asks directly unless it is told otherwise."""
    try:
        address = ip_address(host)
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")
    return address.is_loopback or address.is_link_local


def written(host: str) -> str:
    """Return a host as it stands in an address."""
    return f"[{host}]" if ":" in host else host


def _port_passed(host: str, entry: str) -> str | None:
    """Return the port with which an entry of `no_proxy` speaks of `host`, "" for any; None where it does not."""
    try:
        return "" if ip_address(host) in ip_network(entry, strict=False) else None
    except ValueError:  # one of them is a name
        name, _, port = entry.rpartition(":")
    pattern, port = (name, port) if port.isdecimal() and name else (entry, "")
    return port if fnmatchcase(host, f"*{pattern.strip('[]').lstrip('*')}") else None
