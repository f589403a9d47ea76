"""How far a program has come with a large file, without asking it: where in the file its kernel says it stands."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

from releasegate.probes.host import Machine

Progress = Callable[[int, int], None]
"""Told how many of how many bytes are read."""

EVERY_S: Final = 0.5
_PROCESSES: Final = Path("/proc")


def can_be_watched(machine: Machine, path: str) -> bool:
    """Whether the readers of `path` can be seen: a file, not a folder, on this very machine, with Linux's /proc."""
    return machine.is_here and Path(path).is_file() and (_PROCESSES / "self" / "fdinfo").is_dir()


@contextmanager
def watched(machine: Machine, path: str, progress: Progress) -> Iterator[None]:
    """Tell `progress` every half second how far whoever reads the file at `path` has come; nothing where unseen."""
    if not can_be_watched(machine, path):
        yield
        return
    file, done = Path(path).resolve(), threading.Event()
    size = file.stat().st_size

    def look() -> None:
        while not done.wait(EVERY_S):
            place = position(file)
            if place:
                progress(min(place, size), size)

    watcher = threading.Thread(target=look, daemon=True)
    watcher.start()
    try:
        yield
    finally:
        done.set()
        watcher.join()
        progress(size, size)


def position(file: Path) -> int:
    """Return how far the furthest process of ours that has `file` open stands in it, in bytes; 0 for none."""
    return max((_stands(link) for link in _links() if _leads_to(link, file)), default=0)


def _links() -> Iterator[Path]:
    for folder in _PROCESSES.glob("[0-9]*/fd"):
        with suppress(OSError):  # somebody else's, or gone meanwhile
            yield from folder.iterdir()


def _leads_to(link: Path, file: Path) -> bool:
    with suppress(OSError):
        return link.readlink() == file
    return False


def _stands(link: Path) -> int:
    with suppress(OSError, ValueError):
        first = (link.parent.parent / "fdinfo" / link.name).read_text("ascii").split(maxsplit=2)
        return int(first[1])
    return 0
