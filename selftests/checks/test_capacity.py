"""What the server has left: from where on it is said."""

from __future__ import annotations

from dataclasses import replace

import pytest

from releasegate.change.models import Duration
from releasegate.checks import capacity as checks
from releasegate.core import Verdict
from releasegate.core.facts.capacity import Due, DumpRoom, ServerState, Slot, Standby, TableSize
from releasegate.core.facts.host import DiskFacts
from releasegate.target.models import Database

LIMITS = Database(service="s")
WELL = ServerState(role="gate", connections=20, most=97, oldest_database="shop", xid_age=1_600_000_000, mxid_age=5)
TABLE = TableSize(table="messages", table_bytes=400_000_000, index_bytes=90_000_000, rows=990_000, pages=48_828)
DUE = Due(table="messages", rows=500_000, total=1_000_000)
DISK = DiskFacts(path="/pg", looked_at="/pg", mount="/", total_bytes=10**12, free_bytes=10**9)


def only(judgement):
    (finding,) = judgement.findings
    return finding


def test_a_server_with_enough_of_everything_passes():
    state = replace(
        WELL,
        connections=92,
        standbys=(Standby(name="b", behind_bytes=256_000_000),),
        slots=(Slot(name="s", is_active=False, kept_bytes=1_024_000_000),),
    )
    judgement = checks.server_is_ready(state, LIMITS)
    assert judgement.verdict is Verdict.PASS
    assert judgement.sentence == (
        "5 of 97 connections left; oldest transaction 1 600 000 000 transactions back; 1 standby, 1 slot"
    )  # fmt: skip


@pytest.mark.parametrize(
    ("worse", "subject", "have"),
    [
        ({"connections": 93}, "connections", "4 of 97 left"),
        ({"connections": 120}, "connections", "0 of 97 left"),
        ({"database": "shop", "own_connections": 6, "own_most": 10}, "connections to shop", "4 of 10 left"),
        ({"database": "shop", "own_connections": 1, "own_most": 0}, "connections to shop", "0 of 0 left"),
        ({"xid_age": 1_600_000_001}, "database shop", "1 600 000 001 ago"),
        ({"mxid_age": 1_700_000_000}, "database shop", "1 700 000 000 ago"),
        ({"standbys": (Standby(name="b", behind_bytes=257_000_000),)}, "standby b", "257 MB behind"),
        (
            {"slots": (Slot(name="s", is_active=False, kept_bytes=1_030_000_000),)},
            "slot s",
            "1030 MB kept, and nobody reads it",
        ),
    ],
)
def test_what_runs_out_is_a_warning(worse, subject, have):
    judgement = checks.server_is_ready(replace(WELL, **worse), LIMITS)
    assert judgement.verdict is Verdict.WARN
    assert (only(judgement).subject, only(judgement).have) == (subject, have)


def test_the_connections_to_other_databases_do_not_use_up_the_limit_of_this_one():
    state = replace(WELL, connections=60, database="shop", own_connections=5, own_most=10)
    judgement = checks.server_is_ready(state, LIMITS)
    assert judgement.verdict is Verdict.PASS
    assert judgement.sentence.startswith("37 of 97 connections left; 5 of 10 to shop; ")


def test_a_lag_that_is_hidden_is_said_with_its_grant():
    judgement = checks.server_is_ready(replace(WELL, standbys=(Standby(name="b"),)), LIMITS)
    assert judgement.verdict is Verdict.PASS
    assert judgement.sentence.endswith(
        "how far 1 of them is behind is hidden from gate: GRANT pg_monitor TO gate"
    )  # fmt: skip


def room(disk=DISK, due=DUE, sizes=(TABLE,)):
    return checks.there_is_room(sizes, due, disk, [Duration(up_to_rows=500_000, seconds=120)], source="runbook 4.1")


def test_too_little_room_is_a_warning_with_the_estimate():
    judgement = room(replace(DISK, free_bytes=10**8))
    assert judgement.verdict is Verdict.WARN
    assert str(only(judgement)) == (
        "preflight/room-to-write: /\n"
        "  want: about 1.2 GB for new row versions, indexes and WAL (releasegate, estimated)\n"
        "  have: 0.1 GB free on /\n"
        "  why:  a database whose disk is full stops, for everybody, in the middle of the release\n"
        "  fix:  make room, or run the backfill in parts with a checkpoint in between"
    )


def test_room_enough_or_a_disk_that_nobody_sees_passes_and_says_so():
    assert room(replace(DISK, free_bytes=1_200_000_000)).sentence == (
        "messages 0.4 GB and 90 MB of indexes; 500 000 rows of 1 000 000 to fill, about 2 min 00 s (runbook 4.1); "
        "writes about 1.2 GB; 1.2 GB free on /"
    )
    assert room(None).sentence.endswith("the disk of the server's data cannot be seen from here: compare it by hand")


def test_a_dump_that_may_not_fit_is_a_warning_and_the_backfill_writes_beside_it():
    fits = DumpRoom(disk=replace(DISK, mount="/backup", path="/backup/new"), most_bytes=10**9)
    roomy = replace(DISK, free_bytes=1_700_000_000)
    judged = checks.there_is_room((TABLE,), DUE, roomy, (), dump=fits)
    assert judged.verdict is Verdict.PASS
    assert judged.sentence.endswith("1.7 GB free on /; a dump takes up to 1.0 GB of 1.0 GB free")
    together = checks.there_is_room((TABLE,), DUE, roomy, (), dump=DumpRoom(disk=roomy, most_bytes=10**9))
    assert str(only(together)) == (
        "preflight/room-to-write: / (for /pg)\n"
        "  want: up to 1.0 GB for the dump beside 1.2 GB that the release writes (releasegate: all tables, unpacked)\n"
        "  have: 1.7 GB free\n"
        "  why:  a dump that finds no room ends half written, and there is no way back\n"
        "  fix:  make room, or write the dump to another disk; packed, it takes less than the tables\n"
        "  run:  df -h /"
    )


def test_a_new_index_needs_room_for_an_entry_of_every_row():
    """Three times 31 bytes: what is sorted, what is kept, what the WAL says of it."""
    built = checks.bytes_built((TABLE,), None, ["messages", "messages", "elsewhere"])
    assert built == 184_800_000  # 990 000 rows, 28 bytes, 9 of 10 filled, three times, two indexes
    just = replace(DISK, free_bytes=built)
    judged = checks.there_is_room((TABLE,), None, just, (), indexed=["messages", "messages"])
    assert judged.sentence.endswith("2 new indexes take up to 0.2 GB; 0.2 GB free on /")
    short = replace(DISK, free_bytes=built - 1)
    assert checks.there_is_room((TABLE,), None, short, (), indexed=["messages"] * 2).verdict is Verdict.WARN


def test_rows_that_were_counted_make_up_for_a_table_that_was_never_analysed():
    unknown = replace(TABLE, rows=0)
    assert checks.bytes_built((unknown,), DUE, ["messages"]) == 93_333_333
    assert checks.bytes_built((unknown,), None, ["messages"]) == 0


def test_an_empty_table_and_a_change_without_a_backfill_write_nothing():
    assert checks.bytes_written((TABLE,), Due(table="messages", rows=0, total=0)) == 0
    assert room(replace(DISK, free_bytes=0), due=None).verdict is Verdict.PASS


def test_no_table_seen_tells_nothing():
    assert room(sizes=(), due=None).verdict is Verdict.INCONCLUSIVE
