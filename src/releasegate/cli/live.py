"""A command's output as it comes: whole lines at once, a prompt after a short pause, and no secret on the screen."""

from __future__ import annotations

import codecs
import os
import re
import selectors
from collections.abc import Callable
from typing import IO

from releasegate.core.redaction import redactor

_QUIET_S = 0.2  # what has stood without a line end for so long is a prompt, or a line that comes in pieces
_BLOCK = 65_536  # bytes read at once: what a pipe holds
_ENDS_LIKE_A_PROMPT = re.compile(r"[\s:?>#$%.)\]]\Z")


class Screen:
    """Takes output in any pieces, keeps it, and passes on what can be shown, redacted, to `show` (None: to nobody).

    A secret may arrive in pieces: what could still become one is held back until more of the output, or its end,
    tells.
    """

    def __init__(self, show: Callable[[str], None] | None) -> None:
        self._show = show
        self._pieces: list[str] = []
        self._held = ""

    @property
    def holds(self) -> bool:
        """Whether something has come that was not shown yet."""
        return bool(self._held)

    @property
    def output(self) -> str:
        """Everything that came, not redacted, with plain line ends."""
        return "".join(self._pieces).replace("\r\n", "\n").replace("\r", "\n")

    def add(self, text: str) -> None:
        """Take more output and show its whole lines; a carriage return (a bar of progress) ends one too."""
        self._pieces.append(text)
        if self._show:
            self._held += text
            self._pass_on(max(self._held.rfind("\n"), self._held.rfind("\r")) + 1)

    def pause(self) -> None:
        """Show what stands without a line end: all of a prompt, else all but its last word, which may go on."""
        last_word = 0 if _ENDS_LIKE_A_PROMPT.search(self._held) else len(re.split(r"\s", self._held)[-1])
        self._pass_on(len(self._held) - last_word)

    def close(self) -> None:
        """Show the rest."""
        self._pass_on(len(self._held), is_all=True)

    def _pass_on(self, size: int, *, is_all: bool = False) -> None:
        if not is_all:
            size -= redactor.begun(self._held[:size])
        shown, self._held = self._held[:size], self._held[size:]
        if shown and self._show:
            self._show(redactor.text(shown))


def follow(stream: IO[bytes], screen: Screen) -> None:
    """Give `screen` what comes out of `stream` as soon as it is there, until its end."""
    decoder = codecs.getincrementaldecoder("utf-8")(errors="replace")
    with selectors.DefaultSelector() as ready:
        ready.register(stream, selectors.EVENT_READ)
        data = b"nothing read yet"
        while data:
            if not ready.select(_QUIET_S if screen.holds else None):
                screen.pause()
                ready.select()
            data = os.read(stream.fileno(), _BLOCK)
            screen.add(decoder.decode(data, final=not data))
