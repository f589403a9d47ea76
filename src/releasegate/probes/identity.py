"""What identifies a deployment at one moment: the things that a gate's result is bound to."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from hashlib import sha256

from psycopg import sql

from releasegate.change.models import Backfill, Change
from releasegate.core import CannotMeasure
from releasegate.core.gate import Bond
from releasegate.probes import catalog, counters, git, row_sql
from releasegate.probes.database import server
from releasegate.probes.host import Machine, open_machine
from releasegate.probes.postgres import Session, identifier, open_session
from releasegate.target.models import Database, Host


@dataclass(frozen=True, slots=True)
class Identity:
    """What identifies a part of the deployment; of a database also the rows written to each table so far.

    `written` are those inserted, updated and deleted, by "schema.table". `unseen` says why a bond is not known.
    """

    bonds: Mapping[Bond, str]
    written: Mapping[str, tuple[int, int, int]] = field(default_factory=dict)
    unseen: Mapping[Bond, str] = field(default_factory=dict)


def of_database(database: Database, change: Change) -> Identity:
    """Look at the server, the catalog of the change's tables (as a hash), and whether the backfill left its mark.

    Raises CannotMeasure when the database cannot be read.
    """
    with open_session(database) as session:
        found = server(session).value
        unseen: dict[Bond, str] = {}
        bonds = {Bond.SERVER: f"{found.system_identifier}/{found.database}"}
        if change.db is not None:
            bonds[Bond.CATALOG] = _digest(asdict(catalog.schema(session, change.db.tables).value))
        if change.backfill is not None:
            try:
                bonds[Bond.BACKFILLED] = _backfilled(session, change.backfill)
            except CannotMeasure as error:  # a table too large to be searched in time: the other bonds hold
                unseen[Bond.BACKFILLED] = str(error)
        return Identity(bonds, counters.written(session), unseen)


def commit_at(host: Host, path: str, *, other: str | None = None) -> str:
    """Return the commit that is checked out at `path` on the machine.

    Raises CannotMeasure when there is none, and when the repository is also that of `other`: one that holds both
    parts moves as a whole, with the step of the part that comes first.
    """
    with open_machine(host) as machine:
        if other is not None and _is_one(machine, path, other):
            raise CannotMeasure(f"{path} and {other} are of one repository: the commit of {other} counts for both")
        return git.code(machine, "", path).value.head.hash


def is_one_repository(host: Host, path: str, other: str) -> bool:
    """Whether `path` and `other` on the machine are of one repository."""
    with open_machine(host) as machine:
        return _is_one(machine, path, other)


def _is_one(machine: Machine, path: str, other: str) -> bool:
    top = git.top(machine, path)
    return bool(top) and top == git.top(machine, other)


def coming_commit(host: Host, path: str) -> str:
    """Return the commit that the release would bring to `path` on the machine. Raises CannotMeasure."""
    with open_machine(host) as machine:
        return git.coming(machine, path)


def _backfilled(session: Session, backfill: Backfill) -> str:
    """Return how far the backfill is: rows that people write meanwhile must not count, so its marker is looked for."""
    columns = {column.name for column in catalog.schema(session, [backfill.table]).value.columns}
    if backfill.to_column not in columns:
        return "no column yet"
    filled = sql.SQL("NOT {}").format(row_sql.is_empty(sql.SQL("{}::jsonb").format(sql.Identifier(backfill.to_column))))
    marked = row_sql.is_marked(backfill) if backfill.marker else filled
    query = sql.SQL("SELECT EXISTS (SELECT FROM {} WHERE {}) AS found").format(identifier(backfill.table), marked)
    return "has backfilled rows" if session.read(query).row["found"] else "has no backfilled rows"


def _digest(data: object) -> str:
    return sha256(json.dumps(data, sort_keys=True).encode()).hexdigest()[:16]
