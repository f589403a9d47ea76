"""Rows that were written for a try, and are told from all others by their tag."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

TAG: Final = "releasegate-sample-"
"""What begins the tag column of every row that was ever written here; nothing else is ever removed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TaggedRows:
    """Rows of one `table`, by their keys where the table has a key of one column."""

    table: str
    rows: int
    keys: tuple[str, ...] = ()
