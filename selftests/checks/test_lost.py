"""What a restore brought back and what it took: what is said, and when there is silence."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from releasegate.checks import lost
from releasegate.core import Severity, Verdict
from releasegate.core.facts.back import LostRows, OfDump, Replaced, recorded_begin, recorded_dump
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


def test_what_nobody_kept_cannot_be_counted_and_the_last_look_says_the_least():
    counts = RowCounts(
        table="messages", source="", target="", source_type="", target_type="", by_flags={0: 20_054}
    )  # fmt: skip
    judgement = listed(Replaced(name=""), counted=counts, dump=DUMP)
    assert judgement.verdict is Verdict.INCONCLUSIVE
    assert "(at the last look of a gate messages held 54 more than the dump)" in judgement.sentence
    assert "at the last look" not in listed(Replaced(name="")).sentence


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
