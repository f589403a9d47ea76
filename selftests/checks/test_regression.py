"""Slower than before: the statistics against the truth, and what is said."""

from __future__ import annotations

import random
from statistics import median

import pytest
from scipy.stats import mannwhitneyu

from releasegate.checks.latency import Limit
from releasegate.checks.regression import Allowed, not_slower, shown
from releasegate.checks.shift import difference_in_share, hodges_lehmann, percentile_at_most
from releasegate.core import Verdict
from releasegate.core.facts.latency import Sample

LIMIT = Limit(ms=500, percentile=95, source="runbook 6.5")
ALLOWED = Allowed(share=0.2, noticeable_ms=10, source="runbook 7.2")
RUNS = {"messages": "curl -sS -i http://inbox:3000/m"}


def spread(around: float, n: int = 50, by: float = 0.05, seed: int = 1) -> list[float]:
    """Return `n` latencies around a median, as a real API spreads them."""
    dice = random.Random(seed)  # noqa: S311 - samples, not secrets
    return [around * dice.lognormvariate(0, by) for _ in range(n)]


def judged(before: list[float], after: list[float], *, errors: int = 0, allowed: Allowed = ALLOWED):
    samples = [Sample("messages", 0, 0, ms, 200, 9, "503" if at < errors else "") for at, ms in enumerate(after)]
    record = {"samples": {"messages": before}, "errors": {"messages": 0}} if before else {}
    return not_slower("perf/not-slower", record, samples, limit=LIMIT, allowed=allowed, runs=RUNS)


def test_the_shift_is_the_median_of_all_differences():
    """Between 1 2 3 and 11 12 13 it is 10."""
    assert hodges_lehmann([1, 2, 3], [11, 12, 13]).value == 10


def test_the_interval_of_the_shift_is_the_one_of_the_rank_test():
    """Just inside it the two-sided Mann-Whitney test does not reject, just outside it does."""
    before, after = spread(100), spread(130, seed=2)
    found = hodges_lehmann(before, after)
    for shift, is_rejected in ((found.low - 0.5, True), (found.low + 0.5, False),
                               (found.high - 0.5, False), (found.high + 0.5, True)):  # fmt: skip
        moved = [one - shift for one in after]
        p = mannwhitneyu(moved, before, method="asymptotic", use_continuity=False).pvalue
        assert bool(p < 0.05) is is_rejected


def test_the_interval_of_the_shift_holds_the_truth_in_95_of_100_cases():
    """A thousand pairs of samples whose true shift is 7."""
    hits, dice = 0, random.Random(1)  # noqa: S311 - samples, not secrets
    for _ in range(1000):
        found = hodges_lehmann([dice.gauss(50, 10) for _ in range(30)], [dice.gauss(57, 10) for _ in range(30)])
        hits += found.low <= 7 <= found.high
    assert 930 <= hits <= 970


def test_the_interval_of_a_difference_in_share():
    """Newcombe's own example (method 10): 56 of 70 and 48 of 80 differ by 0.0524 to 0.3339."""
    found = difference_in_share(48, 80, 56, 70)
    assert (round(found.low, 4), round(found.value, 4), round(found.high, 4)) == (0.0524, 0.2, 0.3339)


def test_none_at_all_still_has_an_interval():
    """Nothing slow of 50, twice: no difference, and up to seven in a hundred either way."""
    found = difference_in_share(0, 50, 0, 50)
    assert found.value == 0
    assert found.high == -found.low == pytest.approx(0.071, abs=0.001)


def test_a_percentile_is_bounded_by_an_order_statistic():
    """Of 50 values the second largest bounds the p90, of 28 none does; the bound holds in 95 of 100 cases."""
    assert percentile_at_most(list(range(50)), 90) == 48
    assert percentile_at_most(list(range(28)), 90) is None
    dice = random.Random(1)  # noqa: S311 - samples, not secrets
    hits = sum((percentile_at_most([dice.random() for _ in range(50)], 90) or 0) >= 0.9 for _ in range(2000))
    assert hits >= 1900


@pytest.mark.parametrize(
    ("before", "after", "verdict"),
    [
        (200, 200, Verdict.PASS),
        (200, 220, Verdict.PASS),
        (200, 240, Verdict.INCONCLUSIVE),
        (200, 280, Verdict.FAIL),  # slower by 40 % and far below the limit
        (5, 12, Verdict.PASS),  # more than twice as long, and nobody feels it
        (5, 30, Verdict.FAIL),
        (200, 100, Verdict.PASS),
    ],
)
def test_a_fifth_more_is_allowed(before, after, verdict):
    """The whole interval of the shift lies below the allowed rise, above it, or across it."""
    assert judged(spread(before), spread(after, seed=2)).verdict is verdict


def test_slower_is_said_in_full():
    """Both medians, the shift with its interval, and what was allowed."""
    (finding,) = judged([100.0 + at % 5 for at in range(50)], [140.0 + at % 5 for at in range(50)]).findings[:1]
    assert str(finding) == (
        "perf/not-slower: messages\n"
        "  want: at most 20% slower than before, or 10 ms (runbook 7.2)\n"
        "  have: median 142.0 ms, before 102.0 ms: +40.0 ms (+39.0 to +41.0), +39%\n"
        "  why:  the release made it slower; below the limit today, above it once there is more data\n"
        "  fix:  compare what the old and the new release ask the database (perf/database-side), or sign it off\n"
        "  run:  curl -sS -i http://inbox:3000/m"
    )


def test_a_longer_tail_is_seen_behind_an_equal_median():
    """Every third request takes 90 ms more; the median stays."""
    after = [ms + (90 if at % 3 == 0 else 0) for at, ms in enumerate(spread(100, seed=2))]
    assert median(after) < 120
    subjects = [finding.subject for finding in judged(spread(100), after).findings]
    assert subjects == ["messages, slowest tenth"]


def test_a_larger_slow_share_is_seen_and_chance_is_not():
    """Seven errors of 50 where there was none are more than chance, three are not."""
    assert [one.subject for one in judged(spread(100), spread(100), errors=7).findings] == ["messages, slow share"]
    assert judged(spread(100), spread(100), errors=3).verdict is Verdict.PASS


@pytest.mark.parametrize(("before", "after"), [([], spread(100)), (spread(100), []), (spread(100, n=19), spread(100))])
def test_too_little_on_either_side_is_no_comparison(before, after):
    """No record of the old release, nothing measured, or 19 of either."""
    assert judged(before, after).verdict is Verdict.INCONCLUSIVE


def test_the_comparison_is_kept_as_a_table():
    """Both medians, the shift and its interval, for each endpoint that there is a record of."""
    after = [Sample("messages", 0, 0, 140.0 + at % 5, 200, 9) for at in range(50)]
    before = {"samples": {"messages": [100.0 + at % 5 for at in range(50)]}}
    assert shown(before, after, RUNS) == [
        {
            "endpoint": "messages", "before": 102.0, "now": 142.0, "value": 40.0, "low": 39.0, "high": 41.0,
            "requests_before": 50, "requests_now": 50,
        }
    ]  # fmt: skip
    assert shown({}, after, RUNS) == []
