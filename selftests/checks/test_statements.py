"""What a request costs the database."""

from __future__ import annotations

import pytest

from releasegate.checks.statements import nothing_new_per_request
from releasegate.core import Verdict
from releasegate.core.facts.statements import Activity, Statement

ONE = Statement(text="SELECT * FROM messages WHERE conversation_id = $1", calls=100, total_ms=250)


def activity(*calls: int, scanned: int = 0, unavailable: str = "") -> Activity:
    text = "SELECT * FROM messages WHERE id = $1"
    statements = {str(at): Statement(text=text, calls=count, total_ms=count / 10) for at, count in enumerate(calls)}
    return Activity(statements={"x": ONE, **statements}, scans={"public.messages": scanned}, unavailable=unavailable)


def judged(now: Activity, before: Activity | None = None, requests: int = 100):
    return nothing_new_per_request(
        "perf/database-side", now, requests, before.shown(100) if before else None, most_calls=5, run="psql"
    )


def test_a_query_in_a_loop_is_a_warning():
    """Fifty calls of one statement for each request, where the old release had none such."""
    (finding,) = judged(activity(5000), activity()).findings
    assert str(finding) == (
        "perf/database-side: SELECT * FROM messages WHERE id = $1\n"
        "  want: fewer than 5 calls per request, or as many as before the release\n"
        "  have: 50.0 calls per request, 0.10 ms each\n"
        "  why:  one query for each row of an answer (N+1) grows with the data, and slows down the longest first\n"
        "  fix:  fetch the rows of one answer together: a join, or one statement with = ANY (…)\n"
        "  run:  psql"
    )


def test_a_table_that_is_read_through_is_a_warning():
    """20 000 rows without an index for each request."""
    (finding,) = judged(activity(scanned=2_000_000), activity(scanned=500)).findings
    assert (finding.subject, finding.want, finding.have) == (
        "table public.messages",
        "at most 500 rows read without an index per request, as before",
        "20000 rows per request",
    )


@pytest.mark.parametrize(
    ("now", "before"),
    [
        (activity(499), activity()),
        (activity(5000), activity(600)),  # the old release did the same
        (activity(scanned=49_900), activity()),  # a small table
        (activity(scanned=2_000_000), activity(scanned=1_000_000)),
        (activity(5000, scanned=2_000_000), None),  # nobody knows that it is new
        (activity(5000), activity(unavailable="no extension")),
    ],
)
def test_what_is_not_new_is_no_finding(now, before):
    """At most a warning, and only for what the release brought."""
    assert judged(now, before).verdict is Verdict.PASS


def test_the_slowest_are_named():
    """By mean and by total, with how often the most called one runs."""
    assert judged(activity(300), activity()).sentence == (
        "slowest 2.5 ms for SELECT * FROM messages WHERE conversation_id = $1; most time in all 250 ms for "
        "SELECT * FROM messages WHERE conversation_id = $1; at most 3.0 calls per request"
    )


def test_where_nothing_is_counted_the_reason_is_said():
    """N/A, with why."""
    judgement = judged(activity(unavailable="the extension pg_stat_statements is not in this database"))
    assert (judgement.verdict, judgement.sentence) == (
        Verdict.NOT_APPLICABLE,
        "what the database was asked is not known: the extension pg_stat_statements is not in this database",
    )


@pytest.mark.parametrize(("now", "requests"), [(Activity(), 100), (activity(), 19), (activity(), 0)])
def test_nothing_seen_is_no_pass(now, requests):
    """No statement in a load, or too few requests, say nothing."""
    assert judged(now, activity(), requests).verdict is Verdict.INCONCLUSIVE


def test_what_was_added_is_the_difference():
    """A statement that was not called meanwhile is none, a new one counts whole."""
    before = Activity(statements={"a": Statement(text="A", calls=5, total_ms=10)}, scans={"t": 7})
    after = Activity(
        statements={"a": Statement(text="A", calls=5, total_ms=10), "b": Statement(text="B", calls=2, total_ms=3)},
        scans={"t": 9, "u": 0},
    )
    added = after.since(before)
    assert ({one.text: one.calls for one in added.statements.values()}, added.scans) == ({"B": 2}, {"t": 2})


def test_counters_that_began_anew_tell_nothing():
    """Fewer calls than before: somebody reset them."""
    before = Activity(statements={"a": Statement(text="A", calls=5, total_ms=10)})
    after = Activity(statements={"a": Statement(text="A", calls=1, total_ms=2)})
    assert after.since(before).unavailable == "somebody reset pg_stat_statements meanwhile"
