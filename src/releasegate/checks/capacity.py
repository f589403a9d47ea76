"""Whether the server has enough left for the release: connections, transaction numbers, disk, standbys that follow."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Protocol

from releasegate.checks.words import number, some
from releasegate.core import Finding, Judgement, Severity
from releasegate.core.durations import show_duration
from releasegate.core.facts.capacity import Due, DumpRoom, ServerState, TableSize
from releasegate.core.facts.host import DiskFacts
from releasegate.core.figures import count, gigabytes

OURS = "releasegate"  # who promises what no release document does
OLDEST = 1_600_000_000  # vacuum_failsafe_age: from here on PostgreSQL itself drops everything else for a vacuum

# A backfill writes each row anew, with the new value, and its WAL; of each page that it meets the first time, all.
_VALUE_BYTES = 300  # an attachment with its url, as JSON, and its share of an index
_RECORD_BYTES = 200  # the WAL's own words for a row, and for its entries in the indexes
_PAGE_BYTES = 8192
# An entry of a B-tree: header, a key as long as a uuid, its pointer; pages are filled to 90 %. Building it writes the
# entries three times: sorted runs, the index, its WAL. A GIN index grows with the backfill's values instead.
_ENTRY_BYTES = (8 + 16 + 4) / 0.9
_TIMES_BUILT = 3


class Limits(Protocol):
    """From where on something is worth a warning; the target's [database]. Sizes in MB of 10^6 bytes."""

    @property
    def connections_left(self) -> int: ...  # noqa: D102
    @property
    def replication_lag_mb(self) -> int: ...  # noqa: D102
    @property
    def slot_wal_mb(self) -> int: ...  # noqa: D102


class Expected(Protocol):
    """One line of the runbook's table of durations."""

    @property
    def up_to_rows(self) -> int | None: ...  # noqa: D102
    @property
    def seconds(self) -> float: ...  # noqa: D102


def server_is_ready(state: ServerState, limits: Limits) -> Judgement:
    """Connections are left, no database nears wraparound, standbys follow, no slot keeps much WAL; warnings only."""
    hidden = sum(1 for standby in state.standbys if standby.behind_bytes is None)
    own = state.own_most
    notes = [
        f"{number(state.most - state.connections)} of {count(state.most, 'connection')} left",
        *([f"{number(own - state.own_connections)} of {number(own)} to {state.database}"] if own is not None else []),
        f"oldest transaction {number(state.xid_age)} transactions back",
        f"{count(len(state.standbys), 'standby', 'standbys')}, {count(len(state.slots), 'slot')}",
    ]
    if hidden:
        notes.append(
            f"how far {number(hidden)} of them {'is' if hidden == 1 else 'are'} behind is hidden from {state.role}: "
            f"GRANT pg_monitor TO {state.role}"
        )
    findings = (*_connections(state, limits), *_age(state), *_standbys(state, limits), *_slots(state, limits))
    return Judgement(seen=1, unit="servers", holds="; ".join(notes), findings=findings)


def _connections(state: ServerState, limits: Limits) -> Iterator[Finding]:
    of_server = ("connections", state.most, state.connections, "max_connections")
    of_database = (
        f"connections to {state.database}", state.own_most, state.own_connections, "the database's CONNECTION LIMIT",
    )  # fmt: skip
    for subject, most, used, limit in (of_server, of_database):
        if most is None or most - used >= limits.connections_left:
            continue
        yield _warning(
            subject=subject,
            want=f"at least {limits.connections_left} left (target [database] connections_left)",
            have=f"{max(most - used, 0)} of {most} left",
            why="the restarted backend, the migration and these gates each want one, and are refused",
            fix=f"end sessions that nobody uses, or raise {limit} before the release",
            run="psql -c 'SELECT usename, state, count(*) FROM pg_stat_activity GROUP BY 1, 2 ORDER BY 3 DESC'",
        )


def _age(state: ServerState) -> Iterator[Finding]:
    oldest = max(state.xid_age, state.mxid_age)
    if oldest > OLDEST:
        yield _warning(
            subject=f"database {state.oldest_database}",
            want=f"its oldest transaction at most {number(OLDEST)} ago ({OURS}, as vacuum_failsafe_age)",
            have=f"{number(oldest)} ago",
            why="at 2 147 483 648 the server takes no write any more; vacuums against it do not yield to a migration",
            fix="VACUUM (FREEZE) the oldest tables first, and release another day",
            run="psql -c 'SELECT datname, age(datfrozenxid) FROM pg_database ORDER BY 2 DESC'",
        )


def _standbys(state: ServerState, limits: Limits) -> Iterator[Finding]:
    for standby in state.standbys:
        if standby.behind_bytes is not None and standby.behind_bytes > limits.replication_lag_mb * 1e6:
            yield _warning(
                subject=f"standby {standby.name}",
                want=f"at most {limits.replication_lag_mb} MB behind (target [database] replication_lag_mb)",
                have=f"{standby.behind_bytes / 1e6:.0f} MB behind",
                why="the backfill's WAL comes on top: who reads there sees old rows, and a failover would lose it",
                fix="find out what holds it up, and let it catch up first",
                run="psql -c 'TABLE pg_stat_replication'",
            )


