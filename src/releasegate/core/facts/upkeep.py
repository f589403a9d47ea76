"""What the server's statistics say about a table after many of its rows were changed."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Upkeep:
    """Rows of a table that are alive, dead, and changed since its statistics were taken.

    `is_automatic` says whether the server's autovacuum takes care of this table; it begins at `analyze_at` changed rows
    and at `vacuum_at` dead ones. `analyzed` is when the statistics were last taken, "" for never.

    `vacuumed_ago_s` is how long ago a vacuum of it last ended, by whomever it was begun; None for never, as far as the
    statistics go. `is_vacuumed_now` says that one is under way. `held_s` is how long the oldest transaction that the
    role can see, or that is prepared, has been open: vacuum may not take away what became dead since.
    """

    table: str
    alive: int
    dead: int
    changed: int
    is_automatic: bool
    analyze_at: int
    vacuum_at: int
    analyzed: str = ""
    vacuumed_ago_s: float | None = None
    is_vacuumed_now: bool = False
    held_s: float | None = None
