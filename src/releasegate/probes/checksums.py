"""The values of surviving columns, summed up so that two looks can be compared without keeping what they held."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from psycopg import sql

from releasegate.core import Measurement
from releasegate.core.facts.rows import CHECKSUMS_UNIT, Checksums
from releasegate.probes.postgres import Session, identifier
from releasegate.probes.rows import column_types

# A row that people edited changes one group, a statement that went wrong changes nearly all of them: enough groups
# to tell the two apart, few enough to be kept in the evidence. A power of two.
GROUPS: Final = 256

_NEWEST = "SELECT coalesce(max({created})::text, '') AS newest FROM {table}"
_SUMS = """
SELECT (hashtextextended({key}::text, 0) & {last})::int AS "group", count(*)::text AS rows,
       ARRAY[{sums}]::text[] AS sums
  FROM {table} WHERE {until} GROUP BY 1 ORDER BY 1
"""
# The key goes into each hash, so that two rows that swapped values show; '=' tells NULL from an empty text.
_SUM = "sum(hashtextextended({key}::text || coalesce('=' || {column}::text, ''), 1))::text"


def checksums(
    session: Session, table: str, columns: Sequence[str], *, key: str, created: str | None, until: str | None = None
) -> Measurement[Checksums]:
    """Measure `columns` of every row of `table` that was created up to `until`.

    `until` None takes the newest row's creation as the server prints it, for a baseline; "" takes every row. Columns
    that are gone are left out.
    """
    there = column_types(session, table)
    kept = tuple(column for column in columns if column in there)
    dated = created if created in there else None
    moment = _newest(session, table, dated) if until is None else until
    names = {"table": identifier(table), "key": sql.Identifier(key)}
    sums = [sql.SQL(_SUM).format(key=names["key"], column=sql.Identifier(column)) for column in kept]
    limit: sql.Composable = sql.SQL("true")
    if dated and moment:
        limit = sql.SQL("{} IS NULL OR {} <= {}").format(
            sql.Identifier(dated), sql.Identifier(dated), sql.Literal(moment)
        )
    answer = session.read(
        sql.SQL(_SUMS).format(
            **names,
            last=sql.Literal(GROUPS - 1),
            sums=sql.SQL(", ").join(sums),
            until=limit,
        )
    )
    groups = {row["group"]: (row["rows"], *row["sums"]) for row in answer.rows}
    value = Checksums(table=table, key=key, columns=kept, until=moment, groups=groups)
    return answer.measurement(value, unit=CHECKSUMS_UNIT, rows=value.rows)


def _newest(session: Session, table: str, created: str | None) -> str:
    if created is None:
        return ""
    query = sql.SQL(_NEWEST).format(created=sql.Identifier(created), table=identifier(table))
    return str(session.read(query).row["newest"])
