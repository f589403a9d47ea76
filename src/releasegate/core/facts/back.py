"""What is known after a way back: what a restore lost, and what is different from before the release."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

RESTORED_UNIT = "tables"
"""The unit by which the row counts of the restored copy are recognised among the measures of backup/restored."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OfDump:
    """What the dump holds of one table, as its restored copy showed: `newest` is when its newest row was made.

    `newest` is the value as the server prints it, "" where no column dates a row or there is none.
    """

    table: str
    rows: int
    newest: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class LostRows:
    """What one table of the replaced database holds that is younger than the dump.

    `kept` is how many rows it holds in all; `written` were made since, from `first` to `last`; `changed` were there
    before and changed since, None where no column tells. `is_dated` says whether a column dates a row: without one
    `written` is by how many rows the table had grown since the dump, None where nobody knows that. `newest` is when
    its newest row was made, as the server prints it.
    """

    table: str
    kept: int
    written: int | None
    changed: int | None = None
    first: str = ""
    last: str = ""
    newest: str = ""
    is_dated: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Replaced:
    """The database that a restore replaced: its name, "" where none is kept beside the restored one."""

    name: str
    tables: tuple[LostRows, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """How many rows of each table had been inserted, updated and deleted when somebody looked at the counters (UTC).

    Of a table that only insertions were noted of, the tuple holds nothing more.
    """

    at: datetime
    tables: Mapping[str, tuple[int, ...]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """One thing that is not as it was before the release; `because` says why that is as it should be, "" for no.

    `is_demanded` says that it is a column without which no row can be written, and which the old release does not fill.
    """

    what: str
    before: str
    now: str
    because: str = ""
    is_demanded: bool = False


def recorded_dump(payloads: Iterable[Mapping[str, Any]]) -> dict[str, OfDump]:
    """Return what the backup gate's restored copy held, by table; {} where it restored none."""
    found = (one["value"] for one in payloads if one.get("unit") == RESTORED_UNIT and isinstance(one["value"], list))
    rows = (row for value in found for row in value if isinstance(row, dict) and "restored" in row)
    return {
        row["table"]: OfDump(table=row["table"], rows=int(row["restored"]), newest=str(row.get("newest") or ""))
        for row in rows
    }


def recorded_written(at: datetime, start: Mapping[str, Any]) -> Written | None:
    """Return the counters that a gate read when it began, None where it could not or did not."""
    found = start.get("written")
    return Written(at=at, tables={str(table): tuple(map(int, one)) for table, one in found.items()}) if found else None


def recorded_begin(listed: Iterable[Mapping[str, Any]], file: Iterable[Mapping[str, Any]]) -> datetime | None:
    """Return when the dump was begun, else when its file was last written, in UTC; None where neither is known."""
    values = [one.get("value") for one in (*listed, *file)]
    texts = [one.get(key) for one in values if isinstance(one, dict) for key in ("created", "modified")]
    for text in texts:
        try:
            return datetime.fromisoformat(str(text))
        except ValueError:
            continue
    return None


def recorded_rows(payloads: Iterable[Mapping[str, Any]]) -> dict[str, int]:
    """Return how many rows preflight counted, by table of the change file."""
    found = (one["value"] for one in payloads if one.get("unit") == "rows counted")
    return {str(table): int(rows) for value in found if isinstance(value, dict) for table, rows in value.items()}


def recorded_heads(payloads: Iterable[Mapping[str, Any]]) -> dict[str, str]:
    """Return which commit was checked out when the backup was taken, by the path of the checkout."""
    found = (one["value"] for one in payloads if one.get("unit") == "commits" and isinstance(one["value"], dict))
    return {str(one["path"]): str(one["head"]) for one in found if one.get("path") and one.get("head")}
