"""A table gone through range by range of its key: each a short statement, with a pause after it."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator
from typing import Final

import psycopg
from psycopg import sql

from releasegate.core import CannotMeasure
from releasegate.probes.postgres import Answer, Session, identifier

BUDGET_S: Final = 0.1  # of one statement: a writer that waits for it waits no longer than this
PAUSE: Final = 1  # times as long as a statement takes, as a rule, from one to the next
GENTLE_PAUSE: Final = 9  # the same where the target says `gentle`: nine tenths of the time the table is left alone
FIRST_RANGE: Final = 5_000  # rows; measured, then made longer or shorter to fit the budget
SHORTEST_RANGE, LONGEST_RANGE = 200, 200_000
TRIES: Final = 5  # of one range, each half as long as the one before
AGAIN_AFTER_S: Final = 1.0  # a server that restarts needs a few seconds

# The last key of the next range; an index on the key answers it without looking at the rows.
_UPPER = "SELECT {key}::text AS upper FROM {table} WHERE {after} ORDER BY {key} OFFSET {skip} LIMIT 1"

log = logging.getLogger(__name__)

Read = Callable[[sql.Composable], Answer]
"""Reads the rows that fit a condition. Raises TooLong where that takes longer than a statement may."""


class TooLong(Exception):
    """The statement was cancelled at its time-out."""


def read_in_time(session: Session, query: sql.Composable) -> Answer:
    """Read as a session does, and tell a statement that was cancelled at its time-out (TooLong) from other trouble."""
    try:
        return session.read(query)
    except CannotMeasure as trouble:
        if isinstance(trouble.__cause__, psycopg.errors.QueryCanceled):
            raise TooLong from trouble
        raise


class KeyRanges:
    """The ranges of `key`, a column of `key_type` as format_type prints it (quoted where it must be)."""

    def __init__(self, session: Session, table: str, key: str, key_type: str) -> None:
        self._session, self._table, self._key = session, identifier(table), sql.Identifier(key)
        self._type = sql.SQL(key_type or "text")
        self._length = FIRST_RANGE
        self._pause = GENTLE_PAUSE if session.is_gentle else PAUSE

    def each(self, read: Read, *, after: str | None = None) -> Iterator[tuple[Answer, str | None]]:
        """Yield what `read` returns for each range after the key `after`, and the range's last key; None for the last.

        Raises CannotMeasure where a range cannot be read after TRIES tries.
        """
        took_s, ranges = 0.0, 0
        while True:
            answer, upper = self._next(read, after)
            yield answer, upper
            if upper is None:
                return
            after, took_s, ranges = upper, took_s + answer.duration_s, ranges + 1
            time.sleep(self._pause * min(took_s / ranges, 2 * BUDGET_S))

    def _next(self, read: Read, after: str | None) -> tuple[Answer, str | None]:
        """Read the next range, and make the one after it as long as fits the budget."""
        for tries_left in reversed(range(TRIES)):
            try:
                upper = self._upper(after)
                answer = read(self._between(after, upper))
                break
            except (CannotMeasure, TooLong) as trouble:
                if not tries_left:
                    raise trouble if isinstance(trouble, CannotMeasure) else _cause(trouble) from None
                log.info("range after %s: %s; again, half as long", after, trouble)
                self._length = max(self._length // 2, SHORTEST_RANGE)
                time.sleep(0 if isinstance(trouble, TooLong) else AGAIN_AFTER_S)
        fitting = self._length * BUDGET_S / max(answer.duration_s, BUDGET_S / 2)  # at most twice as long as this one
        self._length = int(min(max(fitting, SHORTEST_RANGE), LONGEST_RANGE))
        return answer, upper

    def _upper(self, after: str | None) -> str | None:
        """Return the key that ends the range, None for the last one."""
        query = sql.SQL(_UPPER).format(
            key=self._key, table=self._table, after=self._after(after), skip=sql.Literal(self._length - 1)
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


def _cause(trouble: TooLong) -> CannotMeasure:
    cause = trouble.__cause__
    assert isinstance(cause, CannotMeasure)
    return cause
