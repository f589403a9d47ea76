"""What a page may ask for, and what it is answered instead: nothing that writes leaves this machine.

Everything that is not GET, HEAD or OPTIONS is answered here, with 200 `{}` (an aborted request makes pages throw) or as
the target says, unless it is the login or the target lets it through. Hosts that the target does not list are never
asked, nor do WebSockets reach them; where a listed host's answer leads the browser on to another host, the browser
follows by itself, as far as the fence (`fence.py`), and what fails there is ours.

What is the login: a POST, PUT or PATCH that holds the typed password; a POST that asks for a session again by its usual
address; and, in a window in which nobody is logged in, a POST that holds the typed e-mail or goes to a login's usual
address. In a window with a session an e-mail may stand in anything, a read receipt too.
"""

from __future__ import annotations

import base64
import contextlib
import json
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import quote, quote_plus, urlsplit

from playwright.sync_api import Error, Request, Route, WebSocketRoute

SAFE: Final = frozenset({"GET", "HEAD", "OPTIONS"})
_WRITES: Final = frozenset({"POST", "PUT", "PATCH"})
LOOPBACK: Final = frozenset({"localhost", "127.0.0.1", "::1"})
_NOT_NETWORK: Final = ("data:", "blob:", "about:", "chrome-extension:")
# Asking for a session again is part of being logged in; these paths write nothing that a customer would see. A token
# for push messages is no session, nor is one of chat.
_LOGIN_PATH: Final = re.compile(
    r"(?<!/push)(?<!/device)(?<!/devices)(?<!/fcm)(?<!/notifications)"
    r"/(?:log-?in|sign-?in|entrar|sessions?|token|refresh(?:[-_]?token)?|callback/credentials)/?$",
    re.IGNORECASE,
)
_REFRESH_PATH: Final = re.compile(
    r"(?:^|/(?:auth|oauth2?|openid-connect|connect|identity|sso|login|jwt|account|users?|me|sessions?|tokens?|api|v\d+))"
    r"/(?:token|refresh|session)/?$|/refresh[-_]?token/?$",
    re.IGNORECASE,
)
_READ: Final = frozenset({"script", "stylesheet", "fetch", "xhr", "websocket"})
_GIF: Final = base64.b64decode("R0lGODlhAQABAIAAAAAAAAAAACH5BAEAAAAALAAAAAABAAEAAAICRAEAOw==")  # one clear pixel
_EMPTY: Final = {
    "script": ("text/javascript", b""),
    "stylesheet": ("text/css", b""),
    "image": ("image/gif", _GIF),
    "document": ("text/html", b"<!doctype html><title></title>"),
}


@dataclass(slots=True)
class Cut:
    """Requests to answer otherwise: those that `fits`; `count` is how many there were.

    They are answered with `status` and `body` after `wait_ms`; with `abort` they fail as that error of Playwright
    (timedout, connectionrefused). With `hold_ms` the first is held that long, then `at_last` is called, and it is let
    through to the deployment with those that came meanwhile; after that the cut is off.
    """

    fits: Callable[[Request], bool]
    status: int = 404
    body: str | bytes = ""
    content_type: str = "text/plain"
    abort: str = ""
    wait_ms: int = 0
    hold_ms: int = 0
    at_last: Callable[[], None] = lambda: None
    count: int = 0
    is_on: bool = True
    held: list[Route] = field(default_factory=list)

    def answer(self, route: Route) -> None:
        """Answer one request."""
        self.count += 1
        if self.hold_ms:
            self._hold(route)
            return
        if self.wait_ms:
            route.request.frame.page.wait_for_timeout(self.wait_ms)
        if self.abort:
            route.abort(self.abort)
        else:
            headers = _cors(route.request)
            route.fulfill(status=self.status, body=self.body, content_type=self.content_type, headers=headers)

    def _hold(self, route: Route) -> None:
        self.held.append(route)
        if self.count > 1:
            return
        try:
            route.request.frame.page.wait_for_timeout(self.hold_ms)
            self.at_last()
        finally:
            self._release()

    def _release(self) -> None:
        self.is_on = False
        while self.held:
            with contextlib.suppress(Error):  # the page has given it up
                self.held.pop().continue_()


