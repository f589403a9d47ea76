"""What each of our transactions sets for itself: read-only, patient for so long, and out of the application's way."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from psycopg import sql

from releasegate.core.durations import parse_duration
from releasegate.target.models import Database

# Values are compared as text between two sessions, so what shapes their text is the same in every one of them.
# row_security off makes the server refuse where it would hide rows; jit would cost more than it gains here.
_ALWAYS: Final = {
    "default_transaction_read_only": "on",
    "row_security": "off",
    "jit": "off",
    "TimeZone": "UTC",
    "DateStyle": "ISO, YMD",
    "IntervalStyle": "postgres",
    "extra_float_digits": "1",
    "bytea_output": "hex",
}
_WORKERS: Final = "max_parallel_workers_per_gather"

# The next transaction number that writes anything, and when that was, in the server's seconds. These functions are
# older than their namesakes with pg_; both count in a standby, too, and both may be called by everybody.
WRITTEN: Final = """
SELECT txid_snapshot_xmax(txid_current_snapshot()) AS number, extract(epoch FROM clock_timestamp())::float8 AS at"""
# More than one a second: a few are the server's own, who notes what it has learnt about a table. At most two processes
# even where nobody writes: three, the server's own default, would be all the cores that many servers have.
_SPARED: Final = """
CASE WHEN txid_snapshot_xmax(txid_current_snapshot()) - {number} > extract(epoch FROM clock_timestamp()) - {at}
THEN '0' ELSE '1' END"""


class Settings:
    """The settings of one session's transactions.

    A pass over a large table takes a second process, and so half the time, only while nobody writes: on a server with
    few cores, an application that does would wait for them four to five times as long (selftests/bench/README.md).
    Never with `[database] gentle`.

    Raises UsageError for a duration that cannot be understood.
    """

    def __init__(self, database: Database) -> None:
        def in_ms(key: str, text: str) -> str:
            return f"{parse_duration(text, where=f'database.{key}').total_seconds() * 1000:.0f}ms"

        self._values: dict[str, sql.Composable] = {name: sql.Literal(value) for name, value in _ALWAYS.items()}
        self._values["statement_timeout"] = sql.Literal(in_ms("statement_timeout", database.statement_timeout))
        self._values["lock_timeout"] = sql.Literal(in_ms("lock_timeout", database.lock_timeout))
        self._values[_WORKERS] = sql.Literal("0")
        self._is_gentle = database.gentle

    def since(self, written: Mapping[str, Any]) -> None:
        """Take `written`, an answer to WRITTEN, for the moment from which on a write shows that somebody writes."""
        if not self._is_gentle:
            self._values[_WORKERS] = sql.SQL(_SPARED).format(**{k: sql.Literal(v) for k, v in written.items()})

    def call(self, local: Mapping[str, str]) -> sql.Composed:
        """Return the statement that sets everything for the transaction that it is in; `local` comes first."""
        values = self._values | {name: sql.Literal(value) for name, value in local.items()}
        return sql.SQL("SELECT {}").format(
            sql.SQL(", ").join(
                sql.SQL("set_config({}, {}, true)").format(sql.Literal(name), value) for name, value in values.items()
            )
        )
