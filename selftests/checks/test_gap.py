"""Writes between the new code and the new schema: which errors and which silence are said."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from releasegate.change.models import Logs
from releasegate.checks import gap as checks
from releasegate.core import Verdict
from releasegate.core.facts.arrivals import Arrivals
from releasegate.core.facts.logs import LogLine, LogSlice
from releasegate.core.log_text import shape_of

STARTED = datetime(2025, 11, 4, 3, 10, tzinfo=UTC)
PROMISE = Logs(started=("started",), fatal=("fatal",), errors=("error",), names=("mediaUrl",), source="runbook 7.1")
FAILED = 'ERROR: column "attachments" does not exist'
USUAL = Arrivals(table="messages", created="created_at", rows=300, minutes=60)


def log(*lines):
    made = tuple(LogLine(text=text, at=STARTED + timedelta(seconds=after)) for after, text in lines)
    return LogSlice(part="backend", source="/l/b.log", lines=made, seen_with="tail -n 50 /l/b.log")


def judged(*lines, known=(), came=None, usual=USUAL, migrated=None):
    given = {"columns": ["attachments"], "came": came, "usual": usual, "migrated": migrated}
    return checks.writes_go_on("backend/writes-go-on", log(*lines), STARTED, PROMISE, known, **given)


def came(rows, minutes):
    return Arrivals(table="messages", created="created_at", rows=rows, minutes=minutes)


def test_an_error_that_names_a_column_of_the_release_fails_at_once():
    judgement = judged((0, "started"), (5, FAILED), (6, FAILED))
    assert judgement.verdict is Verdict.FAIL
    assert str(judgement.findings[0]) == (
        "backend/writes-go-on: backend (/l/b.log)\n"
        "  want: no new error about attachments (runbook 7.1)\n"
        f"  have: 2 lines: {shape_of(FAILED)}\n"
        "  why:  what the backend cannot write is lost, or waits for whoever sent it to try again\n"
        "  fix:  run the migration at once if only its columns are missing; else go back as step 2 of the runbook "
        "says\n"
        "  run:  tail -n 50 /l/b.log"
    )


def test_an_old_error_another_one_and_a_line_that_is_none_are_silent():
    lines = ((0, "started"), (5, FAILED), (6, "ERROR: mailbox full"), (7, "attachments: 3 stored"))
    judgement = judged(*lines, known=[shape_of(FAILED)], came=came(4, 1))
    assert judgement.verdict is Verdict.PASS
    assert judgement.sentence == (
        "4 lines of the backend, no new error about the release; 4 new rows in 1.0 min (4.0 a minute, 5.0 before)"
    )


def test_what_failed_before_the_migration_was_lost_and_is_over():
    judgement = judged((0, "started"), (5, FAILED), migrated=STARTED + timedelta(seconds=9))
    assert judgement.verdict is Verdict.WARN
    assert "1 line before the migration; none since" in judgement.findings[0].have


def test_what_fails_after_the_migration_is_no_gap():
    judgement = judged((0, "started"), (5, FAILED), (12, FAILED), migrated=STARTED + timedelta(seconds=9))
    assert judgement.verdict is Verdict.FAIL


def test_without_a_baseline_an_error_is_a_warning():
    assert judged((0, "started"), (5, FAILED), known=None).verdict is Verdict.WARN


def test_no_row_at_all_where_ten_are_usual_is_a_warning():
    judgement = judged((0, "started"), came=came(0, 2))
    assert judgement.verdict is Verdict.WARN
    assert judgement.findings[0].want == "about 10 new rows in 2 min, as before (releasegate)"


def test_no_row_in_a_time_too_short_to_tell_or_at_a_quiet_hour_is_silent():
    assert judged((0, "started"), came=came(0, 1.9)).verdict is Verdict.PASS
    assert judged((0, "started"), came=came(0, 60), usual=came(9, 60)).verdict is Verdict.PASS
    assert judged((0, "started"), came=came(0, 60), usual=None).verdict is Verdict.PASS


def test_a_tenth_of_what_is_usual_is_a_warning_where_that_is_many():
    """Twelve minutes at five a minute are sixty."""
    judgement = judged((0, "started"), came=came(6, 12))
    assert (judgement.verdict, judgement.findings[0].have) == (Verdict.WARN, "6 new rows")
    assert judged((0, "started"), came=came(7, 12)).verdict is Verdict.PASS
    assert judged((0, "started"), came=came(4, 9)).verdict is Verdict.PASS


def test_nothing_read_and_nothing_written_tells_nothing():
    assert judged().verdict is Verdict.INCONCLUSIVE
