"""The values of surviving columns, summed up so that two looks can be compared without keeping what they held."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Final

from psycopg import sql

from releasegate.change.models import Backfill, Survivors
from releasegate.core import Measurement
from releasegate.core.facts.catalog import SchemaFacts
from releasegate.core.facts.rows import CHECKSUMS_UNIT, Checksums, Edited
from releasegate.probes import catalog
from releasegate.probes.columns import column_types, usual_created
from releasegate.probes.key_ranges import KeyRanges, TooLong, read_in_time
from releasegate.probes.postgres import Answer, Session, identifier

# A row that people edited changes one group, a statement that went wrong changes nearly all of them: enough groups
# to tell the two apart, few enough to be kept in the evidence. A power of two.
GROUPS: Final = 256

_NEWEST = "SELECT coalesce(max({created})::text, '') AS newest FROM {table}"
# OFFSET '0' drops no row (see `row_sql`). Without it the planner expects as many groups as there are rows, and sorts
# all of them through temporary files on the deployment's disk; and the key would be written out again for each column.
_SUMS = """
SELECT (hashtextextended(key, 0) & {last})::int AS "group", count(*)::text AS rows, ARRAY[{sums}]::text[] AS sums
  FROM (SELECT {key}::text AS key{values} FROM {table} WHERE ({until}) AND {where} OFFSET '0') AS one
 GROUP BY 1 ORDER BY 1
"""
_VALUES = """
SELECT {key}::text AS id, coalesce({column}::text, '') = '' AS is_empty,
       hashtextextended(coalesce('=' || {column}::text, ''), 1) AS value
  FROM {table} WHERE (hashtextextended({key}::text, 0) & {last})::int = ANY ({groups}) AND ({until})
