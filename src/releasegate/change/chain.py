"""A change file and those it extends, read from the file up to its root."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from releasegate.core import UsageError
from releasegate.files.loader import parse_toml, read_bytes


@dataclass(frozen=True, slots=True)
class Link:
    """One file of the chain: where it is, its bytes and what they say."""

    path: Path
    content: bytes
    data: dict[str, Any]


def read_chain(path: Path) -> tuple[Link, ...]:
    """Return `path` and the files it extends, the root first; `extends` is relative to the file that says it.

    Raises UsageError for a file that cannot be read, naming the one that asks for it, and for a circle.
    """
    links = [_read(path)]
    while links[-1].data.get("extends"):
        child = links[-1]
        parent = child.path.parent / _extends(child)
        if any(link.path.resolve() == parent.resolve() for link in links):
            names = " -> ".join(link.path.name for link in (*links, Link(parent, b"", {})))
            raise UsageError(f"{child.path}: extends: {names} is a circle; a change file ends in one that extends none")
        try:
            links.append(_read(parent))
        except UsageError as error:
            raise UsageError(f"{child.path}: extends: {error}") from error
    return tuple(reversed(links))


def sha256(links: Iterable[Link]) -> str:
    """Return the hash, in hex, over all files of the chain in order; their places do not count."""
    whole = hashlib.sha256()
    for link in links:
        whole.update(f"{len(link.content)}\n".encode() + link.content)
    return whole.hexdigest()


def _read(path: Path) -> Link:
    content = read_bytes(path)
    return Link(path, content, parse_toml(content, path))


def _extends(link: Link) -> Path:
    given = link.data["extends"]
    if not isinstance(given, str):
        raise UsageError(f"{link.path}: extends: {given!r} was given; accepted: the path of a change file, in quotes")
    return Path(given).expanduser()