@dataclass(slots=True)
class Rules:
    """What is let through on this target. `hosts` as netlocs or host names; `writes` as "METHOD pattern".

    `has_session` says that somebody is logged in in the window; `password` are the forms of what the login types there.
    """

    hosts: frozenset[str]
    writes: tuple[tuple[str, re.Pattern[str]], ...] = ()
    typed: tuple[str, ...] = ()
    password: tuple[str, ...] = ()
    has_session: bool = False

    @classmethod
    def of(
        cls,
        urls: Iterable[str],
        hosts: Iterable[str],
        writes: Iterable[str],
        typed: tuple[str, str],
        *,
        has_session: bool = False,
    ) -> Rules:
        """Return the rules for a target; `typed` are the e-mail and the password, by which the login is known."""
        names = [urlsplit(url).hostname or "" for url in urls] + [_host_name(host) for host in hosts]
        pairs = [write.partition(" ") for write in writes]
        return cls(
            hosts=frozenset(name.lower() for name in names if name),
            writes=tuple((method.upper(), re.compile(pattern.strip())) for method, _, pattern in pairs),
            typed=tuple(form for value in typed if value for form in _as_sent(value)),
            password=tuple(_as_sent(typed[1])) if typed[1] else (),
            has_session=has_session,
        )

    def is_listed(self, url: str) -> bool:
        """Whether the target lists the host of `url`; all names of this machine are one."""
        host = (urlsplit(url).hostname or "").lower()
        return host in self.hosts or (host in LOOPBACK and bool(self.hosts & LOOPBACK))

    def lets_through(self, request: Request) -> bool:
        """Whether a request may go to the deployment."""
        return request.method in SAFE or self.is_login(request) or self._is_allowed(request)

    def is_login(self, request: Request) -> bool:
        """Whether a request logs in or asks for a session again, as this module's first lines say."""
        if request.method in _WRITES and _holds(request, self.password):
            return True
        if request.method != "POST":
            return False
        path = urlsplit(request.url).path
        if self.has_session:
            return bool(_REFRESH_PATH.search(path))
        return self.carries_typed(request) or bool(_LOGIN_PATH.search(path) or _REFRESH_PATH.search(path))

    def carries_typed(self, request: Request) -> bool:
        """Whether what the login typed stands in the request's body."""
        return _holds(request, self.typed)

    def _is_allowed(self, request: Request) -> bool:
        return any(method in (request.method, "*") and path.search(request.url) for method, path in self.writes)


@dataclass(frozen=True, slots=True)
class Led:
    """A request whose answers led the browser to a `host` that nobody listed, which was not asked.

    `urls` are the addresses on the way there, the first one first; `kind` is Playwright's resource type.
    """

    kind: str
    urls: tuple[str, ...]
    host: str


