"""Who else is in the database: read from the two views that every role may read, as far as the server shows them."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Final, LiteralString

from psycopg import sql

from releasegate.core import Measurement
from releasegate.core.facts.activity import Activity, Prepared, Transaction, Vacuum
from releasegate.core.facts.activity import Session as OtherSession
from releasegate.probes.database import regclasses
from releasegate.probes.postgres import Answer, Row, Session

LOOKS_APART_S: Final = 0.5
WATCH_S: Final = 3.0  # an application's own transactions end within it; what is still open then is worth a question

_TABLES = """
WITH RECURSIVE named (given, class) AS (
    SELECT given, to_regclass(quoted)::oid FROM unnest({names}::text[], {regclasses}::text[]) AS name (given, quoted)
), part (given, class) AS (  -- a partition is locked by itself
    SELECT given, class FROM named WHERE class IS NOT NULL
    UNION SELECT given, inhrelid FROM part JOIN pg_inherits ON inhparent = class
), held AS (
    SELECT lock.pid, lock.virtualtransaction, given, bool_or(NOT lock.granted) AS is_waiting,
           bool_or(lock.mode = 'ShareUpdateExclusiveLock') AS is_vacuum
      FROM pg_locks lock JOIN part ON class = lock.relation
     WHERE lock.locktype = 'relation'
       AND lock.database = (SELECT oid FROM pg_database WHERE datname = current_database())
     GROUP BY 1, 2, 3
)
"""
# What a role may not see of a session reads '<insufficient privilege>'; that it has a transaction open at all shows
# in pg_locks, which hides nothing: each holds the lock on its own virtual transaction.
_SESSIONS = """
SELECT activity.pid, coalesce(activity.usename::text, '') AS "user", coalesce(activity.state, '') AS state,
       activity.usesysid IS NULL AS is_of_the_server,
       coalesce(activity.query = '<insufficient privilege>', false) AS is_hidden,
       CASE WHEN activity.query LIKE 'autovacuum:%' THEN activity.query LIKE '%to prevent wraparound%' END
           AS is_for_wraparound,
       extract(epoch FROM clock_timestamp() - activity.xact_start)::float AS open_s,
       (SELECT virtualxid FROM pg_locks own WHERE own.locktype = 'virtualxid' AND own.pid = activity.pid AND own.granted
         LIMIT 1) AS transaction,
       coalesce((SELECT array_agg(given ORDER BY given) FROM held WHERE held.pid = activity.pid), '{{}}') AS tables,
       coalesce((SELECT bool_or(is_waiting) FROM held WHERE held.pid = activity.pid), false) AS is_waiting,
       coalesce((SELECT array_agg(given) FROM held WHERE held.pid = activity.pid AND is_vacuum), '{{}}') AS vacuums,
       -- Asked of those who wait alone: it stops the server's lock manager for a moment.
       CASE WHEN EXISTS (SELECT FROM held WHERE held.pid = activity.pid AND is_waiting)
            THEN pg_blocking_pids(activity.pid) ELSE '{{}}' END AS blocked_by,
       current_user::text AS role
  FROM pg_stat_activity activity
 WHERE activity.datname = current_database() AND activity.pid <> pg_backend_pid()
 ORDER BY activity.xact_start, activity.pid
"""
_PREPARED = """
SELECT gid, owner::text AS "user", extract(epoch FROM clock_timestamp() - prepared)::float AS open_s,
       coalesce((SELECT array_agg(given ORDER BY given) FROM held JOIN pg_locks own USING (virtualtransaction)
                  WHERE held.pid IS NULL AND own.transactionid = transaction AND own.granted), '{{}}') AS tables
  FROM pg_prepared_xacts WHERE database = current_database() ORDER BY prepared
"""
_HIDDEN: Final = "its state is hidden from this role"
_ROLE = "SELECT current_user::text AS role"


def activity(session: Session, tables: Sequence[str], *, watch_s: float = WATCH_S) -> Measurement[Activity]:
    """Measure who else has a transaction open, and who holds or wants a lock on `tables` or their partitions.

    Sessions that the server hides are looked at again for up to `watch_s` seconds, until none of them still has the
    transaction that it had at first.
    """
    began = time.monotonic()
    looks = [_read(session, _SESSIONS, tables)]
    still = _hidden_transactions(looks[0])
    while still and time.monotonic() - began < watch_s:
        time.sleep(LOOKS_APART_S)
        looks.append(_read(session, _SESSIONS, tables))
        still &= _hidden_transactions(looks[-1])
    last, prepared = looks[-1].rows, _read(session, _PREPARED, tables)
    blocking = {pid for row in last for pid in row["blocked_by"]}
    people = [row for row in last if not row["is_of_the_server"]]
    value = Activity(
        role=str(session.read(_ROLE).row["role"]),
        sessions=len(people),
        hidden=sum(1 for row in people if row["is_hidden"]),
        hidden_open=len(still),
        watched_s=round(time.monotonic() - began, 1) if len(looks) > 1 else 0.0,
        transactions=tuple(_transaction(row) for row in people if row["open_s"] is not None or row["is_waiting"]),
        blockers=tuple(
            OtherSession(pid=row["pid"], user=row["user"] or "the server", state=row["state"] or _HIDDEN)
            for row in last
            if row["pid"] in blocking
        ),
        prepared=tuple(Prepared(**row | {"tables": tuple(row["tables"])}) for row in prepared.rows),
        vacuums=tuple(_vacuums(last)),
    )
    return looks[-1].measurement(value, unit="looks at sessions and locks", rows=len(looks))


def _read(session: Session, query: LiteralString, tables: Sequence[str]) -> Answer:
    names, quoted = sql.Literal(list(tables)), sql.Literal(regclasses(tables))
    return session.read(sql.SQL(_TABLES + query).format(names=names, regclasses=quoted))


def _hidden_transactions(look: Answer) -> set[tuple[int, str]]:
    return {
        (row["pid"], row["transaction"])
        for row in look.rows
        if row["is_hidden"] and not row["is_of_the_server"] and row["transaction"]
    }


def _transaction(row: Row) -> Transaction:
    return Transaction(
        pid=row["pid"],
        user=row["user"],
        state=row["state"] or _HIDDEN,
        open_s=row["open_s"] or 0.0,
        tables=tuple(row["tables"]),
        is_waiting=row["is_waiting"],
        blocked_by=tuple(sorted(set(row["blocked_by"]))),
    )


def _vacuums(rows: Sequence[Row]) -> list[Vacuum]:
    """Return the server's own vacuums; one that a person began is that person's transaction."""
    return [
        Vacuum(table=table, is_for_wraparound=row["is_for_wraparound"])
        for row in rows
        if row["is_of_the_server"]
        for table in row["vacuums"]
    ]
