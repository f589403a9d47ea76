"""What the checks over all rows say, and when they stay silent."""

from __future__ import annotations

from dataclasses import replace

import pytest

from releasegate.checks import rows as checks
from releasegate.core import Verdict
from releasegate.core.facts.rows import FIRST_REQUIRED, Flag, NewRows, RowCounts, Segment, recorded_counts
from releasegate.plugin.notebook import json_ready

NOTHING = Flag.DUE | Flag.OLD
MEDIA = Flag.MEDIA | NOTHING
GOOD = MEDIA | Flag.FILLED | Flag.MARKED
OWN = Flag.MEDIA | Flag.FILLED
MESSAGES = RowCounts(
    table="messages", source="media_url", target="attachments", source_type="text", target_type="jsonb",
    by_flags={NOTHING: 10, GOOD: 5}, required=("/0/name",), has_marker=True, knows_old=True,
)  # fmt: skip


def counts(by_flags, **changed):
    return replace(MESSAGES, by_flags={int(flags): rows for flags, rows in by_flags.items()}, **changed)


def judge(found, *, least=1, examples=None):
    return checks.every_row_backfilled(
        found, examples or {}, source="runbook 4.4", least=least, command="psql -c 'SELECT … WHERE id IN ({ids})'"
    )


def only(judgement):
    (finding,) = judgement.findings
    return finding


def test_a_table_that_is_right_passes_and_says_what_was_only_counted():
    found = counts({NOTHING: 10, GOOD: 5, GOOD | Flag.UNDECIDED: 2, OWN: 3, Flag.MEDIA: 1})
    judgement = judge(found)
    assert judgement.verdict is Verdict.PASS
    assert judgement.sentence == (
        "7 rows of 21 hold what media_url says; 2 of a type that no case decides; 3 attached by people themselves, "
        "not judged; 1 written since the backfill began are without attachments"
    )


@pytest.mark.parametrize(
    ("cost", "said"),
    [
        ({"blocks": 3}, "; 5 rows in 3 blocks read in 0.2 s"),
        (
            {"blocks": 3, "ranges": 4, "resumed_after": "k7"},
            "; 5 rows in 3 blocks read in 4 ranges in 0.2 s, taken up after k7 where a pass was cut off",
        ),
    ],
)
def test_a_look_at_every_row_says_what_it_cost(cost, said):
    sentence = judge(counts({GOOD: 5}, took_s=0.2, **cost)).sentence
    assert sentence == f"5 rows of 5 hold what media_url says{said}"


def test_what_looking_cost_is_said_of_a_table_that_is_wrong_too():
    judged = judge(counts({GOOD: 4, MEDIA: 1}, took_s=0.2, blocks=3))
    assert judged.verdict is Verdict.FAIL
    assert judged.sentence.endswith("; 5 rows in 3 blocks read in 0.2 s")


@pytest.mark.parametrize(
    ("flags", "kind"),
    [
        (MEDIA, "without attachments"),
        (GOOD | Flag.WRONG_KIND | Flag.OTHER_URL, "with JSON of another kind in attachments"),
        (GOOD | Flag.OTHER_URL, "with another url"),
        (GOOD | Flag.OTHER_TYPE, "with another type than the rule says"),
        (GOOD | Flag.TOO_MANY, "with more elements than one backfilled row may hold"),
        (GOOD | FIRST_REQUIRED, "without /0/name"),
        (MEDIA | Flag.FILLED, "without the marker"),
        ((GOOD | Flag.OTHER_URL) & ~Flag.MEDIA, "with the marker but without media_url"),
    ],
)
def test_a_wrong_row_is_a_finding_of_its_kind(flags, kind):
    judgement = judge(counts({NOTHING: 10, GOOD: 5, flags: 2}))
    assert (judgement.verdict, only(judgement).have) == (Verdict.FAIL, f"5 do; 2 do not: 2 {kind}")


def test_the_finding_names_everything_needed_to_see_it_again():
    found = counts({GOOD: 499_997, MEDIA: 2, GOOD | Flag.OTHER_URL: 1})
    examples = {"without attachments": ["a", "b"], "with another url": ["it's"]}
    assert str(only(judge(found, examples=examples))) == (
        "backfill/every-row: messages\n"
        "  want: 500 000 rows hold in attachments what media_url says (runbook 4.4)\n"
        "  have: 499 997 do; 3 do not: 2 without attachments, 1 with another url\n"
        "  why:  these pictures disappear from the inbox, or are shown wrongly, once the new frontend is live\n"
        "  fix:  these rows are filled, so the backfill skips them: empty their attachments first, then run it again\n"
        "  run:  psql -c 'SELECT … WHERE id IN ($$a$$, $$b$$, $$it's$$)'"
    )


def test_rows_that_were_only_left_out_are_mended_by_running_it_again():
    assert only(judge(counts({GOOD: 1, MEDIA: 1}))).fix.startswith("run the backfill again")


