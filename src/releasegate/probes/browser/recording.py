"""What the browser did last, in any of its windows: told in words, and as a trace that `playwright show-trace` opens.

Playwright's own tracing keeps cookies, tokens, what was typed and what customers wrote. This one is written here, of
what may be kept and nothing else: what the gate did, addresses without their query, statuses, what the console said
after redaction, and the pictures that are evidence anyway, in which no customer's text can be read.
"""

from __future__ import annotations

import hashlib
import io
import json
import time
import zipfile
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from itertools import count
from typing import Any, Final

from releasegate.core.redaction import redactor

_MOST_TOLD: Final = 20
_MOST_EVENTS: Final = 400  # a conversation with its pictures is about a hundred
_MOST_PICTURES: Final = 8  # 50 KB each
_VERSION: Final = 8  # of the format; newer viewers read it too
_NOBODY_SAYS: Final = {"headers": [], "cookies": [], "headersSize": -1, "bodySize": -1, "httpVersion": "HTTP/1.1"}

Entry = dict[str, Any]


class Recording:
    """The last things of every window, each with its time; older ones are forgotten."""

    def __init__(self) -> None:
        self._told: deque[str] = deque(maxlen=_MOST_TOLD)
        self._entries: deque[Entry] = deque(maxlen=_MOST_EVENTS)
        self._requests: deque[Entry] = deque(maxlen=_MOST_EVENTS)
        self._pictures: deque[tuple[Entry, bytes]] = deque(maxlen=_MOST_PICTURES)
        self._windows = count(1)
        self._calls = count(1)

    @property
    def told(self) -> list[str]:
        """The last events in words, each with its time of day in UTC."""
        return list(self._told)

    def window(self) -> str:
        """Return the name of a new window."""
        return f"page@{next(self._windows)}"

    @contextmanager
    def doing(self, window: str, what: str) -> Iterator[None]:
        """Record what the gate does meanwhile, and whether it went wrong; not the words, which may hold names."""
        call: Entry = {"callId": f"call@{next(self._calls)}"}
        title = redactor.text(what)
        self._entries.append(
            call | {"type": "before", "startTime": _now_ms(), "class": "Page", "method": "", "title": title,
                    "params": {}, "pageId": window}
        )  # fmt: skip
        error: Entry = {}
        try:
            yield
        except Exception as raised:
            error = {"error": {"name": type(raised).__name__, "message": "did not work"}}
            raise
        finally:
            self._entries.append(call | {"type": "after", "endTime": _now_ms(), **error})

    def went_to(self, window: str, url: str) -> None:
        """Record a navigation."""
        self._tell(f"at {plain(url)}")
        self._entries.append(
            {"type": "event", "time": _now_ms(), "class": "Page", "method": "navigated",
             "params": {"url": redactor.text(plain(url))}, "pageId": window}
        )  # fmt: skip

    def answered(self, window: str, method: str, url: str, status: int) -> None:
        """Record an answer."""
        self._tell(f"{method} {plain(url)} answered {status}")
        self._request(window, method, url, status, "")

    def failed(self, window: str, method: str, url: str, reason: str) -> None:
        """Record a request that got no answer."""
        self._tell(f"{method} {plain(url)}: {reason}")
        self._request(window, method, url, -1, reason)

    def said(self, window: str, kind: str, text: str) -> None:
        """Record what a page logged, or an uncaught error; `text` is redacted already."""
        self._tell(f"{kind}: {text}")
        place = {"url": "", "lineNumber": 0, "columnNumber": 0}
        self._entries.append(
            {"type": "console", "time": _now_ms(), "messageType": "error", "text": f"{kind}: {text}", "args": [],
             "location": place, "pageId": window}
        )  # fmt: skip

    def pictured(self, window: str, picture: bytes, size: tuple[int, int]) -> None:
        """Record a picture in which nothing can be read that may not be."""
        if picture:
            name = f"{hashlib.sha1(picture, usedforsecurity=False).hexdigest()}.jpeg"
            frame = {"type": "screencast-frame", "pageId": window, "sha1": name, "width": size[0], "height": size[1],
                     "timestamp": _now_ms()}  # fmt: skip
            self._pictures.append((frame, picture))

    def as_trace(self) -> bytes:
        """Return everything as a trace: a zip in the format of Playwright."""
        entries = sorted([*self._entries, *(frame for frame, _ in self._pictures)], key=_time_of)
        begun = {entry["callId"] for entry in entries if entry["type"] == "before"}
        whole = [entry for entry in entries if entry.get("callId") is None or entry["callId"] in begun]
        out = io.BytesIO()
        with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("trace.trace", _lines([_head(), *whole]))
            archive.writestr("trace.network", _lines(list(self._requests)))
            for frame, picture in self._pictures:
                if f"resources/{frame['sha1']}" not in archive.namelist():
                    archive.writestr(f"resources/{frame['sha1']}", picture)
        return out.getvalue()

    def _tell(self, what: str) -> None:
        self._told.append(f"{datetime.now(UTC):%H:%M:%S.%f}"[:-3] + f" {redactor.text(what)}")

    def _request(self, window: str, method: str, url: str, status: int, reason: str) -> None:
        asked = {"method": method, "url": redactor.text(plain(url)), "queryString": []}
        content = {"size": -1, "mimeType": "x-unknown"}
        answer = {"status": status, "statusText": reason, "content": content, "redirectURL": "", "_failureText": reason}
        self._requests.append(
            {"type": "resource-snapshot", "snapshot": {
                "pageref": window, "startedDateTime": datetime.now(UTC).isoformat(), "time": 0, "cache": {},
                "request": asked | _NOBODY_SAYS, "response": answer | _NOBODY_SAYS,
                "timings": {"send": -1, "wait": -1, "receive": -1}, "_monotonicTime": _now_ms(),
            }}
        )  # fmt: skip


def plain(url: str) -> str:
    """Return an address without what may be secret in it."""
    return url.split("?", maxsplit=1)[0].split("#", maxsplit=1)[0][:200]


def _head() -> Entry:
    return {
        "version": _VERSION, "type": "context-options", "origin": "library", "browserName": "chromium",
        "platform": "", "options": {}, "wallTime": time.time() * 1000, "monotonicTime": _now_ms(),
        "sdkLanguage": "python", "title": "releasegate: what the browser did last",
    }  # fmt: skip


def _time_of(entry: Entry) -> float:
    found: float = next(entry[key] for key in ("startTime", "endTime", "time", "timestamp") if key in entry)
    return found


def _now_ms() -> float:
    return time.monotonic() * 1000


def _lines(entries: list[Entry]) -> str:
    return "".join(json.dumps(entry) + "\n" for entry in entries)
