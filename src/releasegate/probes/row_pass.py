"""How the rows of a table are gone through: in one sequential scan, or gently, range by range of the key."""

from __future__ import annotations

import contextlib
import json
import logging
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Final

import psycopg
from psycopg import sql

from releasegate.change.models import Backfill
from releasegate.core import CannotMeasure
from releasegate.probes.postgres import Answer, Session, identifier
from releasegate.probes.row_sql import MarkedRows

_EVERY_ROW = "SELECT flags, type, count(*) AS rows FROM {marked} AS marked GROUP BY flags, type"
# The last key of the next range; an index on the key answers it without looking at the rows.
_UPPER = "SELECT {key}::text AS upper FROM {table} WHERE {after} ORDER BY {key} OFFSET {skip} LIMIT 1"

BUDGET_S: Final = 0.1  # of one statement in ranges: a writer that waits for it waits no longer than this
FIRST_RANGE: Final = 5_000  # rows; measured, then made longer or shorter to fit the budget
SHORTEST_RANGE, LONGEST_RANGE = 200, 200_000
TRIES: Final = 5  # of one range, each half as long as the one before
AGAIN_AFTER_S: Final = 1.0  # a server that restarts needs a few seconds
KEPT_FOR_S: Final = 3600  # a pass that was cut off is taken up within this time; later its counts say too little

log = logging.getLogger(__name__)


@dataclass(slots=True, kw_only=True)
class Pass:
    """What a pass has counted so far: rows by their flags, up to and with the row of key `after` (None: none yet).

    `types` are the filled rows by what they say they hold, "" for what the change file does not name.

    `began` is in seconds since the epoch, `took_s` is the time of the statements alone. `resumed_after` is the key
    at which it was taken up, "" for one that was never cut off.
    """

    by_flags: dict[int, int] = field(default_factory=dict)
    types: dict[str, int] = field(default_factory=dict)
    after: str | None = None
    ranges: int = 0
    took_s: float = 0.0
    began: float = field(default_factory=time.time)
    resumed_after: str = ""
    query: str = ""

    def add(self, answer: Answer) -> None:
        """Count the rows of one more range."""
        for row in answer.rows:
            self.by_flags[row["flags"]] = self.by_flags.get(row["flags"], 0) + row["rows"]
            if row["type"] is not None:
                self.types[row["type"]] = self.types.get(row["type"], 0) + row["rows"]
        self.ranges += 1
        self.took_s += answer.duration_s
        self.query = self.query or answer.query.strip()


def count_rows(session: Session, backfill: Backfill, marked: MarkedRows, *, kept_in: Path | None = None) -> Pass:
    """Count every row of the table by its flags.

    In one statement; in ranges where the target says `gentle`, and where one statement takes longer than its
    time-out. `kept_in` is the folder in which a pass in ranges notes how far it is.
    """
    if not session.is_gentle:
        with contextlib.suppress(_TooLong):
            found = Pass()
            found.add(_read(session, marked.of()))
            return found
        log.info("%s: one pass takes longer than the time-out, so it goes range by range", backfill.table)
    return _Ranges(session, backfill, marked, kept_in).walk()


class _TooLong(Exception):
    """The statement was cancelled at its time-out."""


def _read(session: Session, rows: sql.Composable) -> Answer:
    try:
        return session.read(sql.SQL(_EVERY_ROW).format(marked=rows))
    except CannotMeasure as trouble:
        if isinstance(trouble.__cause__, psycopg.errors.QueryCanceled):
            raise _TooLong from trouble
        raise


