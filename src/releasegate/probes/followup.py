"""The database a day or a week after the release: indexes, tables, who uses the new columns and who reads the old."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from psycopg import sql

from releasegate.change.models import Backfill, Column
from releasegate.core import CannotMeasure, Measurement
from releasegate.core.facts.followup import IndexUse, Readers, Usage
from releasegate.core.facts.rows import JSON_TYPES
from releasegate.core.facts.watch import TableLook
from releasegate.probes.columns import as_found, column_types, undated
from releasegate.probes.database import regclasses
from releasegate.probes.postgres import Session, identifier
from releasegate.probes.row_sql import is_empty
from releasegate.probes.watch.database import statements_on, table_looks

_INDEXES: Final = """
SELECT name.given AS "table", found.relname::text AS name, indisvalid AND indisready AS is_valid,
       stat.idx_scan AS scans, pg_relation_size(found.oid) AS size_bytes, coalesce(rows.n_live_tup, 0) AS live_rows
  FROM unnest({names}::text[], {regclasses}::text[]) AS name (given, quoted)
  JOIN pg_index ON indrelid = to_regclass(name.quoted)
  JOIN pg_class found ON found.oid = indexrelid
  LEFT JOIN pg_stat_all_indexes stat ON stat.indexrelid = found.oid
  LEFT JOIN pg_stat_all_tables rows ON rows.relid = indrelid
 ORDER BY 1, 2
"""
_USAGE: Final = "SELECT count(*) AS rows, {columns} FROM {table} WHERE {created} > {since}"


def index_use(session: Session, tables: Sequence[str]) -> Measurement[tuple[IndexUse, ...]]:
    """Measure every index of `tables`: whether it is valid, how large, and how often it was used."""
    answer = session.read(
        sql.SQL(_INDEXES).format(names=sql.Literal(list(tables)), regclasses=sql.Literal(regclasses(tables)))
    )
    found = tuple(IndexUse(**row) for row in answer.rows)
    return answer.measurement(found, unit="indexes", rows=len(found))


def table_sizes(session: Session, tables: Sequence[str]) -> Measurement[dict[str, TableLook]]:
    """Measure size, live and dead rows of `tables`, as the statistics count them."""
    answer, found = table_looks(session, tables)
    return answer.measurement(found, unit="tables", rows=len(found))


def usage(session: Session, backfill: Backfill, columns: Sequence[Column], since: datetime) -> Measurement[Usage]:
    """Count the rows written since the release that have something in each of its new columns."""
    found, types = as_found(session, backfill), column_types(session, backfill.table)
    names = [column.name for column in columns if column.table == backfill.table and column.name in types]
    blank = Usage(table=backfill.table, since=since.isoformat())
    if not found.created or not names:
        trouble = undated(backfill.table) if names else "the release brings none"
        value = Usage(table=backfill.table, since=blank.since, trouble=trouble)
        return Measurement(value=value, unit="rows since the release", rows=0, query="", duration_s=0.0)
    filled = [
        sql.SQL("count(*) FILTER (WHERE {}) AS {}").format(_is_filled(name, types[name]), sql.Identifier(name))
        for name in names
    ]
    answer = session.read(
        sql.SQL(_USAGE).format(
            columns=sql.SQL(", ").join(filled), table=identifier(backfill.table),
            created=sql.Identifier(found.created), since=sql.Literal(since),
        )
    )  # fmt: skip
    row = answer.row
    counted = Usage(
        table=backfill.table, since=blank.since, rows=row["rows"], filled={name: row[name] for name in names}
    )  # fmt: skip
    return answer.measurement(counted, unit="rows since the release", rows=counted.rows)


def _is_filled(name: str, type_: str) -> sql.Composable:
    column = sql.Identifier(name)
    if type_ in JSON_TYPES:
        return sql.SQL("NOT {}").format(is_empty(sql.SQL("{}::jsonb").format(column)))
    return sql.SQL("coalesce({}::text <> '', false)").format(column)


def readers(session: Session, backfill: Backfill) -> Measurement[Readers]:
    """List the statements of other roles that name the old column."""
    blank = Readers(table=backfill.table, column=backfill.from_column)
    try:
        answer, found = statements_on(session, [backfill.table], naming=backfill.from_column)
    except CannotMeasure as trouble:
        value = Readers(table=blank.table, column=blank.column, trouble=str(trouble))
        return Measurement(value=value, unit="statements", rows=0, query="pg_stat_statements", duration_s=0.0)
    value = Readers(table=blank.table, column=blank.column, statements=found)
    return answer.measurement(value, unit="statements that name the old column", rows=len(found))
