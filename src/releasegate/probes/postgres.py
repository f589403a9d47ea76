"""The database session: proven read-only before anything else, each read in a transaction and a message of its own."""

from __future__ import annotations

import logging
import shlex
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final, cast

import psycopg
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict, make_conninfo
from psycopg.rows import dict_row
from pydantic import SecretStr

from releasegate.core import CannotMeasure, Measurement, UsageError
from releasegate.core.facts.database import Planned, Refusal
from releasegate.core.redaction import redactor
from releasegate.probes.settings import WRITTEN, Settings
from releasegate.probes.sql_text import is_plannable
from releasegate.target.models import Database

Row = dict[str, Any]
Connection = psycopg.Connection[Row]

# It says a second time, on standard error, that what comes after a refused statement was not run.
logging.getLogger("psycopg").setLevel(logging.ERROR)

CONNECT_TIMEOUT_S: Final = 10  # a database that answers later than this is down for its users too
READ_ONLY: Final = "25006"  # read_only_sql_transaction
NOT_READY: Final = "55000"  # object_not_in_prerequisite_state: an answer about the object, not about the connection
MUST_BE_REFUSED: Final = "CREATE TABLE releasegate_must_be_refused ()"

_SECRET_KEYS: Final = ("password", "sslpassword")


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """The rows of one read, the SQL exactly as it was sent, and how long it took in seconds."""

    rows: list[Row]
    query: str
    duration_s: float

    @property
    def row(self) -> Row:
        """The only row, of a query that always returns one."""
        (row,) = self.rows
        return row

    def measurement(self, value: Any, *, unit: str, rows: int, shown: Any = None) -> Measurement[Any]:
        """Return `value`, which was made of this answer, as a measurement."""
        return Measurement(value=value, unit=unit, rows=rows, query=self.query, duration_s=self.duration_s, shown=shown)


class Session:
    """One connection that can only read.

    Every read is a `BEGIN READ ONLY` of its own with all settings local to it, so nothing depends on a session
    setting that a pooler would drop, or hand on to somebody else. A connection that was lost is made again, and
    proven again, at the next read. `spent_s` is how long all reads took together, connecting included.
    """

    def __init__(self, conninfo: str, settings: Settings, *, is_gentle: bool = False) -> None:
        self.is_gentle = is_gentle
        self.spent_s = 0.0
        self._conninfo = conninfo
        self._settings = settings
        self._connection: Connection | None = None
        parts = conninfo_to_dict(conninfo)
        self._shown = make_conninfo("", **{key: part for key, part in parts.items() if key not in _HIDDEN})
        self.where = _where(parts)

    def read(
        self, query: sql.Composable | str, *, search_path: str | None = None, local: Mapping[str, str] | None = None
    ) -> Answer:
        """Return the rows of one statement; `local` are settings of its transaction alone.

        Raises CannotMeasure for whatever the server or the network answers instead, with the command that shows
        it again.
        """
        text, began = self.text(query), time.monotonic()
        with self._spending(text):
            rows = self._asked(text, search_path, local)
        return Answer(rows=rows, query=text, duration_s=time.monotonic() - began)

    def reach(self) -> None:
        """Connect, and prove that nothing can be written. Raises CannotMeasure as a read does."""
        with self._spending("SELECT 1"):
            self._connected()

    def plan(self, statement: str, *, source: str) -> Planned:
        """Ask for the plan of a statement that may write, which EXPLAIN never runs; an error is an answer here."""
        if not is_plannable(statement):
            return Planned(statement=statement, source=source, is_plannable=False)
        refusal = self.attempt(f"EXPLAIN {statement.strip().rstrip(';')}")
        return Planned(statement=statement, source=source, sqlstate=refusal.sqlstate, message=refusal.message)

    def attempt(self, statement: str, *, local: Mapping[str, str] | None = None) -> Refusal:
        """Return what the server said to `statement`, which runs in a read-only transaction that is rolled back."""
        try:
            self._asked(statement, None, local)
        except psycopg.Error as error:
            if isinstance(error, psycopg.OperationalError) and error.sqlstate != NOT_READY:
                raise self.trouble(error, statement) from error
            return Refusal(statement=statement, sqlstate=error.sqlstate or "", message=_first_line(error))
        return Refusal(statement=statement, sqlstate="")

    def text(self, query: sql.Composable | str) -> str:
        """Return `query` as SQL text."""
        return query if isinstance(query, str) else query.as_string(None)

    def psql(self, query: sql.Composable | str) -> str:
        """Return the command that shows the same by hand; the password stays where it is."""
        return f"psql {shlex.quote(self._shown)} -c {shlex.quote(' '.join(self.text(query).split()))}"

    def trouble(self, error: psycopg.Error, query: str) -> CannotMeasure:
        """Return what to raise for `error`: what was tried, where, and what came back."""
        said = _EXPLAINED.get(error.sqlstate or "", "{}").format(_first_line(error))
        return CannotMeasure(f"{self.where}: {said}", run=self.psql(query))

    def close(self) -> None:
        """Hang up."""
        if self._connection is not None:
            self._connection.close()

    @contextmanager
    def _spending(self, text: str) -> Iterator[None]:
        """Count the time of what is asked inside, and say what `text` met instead of an answer."""
        began = time.monotonic()
        try:
            yield
        except psycopg.Error as error:
            raise self.trouble(error, text) from error
        finally:
            self.spent_s += time.monotonic() - began

    def _asked(self, statement: str, search_path: str | None, local: Mapping[str, str] | None = None) -> list[Row]:
        path = {} if search_path is None else {"search_path": search_path}
        return _asked(self._connected(), self._settings.call({**(local or {}), **path}), statement)

    def _connected(self) -> Connection:
        if self._connection is None or self._connection.closed:
            self._connection = self._prove(_connect(self._conninfo))
        return self._connection

    def _prove(self, connection: Connection) -> Connection:
        """Return `connection` once a write in it was refused; raise CannotMeasure when it was not."""
        call = self._settings.call({})
        try:
            _asked(connection, call, MUST_BE_REFUSED)
        except psycopg.errors.ReadOnlySqlTransaction:
            (written,) = _asked(connection, call, WRITTEN)
            self._settings.since(written)
            return connection
        except psycopg.Error:
            connection.close()
            raise
        connection.close()
        raise CannotMeasure(
            f"{self.where}: a write inside BEGIN READ ONLY was not refused (it was rolled back); nothing was looked at",
            run=self.psql(f"BEGIN READ ONLY; {MUST_BE_REFUSED}; ROLLBACK"),
        )


