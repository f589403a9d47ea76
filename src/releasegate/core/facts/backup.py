"""What is known about a dump: the file, what it lists, and whether it can be read to its end."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

Format = Literal["archive", "plain", "unknown"]


@dataclass(frozen=True, slots=True, kw_only=True)
class DumpFile:
    """The newest file that fits the target's pattern; `fitting` counts all. `path` is "" where none fits.

    `grew_bytes` is what it gained between two looks `apart_s` seconds from each other; times in UTC.
    """

    pattern: str
    fitting: int
    path: str = ""
    size_bytes: int = 0
    grew_bytes: int = 0
    apart_s: float = 0
    modified: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DumpListing:
    """What pg_restore --list (or the text of a plain dump) says.

    `entries` counts everything listed, `data` holds "schema table owner" of each table whose rows are in it.
    `created` is when the dump began, in UTC, None where the format does not say. `trouble` is the tool's own
    complaint, "" when it listed without errors.
    """

    path: str
    format: Format
    entries: int = 0
    data: tuple[str, ...] = ()
    database: str = ""
    created: datetime | None = None
    trouble: str = ""
    command: str = ""

    def holds_rows_of(self, schema: str, table: str) -> bool:
        """Whether the rows of that table are in the dump; names may hold blanks, the owner's at the end does not."""
        return any(line.rpartition(" ")[0] == f"{schema} {table}" for line in self.data)


@dataclass(frozen=True, slots=True, kw_only=True)
class DumpRead:
    """How reading the whole dump ended. `sha256` is the file's, "" for a folder or where the tool is missing."""

    path: str
    size_bytes: int
    trouble: str = ""
    sha256: str = ""
    command: str = ""
