"""What the rollback checks say, and when they stay silent."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace

import pytest

from releasegate.checks import rollback as checks
from releasegate.core import Verdict
from releasegate.core.facts.rows import Flag, OwnNow, RowCounts

SOURCE = "runbook emergency rollback"
OWN = Flag.FILLED
BACKFILLED = Flag.MEDIA | Flag.DUE | Flag.OLD | Flag.FILLED | Flag.MARKED
BEFORE = RowCounts(
    table="messages", source="media_url", target="attachments", source_type="text", target_type="jsonb",
    by_flags={int(BACKFILLED): 5, int(OWN): 3, 0: 10}, has_marker=True, knows_old=True,
)  # fmt: skip


def after(**changed):
    return replace(BEFORE, **changed)


def only(judgement):
    (finding,) = judgement.findings
    return finding


def test_a_row_that_still_carries_the_marker_is_a_finding():
    judgement = checks.nothing_left_behind(BEFORE, source=SOURCE)
    assert str(only(judgement)) == (
        "rollback/nothing-left-behind: messages\n"
        "  want: 0 rows carry the backfill's marker (runbook emergency rollback)\n"
        "  have: 5 rows do\n"
        "  why:  the old release meets rows that it did not write; a second backfill would skip them\n"
        "  fix:  run the rollback's statement again and read how many rows it says it changed"
    )


def test_rows_without_the_marker_pass_and_so_does_a_column_that_is_gone():
    assert checks.nothing_left_behind(after(by_flags={0: 18}), source=SOURCE).verdict is Verdict.PASS
    gone = after(by_flags={}, target_type="")
    assert checks.nothing_left_behind(gone, source=SOURCE).verdict is Verdict.PASS


def test_an_empty_table_after_the_rollback_is_inconclusive():
    assert checks.nothing_left_behind(after(by_flags={}), source=SOURCE).verdict is Verdict.INCONCLUSIVE


def own(now, before=BEFORE, rows=None):
    return checks.own_data_kept("rollback/own-data-kept", now, before, rows, source=SOURCE)


@pytest.mark.parametrize("kept", [3, 4])
def test_own_attachments_that_stayed_or_came_since_pass(kept):
    assert own(after(by_flags={int(OWN): kept, 0: 15})).verdict is Verdict.PASS


@pytest.mark.parametrize("instead", [0, int(OWN | Flag.MARKED)])
def test_own_attachments_emptied_or_overwritten_are_a_finding(instead):
    judgement = own(after(by_flags={int(OWN): 1, instead: 2}))
    assert (judgement.verdict, only(judgement).have) == (Verdict.FAIL, "1: 2 are empty or overwritten")


def test_own_rows_that_were_emptied_or_overwritten_are_named():
    rows = OwnNow(asked=3, there=3, emptied=("7",), overwritten=("8", "9"))
    judgement = own(after(by_flags={int(OWN): 4}), rows=rows)
    assert (judgement.verdict, only(judgement).have) == (Verdict.FAIL, "1 are empty, 2 overwritten: 7, 8, 9")


def test_own_rows_that_people_deleted_are_worth_a_look_and_no_fault():
    judgement = own(after(by_flags={int(OWN): 1}), rows=OwnNow(asked=3, there=1))
    assert (judgement.verdict, only(judgement).have) == (
        Verdict.WARN,
        "1: 2 are gone: people may have deleted them",
    )
    assert own(after(by_flags={int(OWN): 3}), rows=OwnNow(asked=3, there=3)).verdict is Verdict.PASS
    some_noted = OwnNow(asked=1, there=1)  # none of them is gone, so the two that are missing were not deleted
    assert own(after(by_flags={int(OWN): 1}), rows=some_noted).verdict is Verdict.FAIL


@pytest.mark.parametrize("before", [BEFORE, after(by_flags={0: 4})])
def test_rows_that_the_way_back_swept_along_are_not_for_us_to_judge(before):
    """A forgotten WHERE empties what people attached since the release, which no gate noted: nobody can tell."""
    judgement = checks.own_data_kept("rollback/own-data-kept", BEFORE, before, source=SOURCE, swept=20)
    assert judgement.verdict is Verdict.INCONCLUSIVE
    assert judgement.sentence.startswith(
        "the way back also set 20 rows written since preflight that the backfill had not"
    )
    assert judgement.sentence.endswith("a dump taken since the release or ask for it again, then waive this")


def test_nobody_s_own_and_no_record_are_no_pass():
    assert own(BEFORE, after(by_flags={0: 4})).verdict is Verdict.NOT_APPLICABLE
    assert own(BEFORE, None).verdict is Verdict.INCONCLUSIVE


def test_rows_are_on_record_once_some_were_counted():
    assert checks.rows_on_record(BEFORE).verdict is Verdict.PASS
    assert checks.rows_on_record(after(by_flags={})).verdict is Verdict.INCONCLUSIVE
    assert checks.rows_on_record(after(by_flags={}, target_type="text")).verdict is Verdict.NOT_APPLICABLE


@pytest.mark.parametrize(("is_promised", "verdict"), [(True, Verdict.PASS), (False, Verdict.FAIL)])
def test_an_answer_is_the_promised_one_or_a_finding(is_promised, verdict):
    judgement = checks.answers(
        "rollback/health", "http://x/health", "503", is_promised=is_promised, promised=200, source=SOURCE, run="curl x"
    )
    assert judgement.verdict is verdict


def test_a_checkout_with_the_release_in_it_is_a_finding():
    assert checks.old_release_is_checked_out("x/y", "abc old", None, source=SOURCE).verdict is Verdict.PASS
    judgement = checks.old_release_is_checked_out("x/y", "abc new", "abc new", source=SOURCE)
    assert only(judgement).have == "abc new, which has abc new in its history"


@pytest.mark.parametrize(
    ("statement", "columns"),
    [
        ("UPDATE m SET files = '[]',\n  updated_at = NOW()\nWHERE id = 7;", {"files", "updated_at"}),
        ('UPDATE m SET "files"=DEFAULT', {"files"}),
        ("DELETE FROM m WHERE files = '[]'", set()),
        ("UPDATE m SET old_files = 1 WHERE files IS NULL", set()),
    ],
)
def test_what_the_document_s_own_statement_sets_is_known(statement, columns):
    assert checks.columns_set_by([statement], ["id", "files", "updated_at"]) == columns


def test_another_way_back_has_nothing_to_judge_here():
    judgement = checks.not_on_this_way("code", "the rows stay as they are")
    assert (judgement.verdict, judgement.sentence) == (
        Verdict.NOT_APPLICABLE,
        "rollback of code: the rows stay as they are",
    )


def test_a_column_that_the_old_release_reads_and_that_is_gone_is_a_finding():
    columns = SimpleNamespace(table="messages", from_column="media_url")
    judgement = checks.old_field_is_there("rollback/old-media-shown", columns, ["id", "picture"], source=SOURCE)
    assert str(only(judgement)) == (
        "rollback/old-media-shown: messages.media_url\n"
        "  want: the column that the old release reads its media from (runbook emergency rollback)\n"
        "  have: messages has id, picture\n"
        "  why:  the old code does not work on this schema: conversations with media cannot be opened\n"
        "  fix:  bring the column back (its values are in the dump), or go forward again with the new code\n"
        "  run:  psql -c '\\d messages'"
    )
    there = checks.old_field_is_there("rollback/old-media-shown", columns, ["media_url"], source=SOURCE)
    assert there.verdict is Verdict.PASS
    unseen = checks.old_field_is_there("rollback/old-media-shown", columns, [], source=SOURCE)
    assert unseen.verdict is Verdict.INCONCLUSIVE


def test_what_the_new_page_misses_after_a_rollback_of_the_data_is_a_warning():
    """It reads what this way empties, and no document says that it must not."""
    found = checks.under_the_new_page(checks.nothing_left_behind(BEFORE, source=SOURCE))
    assert found.verdict is Verdict.WARN
    assert only(found).fix.startswith("take the code back as well")
    held = checks.nothing_left_behind(after(by_flags={0: 18}), source=SOURCE)
    assert checks.under_the_new_page(held) == held
    nothing_seen = replace(checks.nothing_left_behind(BEFORE, source=SOURCE), seen=0, undecided="none could be seen")
    assert checks.under_the_new_page(nothing_seen).verdict is Verdict.WARN
