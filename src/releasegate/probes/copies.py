"""A copy of the deployment's database, restored from a dump on a scratch server."""

from __future__ import annotations

import time
from collections.abc import Collection, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import psycopg
from psycopg import sql

from releasegate.change.models import Backfill
from releasegate.core import CannotMeasure, Measurement, UsageError
from releasegate.core.facts.back import RESTORED_UNIT
from releasegate.core.facts.backup import DumpListing, Restored, TableRows
from releasegate.core.redaction import redactor
from releasegate.probes import catalog
from releasegate.probes.columns import column_types, usual_created
from releasegate.probes.database import server
from releasegate.probes.host import Machine
from releasegate.probes.postgres import Session
from releasegate.probes.restoring import Progress, restore
from releasegate.probes.scratch import installed, scratch_server
from releasegate.probes.scratch_databases import Databases, GivenServer
from releasegate.target.models import Target

_PER_MAJOR = 10_000
_ABOUT = "SELECT pg_encoding_to_char(encoding) AS encoding FROM pg_database WHERE datname = current_database()"
_ROLES = "SELECT rolname AS name FROM pg_roles"
_GIVEN = "SELECT system_identifier::text, current_setting('server_version_num')::int FROM pg_control_system()"


@dataclass(frozen=True, slots=True)
class Copy:
    """A restored copy: the databases of its server, and what the restore brought."""

    databases: Databases
    restored: Measurement[Restored]
    is_same_major: bool

    @contextmanager
    def session(self) -> Iterator[Session]:
        """Open a read-only session on the copy."""
        with self.databases.session(self.restored.value.database) as session:
            yield session


@contextmanager
def open_copy(
    target: Target, session: Session, machine: Machine, dump: DumpListing, *, progress: Progress | None = None
) -> Iterator[Copy]:
    """Restore `dump` on a scratch server that fits the server behind `session`, and remove it all at the end.

    Raises CannotMeasure where there is no room for it here, or no server can be made.
    """
    major = server(session).value.version_number // _PER_MAJOR
    encoding = str(session.read(_ABOUT).row["encoding"])
    roles = [row["name"] for row in session.read(_ROLES).rows]
    with _databases(target, session, major, dump.extensions) as databases:
        restored = restore(databases, machine, dump, encoding=encoding, roles=roles, progress=progress)
        yield Copy(databases, restored, databases.server.major == major)


def rows_of_tables(
    copy: Session, live: Session, backfill: Backfill | None = None
) -> Measurement[tuple[TableRows, ...]]:
    """Measure how many rows each table of the copy holds, and whether the same table of the deployment holds any.

    Of each the newest is noted too: after a restore, what is younger was lost.
    """
    began = time.monotonic()
    tables = catalog.stored_tables(live).value
    known = set(catalog.stored_tables(copy).value)
    found = tuple(
        replace(
            _counted(copy, schema, table, backfill)
            if (schema, table) in known
            else TableRows(table=f"{schema}.{table}", restored=0, has_rows=None),
            has_rows=_has_rows(live, schema, table),
        )
        for schema, table in tables
    )
    query = "SELECT count(*) FROM each table of the copy; SELECT EXISTS (SELECT FROM each table of the deployment)"
    took = time.monotonic() - began
    return Measurement(value=found, unit=RESTORED_UNIT, rows=len(found), query=query, duration_s=took)


def rows_now(session: Session, tables: Iterable[str]) -> Measurement[dict[str, int | None]]:
    """Measure how many rows each of `tables`, named "schema.table", holds; None where it is gone or closed to us."""
    began, known = time.monotonic(), set(catalog.stored_tables(session).value)
    found: dict[str, int | None] = {}
    for name in tables:
        schema, _, table = name.partition(".")
        try:
            found[name] = _counted(session, schema, table, None).restored if (schema, table) in known else None
        except CannotMeasure:  # the role may not look into every table
            found[name] = None
    rows = sum(one or 0 for one in found.values())
    query = "SELECT count(*) FROM each table of the dump"
    return Measurement(
        value=found, unit="rows counted", rows=rows, query=query, duration_s=time.monotonic() - began
    )  # fmt: skip


def _counted(session: Session, schema: str, table: str, backfill: Backfill | None) -> TableRows:
    name = f"{schema}.{table}"
    own = backfill if backfill is not None and backfill.table in (table, name) else None
    created = (own.created if own else None) or usual_created(column_types(session, f'"{schema}"."{table}"'))
    query = sql.SQL("SELECT count(*) AS rows, max({created})::text AS newest FROM {table}").format(
        created=sql.Identifier(created) if created else sql.SQL("NULL::text"), table=sql.Identifier(schema, table)
    )
    row = session.read(query).row
    return TableRows(table=name, restored=int(row["rows"]), has_rows=None, newest=row["newest"] or "")


def _has_rows(session: Session, schema: str, table: str) -> bool | None:
    query = sql.SQL("SELECT EXISTS (SELECT FROM {}) AS found").format(sql.Identifier(schema, table))
    try:
        return bool(session.read(query).row["found"])
    except CannotMeasure:  # the role may not look into every table
        return None


@contextmanager
def _databases(target: Target, session: Session, major: int, extensions: Collection[str]) -> Iterator[Databases]:
    if target.backup.scratch_dsn is not None:
        databases = Databases(_given(target.backup.scratch_dsn.get_secret_value(), session))
        try:
            yield databases
        finally:
            databases.drop()
        return
    room = catalog.size(session).value
    folder = target.paths.postgres_bin if target.host and target.host.address == "local" else None
    with scratch_server(postgres_bin=folder, wanted=major, extensions=extensions, room_bytes=room) as own:
        yield Databases(own)


def _given(dsn: str, session: Session) -> GivenServer:
    """Return the scratch server that the target names. Raises UsageError when it is the deployment's own."""
    try:
        with psycopg.connect(dsn, connect_timeout=10) as connection:
            row = connection.execute(_GIVEN).fetchone()
    except psycopg.Error as error:
        raise CannotMeasure(f"backup.scratch_dsn: {redactor.text(str(error).strip())}") from error
    assert row is not None
    if row[0] == server(session).value.system_identifier:
        raise UsageError("backup.scratch_dsn: is the deployment's own server; accepted: another server, for a copy")
    major = int(row[1]) // _PER_MAJOR
    return GivenServer(bin=_client(installed(), major), major=major, given=dsn)


def _client(found: dict[Path, int], major: int) -> Path:
    """Return the folder whose client programs fit a server of version `major` best."""
    if not found:
        raise CannotMeasure("this machine has no PostgreSQL programs; install postgresql-client")
    return min(found, key=lambda folder: (found[folder] < major, abs(found[folder] - major)))
