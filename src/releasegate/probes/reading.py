"""How far a program has come with a large file or folder, without asking it: what its kernel says it has read."""

from __future__ import annotations

import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

from releasegate.probes.host import Machine

Progress = Callable[[int, int], None]
"""Told how many of how many bytes are read."""

EVERY_S: Final = 0.5
AFTER_S: Final = 2.0  # before another machine is asked at all: most reads are over by then
_PROCESSES: Final = Path("/proc")
_READ: Final = "rchar: "
# Once a second what each process has read that names the path among its words, and an empty line. It ends with the
# connection, by which it can say nothing any more.
_LOOK: Final = """
while echo; do
  for words in $(grep -lzxF -- "$1" /proc/[0-9]*/cmdline 2>/dev/null); do
    grep '^rchar: ' "${words%cmdline}io" 2>/dev/null
  done
  sleep 1
done
"""


@contextmanager
def watched(machine: Machine, path: str, size_bytes: int, progress: Progress) -> Iterator[None]:
    """Tell `progress` now and then how much of the file or folder at `path` whoever reads it has read.

    `size_bytes` is what there is to read. A reader is seen by its words: one of them is the path. Nothing is told
    where no reader can be seen (another account's, a system without Linux's /proc).
    """
    done = threading.Event()
    asked: list[subprocess.Popen[str]] = []

    def tell(read: int) -> None:
        if read and not done.is_set():
            progress(min(read, size_bytes), size_bytes)

    def look() -> None:
        if machine.is_here:
            while not done.wait(EVERY_S):
                tell(most_read(path))
        elif not done.wait(AFTER_S):
            asked.append(_asked(machine, path))
            if done.is_set():  # meanwhile: nobody else ends it then
                asked[0].terminate()
            _listen(asked[0], tell)

    watcher = threading.Thread(target=look, daemon=True)
    watcher.start()
    try:
        yield
    finally:
        done.set()
        for child in asked:
            child.terminate()
            child.wait()
        watcher.join()
        progress(size_bytes, size_bytes)


def most_read(path: str) -> int:
    """Return how many bytes were read by that of our processes naming `path` which read most; 0 where none does."""
    return max((_read_by(process) for process in _PROCESSES.glob("[0-9]*") if _names(process, path)), default=0)


def _names(process: Path, path: str) -> bool:
    with suppress(OSError):  # gone meanwhile
        return path.encode() in (process / "cmdline").read_bytes().split(b"\0")
    return False


def _read_by(process: Path) -> int:
    with suppress(OSError, ValueError):  # somebody else's
        return _bytes((process / "io").read_text("ascii"))
    return 0


def _bytes(said: str) -> int:
    return next((int(line.removeprefix(_READ)) for line in said.splitlines() if line.startswith(_READ)), 0)


def _asked(machine: Machine, path: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        machine.from_here(["sh", "-c", _LOOK, "sh", path]),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )


def _listen(child: subprocess.Popen[str], tell: Callable[[int], None]) -> None:
    """Tell the most of every look, which an empty line ends."""
    assert child.stdout is not None
    most = 0
    with child.stdout, suppress(ValueError):  # cut off in the middle of a number
        for line in child.stdout:
            if line.strip():
                most = max(most, _bytes(line))
            else:
                tell(most)
                most = 0
