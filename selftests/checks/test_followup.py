"""A day and a week later: what the database says about indexes, tables and use."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from releasegate.change.models import Index
from releasegate.checks.followup import (
    indexes_are_used,
    new_columns_are_used,
    old_column_readers,
    time_has_passed,
)
from releasegate.checks.latency import Limit
from releasegate.checks.watch import Before, Watch, WatchPromise
from releasegate.checks.watch.latency import not_worse_than_released
from releasegate.core import Verdict, worst
from releasegate.core.facts.followup import IndexUse, Readers, Usage
from releasegate.core.facts.latency import Sample, series_of
from releasegate.core.facts.watch import Round, Statement

FAIL, WARN, PASS, NOT_APPLICABLE = Verdict.FAIL, Verdict.WARN, Verdict.PASS, Verdict.NOT_APPLICABLE
USED = IndexUse(table="messages", name="idx_a", is_valid=True, scans=7, size_bytes=10**9, live_rows=10**6)
PROMISED = [Index(table="messages", name="idx_a", source="runbook 3.2")]


@pytest.mark.parametrize(
    ("indexes", "after_week", "verdict"),
    [
        ([USED], True, PASS),
        ([replace(USED, scans=0)], False, PASS),
        ([replace(USED, scans=0)], True, WARN),
        ([replace(USED, scans=0, live_rows=9_999)], True, PASS),
        ([replace(USED, scans=None)], True, PASS),
        ([replace(USED, is_valid=False)], False, FAIL),
        ([replace(USED, name="idx_b")], False, FAIL),
        ([USED, replace(USED, name="idx_b", is_valid=False)], False, WARN),
        ([USED, replace(USED, name="idx_b", scans=0)], True, PASS),
    ],
)
def test_an_index_of_the_release_is_there_valid_and_used(indexes, after_week, verdict):
    """That it is there is promised; that it is used is worth a look, after a week."""
    assert indexes_are_used(indexes, PROMISED, after_week=after_week).verdict is verdict


def test_an_index_that_became_invalid_is_said_in_full():
    """Who promised it, and what that means."""
    (finding,) = indexes_are_used([replace(USED, is_valid=False)], PROMISED, after_week=False).findings
    assert str(finding) == (
        "followup/indexes: idx_a\n"
        "  want: a valid index on messages (runbook 3.2)\n"
        "  have: it is there and invalid\n"
        "  why:  PostgreSQL does not use it: what was fast on the day of the release reads the whole table\n"
        "  fix:  find out who dropped or rebuilt it; REINDEX INDEX CONCURRENTLY, or create it again\n"
        "  run:  psql -c '\\d idx_a'"
    )


@pytest.mark.parametrize(
    ("days", "after_week", "verdict"),
    [(0.01, False, PASS), (0.01, True, WARN), (5.9, True, WARN), (6, True, PASS), (None, True, NOT_APPLICABLE)],
)
def test_a_week_that_is_not_over_is_a_warning(days, after_week, verdict):
    """A day that is not over is only told: nothing is asked then that it would change."""
    passed_s = None if days is None else days * 86_400
    judgement = time_has_passed(passed_s, after_week=after_week)
    assert judgement.verdict is verdict
    if verdict is WARN and days == 5.9:
        assert str(judgement.findings[0]) == (
            "followup/time-passed: --after 7d\n"
            "  want: a week has passed since the release was out (releasegate)\n"
            "  have: 5 d 21 h have\n"
            "  why:  what nobody uses yet, and who still reads the old column, says little by now\n"
            "  fix:  run it again when the week is over; until then --after 24h"
        )


USAGE = Usage(table="messages", since="2026-03-01", rows=900, filled={"attachments": 40, "replied_to": 3})


@pytest.mark.parametrize(
    ("usage", "after_week", "verdict"),
    [
        (USAGE, True, PASS),
        (USAGE, False, NOT_APPLICABLE),
        (replace(USAGE, filled={"attachments": 40, "replied_to": 0}), True, WARN),
        (replace(USAGE, rows=0, filled={}), True, WARN),
        (replace(USAGE, rows=0, trouble="no column says when a row was created"), True, WARN),
    ],
)
def test_what_nobody_uses_after_a_week_is_a_warning(usage, after_week, verdict):
    """Column by column; before a week it is not asked."""
    assert new_columns_are_used(usage, after_week=after_week).verdict is verdict


def test_who_still_reads_the_old_column_is_told():
    """It judges nobody."""
    one = Statement(id="1", text="SELECT media_url\n  FROM messages", calls=9, total_ms=1.0)
    judgement = old_column_readers(
        Readers(table="messages", column="media_url", statements=(one,)), source="runbook after 1 week", after_week=True
    )
    assert (judgement.verdict, judgement.sentence) == (
        PASS, "1 kind of statement still names media_url: SELECT media_url FROM messages",
    )  # fmt: skip


def test_statements_that_cannot_be_seen_are_a_warning():
    """Nobody may take that for "none"; and before a week it is not asked."""
    blind = Readers(table="messages", column="media_url", trouble="pg_stat_statements cannot be read")
    assert old_column_readers(blind, source="x", after_week=True).verdict is WARN
    assert old_column_readers(blind, source="x", after_week=False).verdict is NOT_APPLICABLE


def requests(latency_ms, count=100):
    return tuple(Sample("messages", 0.0, 0.0, latency_ms, 200, 10) for _ in range(count))


def round_with(latency_ms):
    at = datetime(2026, 3, 1, tzinfo=UTC)
    return Round(
        number=0, planned=1, every_s=30, due_s=0, elapsed_s=0, at=at, samples=requests(latency_ms)
    )  # fmt: skip


@pytest.mark.parametrize(
    ("before_ms", "day_ms", "now_ms", "verdict"),
    [(20, 30, 60, PASS), (20, 30, 140, FAIL), (20, 100, 120, WARN), (100, 30, 70, PASS)],
)
def test_a_later_day_is_held_against_the_day_of_the_release(before_ms, day_ms, now_ms, verdict):
    """Slower than that day is wrong; slower than before the release alone is worth a look."""
    limit = Limit(ms=500, percentile=95, source="runbook 6.5")
    promise = WatchPromise(watch_s=1, least_coverage=0.9, longest_gap_s=1, source="runbook 7.2", limit=limit)
    watch = Watch(rounds=[round_with(day_ms)], promise=promise, before=Before(rounds=[round_with(before_ms)]))
    judged = not_worse_than_released("followup/latency-not-worse", series_of(requests(now_ms)), watch, limit,
                                     {"messages": ""})  # fmt: skip
    assert worst(one.verdict for one in judged) is verdict
