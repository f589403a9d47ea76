"""What the server's statistics say about a table after many of its rows were changed."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Upkeep:
    """Rows of a table that are alive, dead, and changed since its statistics were taken.

    `is_automatic` says whether the server's autovacuum takes care of this table; it begins at `analyze_at` changed rows
    and at `vacuum_at` dead ones. `analyzed` is when the statistics were last taken, "" for never.
    """

    table: str
    alive: int
    dead: int
    changed: int
    is_automatic: bool
    analyze_at: int
    vacuum_at: int
    analyzed: str = ""
