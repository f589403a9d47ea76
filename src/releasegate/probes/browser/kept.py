"""What a login left behind, shared by the processes of a run and by the gates that follow."""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from releasegate.core.redaction import redactor

Kept = dict[str, Any]

_LIFETIME_S = 15 * 60  # shorter than any usual session; a session that has ended before is noticed, and renewed
_LONGEST_ORDINARY = 15  # a stored value longer than this may be a token


class KeptLogin:
    """One login for all processes and gates: cookies, local and session storage, in a file of mode 0600.

    Logins may be rationed, so what one gate's login left serves the next for a while. `file` holds a secret: its
    folder is a private one, never the evidence. `began` (seconds since the epoch) is when this run did; with `anew`
    only a login of this run counts, and one that failed never counts longer.
    """

    def __init__(self, file: Path, began: float, *, anew: bool = False) -> None:
        self._file = file
        self._making = file.with_suffix(".making")
        self._began = began
        self._anew = anew

    def get(self, whose: str, make: Callable[[], Kept], is_good: Callable[[Kept], bool]) -> Kept:
        """Return what the login of `whose` left; the first process to ask makes it, while the others wait.

        What another run left is taken only while it `is_good`; the first process to ask tries it, for all of its run.
        """
        self._file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        with _locked(self._making):
            kept = self._read(whose)
            if kept is None or not (kept.get("tried", 0) >= self._began or is_good(kept)):
                kept = {**make(), "whose": whose, "made": time.time()}
            self._write(kept | {"tried": time.time()})
        _register(kept)
        return kept

    def _read(self, whose: str) -> Kept | None:
        try:
            kept: Kept = json.loads(self._file.read_text(encoding="utf-8"))
        except (OSError, ValueError):  # none yet, or a process that was killed while it wrote
            return None
        oldest = self._began if self._anew or kept.get("state") is None else time.time() - _LIFETIME_S
        return kept if kept.get("whose") == whose and kept.get("made", 0) >= oldest else None

    def _write(self, kept: Kept) -> None:
        with os.fdopen(os.open(self._file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as out:
            json.dump(kept, out)


@contextlib.contextmanager
def _locked(file: Path) -> Iterator[None]:
    handle = os.open(file, os.O_WRONLY | os.O_CREAT, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def _register(kept: Kept) -> None:
    """Let the redactor know every stored value that may be a token."""
    for text in _texts(kept.get("state")):
        if len(text) > _LONGEST_ORDINARY and not any(mark in text for mark in " /{"):
            redactor.register(text)


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
        if value.startswith(("{", "[", '"')):
            with contextlib.suppress(ValueError):
                yield from _texts(json.loads(value))
    elif isinstance(value, dict | list):
        for part in value.values() if isinstance(value, dict) else value:
            yield from _texts(part)