@contextmanager
def open_session(database: Database) -> Iterator[Session]:
    """Connect, prove that nothing can be written, and hang up at the end.

    Raises UsageError for a connection string or a duration that cannot be understood, and CannotMeasure with
    server, database and user (never the password) for a server that does not let us in.
    """
    session = Session(_conninfo(database), Settings(database), is_gentle=database.gentle)
    try:
        session.reach()
        yield session
    finally:
        session.close()


def reached_by(database: Database) -> str:
    """Return where the database is, in libpq's words: no password, and no user, who is only the gate's."""
    try:
        parts = conninfo_to_dict(_conninfo(database))
    except UsageError:
        return "dbname=DATABASE"
    kept = {key: part for key, part in parts.items() if key in ("host", "port", "dbname", "service", "sslmode")}
    return make_conninfo("", **kept)


def beside(database: Database, name: str) -> Database:
    """Return how to reach the database `name` on the same server, with everything else as it is."""
    return database.model_copy(update={"dsn": SecretStr(make_conninfo(_conninfo(database), dbname=name))})


def identifier(name: str) -> sql.Identifier:
    """Return a name of the change file, `table` or `schema.table`, as SQL; upper and lower case stay as they are."""
    return sql.Identifier(*(part.strip('"') for part in name.split(".")))


def _conninfo(database: Database) -> str:
    given = database.dsn.get_secret_value() if database.dsn else ""
    known: dict[str, Any] = {"application_name": "releasegate"}
    if database.service:
        known["service"] = database.service
    if database.password:
        known["password"] = database.password.get_secret_value()
    try:
        parts = conninfo_to_dict(given)
        known.setdefault("connect_timeout", parts.get("connect_timeout") or CONNECT_TIMEOUT_S)
        conninfo = make_conninfo(given, **known)
    except psycopg.ProgrammingError:
        # libpq repeats the string in its complaint, and the string holds the password
        raise UsageError(
            "database.dsn: is no libpq connection string; accepted: postgresql://user@host:5432/database, or "
            "host=… port=… dbname=… user=…"
        ) from None
    for key in _SECRET_KEYS:
        redactor.register(str(conninfo_to_dict(conninfo).get(key) or ""))
    return conninfo


def _connect(conninfo: str) -> Connection:
    """Connect with everything read-only from the first byte on, where what stands in between lets that through."""
    connect = cast("Callable[..., Connection]", psycopg.connect)
    asked = {"autocommit": True, "row_factory": dict_row, "cursor_factory": psycopg.ClientCursor}
    options = f"{conninfo_to_dict(conninfo).get('options') or ''} -c default_transaction_read_only=on".strip()
    try:
        return connect(conninfo, options=options, prepare_threshold=None, **asked)
    except psycopg.OperationalError as error:
        if "unsupported startup parameter" not in str(error):  # PgBouncer's words
            raise
    # Every transaction says READ ONLY itself. A session-wide SET would stay on the pooler's connection and make
    # the application's writes fail.
    return connect(conninfo, prepare_threshold=None, **asked)


def _asked(connection: Connection, call: sql.Composed, statement: str) -> list[Row]:
    """Return the rows of `statement`, asked after `call` in a read-only transaction of its own that is rolled back.

    All four statements are sent at once: a database far away costs one way there and back, not four. Each goes by
    itself to the server, which refuses one that holds another: nothing in `statement` can end the transaction first.
    """
    try:
        with connection.pipeline():
            connection.execute("BEGIN READ ONLY")
            connection.execute(call)
            cursor = connection.execute(statement.encode())
            connection.execute("ROLLBACK")
        return cursor.fetchall() if cursor.description else []
    except KeyboardInterrupt:  # in the middle of a question: the next one on this connection would meet its answer
        connection.close()
        raise
    finally:
        if not connection.closed:
            connection.rollback()  # what went wrong left the transaction open; else there is nothing to send


def _where(parts: dict[str, Any]) -> str:
    if parts.get("service"):
        return f"service {parts['service']}"
    host, port = parts.get("host") or "local socket", parts.get("port") or "5432"
    user, name = parts.get("user") or "(default user)", parts.get("dbname") or parts.get("user") or "(default)"
    return f"database {name} on {host}:{port} as {user}"


def _first_line(error: psycopg.Error) -> str:
    said = error.diag.message_primary or str(error)
    lines = [line.strip() for line in said.splitlines() if line.strip()]
    return redactor.text(lines[0]) if lines else type(error).__name__


_HIDDEN: Final = (*_SECRET_KEYS, "application_name", "connect_timeout", "options")
_EXPLAINED: Final = {
    "57014": "gave up after database.statement_timeout ({})",
    "55P03": "gave up after database.lock_timeout: another session holds a lock ({})",
    "42501": "the role may not look ({})",
}
