"""What two looks at the rows from before the release say, with the restored dump and without it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from releasegate.checks import survival as checks
from releasegate.core import Verdict
from releasegate.core.facts.rows import Checksums, Edited

SOURCE = "runbook 4.5"


def only(judgement):
    (finding,) = judgement.findings
    return finding


GROUPS = dict.fromkeys(range(4), ("10", "111", "222"))
BEFORE = Checksums(table="messages", key="id", columns=("content", "media_url"), until="", groups=GROUPS)


def unchanged(now, before=BEFORE, edited=None, **allowed):
    allowance = checks.Allowance(strict=("media_url",), **allowed)
    check = "backfill/source-unchanged"
    return checks.source_unchanged(check, now, before, source=SOURCE, allowed=allowance, edited=edited)


def now(**changed):
    return replace(BEFORE, groups=GROUPS | {int(group[1:]): values for group, values in changed.items()})


def test_the_same_sums_pass():
    judgement = unchanged(BEFORE)
    assert (judgement.verdict, judgement.seen) == (Verdict.PASS, 40)


def test_one_group_of_the_source_that_differs_is_a_finding_where_nobody_edits():
    judgement = unchanged(now(_1=("10", "111", "999")), all_rows=True)
    assert (judgement.verdict, only(judgement).have) == (Verdict.FAIL, "other values in 1 of 4")


@pytest.mark.parametrize(("rows", "verdict"), [(0, Verdict.INCONCLUSIVE), (1, Verdict.INCONCLUSIVE), (2, Verdict.WARN)])
def test_groups_of_the_live_source_that_differ_are_edits_while_as_many_rows_are_allowed(rows, verdict):
    """Two of 256 groups are about two of 2 560 rows; the change allows `rows`."""
    groups = dict.fromkeys(range(256), ("10", "111", "222"))
    before = replace(BEFORE, groups=groups)
    later = replace(before, groups=groups | {0: ("10", "111", "9"), 7: ("10", "111", "8")})
    assert unchanged(later, before, edited_share=rows / 2560).verdict is verdict


def test_half_of_the_groups_of_the_source_are_a_finding_whatever_people_may():
    later = now(_1=("10", "111", "9"), _2=("10", "111", "9"))
    assert unchanged(later, edited_share=1.0).verdict is Verdict.FAIL


DIFFERS = now(_1=("10", "111", "9"))


def by_dump(edited_share=0.2, column="media_url", later=DIFFERS, **found):
    return unchanged(later, edited={column: Edited(column=column, rows=10, **found)}, edited_share=edited_share)


def test_with_the_dump_another_address_in_the_source_is_a_finding_however_few():
    judgement = by_dump(rewritten=("7",))
    assert (judgement.verdict, only(judgement).have) == (Verdict.FAIL, "1 hold another value: 7")


def test_with_the_dump_rows_that_people_emptied_are_a_warning_up_to_the_change_s_limit():
    judgement = by_dump(emptied=("7", "8"))
    assert (judgement.verdict, only(judgement).have) == (Verdict.WARN, "2 hold nothing now: 7, 8")
    assert by_dump(emptied=("7", "8", "9")).verdict is Verdict.FAIL
    assert by_dump().verdict is Verdict.PASS


def test_a_copy_that_holds_none_of_the_rows_explains_no_difference():
    """What is then known are the groups: a quarter of them, more rows than people may have emptied."""
    nothing = {"media_url": Edited(column="media_url", rows=0)}
    assert unchanged(DIFFERS, edited=nothing).verdict is Verdict.INCONCLUSIVE


def test_with_the_dump_edits_of_another_column_are_counted_by_row_even_in_every_group():
    everywhere = now(**{f"_{group}": ("10", "9", "222") for group in range(4)})
    assert by_dump(column="content", later=everywhere, rewritten=("7", "8")).verdict is Verdict.WARN
    assert by_dump(column="content", later=everywhere, rewritten=("7", "8", "9")).verdict is Verdict.FAIL


@pytest.mark.parametrize(("groups", "rows"), [(1, 1), (16, 16), (100, 127), (127, 175)])
def test_how_many_edited_rows_leave_so_many_groups_different(groups, rows):
    """By the expected number of groups that so many rows fall into."""
    assert checks._rows_behind(groups, 256) == rows
    assert 256 * (1 - (1 - 1 / 256) ** rows) == pytest.approx(groups, abs=0.6)


def test_which_groups_differ_in_which_column():
    later = now(_1=("10", "111", "9"), _2=("11", "9", "9"))
    assert checks.differing_groups(later, BEFORE) == {"media_url": (1, 2)}
    assert checks.differing_groups(now(_2=("9", "9", "9")), BEFORE) == {}
    torn = now(_1=("9", "9", "9"), _2=("9", "9", "9"))
    assert checks.differing_groups(torn, BEFORE) == {"content": (1, 2), "media_url": (1, 2)}
    assert checks.differing_groups(None, BEFORE) == {}


def test_one_group_of_another_column_is_a_warning_while_as_many_rows_are_allowed():
    """Above that nobody can tell; half of the groups are a finding."""
    assert unchanged(now(_1=("10", "9", "222")), edited_share=0.02).verdict is Verdict.WARN
    assert unchanged(now(_1=("10", "9", "222"))).verdict is Verdict.INCONCLUSIVE
    assert unchanged(now(_1=("10", "9", "222"), _2=("10", "9", "222")), edited_share=0.02).verdict is Verdict.FAIL


def test_groups_that_lost_rows_are_judged_by_what_the_dump_says_of_the_others():
    """The rows that are left hold another value: a deleted neighbour does not hide that."""
    torn = now(_1=("9", "9", "9"), _2=("9", "9", "9"))
    judgement = unchanged(torn, edited={"media_url": Edited(column="media_url", rows=18, rewritten=("a", "b"))})
    assert judgement.verdict is Verdict.FAIL
    assert "hold another value: a, b" in judgement.findings[0].have


def test_a_group_that_gained_rows_is_left_out():
    judgement = unchanged(now(_1=("11", "9", "9")))
    assert (judgement.verdict, judgement.seen) == (Verdict.PASS, 30)
    assert "10 in groups that gained or lost rows" in judgement.sentence


def test_a_few_rows_gone_are_a_warning_and_a_finding_after_a_restore():
    assert unchanged(now(_1=("9", "9", "9"))).verdict is Verdict.WARN
    judgement = unchanged(now(_1=("9", "9", "9")), all_rows=True)
    assert (judgement.verdict, only(judgement).have) == (Verdict.FAIL, "39: 1 are gone")


def test_a_column_that_the_document_itself_rewrites_is_silent():
    assert unchanged(now(_1=("10", "9", "222")), rewritten={"content"}).verdict is Verdict.PASS


def test_a_column_that_is_gone_is_a_finding():
    gone = replace(BEFORE, columns=("content",), groups=dict.fromkeys(range(4), ("10", "111")))
    assert only(unchanged(gone)).subject == "messages.media_url"


def test_without_a_baseline_it_is_inconclusive():
    judgement = checks.source_unchanged("x/y", BEFORE, None, source=SOURCE)
    assert judgement.verdict is Verdict.INCONCLUSIVE


def test_sums_that_can_all_not_be_compared_are_inconclusive():
    assert unchanged(replace(BEFORE, groups=dict.fromkeys(range(4), ("11", "1", "2")))).verdict is (
        Verdict.INCONCLUSIVE
    )
