"""What the server has left, and what the change's tables take: catalog and counters, and one count of rows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from psycopg import sql

from releasegate.change.models import Backfill
from releasegate.core import CannotMeasure, Measurement
from releasegate.core.facts.capacity import Due, DumpRoom, ServerState, Slot, Standby, TableSize
from releasegate.core.facts.host import DiskFacts
from releasegate.probes.columns import column_types
from releasegate.probes.data_folder import serves_from
from releasegate.probes.database import regclasses
from releasegate.probes.host import Machine, disks
from releasegate.probes.postgres import Session, identifier

_STATE: Final = """
SELECT current_user::text AS role,
       (SELECT sum(numbackends) FROM pg_stat_database)::int AS connections,
       current_setting('max_connections')::int - current_setting('superuser_reserved_connections')::int
           - coalesce(current_setting('reserved_connections', true), '0')::int AS most,  -- from PostgreSQL 16 on
       current_database()::text AS database,
       (SELECT numbackends FROM pg_stat_database WHERE datname = current_database())::int AS own_connections,
       (SELECT nullif(datconnlimit, -1) FROM pg_database WHERE datname = current_database()) AS own_most,
       oldest.datname::text AS oldest_database, age(datfrozenxid) AS xid_age,
       (SELECT max(mxid_age(datminmxid)) FROM pg_database) AS mxid_age
  FROM pg_database oldest ORDER BY age(datfrozenxid) DESC LIMIT 1
"""
_WRITTEN: Final = "CASE WHEN pg_is_in_recovery() THEN pg_last_wal_receive_lsn() ELSE pg_current_wal_lsn() END"
# To an ordinary role a standby is a row without a state. A backup that is being taken replays nothing.
_STANDBYS: Final = f"""
SELECT coalesce(application_name, '') AS name, pg_wal_lsn_diff({_WRITTEN}, replay_lsn)::bigint AS behind_bytes
  FROM pg_stat_replication WHERE state IS NULL OR state IN ('streaming', 'catchup') ORDER BY 1
"""  # noqa: S608  put together of constants
_SLOTS: Final = f"""
SELECT slot_name::text AS name, active AS is_active, pg_wal_lsn_diff({_WRITTEN}, restart_lsn)::bigint AS kept_bytes
  FROM pg_replication_slots WHERE restart_lsn IS NOT NULL ORDER BY 1
"""  # noqa: S608  put together of constants
_SIZES: Final = """
WITH RECURSIVE part (given, class) AS (
    SELECT given, to_regclass(quoted)::oid FROM unnest({names}::text[], {regclasses}::text[]) AS name (given, quoted)
     WHERE to_regclass(quoted) IS NOT NULL
    UNION SELECT given, inhrelid FROM part JOIN pg_inherits ON inhparent = class
)
SELECT given AS "table", sum(pg_table_size(class))::bigint AS table_bytes,
       sum(pg_indexes_size(class))::bigint AS index_bytes,
       sum(CASE WHEN relkind = 'r' THEN greatest(reltuples, 0) ELSE 0 END)::bigint AS rows,
       sum(CASE WHEN relkind = 'r' THEN relpages ELSE 0 END)::bigint AS pages
  FROM part JOIN pg_class ON pg_class.oid = class GROUP BY given ORDER BY given
"""
_DUE: Final = "SELECT count(*) FILTER (WHERE {source}::text <> '') AS rows, count(*) AS total FROM {table}"
_ALL_TABLES: Final = """
SELECT coalesce(sum(pg_table_size(oid)), 0)::bigint AS bytes, count(*) AS tables
  FROM pg_class WHERE relkind IN ('r', 'm')
"""
_DATA_DIRECTORY: Final = "SELECT max(setting) AS folder FROM pg_settings WHERE name = 'data_directory'"


def server_state(session: Session) -> Measurement[ServerState]:
    """Measure connections, ages, standbys and slots of the server."""
    state = session.read(_STATE)
    standbys, slots = session.read(_STANDBYS), session.read(_SLOTS)
    facts = ServerState(
        **state.row,
        standbys=tuple(Standby(**row) for row in standbys.rows),
        slots=tuple(Slot(**row) for row in slots.rows),
    )
    return state.measurement(facts, unit="servers", rows=1)


def sizes(session: Session, tables: Sequence[str]) -> Measurement[tuple[TableSize, ...]]:
    """Measure what `tables` take on disk, their partitions included; one that is not found is absent."""
    names, quoted = sql.Literal(list(tables)), sql.Literal(regclasses(tables))
    answer = session.read(sql.SQL(_SIZES).format(names=names, regclasses=quoted))
    found = tuple(TableSize(**row) for row in answer.rows)
    return answer.measurement(found, unit="tables", rows=len(found))


def rows_due(session: Session, backfill: Backfill) -> Measurement[Due] | None:
    """Measure how many rows the backfill is to fill (runbook 4.1); None where its table or column is not there."""
    if backfill.from_column not in column_types(session, backfill.table):
        return None
    query = sql.SQL(_DUE).format(source=sql.Identifier(backfill.from_column), table=identifier(backfill.table))
    answer = session.read(query)
    due = Due(table=backfill.table, **answer.row)
    return answer.measurement(due, unit="rows counted", rows=due.total)


def data_disk(session: Session, machine: Machine) -> Measurement[tuple[DiskFacts, ...]] | None:
    """Measure the disk of the server's data folder; None where the role may not know it, or it is elsewhere.

    A folder of that name here may be another's, or a stale one: it counts when this very server runs in it.
    """
    folder = session.read(_DATA_DIRECTORY).row["folder"]
    try:
        is_here = bool(folder) and machine.stat(folder) is not None and serves_from(session, machine, folder)
    except CannotMeasure:  # below a folder that is closed to us: as good as elsewhere
        is_here = False
    return disks(machine, [folder]) if is_here else None


def dump_room(session: Session, machine: Machine, dump: str) -> Measurement[DumpRoom]:
    """Measure the disk of the folder that `dump` (a path or a pattern) lies in, and the most that a dump can take."""
    folder = disks(machine, [dump.rpartition("/")[0] or "/"])
    answer = session.read(_ALL_TABLES)
    room = DumpRoom(disk=folder.value[0], most_bytes=answer.row["bytes"])
    return answer.measurement(room, unit="tables", rows=answer.row["tables"])
