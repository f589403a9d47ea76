"""Rows written for a try on staging: copies of real ones, tagged, so that they are found whatever happens meanwhile.

What is copied is read through the gate's own session, which cannot write. The rows go through a connection of their
own, to the server that the target's fingerprint names and to no other, all of them in one transaction. What is removed
is what has the tag: also that of a run that was killed.
"""

from __future__ import annotations

import json
import re
import time
import uuid
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Final, cast

import psycopg
from psycopg import sql
from psycopg.rows import dict_row

from releasegate.change.models import Change
from releasegate.core import CannotMeasure, Measurement
from releasegate.core.facts.seeds import TAG, TaggedRows
from releasegate.core.redaction import redactor
from releasegate.probes.postgres import Row, Session, identifier, open_session
from releasegate.target.models import Fingerprint, Seed, SeedRow, Target

_UNIT: Final = "tagged rows"
_TIMEOUT: Final = "10s"  # a few rows, found by their key or by one look at the table
_COLUMNS: Final = """
SELECT attname::text AS name, format_type(atttypid, atttypmod) AS type, atthasdef AS has_default,
       attidentity <> '' AS is_identity, attidentity = 'a' OR attgenerated <> '' AS is_made,
       (SELECT count(*) = 1 AND bool_or(a.attnum = k.key) FROM pg_index i, unnest(i.indkey::int2[]) AS k (key)
         WHERE i.indrelid = a.attrelid AND i.indisprimary) IS TRUE AS is_key
  FROM pg_attribute a WHERE attrelid = to_regclass({table}) AND attnum > 0 AND NOT attisdropped ORDER BY attnum
"""
_DELETE: Final = "DELETE FROM {table} WHERE starts_with({column}::text, {tag}) RETURNING {key} AS key"
_WRITTEN_AT: Final = ("created_at", "sent_at", "inserted_at", "criado_em", "enviado_em")
_PLACEHOLDER: Final = re.compile(r"\{(\w+)\}")

Connection = psycopg.Connection[Row]


class Seeder:
    """Writes the rows of a target's [samples.seed], and removes what has the tag."""

    def __init__(
        self, seed: Seed, session: Session, connection: Connection, where: str, dated: Mapping[str, str]
    ) -> None:
        self._seed = seed
        self._dated = dated
        self._session = session
        self._connection = connection
        self._where = where

    def remove(self) -> Measurement[tuple[TaggedRows, ...]]:
        """Delete every tagged row of the tables that the target names, the last declared first."""
        began, removed, sent = time.monotonic(), [], []
        places = dict.fromkeys((row.table, row.tag_column) for row in reversed(self._seed.rows))
        with self._writing():
            for table, column in places:
                keys = [one.name for one in self._columns(table) if one.is_key]
                query = sql.SQL(_DELETE).format(
                    table=identifier(table), column=sql.Identifier(column), tag=sql.Literal(TAG),
                    key=sql.SQL("{}::text").format(sql.Identifier(keys[0])) if keys else sql.SQL("''"),
                )  # fmt: skip
                found = self._connection.execute(query).fetchall()
                sent.append(query.as_string(None))
                removed.append(TaggedRows(table=table, rows=len(found), keys=_keys(found)))
        return self._measured(tuple(removed), "; ".join(sent), began)

    def write(self) -> Measurement[tuple[TaggedRows, ...]]:
        """Insert every row that the target declares; all of them, or none."""
        began, written = time.monotonic(), []
        known: dict[str, str] = {}
        with self._writing():
            for number, row in enumerate(self._seed.rows):
                key = self._insert(number, row, known)
                known |= {row.name: key} if row.name else {}
                written.append(TaggedRows(table=row.table, rows=1, keys=(key,) if key else ()))
        tables = ", ".join(dict.fromkeys(row.table for row in self._seed.rows))
        return self._measured(
            tuple(written), f"INSERT of [samples.seed] rows into {tables}, through {self._where}", began
        )

    def _insert(self, number: int, row: SeedRow, known: Mapping[str, str]) -> str:
        """Insert one row and return its key, "" where the table has none of one column."""
        columns, template = self._columns(row.table), self._template(number, row)
        names = {name: str(value) for name, value in template.items() if value is not None}
        tag = f"{TAG}{uuid.uuid4().hex[:12]}"
        filled = _filled({row.tag_column: "{tag}", **row.values}, {**names, **known, "tag": tag}, _place(number))
        unknown = next((name for name in filled if name not in template), "")
        if unknown:
            raise CannotMeasure(f"{_place(number)}: {row.table} has no column {unknown}")
        values = {**template, **filled}
        given = [one for one in columns if not one.is_made and not (one.is_key and one.name not in filled)]
        key = next((one for one in columns if one.is_key), None)
        if key is not None and key.name not in filled and not key.makes_itself:
            values[key.name] = _new_key(key, _place(number))
            given.append(key)
        listed = sql.SQL(", ").join(sql.Identifier(one.name) for one in given)
        query = sql.SQL(
            "INSERT INTO {table} ({listed}) SELECT {listed} FROM jsonb_populate_record(NULL::{table}, {values}) "
            "RETURNING {key} AS key"
        ).format(
            table=identifier(row.table), listed=listed, values=sql.Literal(json.dumps(values)),
            key=sql.SQL("{}::text").format(sql.Identifier(key.name)) if key else sql.SQL("''"),
        )  # fmt: skip
        return next(iter(_keys(self._connection.execute(query).fetchall())), "")

    def _template(self, number: int, row: SeedRow) -> Row:
        """Return the newest row that may be copied: by the change's column for that, or one that is named like it."""
        names = [one.name for one in self._columns(row.table)]
        newest = next((name for name in (self._dated.get(row.table, ""), *_WRITTEN_AT) if name in names), "")
        query = sql.SQL("SELECT to_jsonb(m) AS row FROM {table} m WHERE ({like}) {order} LIMIT 1").format(
            table=identifier(row.table), like=sql.SQL(cast("Any", row.like)),
            order=sql.SQL("ORDER BY {} DESC").format(sql.Identifier(newest)) if newest else sql.SQL(""),
        )  # fmt: skip
        found = self._session.read(query).rows
        if not found:
            raise CannotMeasure(f"{_place(number)}: no row of {row.table} fits like = {row.like!r}, so none is copied")
        copied: Row = found[0]["row"]
        return copied

    def _columns(self, table: str) -> list[_Column]:
        query = sql.SQL(_COLUMNS).format(table=sql.Literal(identifier(table).as_string(None)))
        found = [_Column(row) for row in self._session.read(query).rows]
        if not found:
            raise CannotMeasure(f"[samples.seed]: there is no table {table}")
        return found

    @contextmanager
    def _writing(self) -> Iterator[None]:
        """Give one transaction; what the server refuses is told without the row, which holds what people wrote."""
        try:
            with self._connection.transaction():
                yield
        except psycopg.Error as error:
            said = redactor.text(error.diag.message_primary or type(error).__name__)
            raise CannotMeasure(f"[samples.seed] {self._where}: {said}") from None

    def _measured(self, found: tuple[TaggedRows, ...], query: str, began: float) -> Measurement[tuple[TaggedRows, ...]]:
        rows = sum(one.rows for one in found)
        return Measurement(value=found, unit=_UNIT, rows=rows, query=query, duration_s=time.monotonic() - began)


