"""Files that are written whole or not at all, and the one sentence for a disk that refuses."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from releasegate.core import CannotMeasure


@contextmanager
def writing(path: Path) -> Iterator[None]:
    """Turn any OSError inside into CannotMeasure that names `path` and the system's reason (a full disk)."""
    try:
        yield
    except OSError as error:
        raise CannotMeasure(f"{path}: cannot be written: {error.strerror or error}") from error


@contextmanager
def reading(path: Path) -> Iterator[None]:
    """Turn any OSError inside into CannotMeasure that names `path` and the system's reason."""
    try:
        yield
    except OSError as error:
        raise CannotMeasure(f"{path}: cannot be read: {error.strerror or error}") from error


def replace_file(path: Path, data: bytes) -> None:
    """Make `path` hold `data`: another process sees the old content or the new one, never a part of it.

    Raises CannotMeasure when that cannot be done; the old content then stays.
    """
    with writing(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=".writing-")
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            Path(temporary).chmod(0o644)  # mkstemp gives 0600; evidence is handed on
            Path(temporary).replace(path)
        except BaseException:
            Path(temporary).unlink(missing_ok=True)
            raise


def as_json(data: Any) -> bytes:
    """Return `data` as JSON for people and programs: sorted, indented, UTF-8, one line end at the end."""
    return (json.dumps(data, ensure_ascii=False, sort_keys=True, indent=2) + "\n").encode("utf-8")
