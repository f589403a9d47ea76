"""What else goes on in the database at one moment: transactions, locks, prepared transactions."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Transaction:
    """A transaction that another session has open; `open_s` in seconds, `tables` are those of the change it locks.

    `pid` and the role's name are shown, the statement is not: it may hold what customers wrote. `blocked_by` are the
    pids that one which waits waits for, 0 for a prepared transaction.
    """

    pid: int
    user: str
    state: str
    open_s: float
    tables: tuple[str, ...] = ()
    is_waiting: bool = False
    blocked_by: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """Another session, by what everybody may see of it."""

    pid: int
    user: str
    state: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Prepared:
    """A prepared transaction: it belongs to no session, and holds its locks until somebody ends it."""

    gid: str
    user: str
    open_s: float
    tables: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Vacuum:
    """A vacuum at work on a table; `is_for_wraparound` None where the server hides what it was begun for."""

    table: str
    is_for_wraparound: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Activity:
    """Who else is in the database, looked at as role `role`.

    `hidden` counts sessions whose state the server hides from the role; `hidden_open` those of them that had the
    same transaction open at every look of `watched_s` seconds, so that nobody can say how old it is. `blockers` are
    the sessions that somebody who waits for a table of the change waits for.
    """

    role: str
    sessions: int
    hidden: int = 0
    hidden_open: int = 0
    watched_s: float = 0.0
    transactions: tuple[Transaction, ...] = ()
    blockers: tuple[Session, ...] = ()
    prepared: tuple[Prepared, ...] = ()
    vacuums: tuple[Vacuum, ...] = ()

    @property
    def waiting(self) -> tuple[Transaction, ...]:
        """The transactions that wait for a lock on a table of the change."""
        return tuple(one for one in self.transactions if one.is_waiting)
