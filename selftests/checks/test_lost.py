"""What a restore brought back and what it took: what is said, and when there is silence."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from releasegate.checks import lost
from releasegate.core import Severity, Verdict
from releasegate.core.facts.back import (
    LostRows,
    OfDump,
    Replaced,
    Written,
    recorded_begin,
    recorded_dump,
    recorded_written,
)
from releasegate.core.facts.rows import RowCounts

SOURCE = "runbook emergency rollback"
DUMPED = datetime(2025, 11, 3, 2, 0, tzinfo=UTC)
MESSAGES = "public.messages"
DUMP = {
    MESSAGES: OfDump(table=MESSAGES, rows=20_000, newest="2025-11-03 01:59:58+00"),
    "public.sessions": OfDump(table="public.sessions", rows=40),
}
NOW = {MESSAGES: 20_000, "public.sessions": 40}
WRITTEN = LostRows(
    table=MESSAGES, kept=20_054, written=54, changed=0, first="2025-11-03 02:10:11.25+00", last="2025-11-03 02:31:00+00"
)
QUIET = LostRows(table="public.users", kept=3, written=0, changed=None)
KEPT = Replaced(name="inbox_until_now", tables=(WRITTEN, QUIET))


def back(now, dump=DUMP):
    return lost.rows_are_back(now, dump, ("messages",), source=SOURCE)


def listed(replaced, **more):
    return lost.lost_rows_are_listed(replaced, DUMPED, source=SOURCE, **more)


def test_a_table_of_the_change_with_fewer_rows_than_the_dump_stops():
    judgement = back(NOW | {MESSAGES: 19_980})
    (finding,) = judgement.findings
    assert str(finding) == (
        "rollback/rows-are-back: public.messages\n"
        "  want: at least the 20 000 rows of the dump (runbook emergency rollback)\n"
        "  have: 19 980: 20 less\n"
        "  why:  the restore stopped half-way, or left this table out\n"
        "  fix:  restore the dump again, into an empty database; then this gate"
    )
    assert judgement.verdict is Verdict.FAIL


@pytest.mark.parametrize(
    ("now", "verdict"),
    [
        (NOW, Verdict.PASS),
        (NOW | {MESSAGES: 20_003}, Verdict.PASS),  # people write again
        (NOW | {"public.sessions": 12}, Verdict.WARN),  # sessions end by themselves
        (NOW | {"public.sessions": None}, Verdict.PASS),  # a table that the role may not look into
        (NOW | {MESSAGES: None}, Verdict.FAIL),
    ],
)
def test_more_rows_are_no_loss_and_others_tables_come_and_go(now, verdict):
    assert back(now).verdict is verdict


def test_without_a_restored_copy_nobody_knows_how_many_rows_the_dump_holds():
    assert back(NOW, {}).verdict is Verdict.INCONCLUSIVE


def test_what_was_written_since_the_dump_is_listed_by_table_and_time():
    judgement = listed(KEPT)
    (finding,) = judgement.findings
    assert str(finding) == (
        "rollback/lost-rows: public.messages\n"
        "  want: a list of what the restore takes from people (runbook emergency rollback)\n"
        "  have: lost: 54 rows written from 2025-11-03 02:10:11+00 to 2025-11-03 02:31:00+00 "
        "since the dump, 2025-11-03\n"
        "        02:00:00 UTC\n"
        "  why:  it was written after the dump, and the restored database does not have it\n"
        "  fix:  tell whom it concerns; what is needed can be copied from inbox_until_now by its keys\n"
        "  run:  psql -d inbox_until_now -c '\\d public.messages'"
    )
    assert judgement.verdict is Verdict.WARN


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"last": WRITTEN.first, "written": 1}, "1 row written at 2025-11-03 02:10:11+00"),
        ({"last": "2025-11-03 02:10:11.9+00"}, "54 rows written at 2025-11-03 02:10:11+00"),
        ({"written": 0, "changed": 7}, "7 rows changed"),
        ({"written": 2, "is_dated": False}, "2 rows written (more than the dump holds)"),
    ],
)
def test_a_moment_changed_rows_and_an_undated_table_have_their_own_words(changed, said):
    (finding,) = listed(replace(KEPT, tables=(replace(WRITTEN, **changed),))).findings
    assert said in finding.have
    assert finding.severity is Severity.WARNING


@pytest.mark.parametrize("written", [0, -2, None])
def test_nothing_written_is_nothing_lost(written):
    assert listed(replace(KEPT, tables=(replace(WRITTEN, written=written),))).verdict is Verdict.PASS


COUNTED = RowCounts(table="messages", source="", target="", source_type="", target_type="", by_flags={0: 20_054})
NEW = {"public.new": (9, 0, 0)}  # a table that came with the release: nobody looked at it before
LOOKS = (
    Written(at=DUMPED.replace(minute=2), tables={MESSAGES: (500, 20, 1), "public.users": (3, 4, 0)}),
    Written(at=DUMPED.replace(minute=9), tables={MESSAGES: (530, 7020, 1), "public.users": (3, 4, 0)}),
    Written(at=DUMPED.replace(minute=20), tables={MESSAGES: (541,)}),  # the watch
    Written(at=DUMPED.replace(minute=31), tables={MESSAGES: (545, 7020, 4), "public.users": (4, 6, 1)} | NEW),
)


def test_of_a_database_that_nobody_kept_it_is_listed_what_the_gates_saw():
    """The updates of a table of the change are the backfill's too, and are left out; deletions are people's."""
    judgement = listed(Replaced(name=""), looks=LOOKS, own=("messages",))
    messages, users = judgement.findings
    assert str(messages) == (
        "rollback/lost-rows: public.messages\n"
        "  want: a list of what the restore takes from people (runbook emergency rollback)\n"
        "  have: lost: at least 45 rows written, 3 rows deleted between 2025-11-03 02:02:00 UTC and 2025-11-03 "
        "02:31:00\n"
        "        UTC, as the gates saw\n"
        "  why:  it was written after the dump, and neither the restored database nor another one has it\n"
        "  fix:  tell whom it concerns; what the application logged of that time is all there is of it"
    )
    between = "between 2025-11-03 02:09:00 UTC and 2025-11-03 02:31:00 UTC"
    assert users.have == f"lost: at least 1 row written, 3 rows changed or deleted {between}, as the gates saw"
    assert judgement.verdict is Verdict.INCONCLUSIVE
    assert judgement.sentence == (
        "the database that was replaced is not kept on this server: the gates saw 46 rows written and 6 changed "
        "or deleted in 2 tables; what "
        "was written after 2025-11-03 02:31:00 UTC, their last look, cannot be counted any more; where it has another "
        "name, set [way_back] replaced"
    )


def test_a_look_after_the_restore_tells_nothing_of_what_it_took():
    """The counters of tables that were made anew have fallen; whatever they count then is not lost."""
    after = Written(at=DUMPED.replace(minute=40), tables={MESSAGES: (20, 0, 0), "public.users": (900, 0, 0)})
    judgement = listed(Replaced(name=""), looks=(*LOOKS, after), own=("messages",))
    assert [one.have.split(" written")[0] for one in judgement.findings] == [
        "lost: at least 45 rows", "lost: at least 1 row",
    ]  # fmt: skip
    assert "after 2025-11-03 02:31:00 UTC, their last look" in judgement.sentence


def test_what_the_last_pass_counted_more_than_the_dump_holds_is_lost_too():
    """Rows that came before the first look at the counters: between the dump and the backup gate."""
    (finding,) = listed(Replaced(name=""), counted=COUNTED, dump=DUMP).findings
    assert finding.have == "lost: at least 54 rows written since the dump, as the gates saw"
    other = {"audit.messages": OfDump(table="audit.messages", rows=3)}  # of the same name: not the one that was counted
    (same,) = listed(Replaced(name=""), counted=COUNTED, dump=DUMP | other).findings
    assert same == finding
    (finding,) = listed(Replaced(name=""), counted=COUNTED, dump=DUMP, looks=LOOKS[:2]).findings
    assert finding.have.startswith("lost: at least 54 rows written, 7 000 rows changed or deleted between")


def test_where_no_gate_saw_anything_nothing_can_be_said():
    """One look at counters alone says nothing, nor do rows that are fewer than the dump's."""
    fewer = replace(COUNTED, by_flags={0: 19_000})
    for judgement in (listed(Replaced(name="")), listed(Replaced(name=""), looks=LOOKS[:1], counted=fewer, dump=DUMP)):
        assert judgement.verdict is Verdict.INCONCLUSIVE
        assert not judgement.findings
        assert "so what was written since the dump, 2025-11-03 02:00:00 UTC cannot be counted" in judgement.sentence


