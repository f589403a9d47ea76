"""Tells somebody else that the watch is alive, so that a dead one is noticed."""

from __future__ import annotations

from urllib.parse import urlsplit

import httpx

from releasegate.core import UsageError
from releasegate.core.redaction import redactor

_LONGEST_S = 5.0  # a round is 30 s apart from the next; whoever listens must not hold it up


class Heartbeat:
    """Asks one address after every round. The address is a secret: whoever knows it can pretend to be alive."""

    def __init__(self, url: str, where: str) -> None:
        """Take the address; raises UsageError, naming `where` it was given, when it is none."""
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.netloc:
            raise UsageError(f"{where}: is no address; accepted: one that begins with http:// or https://")
        redactor.register(url)
        redactor.register(parts.path.strip("/"))
        self._url, self._host = url, parts.netloc.rpartition("@")[2]
        self.trouble = ""

    def beat(self) -> None:
        """Ask it once; what goes wrong ends nothing, is kept in `trouble`, and is said once."""
        try:
            answer = httpx.get(self._url, timeout=_LONGEST_S, follow_redirects=True)
        except httpx.HTTPError as error:
            self.trouble = f"heartbeat to {self._host}: {type(error).__name__}"
            return
        self.trouble = "" if answer.is_success else f"heartbeat to {self._host} was answered {answer.status_code}"
