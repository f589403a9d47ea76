"""What the database has counted so far: pg_stat_statements and the sequential reads of pg_stat_user_tables."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import Final

from psycopg import sql

from releasegate.core import CannotMeasure, Measurement
from releasegate.core.facts.statements import Activity, Statement
from releasegate.probes.postgres import Session

_WHERE: Final = """
SELECT n.nspname AS schema,
       EXISTS (SELECT FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid
               WHERE c.relname = 'pg_stat_statements' AND c.relnamespace = e.extnamespace
               AND a.attname = 'total_exec_time') AS is_new
FROM pg_extension e JOIN pg_namespace n ON n.oid = e.extnamespace WHERE e.extname = 'pg_stat_statements'
"""
# Only what reads and writes rows: a utility statement (SET, CREATE ROLE) is kept with its constants, which are nobody's
# business here. PostgreSQL 13 renamed total_time.
_STATEMENTS: Final = """
SELECT queryid::text AS id, left(regexp_replace(query, '\\s+', ' ', 'g'), 300) AS text,
       sum(calls)::bigint AS calls, sum({total})::float8 AS total_ms
FROM {schema}.pg_stat_statements
WHERE dbid = (SELECT oid FROM pg_database WHERE datname = current_database())
  AND (queryid IS NULL OR query ~* '^\\s*(/\\*.*?\\*/\\s*)?(select|with|insert|update|delete|merge)\\M')
  AND query !~ 'pg_stat_|set_config'
GROUP BY 1, 2
"""
_SCANS: Final = (
    "SELECT schemaname || '.' || relname AS name, coalesce(seq_tup_read, 0) AS rows FROM pg_stat_user_tables"
)


@dataclass(slots=True)
class Look:
    """Two looks at what the database has counted, and what came between them; without a database there is nothing."""

    database: Session | None
    _before: Activity = field(default_factory=Activity)
    _began: float = 0.0

    def begin(self) -> Look:
        """Look for the first time."""
        self._before, self._began = self._now(), time.perf_counter()
        return self

    def end(self, requests: int) -> Measurement[Activity]:
        """Look again, after `requests` requests, and return what was added."""
        added = self._now().since(self._before)
        return Measurement(
            value=added,
            unit="requests",
            rows=requests,
            query=self.database.psql(_AGAIN) if self.database else "",
            duration_s=time.perf_counter() - self._began,
            shown={"database": added.shown(requests)},
        )

    def _now(self) -> Activity:
        return look(self.database) if self.database else Activity(unavailable="the target file has no [database]")


_AGAIN: Final = (
    "SELECT calls, mean_exec_time, total_exec_time, left(query, 120) FROM pg_stat_statements ORDER BY 3 DESC LIMIT 10"
)


def look(database: Session) -> Activity:
    """Return what was counted since the counters began; where statements are not counted, why."""
    try:
        scans = {row["name"]: row["rows"] for row in database.read(_SCANS).rows}
        where = database.read(_WHERE).rows
        if not where:
            return Activity(scans=scans, unavailable="the extension pg_stat_statements is not in this database")
        total = "total_exec_time" if where[0]["is_new"] else "total_time"
        query = sql.SQL(_STATEMENTS).format(schema=sql.Identifier(where[0]["schema"]), total=sql.Identifier(total))
        rows = database.read(query).rows
    except CannotMeasure as error:
        return Activity(unavailable=str(error))
    known = {row["id"]: Statement(**{name: row[name] for name in ("text", "calls", "total_ms")}) for row in rows
             if row["id"]}  # fmt: skip
    hidden = sum(row["calls"] for row in rows if not row["id"])
    unavailable = "" if known or not hidden else "the role may not see what others ask (GRANT pg_read_all_stats)"
    return Activity(statements=known, scans=scans, hidden=hidden, unavailable=unavailable)
