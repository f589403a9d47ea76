"""What a page logs, asks for and receives, from before its first script runs."""

from __future__ import annotations

import hashlib
import time
from collections import Counter
from urllib.parse import unquote, urlsplit

from playwright.sync_api import ConsoleMessage, Error, Frame, Page, Request, Response, WebSocket

from releasegate.core.facts.page import Asset, Event, Kind
from releasegate.core.redaction import redactor
from releasegate.probes.browser.interception import Interception
from releasegate.probes.browser.recording import Recording, plain

_ASSETS = frozenset({"script", "stylesheet"})
_DATA = frozenset({"fetch", "xhr", "document", "websocket", "eventsource"})
_MEDIA = frozenset({"image", "media"})
_NEEDED = frozenset({"document", "script", "stylesheet", "fetch", "xhr"})
# Where nobody listens, and of what the gatekeeper closes unanswered.
_AT_THE_FENCE = frozenset(f"net::ERR_{said}" for said in ("PROXY_CONNECTION_FAILED", "EMPTY_RESPONSE"))
_LONGEST_WAIT_S = 4
_POLL_MS = 20
_LONGEST_TEXT = 400
_LONGEST_BODY = 8_000_000
_SHORTEST_NAME = 5  # a file name shorter than this stands in any answer by chance


