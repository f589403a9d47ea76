"""One writer at a time, and who it is."""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from releasegate.core import CannotMeasure

_POLL_S = 0.05


class Holder:
    """The process that holds the lock; it notes in the file who it is, for those who wait."""

    def __init__(self, handle: int) -> None:
        self._handle = handle
        self.note("")

    def note(self, gate: str) -> None:
        """Say what this process is doing; a courtesy, so a disk that refuses it is no reason to stop."""
        text = f"pid {os.getpid()}, {f'gate {gate}' if gate else 'no gate yet'}"
        with suppress(OSError):
            os.ftruncate(self._handle, 0)
            os.pwrite(self._handle, text.encode(), 0)


@contextmanager
def only_writer(path: Path, *, wait_s: float) -> Iterator[Holder]:
    """Hold the lock file `path` while inside, waiting up to `wait_s` seconds for whoever holds it.

    The system releases the lock when its process ends, however it ends. Raises CannotMeasure, naming the holder,
    when the time is over; OSError when the file cannot be opened.
    """
    handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
    try:
        _wait_for(handle, path, wait_s)
        yield Holder(handle)
    finally:
        os.close(handle)


def _wait_for(handle: int, path: Path, wait_s: float) -> None:
    deadline = time.monotonic() + wait_s
    while True:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() >= deadline:
                raise CannotMeasure(_busy(handle, path, wait_s)) from None
            time.sleep(_POLL_S)
        else:
            return


def _busy(handle: int, path: Path, wait_s: float) -> str:
    holder = os.pread(handle, 200, 0).decode("utf-8", "replace") or "unknown"
    return (
        f"{path.parent}: another process is at work there ({holder}); waited {wait_s:g} s; "
        "begin again when it has ended"
    )
