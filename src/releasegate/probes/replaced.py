"""The database that a restore replaced, where it is kept beside the restored one: what of it the dump lacks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from fnmatch import fnmatch
from typing import Final

from psycopg import sql

from releasegate.change.models import Backfill
from releasegate.core import CannotMeasure, Measurement
from releasegate.core.facts.back import LostRows, OfDump, Replaced
from releasegate.core.facts.rows import JSON_TYPES
from releasegate.probes import catalog
from releasegate.probes.columns import column_types, usual_created, usual_updated
from releasegate.probes.postgres import Session, beside, open_session
from releasegate.probes.row_sql import is_marked
from releasegate.target.models import Target

KEPT: Final = "{database}_until*"
"""How the way back that is printed names the database it replaces."""

# A restored database is younger than the one it replaces, and PostgreSQL numbers them in that order.
_BESIDE: Final = "SELECT datname::text AS name FROM pg_database WHERE NOT datistemplate ORDER BY oid DESC"
_ROWS: Final = """
SELECT count(*) AS kept, count(*) FILTER (WHERE {written}) AS written, count(*) FILTER (WHERE {changed}) AS changed,
       min({created}) FILTER (WHERE {written})::text AS first, max({created}) FILTER (WHERE {written})::text AS last,
       max({created})::text AS newest
  FROM {table}
"""


def replaced(
    target: Target,
    session: Session,
    backfill: Backfill | None,
    dump: Mapping[str, OfDump],
    dumped: datetime | None,
) -> Measurement[Replaced]:
    """Measure, table by table, what the replaced database holds that was written after the dump was begun.

    `dump` is what its restored copy held: a row made after the newest of these is younger than the dump. Of tables
    that are not in it the moment `dumped` decides.
    """
    assert target.database is not None
    found = session.read(_BESIDE)
    here = str(session.read("SELECT current_database()::text AS name").row["name"])
    pattern = (target.way_back.replaced or KEPT).replace("{database}", here)
    name = next((row["name"] for row in found.rows if fnmatch(row["name"], pattern) and row["name"] != here), "")
    if not name:
        return found.measurement(Replaced(name=""), unit="databases", rows=len(found.rows), shown={"fits": pattern})
    with open_session(beside(target.database, name)) as kept:
        tables = catalog.stored_tables(kept)
        look = _Look(kept, backfill, dump, dumped)
        value = Replaced(name=name, tables=tuple(look.at(schema, table) for schema, table in tables.value))
    if not _lived_on(value, dump):  # what an earlier restore left: nothing in it says what this one lost
        value = Replaced(name="")
    query = f"in {name}: rows of each table made, and changed, after the dump was begun"
    return Measurement(
        value=value, unit="tables of the replaced database", rows=len(value.tables), query=query,
        duration_s=tables.duration_s,
    )  # fmt: skip


def _lived_on(found: Replaced, dump: Mapping[str, OfDump]) -> bool:
    """Whether the database was in use until after the dump: it holds the dump's newest row, or a younger one.

    Both were printed by the server in one format and zone, so they compare as texts.
    """
    last = max(dump.values(), key=lambda one: one.newest, default=None)
    newest = next((one.newest for one in found.tables if last and one.table == last.table), "")
    return last is None or not last.newest or not newest or newest >= last.newest


@dataclass(frozen=True, slots=True)
class _Look:
    """Looks at the tables of the kept database, one after the other."""

    session: Session
    backfill: Backfill | None
    dump: Mapping[str, OfDump]
    dumped: datetime | None

    def at(self, schema: str, table: str) -> LostRows:
        """Return what one table holds that is younger than the dump."""
        name = f"{schema}.{table}"
        types = column_types(self.session, f'"{schema}"."{table}"')
        own = self.backfill if self.backfill is not None and self.backfill.table in (table, name) else None
        created, updated = (own.created if own else None) or usual_created(types), usual_updated(types)
        held = self.dump.get(name)
        since = _after(held.newest if held and held.newest else self.dumped, created)
        theirs = sql.SQL("NOT {}").format(is_marked(own)) if own and _may_be_marked(own, types) else sql.SQL("true")
        try:
            row = self.session.read(_query(schema, table, since, _after(self.dumped, updated), theirs)).row
        except CannotMeasure:  # the role may not look into every table
            return LostRows(table=name, kept=0, written=None, is_dated=False)
        if not since:
            grown = row["kept"] - held.rows if held else None
            return LostRows(table=name, kept=row["kept"], written=grown, is_dated=False)
        return LostRows(
            table=name, kept=row["kept"], written=row["written"], changed=row["changed"] if updated else None,
            first=row["first"] or "", last=row["last"] or "", newest=row["newest"] or "",
        )  # fmt: skip


def _may_be_marked(backfill: Backfill, types: Mapping[str, str]) -> bool:
    """Whether rows can carry the backfill's marker: what it changed is no change of people's."""
    return backfill.marker is not None and types.get(backfill.to_column) in JSON_TYPES


def _query(
    schema: str,
    table: str,
    since: Sequence[sql.Composable],
    touched: Sequence[sql.Composable],
    theirs: sql.Composable,
) -> sql.Composable:
    written = sql.SQL("{} > {}").format(*since) if since else sql.SQL("false")
    changed = sql.SQL("{} > {} AND {}").format(*touched, theirs) if touched else sql.SQL("false")
    return sql.SQL(_ROWS).format(
        written=written,
        changed=sql.SQL("{} AND NOT coalesce({}, false)").format(changed, written),
        created=since[0] if since else sql.SQL("NULL::text"),
        table=sql.Identifier(schema, table),
    )


def _after(moment: datetime | str | None, column: str | None) -> Sequence[sql.Composable]:
    """Return the column and the moment to compare; () where one of them is not known."""
    if not moment or not column:
        return ()
    text = moment if isinstance(moment, str) else moment.isoformat()
    return sql.Identifier(column), sql.Literal(text)