class Listener:
    """Keeps what happened on one page; the bodies of answers stay in memory and never go into evidence.

    `sockets` counts the messages that the page sent, by the address of its WebSocket. `recording` is told everything
    under the name of the `window`, for whoever looks at a failure.
    """

    def __init__(self, page: Page, interception: Interception, recording: Recording | None = None) -> None:
        self._recording = recording or Recording()
        self.window = self._recording.window()
        page.on("framenavigated", self._on_navigation)
        self.page = page
        self.interception = interception
        self.responses: list[Response] = []
        self.failures: list[tuple[Request, str]] = []
        self._events: list[Event] = []
        self._bodies: dict[Response, str] = {}
        self.sockets: Counter[str] = Counter()
        page.on("websocket", self._on_socket)
        page.on("console", self._on_console)
        page.on("pageerror", self._on_error)
        page.on("response", self._on_response)
        self._asked: dict[Request, float] = {}
        self._began: dict[Response, float] = {}
        self._ended: set[Request] = set()
        page.on("request", self._on_request)
        page.on("requestfinished", self._on_answered)
        page.on("requestfailed", self._on_failure)

    @property
    def is_busy(self) -> bool:
        """Whether the page waits for something; a request that has been open for seconds is a poll, or a stream."""
        now = time.monotonic()
        return any(now - began < _LONGEST_WAIT_S for began in self._asked.values())

    @property
    def asked(self) -> tuple[Request, ...]:
        """What was asked for and is not answered yet: documents, scripts, styles and data."""
        return tuple(self._asked)

    def events(self) -> list[Event]:
        """Return what went wrong so far: console, uncaught errors, failed requests; ours and dead media marked."""
        answered = [self._answered(response) for response in list(self.responses) if response.status >= 400]
        bad = {event.url for event in answered}
        failed = [failure for failure in self.failures if _is_failure(failure[1]) and failure[0].url not in bad]
        unanswered = [self._unanswered(request, reason) for request, reason in failed]
        return [*(self._told(event) for event in self._events), *answered, *unanswered]

    def assets(self) -> tuple[Asset, ...]:
        """Return every script and style sheet that the page asked for and this program did not answer itself."""
        came = [
            Asset(
                url=response.url,
                kind=response.request.resource_type,
                status=response.status,
                sha256=hashlib.sha256(self.text(response).encode()).hexdigest() if response.ok else "",
            )
            for response in list(self.responses)
            if response.request.resource_type in _ASSETS
            and not 300 <= response.status < 400
            and not self._is_ours(response.url)
        ]
        failed = [
            Asset(url=request.url, kind=request.resource_type, status=None)
            for request, _ in self.failures
            if request.resource_type in _ASSETS and not self._is_ours(request.url)
        ]
        answered = {asset.url for asset in came}
        return (*came, *(asset for asset in failed if asset.url not in answered))

    def data_errors(self, since: int = 0) -> tuple[str, ...]:
        """Return the requests for data that were answered 4xx or 5xx, or not at all, since that many responses."""
        bad = [
            f"{response.request.method} {urlsplit(response.url).path} answered {response.status}"
            for response in self.responses[since:]
            if response.status >= 400 and response.request.resource_type in _DATA and not self._is_ours(response.url)
        ]
        silent = [
            f"{request.method} {urlsplit(request.url).path}: {reason}"
            for request, reason in self.failures
            if request.resource_type in _DATA and _is_failure(reason) and not self._is_ours(request.url)
        ]
        return tuple(dict.fromkeys(bad + silent))

    def data(self, since: int = 0) -> list[tuple[Response, str]]:
        """Return the answers that carry data (JSON, text, the document itself), with their bodies."""
        return [
            (response, self.text(response))
            for response in self.responses[since:]
            if response.request.resource_type in _DATA and response.ok
        ]

    def code(self) -> str:
        """Return all scripts and documents that were loaded, as one text."""
        wanted = [one for one in list(self.responses) if one.request.resource_type in ("script", "document") and one.ok]
        return "\n".join(self.text(response) for response in wanted)

    def text(self, response: Response) -> str:
        """Return the body of `response`, "" where it cannot be had any more, or not yet: a stream has no end."""
        if response not in self._bodies:
            if not self._has_ended(response):
                return ""
            try:
                self._bodies[response] = response.body()[:_LONGEST_BODY].decode("utf-8", "replace")
            except Error:  # redirected, or the page went on
                self._bodies[response] = ""
        return self._bodies[response]

    def _has_ended(self, response: Response) -> bool:
        """Wait until a response has come whole, seconds from its beginning at the longest; return whether it has.

        Playwright waits for the body of one that never ends for ever, and nothing interrupts that.
        """
        try:
            while response.request not in self._ended:
                if time.monotonic() - self._began.get(response, 0) >= _LONGEST_WAIT_S:
                    return False
                self.page.wait_for_timeout(_POLL_MS)
        except Error:  # the window is closed
            return False
        return True

    def _on_socket(self, socket: WebSocket) -> None:
        """Count what the page sends: it is not held back, for many a page reads through its socket."""
        url = plain(socket.url)
        self.sockets[url] += 0
        socket.on("framesent", lambda _: self.sockets.update([url]))

    def _on_request(self, request: Request) -> None:
        if request.redirected_from is not None:  # the browser follows without asking this program
            self.interception.was_led(request)
        if request.resource_type in _NEEDED:
            self._asked[request] = time.monotonic()

    def _on_response(self, response: Response) -> None:
        self._began[response] = time.monotonic()
        self.responses.append(response)
        self._recording.answered(self.window, response.request.method, response.url, response.status)

    def _on_navigation(self, frame: Frame) -> None:
        if frame.parent_frame is None:
            self._recording.went_to(self.window, frame.url)

    def _on_answered(self, request: Request) -> None:
        self._asked.pop(request, None)
        self._ended.add(request)

    def _on_failure(self, request: Request) -> None:
        self._asked.pop(request, None)
        self._ended.add(request)
        if request.redirected_from is None and request.failure in _AT_THE_FENCE:  # no route saw it
            self.interception.was_led(request)
        self.failures.append((request, request.failure or "failed"))
        self._recording.failed(self.window, request.method, request.url, request.failure or "failed")

    def _on_console(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "assert") or message.text.startswith("Mixed Content:"):
            self._note(Kind.CONSOLE, message.text, message.location.get("url", ""))

    def _on_error(self, error: Error) -> None:
        self._note(Kind.UNCAUGHT, error.message or str(error), "")

    def _note(self, kind: Kind, text: str, url: str) -> None:
        after = self.interception.may_have_upset
        short = redactor.text(text)[:_LONGEST_TEXT]
        self._recording.said(self.window, str(kind), short)
        self._events.append(Event(kind=kind, text=short, url=url, page=self.page.url, after_ours=after))

    def _told(self, event: Event) -> Event:
        is_resource = "load resource" in event.text or "net::ERR" in event.text
        return Event(
            kind=event.kind,
            text=event.text,
            url=event.url,
            page=event.page,
            after_ours=event.after_ours,
            is_ours=self._is_ours(event.url) or any(url in event.text for url in self.interception.touched),
            is_medium=is_resource and self._is_medium_url(event.url),
        )

    def _answered(self, response: Response) -> Event:
        request = response.request
        return Event(
            kind=Kind.FAILED,
            text=f"{request.method} answered {response.status}",
            url=response.url,
            status=response.status,
            page=self.page.url,
            is_ours=self._is_ours(response.url),
            is_medium=request.resource_type in _MEDIA and self._is_in_data(response.url),
        )

    def _unanswered(self, request: Request, reason: str) -> Event:
        return Event(
            kind=Kind.FAILED,
            text=f"{request.method} {reason}",
            url=request.url,
            page=self.page.url,
            is_ours=self._is_ours(request.url),
            is_medium=request.resource_type in _MEDIA and self._is_in_data(request.url),
        )

    def _is_ours(self, url: str) -> bool:
        return url in self.interception.touched

    def _is_medium_url(self, url: str) -> bool:
        kinds = {response.request.resource_type for response in list(self.responses) if response.url == url}
        kinds |= {request.resource_type for request, _ in self.failures if request.url == url}
        return bool(kinds & _MEDIA) and self._is_in_data(url)

    def _is_in_data(self, url: str) -> bool:
        """Whether an answer that carries data names this file: then its death is the data's, not the page's."""
        names = {url, unquote(url), unquote(urlsplit(url).path)} | _file_names(url)
        return any(name in body for _, body in self.data() for name in names)


def _file_names(url: str) -> set[str]:
    """Return the last parts of the addresses in `url`: its own, and one that it carries for a resizing proxy."""
    plain = unquote(unquote(url))
    parts = {piece.rsplit("/", 1)[-1] for piece in (plain.split("?")[0], plain.split("&")[0])}
    return {part for part in parts if len(part) >= _SHORTEST_NAME and "." in part}


def _is_failure(reason: str) -> bool:
    return "ERR_ABORTED" not in reason  # a page that goes on cancels what it no longer needs
