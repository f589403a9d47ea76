"""Every file of a folder with hash and size, and how far its chain had come."""

from __future__ import annotations

from collections.abc import Iterator
from hashlib import file_digest
from pathlib import Path
from typing import Any

from releasegate.evidence.chain import read
from releasegate.evidence.folder import Folder
from releasegate.evidence.history import History
from releasegate.evidence.writing import as_json, reading, replace_file

KEYS = frozenset({"files", "events", "tests"})
COUNTS = ("collected", "executed", "skipped", "deselected")


def write_manifest(folder: Folder) -> dict[str, Any]:
    """Write manifest.json and return its content. Raises CannotMeasure when a file can be neither read nor written."""
    content = describe(folder, read(folder))
    replace_file(folder.manifest, as_json(content))
    return content


def describe(folder: Folder, history: History) -> dict[str, Any]:
    """Return what a manifest of `folder` says now.

    Files are listed by their path in the folder, sizes in bytes; the manifest, the statement made over it, and the
    locks (they change whenever somebody begins to write) are not among them.
    """
    seq, digest = history.head
    return {
        "files": {path: hashed(folder.root / path) for path in files(folder)},
        "events": {"last_seq": seq, "last_hash": digest},
        "tests": counts(history),
    }


def files(folder: Folder) -> Iterator[str]:
    """Yield the path in the folder of every file that belongs to the evidence, sorted; links are not followed."""
    apart = {folder.manifest, folder.statement, folder.signature}
    with reading(folder.root):
        for path in sorted(folder.root.rglob("*")):
            if path.is_file() and not path.is_symlink() and path not in apart and not is_lock(folder, path):
                yield path.relative_to(folder.root).as_posix()


def is_lock(folder: Folder, path: Path) -> bool:
    """Whether a file in the folder is the lock of a writer or of a watch."""
    return path in (folder.lock, folder.watch_lock)


def hashed(path: Path) -> dict[str, Any]:
    """Return SHA-256 and size in bytes of the file. Raises CannotMeasure when it cannot be read."""
    with reading(path), path.open("rb") as file:
        return {"sha256": file_digest(file, "sha256").hexdigest(), "size": file.tell()}


def counts(history: History) -> dict[str, int]:
    """Return how many tests were collected, executed, skipped and deselected in the latest closed attempts."""
    return {name: _counted(history, name) for name in COUNTS}


def _counted(history: History, name: str) -> int:
    total = 0
    for gate in history.gates:
        attempt = history.latest_closed(gate)
        counts = attempt.end.get("counts") if attempt else None
        value = counts.get(name) if isinstance(counts, dict) else None
        total += value if isinstance(value, int) else 0
    return total
