"""What a server has left: connections, transaction numbers, disk; and how far its standbys are behind."""

from __future__ import annotations

from dataclasses import dataclass

from releasegate.core.facts.host import DiskFacts


@dataclass(frozen=True, slots=True, kw_only=True)
class Standby:
    """A standby that streams; `behind_bytes` of WAL not replayed yet, None where the server hides it from the role."""

    name: str
    behind_bytes: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Slot:
    """A replication slot and the WAL that the server keeps for it, in bytes."""

    name: str
    is_active: bool
    kept_bytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerState:
    """The server as a whole. `most` connections are for others than superusers; ages are in transactions.

    `own_connections` are those to this database, and `own_most` its own limit, None where it has none.
    """

    role: str
    connections: int
    most: int
    oldest_database: str
    xid_age: int
    mxid_age: int
    database: str = ""
    own_connections: int = 0
    own_most: int | None = None
    standbys: tuple[Standby, ...] = ()
    slots: tuple[Slot, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class TableSize:
    """One table of the change with all its partitions; `rows` and `pages` as the planner last knew them."""

    table: str
    table_bytes: int
    index_bytes: int
    rows: int
    pages: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Due:
    """The rows that the backfill is to fill, of all rows of its table."""

    table: str
    rows: int
    total: int


@dataclass(frozen=True, slots=True, kw_only=True)
class DumpRoom:
    """The disk that the dump is written to, and the most it can take: all tables without their indexes, unpacked."""

    disk: DiskFacts
    most_bytes: int