class _Column:
    """One column of a table that is written to."""

    def __init__(self, row: Row) -> None:
        self.name: str = row["name"]
        self.type: str = row["type"]
        self.is_key: bool = row["is_key"]
        self.is_made: bool = row["is_made"]  # by the server alone
        self.makes_itself: bool = row["has_default"] or row["is_identity"]


@contextmanager
def open_seeder(target: Target, change: Change) -> Iterator[Seeder]:
    """Connect as the role that may write, to the server that the fingerprint names.

    Raises CannotMeasure where that is another one, and where nobody is let in.
    """
    seed, database, pinned = target.samples.seed, target.database, target.fingerprint
    assert seed is not None, "asked for without [samples.seed]"
    assert database is not None, "checked when the target was loaded"
    assert pinned is not None, "checked when the target was loaded"
    connection = _connect(seed)
    try:
        where = _proven(connection, pinned)
        with open_session(database) as session:
            yield Seeder(seed, session, connection, where, _dated(change))
    finally:
        connection.close()


def _dated(change: Change) -> dict[str, str]:
    b = change.backfill
    return {b.table: b.created} if b is not None and b.created else {}


def _connect(seed: Seed) -> Connection:
    connect = cast("Callable[..., Connection]", psycopg.connect)
    more = {"password": seed.password.get_secret_value()} if seed.password else {}
    try:
        connection = connect(
            seed.dsn.get_secret_value(), autocommit=True, row_factory=dict_row, cursor_factory=psycopg.ClientCursor,
            application_name="releasegate-seed", connect_timeout=10, prepare_threshold=None, **more,
        )  # fmt: skip
        for name in ("statement_timeout", "lock_timeout"):
            connection.execute("SELECT set_config(%s, %s, false)", (name, _TIMEOUT))
    except psycopg.Error as error:
        lines = redactor.text(str(error)).splitlines() or [type(error).__name__]
        raise CannotMeasure(f"samples.seed.dsn: {lines[0]}") from None
    return connection


def _proven(connection: Connection, pinned: Fingerprint) -> str:
    """Return whom one writes as, once the server is the pinned one."""
    query = (
        "SELECT (SELECT system_identifier FROM pg_control_system())::text AS server, current_database()::text AS name, "
        "current_user::text AS role"
    )
    (row,) = connection.execute(query).fetchall()
    if (row["server"], row["name"]) != (pinned.system_identifier, pinned.database):
        raise CannotMeasure(
            f"samples.seed.dsn leads to {row['name']} on server {row['server']}, and [fingerprint] names "
            f"{pinned.database} on {pinned.system_identifier}; nothing was written"
        )
    return f"a connection of its own as {row['role']}"


def _filled(values: Any, known: Mapping[str, str], place: str) -> Any:
    """Return `values` with every placeholder in their texts filled in."""
    if isinstance(values, dict):
        return {name: _filled(value, known, place) for name, value in values.items()}
    if isinstance(values, list | tuple):
        return [_filled(value, known, place) for value in values]
    if not isinstance(values, str):
        return values

    def value(match: re.Match[str]) -> str:
        if match[1] not in known:
            raise CannotMeasure(
                f"{place}: {match[0]} is neither a column of the copied row that holds something, nor the name of an "
                "earlier row, nor {tag}"
            )
        return known[match[1]]

    return _PLACEHOLDER.sub(value, values)


def _new_key(key: _Column, place: str) -> str:
    if key.type == "uuid" or key.type.startswith(("text", "character varying")):
        return str(uuid.uuid4())
    raise CannotMeasure(f"{place}: {key.name} ({key.type}) has no default; give it in values")


def _keys(rows: list[Row]) -> tuple[str, ...]:
    return tuple(row["key"] for row in rows if row["key"])


def _place(number: int) -> str:
    return f"[[samples.seed.rows]] number {number + 1}"
