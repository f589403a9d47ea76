"""What the check of the backfill's own figures says, and when it stays silent."""

from __future__ import annotations

import pytest

from releasegate.change.models import Step
from releasegate.checks import announced as checks
from releasegate.core import Verdict
from releasegate.core.facts.rows import Flag, RowCounts
from releasegate.core.facts.steps import StepRun

STEP = Step(
    source="runbook 4.3",
    item="4.3",
    counts={"total": r"total messages\b[^\d\n]*(\d[\d.,]*)", "to_migrate": r"messages to migrate\b[^\d\n]*(\d[\d.,]*)"},
)
CHECK = "backfill/rows-announced"


def table(**rows):
    """Return counts: so many without media, to migrate, and filled before."""
    flags = {"plain": 0, "to_do": int(Flag.MEDIA), "done": int(Flag.MEDIA | Flag.FILLED)}
    return RowCounts(
        table="messages", source="media_url", target="attachments", source_type="text", target_type="jsonb",
        by_flags={flags[name]: number for name, number in rows.items()},
    )  # fmt: skip


BEFORE = table(plain=600, to_do=390, done=10)
AFTER = table(plain=600, done=400)


def judge(*outputs, before=BEFORE, now=AFTER):
    runs = [StepRun(item="4.3", command="x", exit_code=0, duration_s=1, output=output) for output in outputs]
    return checks.rows_as_announced(CHECK, checks.announced([STEP], runs), before, now)


def test_the_same_figures_pass_and_are_said():
    judgement = judge("NOTICE:  Total messages in database: 1.000\nNOTICE:  Messages to migrate: 390\n")
    assert judgement.verdict is Verdict.PASS
    assert judgement.sentence == (
        "1 000 rows, 400 rows with media, 390 rows to migrate before the backfill; 4.3 said the same"
    )


@pytest.mark.parametrize("said", ["387", "393", "390, then nothing"])
def test_a_few_rows_that_people_edited_meanwhile_are_no_difference(said):
    assert judge(f"Messages to migrate: {said}").verdict is Verdict.PASS


def test_rows_that_were_written_meanwhile_are_no_difference():
    assert judge("Messages to migrate: 420", now=table(plain=630, done=400)).verdict is Verdict.PASS


def test_a_second_run_that_finds_nothing_to_do_is_silent():
    assert judge("Messages to migrate: 390", "Messages to migrate: 0").verdict is Verdict.PASS


def test_other_figures_are_a_warning():
    judgement = judge("Messages to migrate: 12")
    (finding,) = judgement.findings
    assert judgement.verdict is Verdict.WARN
    assert str(finding) == (
        "backfill/rows-announced: 4.3\n"
        "  want: about 390 rows to migrate, as before the backfill (runbook 4.3)\n"
        "  have: it said 12\n"
        "  why:  it ran on another database, or leaves out rows that it should see\n"
        "  fix:  compare the database in its settings with the target's; read its whole output in the evidence"
    )


def test_nothing_recorded_leaves_nothing_to_judge():
    assert judge().verdict is Verdict.NOT_APPLICABLE
    assert judge("done").verdict is Verdict.NOT_APPLICABLE
    assert judge("Messages to migrate: 390", before=None).verdict is Verdict.NOT_APPLICABLE
