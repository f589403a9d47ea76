"""What one pass over a table found: every row's properties as flags, and how many rows share each set of them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, fields
from enum import IntFlag
from typing import Any, TypeVar

Facts = TypeVar("Facts", "RowCounts", "Checksums", "OwnRows")


class Flag(IntFlag):
    """What can be true of a row. A required field that is missing has a bit of its own above these."""

    MEDIA = 1  # the source column is not empty
    FILLED = 2  # the target column holds something
    MARKED = 4  # it carries the backfill's marker
    OLD = 8  # it existed before the release began
    DUE = 16  # it existed when the backfill began, or nobody knows when that was
    WRONG_KIND = 32  # the target column holds JSON of another kind (a text, an object instead of a list)
    OTHER_URL = 64  # the url in it is not the source column's
    OTHER_TYPE = 128  # the rule from url to type says something else
    UNDECIDED = 256  # no case of the rule says anything
    TOO_MANY = 512  # more elements than the change allows


FIRST_REQUIRED = 1024
"""The bit of the first required field; the next field has twice that, and so on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RowCounts:
    """How many rows of `table` carry which set of flags; `required` names the fields behind the upper bits.

    `target_type` and `source_type` are the columns' types, "" for a column that does not exist; where one of them
    is missing or the target is no JSON, nothing was counted. `knows_old` says whether OLD could be told. What it cost:
    `took_s` seconds of statements over a table of `blocks` blocks, in `ranges` statements; `resumed_after` is the key
    at which a pass that had been cut off was taken up, "" for one in one go. `types` are the filled rows by
    what they say they hold; "" stands for a type that the change file does not name.
    """

    table: str
    source: str
    target: str
    source_type: str
    target_type: str
    by_flags: dict[int, int]
    required: tuple[str, ...] = ()
    has_marker: bool = False
    knows_old: bool = False
    took_s: float = 0.0
    blocks: int = 0
    ranges: int = 1
    resumed_after: str = ""
    types: dict[str, int] = field(default_factory=dict)

    @property
    def is_readable(self) -> bool:
        """Whether both columns are there and the target is JSON, so that rows could be looked at."""
        return bool(self.source_type) and self.target_type in JSON_TYPES

    @property
    def total(self) -> int:
        """Every row of the table."""
        return sum(self.by_flags.values())

    def having(self, flags: int, *, without: int = 0) -> int:
        """Count the rows that carry all of `flags` and none of `without`."""
        return self.where(lambda found: found & flags == flags and not found & without)

    def where(self, fits: Callable[[int], bool]) -> int:
        """Count the rows whose flags `fits`."""
        return sum(rows for flags, rows in self.by_flags.items() if fits(flags))


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnRows:
    """The rows with what people attached themselves: the ids of at most some picked at random, and how many in all."""

    ids: tuple[str, ...]
    total: int


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnNow:
    """What became of the rows of an OwnRows: of those `asked` for so many are `there`.

    `emptied` are the ids of those that hold nothing now, `overwritten` of those that carry the backfill's marker.
    """

    asked: int
    there: int
    emptied: tuple[str, ...] = ()
    overwritten: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Segment:
    """The part of the table with the most wrong rows: `name` = "created_at", `value` = "2025-11-03"."""

    name: str
    value: str
    rows: int


@dataclass(frozen=True, slots=True, kw_only=True)
class NewRows:
    """Rows written since the backfill began: how many have media, and of these how many came without the new form.

    `still` are those of the first look that had none `waited_s` seconds later either, None where nobody looked again.
    `since` is "" where nobody knows when the backfill began, or which rows are new.
    """

    since: str
    media: int = 0
    old_form: int = 0
    still: int | None = None
    waited_s: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Spot:
    """One row picked for people to look at; `preview` is shortened, or "" where it is switched off.

    `fields` are the columns that the rule from url to type looks at, as text.
    """

    id: str
    source: str
    url: str | None
    type: str | None
    preview: str = ""
    fields: dict[str, str | None] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Stored:
    """What the database holds for one message with media: the url of each attachment, None where one has none."""

    id: str
    urls: tuple[str | None, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadBack:
    """One conversation read through the API: how it answered, and the attachments' urls of each message by its id.

    The urls are None for a message that shows no attachments at all, () for one that shows an empty list.
    """

    conversation: str
    said: str
    is_answered: bool
    urls: Mapping[str, tuple[str | None, ...] | None]
    run: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Checksums:
    """The values of surviving columns, summed up by group of rows so that a later look can compare.

    `groups` maps a group's number to its rows and one checksum per column, in the order of `columns`. Only rows
    whose creation is not after `until` (the newest when the baseline was taken) count; "" means every row.
    """

    table: str
    key: str
    columns: tuple[str, ...]
    until: str
    groups: dict[int, tuple[str, ...]]

    @property
    def rows(self) -> int:
        """The rows that were summed up."""
        return sum(int(values[0]) for values in self.groups.values())


@dataclass(frozen=True, slots=True, kw_only=True)
class Edited:
    """How rows of some differing groups stand in `column` against the restored dump: `rows` were compared.

    `emptied` hold nothing now, as an application leaves a row that people deleted; `rewritten` hold another value.
    Both are ids; rows that one side does not have are not among them.
    """

    column: str
    rows: int
    emptied: tuple[str, ...] = ()
    rewritten: tuple[str, ...] = ()


JSON_TYPES = ("json", "jsonb")

COUNTS_UNIT = "rows"
"""The unit by which recorded counts are recognised among the measures of a check."""

OWN_UNIT = "rows of people's own"
"""The unit by which recorded rows of people's own are recognised among the measures of a check."""

CHECKSUMS_UNIT = "rows summed up"
"""The unit by which recorded checksums are recognised among the measures of a check."""


def recorded_checksums(payloads: Iterable[dict[str, Any]]) -> dict[str, Checksums]:
    """Return the checksums among a check's recorded measures, by table."""
    found = [_restored(Checksums, value) for value in _values(payloads, CHECKSUMS_UNIT)]
    return {checksums.table: checksums for checksums in found}


def recorded_counts(payloads: Iterable[dict[str, Any]]) -> RowCounts | None:
    """Return the counts among a check's recorded measures, None where there are none."""
    return next((_restored(RowCounts, value) for value in _values(payloads, COUNTS_UNIT)), None)


def recorded_own(payloads: Iterable[dict[str, Any]]) -> OwnRows | None:
    """Return the rows of people's own among a check's recorded measures, None where there are none."""
    return next((_restored(OwnRows, value) for value in _values(payloads, OWN_UNIT)), None)


def _values(payloads: Iterable[dict[str, Any]], unit: str) -> list[dict[str, Any]]:
    return [payload["value"] for payload in payloads if payload.get("unit") == unit]


def _restored(kind: type[Facts], value: dict[str, Any]) -> Facts:
    """Return facts that went through JSON: numbers that are keys come back as numbers, lists as tuples."""
    return kind(**{one.name: _native(value[one.name]) for one in fields(kind) if one.name in value})


def _native(value: Any) -> Any:
    if isinstance(value, dict):
        return {_key(key): _native(item) for key, item in value.items()}
    return tuple(value) if isinstance(value, list) else value


def _key(text: str) -> int | str:
    """Return a key as it was: flags and groups are numbers, types are texts."""
    return int(text) if text.isdecimal() else text