class _Ranges:
    """Goes through the table in ranges of its key, each a short statement, with as long a pause after it."""

    def __init__(self, session: Session, backfill: Backfill, marked: MarkedRows, kept_in: Path | None) -> None:
        self._session, self._marked = session, marked
        self._table, self._key = identifier(backfill.table), sql.Identifier(backfill.key)
        self._type = sql.SQL(marked.key_type or "text")  # as format_type prints it, quoted where it must be
        name = sha256(f"{session.where}\n{session.text(marked.of())}".encode()).hexdigest()[:16]
        self._file = kept_in / f"pass-{name}.json" if kept_in else None

    def walk(self) -> Pass:
        """Return the counts of all ranges, beginning after those that an earlier pass has finished."""
        found, length = self._kept(), FIRST_RANGE
        for _ in self._until_whole(found):
            length = self._next(found, length)
            self._keep(found)
        if self._file:
            self._file.unlink(missing_ok=True)
        return found

    def _until_whole(self, found: Pass) -> Iterator[None]:
        self._whole = False
        while not self._whole:
            yield
            if not self._whole:
                time.sleep(min(found.took_s / max(found.ranges, 1), 2 * BUDGET_S))

    def _next(self, found: Pass, length: int) -> int:
        """Count the next range of about `length` rows and return how long the one after it should be."""
        for tries_left in reversed(range(TRIES)):
            try:
                upper = self._upper(found.after, length)
                answer = _read(self._session, self._marked.of(self._between(found.after, upper)))
                break
            except (CannotMeasure, _TooLong) as trouble:
                if not tries_left:
                    raise trouble if isinstance(trouble, CannotMeasure) else _cause(trouble) from None
                log.info("range after %s: %s; again, half as long", found.after, trouble)
                length = max(length // 2, SHORTEST_RANGE)
                time.sleep(0 if isinstance(trouble, _TooLong) else AGAIN_AFTER_S)
        found.add(answer)
        found.after, self._whole = upper, upper is None
        fitting = length * BUDGET_S / max(answer.duration_s, BUDGET_S / 2)  # at most twice as long as this one
        return int(min(max(fitting, SHORTEST_RANGE), LONGEST_RANGE))

    def _upper(self, after: str | None, length: int) -> str | None:
        """Return the key that ends the range, None for the last one."""
        query = sql.SQL(_UPPER).format(
            key=self._key, table=self._table, after=self._after(after), skip=sql.Literal(length - 1)
        )
        found = self._session.read(query).rows
        return str(found[0]["upper"]) if found else None

    def _after(self, after: str | None) -> sql.Composable:
        if after is None:
            return sql.SQL("{} IS NOT NULL").format(self._key)
        return sql.SQL("{} > {}::{}").format(self._key, sql.Literal(after), self._type)

    def _between(self, after: str | None, upper: str | None) -> sql.Composable:
        """Return the condition of a range; rows whose key is NULL belong to the first one."""
        until: sql.Composable = sql.SQL("true")
        if upper is not None:
            until = sql.SQL("{} <= {}::{}").format(self._key, sql.Literal(upper), self._type)
        if after is None:
            return sql.SQL("({} OR {} IS NULL)").format(until, self._key)
        return sql.SQL("{} AND {}").format(self._after(after), until)

    def _kept(self) -> Pass:
        """Return the counts that a pass which was cut off has left, if that is not long ago."""
        if self._file is None or not self._file.is_file():
            return Pass()
        try:
            noted = json.loads(self._file.read_text("utf-8"))
            by_flags = {int(flags): int(rows) for flags, rows in noted.pop("by_flags").items()}
            found = Pass(**noted, by_flags=by_flags)
        except (OSError, ValueError, TypeError, KeyError):  # cut off while it was written
            return Pass()
        if not 0 <= time.time() - found.began < KEPT_FOR_S:
            return Pass()
        found.resumed_after = str(found.after)
        log.info("taken up after %s, where the last pass was cut off", found.after)
        return found

    def _keep(self, found: Pass) -> None:
        if self._file is None:
            return
        self._file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        written = self._file.with_suffix(".new")
        written.write_text(json.dumps(asdict(found)), "utf-8")
        written.replace(self._file)


def _cause(trouble: _TooLong) -> CannotMeasure:
    cause = trouble.__cause__
    assert isinstance(cause, CannotMeasure)
    return cause