def _slots(state: ServerState, limits: Limits) -> Iterator[Finding]:
    for slot in state.slots:
        if slot.kept_bytes > limits.slot_wal_mb * 1e6:
            yield _warning(
                subject=f"slot {slot.name}",
                want=f"at most {limits.slot_wal_mb} MB of WAL kept for it (target [database] slot_wal_mb)",
                have=f"{slot.kept_bytes / 1e6:.0f} MB kept, and {'somebody' if slot.is_active else 'nobody'} reads it",
                why="the backfill's WAL is kept too, until the disk is full and the server stops",
                fix="let its reader catch up; drop the slot when it has none any more",
                run="psql -c 'TABLE pg_replication_slots'",
            )


def there_is_room(
    sizes: Sequence[TableSize],
    due: Due | None,
    disk: DiskFacts | None,
    expected: Sequence[Expected],
    *,
    dump: DumpRoom | None = None,
    indexed: Sequence[str] = (),
    source: str = "",
) -> Judgement:
    """The disks of the server's data and of the dump have room for what the release writes, where they can be seen.

    `indexed` is the table of each index that the release builds.
    """
    built = bytes_built(sizes, due, indexed)
    need = bytes_written(sizes, due) + built
    of_table = [
        f"{one.table} {gigabytes(one.table_bytes)} and {gigabytes(one.index_bytes)} of indexes" for one in sizes
    ]
    notes = [some(of_table)]
    if due is not None:
        seconds = next((one.seconds for one in expected if one.up_to_rows is None or due.rows <= one.up_to_rows), None)
        about = f", about {show_duration(seconds)} ({source})" if seconds is not None else ""
        notes.append(f"{count(due.rows, 'row')} of {number(due.total)} to fill{about}")
        notes.append(f"writes about {gigabytes(need - built)}")
    if built:
        notes.append(f"{count(len(indexed), 'new index', 'new indexes')} take up to {gigabytes(built)}")
    if disk is None:
        notes.append("the disk of the server's data cannot be seen from here: compare it by hand")
    else:
        notes.append(f"{gigabytes(disk.free_bytes)} free on {disk.mount}")
    if dump is not None:
        notes.append(f"a dump takes up to {gigabytes(dump.most_bytes)} of {gigabytes(dump.disk.free_bytes)} free")
    findings = _no_room_for_dump(dump, need if disk is not None and dump and disk.mount == dump.disk.mount else 0)
    if disk is not None and disk.free_bytes < need:
        findings += (
            _warning(
                check="preflight/room-to-write",
                subject=disk.mount,
                want=f"about {gigabytes(need)} for new row versions, indexes and WAL ({OURS}, estimated)",
                have=f"{gigabytes(disk.free_bytes)} free on {disk.mount}",
                why="a database whose disk is full stops, for everybody, in the middle of the release",
                fix="make room, or run the backfill in parts with a checkpoint in between",
            ),
        )
    return Judgement(seen=len(sizes), unit="tables", holds="; ".join(notes), findings=findings)


def _no_room_for_dump(dump: DumpRoom | None, also: int) -> tuple[Finding, ...]:
    """Return what to say of a disk that a dump may fill; `also` are the bytes that the release writes there."""
    if dump is None or dump.disk.free_bytes >= dump.most_bytes + also:
        return ()
    beside = f" beside {gigabytes(also)} that the release writes" if also else ""
    return (
        _warning(
            check="preflight/room-to-write",
            subject=f"{dump.disk.mount} (for {dump.disk.path})",
            want=f"up to {gigabytes(dump.most_bytes)} for the dump{beside} ({OURS}: all tables, unpacked)",
            have=f"{gigabytes(dump.disk.free_bytes)} free",
            why="a dump that finds no room ends half written, and there is no way back",
            fix="make room, or write the dump to another disk; packed, it takes less than the tables",
            run=f"df -h {dump.disk.mount}",
        ),
    )


def bytes_written(sizes: Sequence[TableSize], due: Due | None) -> int:
    """Estimate what the backfill writes to disk: each row again in its table and in the WAL, and whole pages once."""
    found = next((one for one in sizes if due is not None and one.table == due.table), None)
    if due is None or found is None or not due.total:
        return 0
    row = found.table_bytes // due.total + _VALUE_BYTES
    pages = min(max(found.pages, found.table_bytes // _PAGE_BYTES), due.rows)
    return due.rows * (2 * row + _RECORD_BYTES) + pages * _PAGE_BYTES


def bytes_built(sizes: Sequence[TableSize], due: Due | None, indexed: Sequence[str]) -> int:
    """Estimate what building an index on each of the tables `indexed` writes at most, with an entry for every row.

    Rows that were counted go before what the planner last knew, which of a table that was never analysed is nothing.
    """
    rows = {one.table: one.rows for one in sizes} | ({due.table: due.total} if due else {})
    return round(sum(rows.get(table, 0) for table in indexed) * _ENTRY_BYTES * _TIMES_BUILT)


def _warning(*, check: str = "preflight/server-ready", run: str = "", **said: str) -> Finding:
    return Finding(check=check, run=run, severity=Severity.WARNING, **said)
