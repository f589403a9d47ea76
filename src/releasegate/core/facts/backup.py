"""What is known about a dump: the file, what it lists, whether it can be read to its end, and what a restore made."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

Format = Literal["custom", "directory", "tar", "plain", "unknown"]
Compression = Literal["", "gzip", "zstd"]


LARGE_OBJECTS = "BLOBS - large objects"
"""How the content of the database's large objects is listed: pg_dump names it by version, and by number."""


def as_listed(item: str) -> str:
    """Return "KIND schema name" of an entry, whatever pg_dump's version calls it."""
    return LARGE_OBJECTS if item.startswith("BLOBS ") else item


@dataclass(frozen=True, slots=True, kw_only=True)
class DumpFile:
    """The newest file that fits the target's pattern; `fitting` counts all. `path` is "" where none fits.

    `grew_bytes` is what it gained between two looks `apart_s` seconds from each other; times in UTC. `mode` is its
    octal mode where everybody on the machine can read it, with the folders on the way to it; else "".
    """

    pattern: str
    fitting: int
    path: str = ""
    size_bytes: int = 0
    grew_bytes: int = 0
    apart_s: float = 0
    modified: datetime | None = None
    open_mode: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class DumpListing:
    """What pg_restore --list (or the text of a plain dump) says.

    `entries` counts everything listed, `items` names each as "KIND schema name", as pg_restore --list does without
    the owner. `created` is when the dump began, in UTC, None where the format does not say. `compression` is that of
    a plain dump's file. `server_version` and `tool_version` are the server's and pg_dump's, "" where unknown.
    `trouble` is the tool's own complaint, "" when it listed without errors.
    """

    path: str
    format: Format
    entries: int = 0
    items: frozenset[str] = frozenset()
    database: str = ""
    created: datetime | None = None
    compression: Compression = ""
    server_version: str = ""
    tool_version: str = ""
    trouble: str = ""
    command: str = ""

    @property
    def data(self) -> tuple[str, ...]:
        """Every "schema table" whose rows are in the dump."""
        kind = "TABLE DATA "
        return tuple(sorted(item.removeprefix(kind) for item in self.items if item.startswith(kind)))

    @property
    def extensions(self) -> tuple[str, ...]:
        """The extensions that a restore has to make."""
        kind = "EXTENSION - "
        return tuple(sorted(item.removeprefix(kind) for item in self.items if item.startswith(kind)))

    def holds_rows_of(self, schema: str, table: str) -> bool:
        """Whether the rows of that table are in the dump."""
        return f"TABLE DATA {schema} {table}" in self.items


@dataclass(frozen=True, slots=True, kw_only=True)
class DumpRead:
    """How reading the whole dump ended. `sha256` is the file's, or the folder's; "" where the tool is missing."""

    path: str
    size_bytes: int
    trouble: str = ""
    sha256: str = ""
    command: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class DumpMade:
    """A dump as it was when the command that made it had ended; `by` is the item of the runbook, `at` when (UTC)."""

    path: str
    size_bytes: int
    sha256: str
    by: str = ""
    at: str = ""


def recorded_dumps(steps: Iterable[Mapping[str, Any]]) -> dict[str, DumpMade]:
    """Return what `gate step` recorded of dumps that its commands made, the newest of each path."""
    found = {}
    for step in steps:
        made = step.get("dump")
        if isinstance(made, dict) and made.get("sha256"):
            kept = {key: made[key] for key in ("path", "size_bytes", "sha256")}
            found[kept["path"]] = DumpMade(**kept, by=str(step.get("item") or ""), at=str(step.get("ended") or ""))
    return found


@dataclass(frozen=True, slots=True, kw_only=True)
class Restored:
    """A dump restored into an empty database of a scratch server.

    `server` is the scratch server's version in words, `same_major` whether the deployment's is the same; `errors` are
    the tool's complaints, one line each. `lacking` names what the scratch server does not have: extensions,
    compressions, collations. A restore that lacks something says nothing about the dump.
    """

    path: str
    database: str
    server: str
    duration_s: float
    entries: int
    errors: tuple[str, ...] = ()
    lacking: tuple[str, ...] = ()
    command: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class TableRows:
    """How many rows one restored table holds, and whether the deployment's has any; None where nobody could look.

    `newest` is when the newest restored row was made, as the server prints it; "" where no column tells.
    """

    table: str
    restored: int
    has_rows: bool | None
    newest: str = ""
