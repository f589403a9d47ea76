"""One look at the database: connections, waits, statements on the change's tables, new rows and their form."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from psycopg import sql

from releasegate.change.models import Backfill
from releasegate.core import CannotMeasure
from releasegate.core.facts.rows import JSON_TYPES
from releasegate.core.facts.watch import DatabaseLook, NewRows, Statement, TableLook
from releasegate.probes.columns import as_found, column_types, undated
from releasegate.probes.database import regclasses
from releasegate.probes.postgres import Answer, Session, identifier, open_session
from releasegate.probes.row_sql import is_empty
from releasegate.target.models import Database

_LONGEST: Final = "1s"  # of any statement of a round: a look must never be what slows the database down
_DEAREST: Final = 20_000.0  # planner's units, about 0.1 s; a full scan of a few million rows is above it
_MOST_STATEMENTS: Final = 10

# Locks that are waited for are seen by every role; states and texts of other roles' sessions are not.
_ACTIVITY: Final = """
SELECT (SELECT sum(numbackends) FROM pg_stat_database)::int AS connections,
       current_setting('max_connections')::int AS most_connections,
       base.xact_commit AS commits, base.xact_rollback AS rollbacks, base.deadlocks,
       activity.hidden, activity.longest_s,
       (SELECT count(DISTINCT pid) FROM pg_locks WHERE NOT granted
           AND pid IN (SELECT pid FROM pg_stat_activity WHERE datid = base.datid))::int AS waiting
  FROM pg_stat_database base,
       (SELECT (count(*) FILTER (WHERE state IS NULL))::int AS hidden,
               max(extract(epoch FROM clock_timestamp() - xact_start))::float AS longest_s
          FROM pg_stat_activity
         WHERE datname = current_database() AND pid <> pg_backend_pid()
           AND coalesce(backend_type, 'client backend') = 'client backend') AS activity
 WHERE base.datname = current_database()
"""
_TABLES: Final = """
SELECT name.given AS "table", pg_total_relation_size(class.oid) AS size_bytes,
       coalesce(stat.n_live_tup, 0) AS live, coalesce(stat.n_dead_tup, 0) AS dead,
       coalesce(stat.n_tup_ins, 0) AS inserted
  FROM unnest({names}::text[], {regclasses}::text[]) AS name (given, quoted)
  JOIN pg_class class ON class.oid = to_regclass(name.quoted)
  LEFT JOIN pg_stat_all_tables stat ON stat.relid = class.oid
"""
# The values in these texts are replaced by $1, so they hold nothing of a customer's. Statements of our own role, the
# gates' full scans among them, are not the release's. PostgreSQL 12 and before call the column total_time.
_STATEMENTS: Final = """
SELECT queryid::text AS id, left(query, 160) AS text, sum(calls)::bigint AS calls, sum({time})::float AS total_ms
  FROM pg_stat_statements
 WHERE dbid = (SELECT oid FROM pg_database WHERE datname = current_database())
   AND userid <> (SELECT oid FROM pg_roles WHERE rolname = current_user)
   AND query ~* {tables} AND query ~* {naming} AND query ~* '^\\s*(select|insert|update|delete|merge|with)\\M'
 GROUP BY 1, 2 ORDER BY total_ms DESC LIMIT {most}
"""
_NEW: Final = """
SELECT count(*) AS total, count(*) FILTER (WHERE {has_media}) AS media,
       count(*) FILTER (WHERE {has_media} AND {is_empty}) AS old_form
  FROM {table} WHERE {created} > {since}
