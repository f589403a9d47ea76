"""What a login left behind, shared by the processes of a run and gone with the last of them."""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from releasegate.core.redaction import redactor

Kept = dict[str, Any]

_NAME = ".browser-session"
_LONGEST_ORDINARY = 15  # a stored value longer than this may be a token


class KeptLogin:
    """One login for all processes of a run: cookies, local and session storage, in a file of mode 0600.

    The file is a secret in the run's own folder, so the last process that uses it removes it.
    """

    def __init__(self, folder: Path) -> None:
        self._file = folder / f"{_NAME}.json"
        self._making = folder / f"{_NAME}.making"
        self._using = folder / f"{_NAME}.using"

    @contextlib.contextmanager
    def in_use(self) -> Iterator[None]:
        """Keep the file for as long as this process may need it."""
        self._file.parent.mkdir(parents=True, exist_ok=True)
        with _locked(self._using, fcntl.LOCK_SH) as lock:
            try:
                yield
            finally:
                self._clean_up(lock)

    def get(self, make: Callable[[], Kept]) -> Kept:
        """Return what the login left; the first process to ask makes it, while the others wait."""
        with _locked(self._making, fcntl.LOCK_EX):
            kept = self._read()
            if kept is None:
                kept = make()
                self._write(kept)
        _register(kept)
        return kept

    def _clean_up(self, lock: int) -> None:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:  # another process still uses it, and will remove it
            return
        for file in (self._file, self._making, self._using):
            file.unlink(missing_ok=True)

    def _read(self) -> Kept | None:
        try:
            kept: Kept = json.loads(self._file.read_text(encoding="utf-8"))
        except (OSError, ValueError):  # none yet, or a process that was killed while it wrote
            return None
        return kept

    def _write(self, kept: Kept) -> None:
        with os.fdopen(os.open(self._file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as out:
            json.dump(kept, out)


@contextlib.contextmanager
def _locked(file: Path, how: int) -> Iterator[int]:
    handle = os.open(file, os.O_WRONLY | os.O_CREAT, 0o600)
    try:
        fcntl.flock(handle, how)
        yield handle
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