"""
MOST_COMPARED: Final = 50_000  # rows whose values are held side by side; a group more is looked at while below
# The key goes into each hash, so that two rows that swapped values show; '=' tells NULL from an empty text.
_SUM = "sum(hashtextextended(key || {value}, 1))::text"
_VALUE = ", coalesce('=' || {column}::text, '') AS {value}"


def checksums(
    session: Session, table: str, columns: Sequence[str], *, key: str, created: str | None, until: str | None = None
) -> Measurement[Checksums]:
    """Measure `columns` of every row of `table` that was created up to `until`.

    `until` None takes the newest row's creation as the server prints it, for a baseline; "" takes every row. Columns
    that are gone are left out.
    """
    there = catalog.schema(session, [table]).value
    types = {column.name: column.type for column in there.columns}
    kept = tuple(column for column in columns if column in types)
    dated = created if created in types else None
    moment = _newest(session, table, dated) if until is None else until
    sums = _Sums(table, key, kept, _created_until(dated, moment))
    ranges = KeyRanges(session, table, key, types.get(key, "")) if _leads_an_index(there, key) else None
    groups: dict[int, tuple[str, ...]] = {}
    query, took_s = "", 0.0
    for answer in sums.of(session, ranges):
        _add(groups, answer)
        query, took_s = query or answer.query, took_s + answer.duration_s
    in_order = sorted(groups.items(), key=lambda one: (one[0] is None, one[0]))  # as one statement has them
    value = Checksums(table=table, key=key, columns=kept, until=moment, groups=dict(in_order))
    return Measurement(value=value, unit=CHECKSUMS_UNIT, rows=value.rows, query=query, duration_s=took_s)


@dataclass(frozen=True, slots=True)
class _Sums:
    """The question for the sums of `columns` over the rows that `until` says."""

    table: str
    key: str
    columns: Sequence[str]
    until: sql.Composable

    def of(self, session: Session, ranges: KeyRanges | None) -> Iterator[Answer]:
        """Ask it in one statement; in ranges of the key where the target says `gentle`, or one takes too long."""

        def read(where: sql.Composable) -> Answer:
            return read_in_time(session, self._query(where))

        if ranges is None:
            yield session.read(self._query(sql.SQL("true")))
            return
        if not session.is_gentle:
            with suppress(TooLong):
                yield read(sql.SQL("true"))
                return
        yield from (answer for answer, _ in ranges.each(read))

    def _query(self, where: sql.Composable) -> sql.Composable:
        named = {column: sql.Identifier(f"value {place}") for place, column in enumerate(self.columns)}
        return sql.SQL(_SUMS).format(
            table=identifier(self.table),
            key=sql.Identifier(self.key),
            last=sql.Literal(GROUPS - 1),
            sums=sql.SQL(", ").join(sql.SQL(_SUM).format(value=value) for value in named.values()),
            values=sql.SQL("").join(
                sql.SQL(_VALUE).format(column=sql.Identifier(column), value=value) for column, value in named.items()
            ),
            until=self.until,
            where=where,
        )


def _leads_an_index(schema: SchemaFacts, key: str) -> bool:
    """Whether the ranges of `key` can be found without a look at every row."""
    return any(one.is_valid and not one.predicate and one.columns[:1] == (key,) for one in schema.indexes)


def _add(groups: dict[int, tuple[str, ...]], answer: Answer) -> None:
    """Add the sums of one range to those of the others: of whole numbers, over rows that are in one range only."""
    for row in answer.rows:
        more = (row["rows"], *row["sums"])
        so_far = groups.get(row["group"])
        groups[row["group"]] = more if so_far is None else tuple(map(_sum, so_far, more))


def _sum(one: Any, other: Any) -> Any:
    """Return the sum of two whole numbers as texts; of rows without a key there is none."""
    return one if other is None else other if one is None else str(int(one) + int(other))


def of_survivors(
    session: Session, survivors: Iterable[Survivors], backfill: Backfill | None
) -> tuple[Measurement[Checksums], ...]:
    """Measure the surviving columns of every table, as they are now, for later looks to compare with."""
    by_table: dict[str, list[str]] = {}
    for one in survivors:
        by_table.setdefault(one.table, []).extend(one.columns)
    return tuple(_baseline(session, table, columns, backfill) for table, columns in by_table.items())


def again(session: Session, before: Checksums, backfill: Backfill | None) -> Measurement[Checksums]:
    """Measure the same columns of the same rows as `before` did."""
    created = _created(session, before.table, backfill)
    return checksums(session, before.table, before.columns, key=before.key, created=created, until=before.until)


def edited(
    copy: Session, live: Session, before: Checksums, backfill: Backfill | None, *, column: str, groups: Sequence[int]
) -> Measurement[Edited]:
    """Measure how the rows of `groups` (as many as hold MOST_COMPARED rows) differ in `column` from the copy's."""
    chosen: list[int] = []
    for group in groups:
        if chosen and sum(int(before.groups[one][0]) for one in (*chosen, group)) > MOST_COMPARED:
            break
        chosen.append(group)
    then = {row["id"]: row for row in _values_of(copy, before, backfill, column, chosen).rows}
    answer = _values_of(live, before, backfill, column, chosen)
    both = [row for row in answer.rows if row["id"] in then]
    differing = [row for row in both if row["value"] != then[row["id"]]["value"]]
    value = Edited(
        column=column,
        rows=len(both),
        emptied=tuple(row["id"] for row in differing if row["is_empty"]),
        rewritten=tuple(row["id"] for row in differing if not row["is_empty"]),
    )
    return answer.measurement(value, unit="rows compared with the dump", rows=value.rows)


def _values_of(
    session: Session, before: Checksums, backfill: Backfill | None, column: str, groups: Sequence[int]
) -> Answer:
    created = _created(session, before.table, backfill)
    return session.read(
        sql.SQL(_VALUES).format(
            key=sql.Identifier(before.key),
            column=sql.Identifier(column),
            table=identifier(before.table),
            last=sql.Literal(GROUPS - 1),
            groups=sql.Literal(list(groups)),
            until=_created_until(created, before.until),
        )
    )


def _created_until(created: str | None, moment: str) -> sql.Composable:
    """Return whether a row was created up to `moment`, or nobody knows when."""
    if not (created and moment):
        return sql.SQL("true")
    return sql.SQL("{0} IS NULL OR {0} <= {1}").format(sql.Identifier(created), sql.Literal(moment))


def _baseline(
    session: Session, table: str, columns: Sequence[str], backfill: Backfill | None
) -> Measurement[Checksums]:
    is_backfilled = backfill is not None and backfill.table == table
    key = backfill.key if backfill is not None and is_backfilled else columns[0]
    return checksums(session, table, columns, key=key, created=_created(session, table, backfill))


def _created(session: Session, table: str, backfill: Backfill | None) -> str | None:
    """Return the column that dates a row of `table`, by its name where only other tables' is known."""
    if backfill is not None and backfill.table == table:
        return backfill.created
    return usual_created(column_types(session, table))


def _newest(session: Session, table: str, created: str | None) -> str:
    if created is None:
        return ""
    query = sql.SQL(_NEWEST).format(created=sql.Identifier(created), table=identifier(table))
    return str(session.read(query).row["newest"])