@pytest.mark.parametrize(
    "flags",
    [
        OWN | Flag.OTHER_URL,
        OWN | Flag.OTHER_TYPE,
        OWN | FIRST_REQUIRED,
        OWN | Flag.TOO_MANY,
        Flag.FILLED | Flag.OTHER_URL,
        Flag.MEDIA,
    ],
)
def test_what_people_attached_themselves_or_wrote_since_is_silent(flags):
    assert judge(counts({GOOD: 5, flags: 2})).verdict is Verdict.PASS


def test_json_that_no_release_writes_is_nobody_s_own():
    assert judge(counts({GOOD: 5, OWN | Flag.DUE | Flag.WRONG_KIND: 1})).verdict is Verdict.FAIL


def test_filled_rows_of_unknown_age_are_silent_while_some_carry_the_marker():
    young = Flag.MEDIA | Flag.DUE | Flag.FILLED
    assert judge(counts({young | Flag.MARKED: 50, young: 3}, knows_old=False)).verdict is Verdict.PASS


def test_many_filled_rows_of_unknown_age_without_the_marker_are_a_warning():
    """A backfill that marks only a part of its rows leaves them; people do not attach as many in between."""
    young = Flag.MEDIA | Flag.DUE | Flag.FILLED
    judged = judge(counts({young | Flag.MARKED: 5, young: 3}, knows_old=False))
    assert (judged.verdict, only(judged).have) == (
        Verdict.WARN,
        "3 rows with attachments and without it, and no date to tell people's own by",
    )
    assert judge(counts({young | Flag.MARKED: 5, young: 3})).verdict is Verdict.PASS


def test_a_backfill_that_writes_no_marker_at_all_is_a_finding():
    young = Flag.MEDIA | Flag.DUE | Flag.FILLED
    judgement = judge(counts({young: 3}, knows_old=False))
    assert (judgement.verdict, only(judgement).have) == (
        Verdict.FAIL,
        "none of 3 rows with media_url and attachments does",
    )


def test_without_a_promised_marker_every_filled_row_is_judged():
    found = counts({MEDIA | Flag.FILLED: 5, MEDIA | Flag.FILLED | Flag.OTHER_URL: 1}, has_marker=False)
    assert only(judge(found)).have == "5 do; 1 do not: 1 with another url"


@pytest.mark.parametrize("by_flags", [{}, {NOTHING: 10}])
def test_no_row_with_media_is_inconclusive_unless_the_change_allows_none(by_flags):
    assert judge(counts(by_flags)).verdict is Verdict.INCONCLUSIVE
    assert judge(counts(by_flags), least=0).verdict is Verdict.NOT_APPLICABLE


@pytest.mark.parametrize(
    ("changed", "subject", "have"),
    [
        ({"target_type": "text"}, "messages.attachments", "text"),
        ({"target_type": ""}, "messages.attachments", "no such column"),
        ({"source_type": ""}, "messages.media_url", "no such column"),
    ],
)
def test_columns_that_cannot_be_read_are_a_finding(changed, subject, have):
    found = counts({}, **changed)
    judgement = judge(found)
    assert (judgement.verdict, only(judgement).subject, only(judgement).have) == (Verdict.FAIL, subject, have)
    also = checks.unreadable_rows("backfill/coverage", found, "runbook 4.4")
    assert only(also).check == "backfill/coverage"


def test_columns_that_can_be_read_are_silent():
    assert checks.unreadable_rows("backfill/coverage", MESSAGES, "runbook 4.4") is None


def test_suspects_are_the_flags_behind_each_kind():
    found = counts({GOOD: 1, MEDIA: 1, GOOD | Flag.OTHER_URL: 1, GOOD | Flag.OTHER_URL | Flag.OTHER_TYPE: 1})
    assert checks.suspects(found) == {
        "without attachments": [int(MEDIA)],
        "with another url": [int(GOOD | Flag.OTHER_URL), int(GOOD | Flag.OTHER_URL | Flag.OTHER_TYPE)],
    }


def test_the_finding_says_where_most_of_the_wrong_rows_are():
    worst = Segment(name="tenant", value="7", rows=2)
    judgement = checks.every_row_backfilled(
        counts({GOOD: 5, MEDIA: 3}), {}, source="runbook 4.4", least=1, command="", worst=worst
    )
    assert only(judgement).have == "5 do; 3 do not: 3 without attachments; 2 of them with tenant 7"


def test_wrong_rows_that_have_no_day_in_common_are_not_said_to():
    worst = Segment(name="created_at", value="2025-11-03", rows=1)
    judgement = checks.every_row_backfilled(
        counts({GOOD: 5, MEDIA: 3}), {}, source="runbook 4.4", least=1, command="", worst=worst
    )
    assert only(judgement).have == "5 do; 3 do not: 3 without attachments"


