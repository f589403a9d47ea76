"""What every look at the rows of the backfilled table shares: its parts as SQL, its marked rows, a few by value."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Final, LiteralString

from psycopg import sql

from releasegate.change.models import Backfill
from releasegate.probes.columns import column_types
from releasegate.probes.postgres import Session, identifier
from releasegate.probes.row_sql import MarkedRows, Moments, first_text

_UUID: Final = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_WHOLE: Final = re.compile(r"-?[0-9]{1,9}")
# Ids that the API shows are texts; those of these types are surely read back as the same value.
_READ_AS: Final = {"uuid": _UUID.fullmatch, "integer": _WHOLE.fullmatch, "bigint": _WHOLE.fullmatch}


def types_of(session: Session, backfill: Backfill) -> dict[str, str]:
    """Return the type of each column of the table; {} where there is none."""
    return column_types(session, backfill.table)


def marked_rows(backfill: Backfill, moments: Moments, types: Mapping[str, str]) -> MarkedRows:
    """Return the rows of the table with their flags, by what the table's columns are."""
    return MarkedRows(
        backfill=backfill,
        moments=moments,
        created_type=created_type(types, backfill),
        key_type=types.get(backfill.key, ""),
    )


def composed(query: LiteralString, backfill: Backfill, **more: sql.Composable) -> sql.Composed:
    """Return `query` with table, columns, and the first element's url and type filled in, and `more` by name."""
    target = sql.SQL("{}::jsonb").format(sql.Identifier(backfill.to_column))
    parts = {
        "table": identifier(backfill.table),
        "key": sql.Identifier(backfill.key),
        "source": sql.Identifier(backfill.from_column),
        "url": first_text(target, backfill.url),
        "type": first_text(target, backfill.type),
    }
    return sql.SQL(query).format(**parts | more)


def among(column: str, types: Mapping[str, str], values: Sequence[str]) -> sql.Composable:
    """Return whether `column` is one of `values`, by its own type where they are of it, so that an index is used."""
    kind = types.get(column, "")
    read = _READ_AS.get(kind)
    if read is None or not all(map(read, values)):
        return sql.SQL("{}::text = ANY ({})").format(sql.Identifier(column), sql.Literal(list(values)))
    return sql.SQL("{} = ANY ({}::" + kind + "[])").format(sql.Identifier(column), sql.Literal(list(values)))


def created_type(types: Mapping[str, str], backfill: Backfill) -> str:
    """Return the type of the column that dates a row, "" where it holds no date."""
    found = types.get(backfill.created or "", "")
    return found if found.startswith(("timestamp", "date")) else ""


def as_text(column: str) -> sql.Composable:
    """Return a column as text, of whatever type it is."""
    return sql.SQL("{}::text").format(sql.Identifier(column))
