"""What is done on a scratch server: databases made and copied, statements run, sessions opened, children let in."""

from __future__ import annotations

import os
import secrets
from collections.abc import Collection, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Protocol

import psycopg
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict, make_conninfo
from pydantic import SecretStr

from releasegate.core import CannotMeasure
from releasegate.core.redaction import redactor
from releasegate.core.settings import for_client
from releasegate.probes.postgres import Session, open_session
from releasegate.target.models import Database

STATEMENT_TIMEOUT: Final = "3600s"  # nobody else waits for this server
_VARIABLES: Final = {
    "host": "PGHOST", "port": "PGPORT", "user": "PGUSER", "dbname": "PGDATABASE", "password": "PGPASSWORD",
    "sslmode": "PGSSLMODE",
}  # fmt: skip


class Server(Protocol):
    """A server that takes databases of ours: its programs in `bin`, its version as `major`."""

    @property
    def bin(self) -> Path: ...  # noqa: D102  see the class
    @property
    def major(self) -> int: ...  # noqa: D102
    def dsn(self, database: str = ...) -> str: ...  # noqa: D102


@dataclass(frozen=True, slots=True, kw_only=True)
class GivenServer:
    """A scratch server that the target names instead of one of our own."""

    bin: Path
    major: int
    given: str

    def dsn(self, database: str = "postgres") -> str:
        """Return how to reach a database of it."""
        return make_conninfo(self.given, dbname=database)


class Databases:
    """The databases of one scratch server; its superuser is who works in them. `drop` removes those made here."""

    def __init__(self, server: Server) -> None:
        self.server = server
        self._made: list[str] = []
        self._roles: list[str] = []
        self._prefix = f"releasegate_{secrets.token_hex(3)}"

    def create(self, *, encoding: str = "UTF8") -> str:
        """Make an empty database and return its name."""
        return self._create(sql.SQL("TEMPLATE template0 ENCODING {}").format(sql.Literal(encoding)))

    def copy(self, database: str) -> str:
        """Make a copy of `database`, to which nobody may be connected, and return its name."""
        return self._create(sql.SQL("TEMPLATE {}").format(sql.Identifier(database)))

    def _create(self, how: sql.Composable) -> str:
        name = f"{self._prefix}_{len(self._made) + 1}"
        self.run("postgres", sql.SQL("CREATE DATABASE {} {}").format(sql.Identifier(name), how))
        self._made.append(name)
        return name

    def drop(self) -> None:
        """Remove every database and every role that was made here, and nothing else."""
        while self._made:
            self.run("postgres", sql.SQL("DROP DATABASE IF EXISTS {}").format(sql.Identifier(self._made.pop())))
        while self._roles:
            self.run("postgres", sql.SQL("DROP ROLE IF EXISTS {}").format(sql.Identifier(self._roles.pop())))

    def lacking(self, extensions: Collection[str]) -> tuple[str, ...]:
        """Return those of `extensions` that the server does not have, by name."""
        known = {row[0] for row in self.run("postgres", sql.SQL("SELECT name FROM pg_available_extensions"))}
        return tuple(sorted(set(extensions) - known))

    def add_roles(self, names: Collection[str]) -> None:
        """Make roles that cannot log in, so that what names them can be made; those that exist stay.

        On a given server one may not be allowed to; then what needs a role complains by itself.
        """
        known = {row[0] for row in self.run("postgres", sql.SQL("SELECT rolname FROM pg_roles"))}
        for name in sorted(name for name in set(names) - known if not name.startswith("pg_")):
            with suppress(CannotMeasure):
                self.run("postgres", sql.SQL("CREATE ROLE {}").format(sql.Identifier(name)))
                self._roles.append(name)

    def run(self, database: str, statement: sql.SQL | sql.Composed) -> list[tuple[object, ...]]:
        """Run one statement outside a transaction and return its rows. Raises CannotMeasure with the server's words."""
        try:
            with psycopg.connect(self.server.dsn(database), autocommit=True) as connection:
                cursor = connection.execute(statement)
                return cursor.fetchall() if cursor.description else []
        except psycopg.Error as error:
            raise CannotMeasure(f"scratch server: {redactor.text(str(error).strip())}") from error

    @contextmanager
    def session(self, database: str) -> Iterator[Session]:
        """Open a read-only session, with the same settings as one on the deployment's own database."""
        settings = Database(dsn=SecretStr(self.server.dsn(database)), statement_timeout=STATEMENT_TIMEOUT)
        with open_session(settings) as session:
            yield session

    def environment(self, database: str) -> dict[str, str]:
        """Return the whole environment of a client program, which then reaches this server and no other."""
        parts = conninfo_to_dict(self.server.dsn(database))
        plain = for_client("PATH", "HOME", "TMPDIR")
        reached = {variable: str(parts[key]) for key, variable in _VARIABLES.items() if parts.get(key)}
        return plain | {"LC_ALL": "C.UTF-8", "PGAPPNAME": "releasegate", "PGPASSFILE": os.devnull} | reached