SINCE = NewRows(since="2025-11-03T02:00:00+00:00")


def new_rows(**changed):
    found = replace(SINCE, **changed)
    return checks.new_rows_in_new_form("backfill/new-rows", found, MESSAGES, source="runbook 4.4")


def test_new_rows_in_the_old_form_are_a_warning_until_a_second_look():
    once, again = new_rows(media=5, old_form=2), new_rows(media=6, old_form=2, still=2, waited_s=30)
    assert (once.verdict, only(once).have) == (Verdict.WARN, "2 of 5 rows with media_url have none")
    assert again.verdict is Verdict.FAIL
    assert str(only(again)) == (
        "backfill/new-rows: messages\n"
        "  want: rows written since the backfill began have attachments (runbook 4.4)\n"
        "  have: 2 of 6 rows with media_url have none, 30 s later too\n"
        "  why:  something still writes in the old form: these pictures are missing, and the coverage falls\n"
        "  fix:  find out who writes them (an old process, a webhook, a job); then run the backfill again"
    )


def test_a_row_that_got_its_content_a_moment_later_is_silent():
    judgement = new_rows(media=5, old_form=1, still=0, waited_s=30)
    assert judgement.verdict is Verdict.PASS
    assert judgement.sentence == "5 rows with media written since the backfill began, in the new form, 30 s later too"


@pytest.mark.parametrize("changed", [{}, {"since": "", "media": 0}])
def test_no_new_row_does_not_pass(changed):
    assert new_rows(**changed).verdict is Verdict.NOT_APPLICABLE


WEAK = "because it also counts 1 row without media"


def cover(found, least=1):
    return checks.coverage(found, source="runbook 4.4", least=least)


def test_full_coverage_passes_with_the_runbook_s_own_figure():
    judgement = cover(counts({GOOD: 4, Flag.FILLED: 1}))
    assert judgement.verdict is Verdict.PASS
    assert judgement.sentence == f"100.00 % of 4 rows with media; the runbook's query says 125.00 {WEAK}"


def test_two_wrongs_that_make_100_percent_are_a_finding():
    judgement = cover(counts({GOOD: 95, MEDIA: 5, Flag.FILLED: 5}))
    assert judgement.verdict is Verdict.FAIL
    assert only(judgement).have == f"95.00 %: 5 rows without; the runbook's query says 100.00 {WEAK}".replace(
        "1 row ", "5 rows "
    )


def test_one_missing_row_of_a_million_never_reads_100_percent():
    assert only(cover(counts({GOOD: 999_999, MEDIA: 1}))).have.startswith("99.99 %")


def test_a_row_written_after_the_backfill_is_not_its_fault():
    assert cover(counts({GOOD: 5, Flag.MEDIA: 1})).verdict is Verdict.PASS


def test_coverage_is_of_the_rows_that_the_backfill_answers_for():
    """Rows that all came since tell nothing about it, however empty they are."""
    assert cover(counts({Flag.MEDIA: 4})).verdict is Verdict.INCONCLUSIVE
    assert cover(counts({Flag.MEDIA: 4}), least=0).verdict is Verdict.NOT_APPLICABLE


def test_a_figure_of_100_percent_that_is_none_says_that_it_is_rounded():
    assert "says 100.00, rounded up" in only(cover(counts({GOOD: 999_999, MEDIA: 1}))).have


def test_coverage_of_nothing_is_inconclusive():
    assert cover(counts({NOTHING: 3})).verdict is Verdict.INCONCLUSIVE
    assert cover(counts({NOTHING: 3}), least=0).verdict is Verdict.NOT_APPLICABLE


def still(found, least=1):
    return checks.still_complete(found, source="runbook after 24 hours", least=least)


def test_new_rows_in_the_old_form_are_a_finding_a_day_later():
    judgement = still(counts({GOOD: 96, Flag.MEDIA: 4}))
    assert str(only(judgement)) == (
        "followup/coverage-still-complete: messages\n"
        "  want: 100.00 % of 100 rows with media_url have attachments (runbook after 24 hours)\n"
        "  have: 96.00 %: 4 rows without\n"
        "  why:  the new release writes messages in the old form, or something empties them: pictures go missing\n"
        "  fix:  find out which rows these are and who writes them; then run the backfill again"
    )


def test_new_rows_in_the_new_form_pass():
    judgement = still(counts({GOOD: 96, OWN: 4}))
    assert judgement.verdict is Verdict.PASS
    assert judgement.sentence == "all 100 rows with media still have attachments, 4 written since included"
    assert still(counts({})).verdict is Verdict.INCONCLUSIVE


def test_counts_come_back_from_the_evidence_as_they_were():
    payload = {"unit": "rows", "value": json_ready(MESSAGES)}
    assert recorded_counts([{"unit": "bytes", "value": 3}, payload]) == MESSAGES
    assert recorded_counts([]) is None
