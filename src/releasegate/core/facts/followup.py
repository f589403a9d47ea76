"""What is known about a release a day or a week later: its indexes, its tables, who uses it, who reads the old."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from releasegate.core.facts.watch import Statement


@dataclass(frozen=True, slots=True, kw_only=True)
class IndexUse:
    """One index of the change's tables. `scans` are counted since the statistics were reset, None where hidden."""

    table: str
    name: str
    is_valid: bool
    scans: int | None
    size_bytes: int
    live_rows: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """How many of the `rows` written since the release have something in each column that the release brought.

    `trouble` says why nothing was counted, "" where it was.
    """

    table: str
    since: str
    rows: int = 0
    filled: Mapping[str, int] = field(default_factory=dict)
    trouble: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Readers:
    """The statements of other roles that name the old column, the dearest first; `trouble` where none can be seen."""

    table: str
    column: str
    statements: tuple[Statement, ...] = ()
    trouble: str = ""