"""


def table_looks(session: Session, tables: Sequence[str]) -> tuple[Answer, dict[str, TableLook]]:
    """Return size and row counts of `tables`, as the statistics have them; a table that is not there is left out."""
    query = sql.SQL(_TABLES).format(
        names=sql.Literal(list(tables)), regclasses=sql.Literal(regclasses(tables))
    )  # fmt: skip
    answer = session.read(query)
    return answer, {row["table"]: TableLook(**{key: row[key] for key in row if key != "table"}) for row in answer.rows}


def statements_on(
    session: Session, tables: Sequence[str], *, naming: str = ""
) -> tuple[Answer, tuple[Statement, ...]]:  # fmt: skip
    """Return the dearest statements of other roles on `tables`, only those `naming` a column where one is given.

    Raises CannotMeasure where pg_stat_statements is not there or may not be read.
    """
    names = "|".join(re.escape(name.split(".")[-1]) for name in tables)
    error: CannotMeasure | None = None
    for column in ("total_exec_time", "total_time"):
        query = sql.SQL(_STATEMENTS).format(
            time=sql.Identifier(column),
            tables=sql.Literal(rf"\m({names})\M"),
            naming=sql.Literal(rf"\m{re.escape(naming)}\M" if naming else ""),
            most=sql.Literal(_MOST_STATEMENTS),
        )
        try:
            answer = session.read(query)
        except CannotMeasure as trouble:
            error = error or trouble
            continue
        return answer, tuple(Statement(**row) for row in answer.rows)
    raise CannotMeasure(f"pg_stat_statements cannot be read: {error}")


@dataclass(slots=True)
class DatabaseWatch:
    """Looks at one database, each time through a connection of its own.

    So a broken connection is one bad round and not all the rest, and "does it take connections" is seen too.
    `new_since` is the creation of the newest row when the watch began, in the column's own words; None until a look
    found it.
    """

    database: Database
    tables: Sequence[str]
    backfill: Backfill | None = None
    new_since: str | None = None
    _rows_trouble: str = ""
    _found: tuple[Backfill, dict[str, str]] | None = None  # what the catalog says, asked once

    def look(self, *, with_statements: bool) -> DatabaseLook:
        """Return one look. Raises CannotMeasure when the database does not answer."""
        short = {"statement_timeout": _LONGEST, "lock_timeout": _LONGEST}
        with open_session(self.database.model_copy(update=short)) as session:
            seen = session.read(_ACTIVITY).row
            seen |= self._statements(session) if with_statements else {}
            seen |= self._tables(session)
        return DatabaseLook(took_ms=round(session.spent_s * 1000, 1), **seen)

    def _tables(self, session: Session) -> dict[str, Any]:
        """Look at the tables; where somebody has locked them, that is said, and the rest of the look counts."""
        try:
            tables = table_looks(session, self.tables)[1]
        except CannotMeasure as trouble:
            return {"rows_error": str(trouble)}
        return {"tables": tables, **self._new_rows(session)}

    def _statements(self, session: Session) -> dict[str, Any]:
        try:
            return {"statements": statements_on(session, self.tables)[1]}
        except CannotMeasure as trouble:
            return {"statements_error": str(trouble)}

    def _new_rows(self, session: Session) -> dict[str, Any]:
        """Count what was written since the watch began; no look costs more than a short range of an index."""
        if self.backfill is None or self._rows_trouble:
            return {"rows_error": self._rows_trouble}
        try:
            if self._found is None:
                found = as_found(session, self.backfill)
                self._found = (found, column_types(session, found.table))
            return self._counted(session, *self._found)
        except CannotMeasure as trouble:
            return {"rows_error": str(trouble)}

    def _counted(self, session: Session, backfill: Backfill, types: Mapping[str, str]) -> dict[str, Any]:
        if not backfill.created or types.get(backfill.to_column) not in JSON_TYPES:
            no_json = f"{backfill.table}.{backfill.to_column} is no JSON"
            return {"rows_error": no_json if backfill.created else undated(backfill.table)}
        table, created = identifier(backfill.table), sql.Identifier(backfill.created)
        if self.new_since is None:
            newest = sql.SQL("SELECT coalesce(max({})::text, '-infinity') AS newest FROM {}").format(created, table)
            if not self._is_cheap(session, newest, backfill):
                return {"rows_error": self._rows_trouble}
            self.new_since = str(session.read(newest).row["newest"])
        source = sql.Identifier(backfill.from_column)
        query = sql.SQL(_NEW).format(
            table=table,
            created=created,
            since=sql.SQL("{}::" + types[backfill.created]).format(sql.Literal(self.new_since)),
            has_media=sql.SQL("coalesce({}::text <> '', false)").format(source),
            is_empty=is_empty(sql.SQL("{}::jsonb").format(sql.Identifier(backfill.to_column))),
        )
        return {"new_rows": NewRows(since=self.new_since, **session.read(query).row)}

    def _is_cheap(self, session: Session, query: sql.Composable, backfill: Backfill) -> bool:
        plan = session.read(sql.SQL("EXPLAIN (FORMAT JSON) {}").format(query)).row["QUERY PLAN"]
        cost = float(plan[0]["Plan"]["Total Cost"])
        if cost > _DEAREST:
            self._rows_trouble = (
                f"no index on {backfill.table}.{backfill.created}: counting new rows would read the whole table each "
                "round, so the followup gate counts them"
            )
        return cost <= _DEAREST