@pytest.mark.parametrize("named", ["public.schema_migrations", "schema_migrations"])
def test_what_a_migration_runner_wrote_down_is_nobody_s_loss(named):
    """It belongs to the schema that goes, so it is said and no warning; in a table of another name it is one.

    A change file may name it without its schema.
    """
    book = LostRows(table="public.schema_migrations", kept=41, written=2)
    kept = replace(KEPT, tables=(QUIET, book))
    judgement = listed(kept, book=named)
    said = f"; 2 entries of {named}, the migration runner's own, went with the schema"
    assert (judgement.verdict, judgement.holds[-len(said) :]) == (Verdict.PASS, said)
    assert listed(kept, book="public.other").verdict is Verdict.WARN
    looks = [
        Written(at=one.at, tables={book.table: (rows, 0, 0)}) for one, rows in zip(LOOKS[:2], (40, 42), strict=True)
    ]
    assert not listed(Replaced(name=""), looks=looks, book=named).findings


def test_the_counters_come_back_from_what_a_gate_noted_when_it_began():
    """JSON has lists; a gate without a database noted nothing."""
    noted = recorded_written(DUMPED, {"written": {MESSAGES: [1, 2, 3]}})
    assert noted == Written(at=DUMPED, tables={MESSAGES: (1, 2, 3)})
    assert recorded_written(DUMPED, {"written": {}}) is recorded_written(DUMPED, {}) is None


def test_the_dump_s_rows_and_its_beginning_come_back_from_the_evidence():
    """A number of another measure with the same unit is no row count."""
    row = {"table": MESSAGES, "restored": 3, "has_rows": True, "newest": "2025"}
    assert recorded_dump([{"unit": "tables", "value": 5}, {"unit": "tables", "value": [row]}]) == {
        MESSAGES: OfDump(table=MESSAGES, rows=3, newest="2025")
    }
    file = [{"value": {"modified": "2025-11-03 02:01:00+00:00"}}]
    assert recorded_begin([{"value": {"created": "2025-11-03 02:00:00+00:00"}}], file) == DUMPED
    assert recorded_begin([{"value": {"created": None}}], file) == DUMPED.replace(minute=1)
    assert recorded_begin([], []) is None
