"""The rule from url to type, as Python: what the SQL of the every-row pass must agree with."""

from __future__ import annotations

import string
from collections.abc import Iterable, Mapping, Sequence
from typing import Protocol

_ASCII_LOWER = str.maketrans(string.ascii_uppercase, string.ascii_lowercase)


class Case(Protocol):
    """One case of the rule, as the change file has it."""

    @property
    def endings(self) -> Sequence[str]: ...  # noqa: D102  the change file's own words
    @property
    def column(self) -> str | None: ...  # noqa: D102
    @property
    def values(self) -> Sequence[str]: ...  # noqa: D102
    @property
    def types(self) -> Sequence[str]: ...  # noqa: D102


def path_of(url: str) -> str:
    """Return `url` without query, fragment and slashes at its end, "" where only a host is left: it has no ending.

    Nothing is decoded and nothing repaired: the column holds what it holds.
    """
    path = url.split("?", 1)[0].split("#", 1)[0].rstrip("/")
    _, scheme, rest = path.partition("://")
    return "" if scheme and "/" not in rest else path


def ascii_lower(text: str) -> str:
    """Return `text` with A to Z in lower case only: what other letters become depends on the database's locale."""
    return text.translate(_ASCII_LOWER)


def has_ending(url: str, endings: Iterable[str]) -> bool:
    """Whether the path of `url` ends with one of `endings`; only A-Z and a-z are the same letter."""
    path = ascii_lower(path_of(url))
    return any(path.endswith(f".{ascii_lower(ending)}") for ending in endings)


def place_of_case(cases: Sequence[Case], url: str, row: Mapping[str, str | None]) -> int:
    """Return the place of the first case that fits, their number where none does.

    `row` holds the columns that cases look at, as text.
    """
    return next((place for place, case in enumerate(cases) if _fits(case, url, row)), len(cases))


def accepted_types(cases: Sequence[Case], url: str, row: Mapping[str, str | None]) -> tuple[str, ...] | None:
    """Return the types that the first fitting case accepts for `url`, None where no case decides."""
    place = place_of_case(cases, url, row)
    return tuple(cases[place].types) if place < len(cases) else None


def _fits(case: Case, url: str, row: Mapping[str, str | None]) -> bool:
    if not case.endings and case.column is None:
        return True
    by_column = case.column is not None and row.get(case.column) in case.values
    return by_column or has_ending(url, case.endings)