@dataclass(slots=True)
class Interception:
    """Answers the requests of one page. `answered` and `blocked` list what was kept from the deployment.

    `led` are the requests that answers led to hosts which nobody listed, `gone` the hosts to which the page itself
    went; neither was asked. Without a fence (`is_fenced`) they were: `led_to`.
    `written` is the status and the body that a request which would write is answered with.
    """

    rules: Rules
    cuts: list[Cut] = field(default_factory=list)
    written: tuple[int, str] = (200, "{}")
    answered: list[str] = field(default_factory=list)
    blocked: list[tuple[str, str]] = field(default_factory=list)
    touched: set[str] = field(default_factory=set)
    is_fenced: bool = True
    led: list[Led] = field(default_factory=list)
    gone: list[str] = field(default_factory=list)
    _asked: list[str] = field(default_factory=list)

    @property
    def may_have_upset(self) -> bool:
        """Whether the page was given an answer of ours that its scripts may read; a beacon reads none."""
        return bool(self.answered) or any(kind in _READ for kind, _ in self.blocked)

    @property
    def unlisted(self) -> tuple[str, ...]:
        """The hosts that were not asked, each once."""
        return tuple(dict.fromkeys(urlsplit(url).hostname or "" for _, url in self.blocked))

    @property
    def led_to(self) -> tuple[str, ...]:
        """The hosts that nobody listed and the browser asked, for a listed host led it there; each once."""
        return tuple(dict.fromkeys(self._asked))

    @property
    def way_on(self) -> str:
        """What is to be said where one came no further, for the page or its data is on a host that nobody listed."""
        if self.gone:
            return not_listed(f"the page leads on to {self.gone[-1]}")
        led = next((one for one in self.led if one.kind in _READ and len(one.urls) > 1), None)
        return not_listed(f"{led.urls[0].split('?')[0]} leads on to {led.host}") if led else ""

    def was_led(self, request: Request) -> None:
        """Take note of a request that an answer led the browser to, or that failed though no route saw it."""
        if not self.is_kept(request.url):
            return
        host = urlsplit(request.url).hostname or ""
        if not self.is_fenced:
            self._asked.append(host)
            return
        urls = tuple(reversed([one.url for one in _on_the_way(request)]))
        self.led.append(Led(request.resource_type, urls, host))
        self.touched.update(urls)
        self._keep(request)

    def is_kept(self, url: str) -> bool:
        """Whether the host of `url` must not be asked."""
        return not url.startswith(_NOT_NETWORK) and not self.rules.is_listed(url)

    def bars(self, url: str) -> bool:
        """Whether a WebSocket to `url` is kept from its host; `wss://x` is listed where `x` is."""
        return not self.rules.is_listed(url)

    def close(self, socket: WebSocketRoute) -> None:
        """Close a page's WebSocket before it is open."""
        self.blocked.append(("websocket", socket.url.split("?")[0]))
        self.touched.add(socket.url)
        socket.close()

    def handle(self, route: Route) -> None:
        """Let a request through, or answer it here."""
        try:
            self._handle(route, route.request)
        except Error:  # the page was closed while it asked
            return

    def _handle(self, route: Route, request: Request) -> None:
        cut = next((cut for cut in self.cuts if cut.is_on and cut.fits(request)), None)
        if request.url.startswith(_NOT_NETWORK):
            route.continue_()
        elif cut is not None:
            self.touched.add(request.url)
            cut.answer(route)
        elif not self.rules.is_listed(request.url):
            self._keep(request)
            self._answer(route, request)
        elif not self.rules.lets_through(request):
            if request.resource_type != "ping":
                self.answered.append(f"{request.method} {urlsplit(request.url).path}")
            self._answer(route, request)
        else:
            route.continue_()

    def _keep(self, request: Request) -> None:
        self.blocked.append((request.resource_type, request.url.split("?")[0]))
        if _is_of_the_page(request):
            self.gone.append(urlsplit(request.url).hostname or "")

    def _answer(self, route: Route, request: Request) -> None:
        self.touched.add(request.url)
        status, plain = self.written if request.method not in SAFE else (200, "{}")
        content_type, body = _EMPTY.get(request.resource_type, ("application/json", plain.encode()))
        route.fulfill(status=status, body=body, headers={"content-type": content_type, **_cors(request)})


def not_listed(what: str) -> str:
    """Return the sentence for what is on a host that the target does not list; `what` ends with its name."""
    return f"{what}, which the target does not list; add it to [frontend] hosts and look again"


def _on_the_way(request: Request) -> Iterator[Request]:
    """Give a request and those that it was redirected from, the last one first."""
    step: Request | None = request
    while step is not None:
        yield step
        step = step.redirected_from


def _is_of_the_page(request: Request) -> bool:
    """Whether a request is for the document of the window, and not of a frame in it."""
    if not request.is_navigation_request():
        return False
    try:
        return request.frame.parent_frame is None
    except Error:  # the window is not there yet
        return True


def _cors(request: Request) -> dict[str, str]:
    origin = request.headers.get("origin", "*")
    return {"access-control-allow-origin": origin, "access-control-allow-credentials": "true"}


def _holds(request: Request, values: Iterable[str]) -> bool:
    data = request.post_data_buffer
    body = data.decode("utf-8", "replace") if data else ""
    return bool(body) and any(value in body for value in values)


def _as_sent(value: str) -> set[str]:
    return {value, quote(value, safe=""), quote_plus(value), json.dumps(value)[1:-1]}


def _host_name(host: str) -> str:
    return urlsplit(host if "://" in host else f"//{host}").hostname or ""
