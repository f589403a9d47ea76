"""The exact binomial, and what is said about an API that is too slow."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from releasegate.checks.binomial import Side, fewest_requests, fewest_slow_that_fail, most_slow, requests_to_tell, side
from releasegate.checks.latency import (
    Limit,
    baseline_not_allowed,
    baseline_recorded,
    error_share_low,
    median_below,
    no_significant_rise,
    not_slower_than,
    percentile_below,
)
from releasegate.core import Verdict
from releasegate.core.facts.latency import UNSENT, Sample, Series, percentile, summary

LIMIT = Limit(ms=500, percentile=95, source="runbook 6.5")
RUNS = {"messages": "curl -sS -i http://inbox:3000/m"}


def sample(ms: float, error: str = "", *, at: float = 0.0, lag: float = 1.0, endpoint: str = "messages") -> Sample:
    return Sample(endpoint, at, lag, ms, 200, 100, error)


def series(slow: int, n: int, errors: int = 0, missing: int = 0) -> Series:
    """Return `n` planned requests: `slow` take 900 ms, `errors` fail in 1 ms, `missing` never came back."""
    times = [sample(900)] * slow + [sample(1, "503")] * errors
    return Series((*times, *[sample(20)] * (n - missing - len(times))), n)


def judged(one: Series | None, **also: str):
    return percentile_below("perf/below-limit", {"messages": one} if one else {}, LIMIT, RUNS, **also)


def on_schedule(wait_ms):
    """Return 100 requests, ten a second; the one that is due at `at` waits `wait_ms(at)`, or is held back (None)."""
    waits = [(place / 10, wait_ms(place / 10)) for place in range(100)]
    return Series(tuple(sample(ms, at=at) if ms is not None else sample(0, UNSENT, at=at) for at, ms in waits), 100)


_ASKED = "; it was asked 10.0 times a second and answered "


@pytest.mark.parametrize(
    ("wait_ms", "said"),
    [
        (lambda at: 200 + at * 1000, f"{_ASKED}5.0, so a queue grew"),  # five a second
        (lambda at: 3000 if at * 10 % 4 < 3 else None, _ASKED),  # as many as may wait, do
        (lambda _: 900, ""),  # near misses: slow, and it keeps up
        (lambda at: 20 + max(0, 5 - at) * 1000, ""),  # a freeze at the beginning: the queue goes down again
        (lambda at: 20 if at < 7 else 3000 - (at - 7) * 300, ""),  # a freeze at the end
        (lambda at: 20 if at < 6 else None if at < 8 else 3000, ""),  # one that lets the most wait that may
    ],
)
def test_a_load_that_comes_faster_than_it_is_answered_says_so(wait_ms, said):
    """The finding names both paces, and what to set; a freeze is no queue, and a watch sends none."""
    found = judged(on_schedule(wait_ms), is_load=True).findings[0]
    assert (_ASKED in found.have) is bool(said)
    assert said in found.have
    assert ("[load] requests_per_second" in found.fix) is bool(said)
    assert _ASKED not in judged(on_schedule(wait_ms)).findings[0].have


@pytest.mark.parametrize(("n", "passes", "fails"), [(58, -1, 7), (59, 0, 7), (300, 8, 22), (1000, 38, 63)])
def test_the_table_of_the_exact_binomial(n, passes, fails):
    """For p95, 59 requests are the least that can pass; 1 000 pass up to 38 slow ones and fail from 63."""
    assert (most_slow(n, 95), fewest_slow_that_fail(n, 95)) == (passes, fails)
    assert (fewest_requests(95), fewest_requests(99)) == (59, 299)


@given(n=st.integers(1, 1500), percent=st.floats(50, 99.9))
def test_more_slow_requests_never_make_it_better(n, percent):
    """The three answers come in one order: below, unknown, above."""
    passes, fails = most_slow(n, percent), fewest_slow_that_fail(n, percent)
    assert passes < fails
    assert passes < 0 or side(passes, n, percent) is Side.BELOW
    assert side(passes + 1, n, percent) is not Side.BELOW
    assert side(fails - 1, n, percent) is not Side.ABOVE


@pytest.mark.parametrize(
    ("one", "verdict"),
    [
        (series(0, 59), Verdict.PASS),
        (series(0, 58), Verdict.INCONCLUSIVE),
        (series(8, 300), Verdict.PASS),
        (series(9, 300), Verdict.INCONCLUSIVE),
        (series(21, 300), Verdict.INCONCLUSIVE),
        (series(22, 300), Verdict.FAIL),
        (series(0, 300, errors=22), Verdict.FAIL),
        (series(0, 300, missing=22), Verdict.FAIL),
        (series(8, 300, errors=7, missing=7), Verdict.FAIL),
        (Series((), 0), Verdict.INCONCLUSIVE),
        (None, Verdict.INCONCLUSIVE),
    ],
)
def test_slow_failed_and_missing_requests_weigh_the_same(one, verdict):
    """The verdict has three values, and nothing measured is never a pass."""
    assert judged(one).verdict is verdict


@pytest.mark.parametrize(("ms", "verdict"), [(495, Verdict.PASS), (500, Verdict.FAIL), (505, Verdict.FAIL)])
def test_495_and_505_ms_are_two_different_things(ms, verdict):
    """Locust's own percentiles round both to 500; the raw samples do not, and the limit itself is not below it."""
    assert judged(Series((sample(ms),) * 300, 300)).verdict is verdict


def test_fast_errors_never_help():
    """A tenth of the requests fails in a millisecond: the p95 seen is excellent and the verdict FAIL."""
    judgement = judged(series(0, 300, errors=30))
    assert judgement.findings[0].have == (
        "p95 20 ms, 30 of 300 not below 500 ms, 30 of them errors; 22 or more are too many for chance"
    )


def test_a_slow_endpoint_is_said_in_full():
    """The finding names endpoint, percentile seen, how many of how many, and from where on it fails."""
    assert str(judged(series(41, 300)).findings[0]) == (
        "perf/below-limit: messages\n"
        "  want: 95 % of the requests below 500 ms (runbook 6.5)\n"
        "  have: p95 900 ms, 41 of 300 not below 500 ms; 22 or more are too many for chance\n"
        "  why:  more people wait longer than promised than the release allows\n"
        "  fix:  compare the slow requests (perf keeps them in samples.csv.gz) with the backend's log and queries\n"
        "  run:  curl -sS -i http://inbox:3000/m"
    )


def test_in_between_nobody_can_tell():
    """The sentence says where the two bounds are."""
    assert judged(series(15, 300)).sentence == (
        "messages: p95 20 ms, 15 of 300 not below 500 ms; up to 8 pass and from 22 on it fails; "
        "that is the limit itself, and no number of requests would tell"
    )


@pytest.mark.parametrize(("slow", "needed"), [(9, 320), (10, 440), (12, 1400), (18, 1400), (21, 390)])
def test_how_many_requests_would_tell_is_said(slow, needed):
    """As many as would tell if the same share of them were slow: the nearer to 5 %, the more."""
    assert requests_to_tell(slow, 300, 95) == needed
    assert f"; about {needed:,} requests would tell".replace(",", " ") in judged(series(slow, 300)).sentence


def test_a_budget_that_is_too_small_is_named():
    """58 requests can show nothing about a p95."""
    assert judged(series(0, 58)).sentence == (
        "messages: 58 requests cannot show it, 59 can; raise [load] per_endpoint and total in the target file"
    )


def test_a_fast_endpoint_does_not_hide_a_slow_one():
    """Endpoints are judged one by one; together 30 of 1 300 would have passed."""
    found = {"health": series(0, 1000), "messages": series(30, 300)}
    judgement = percentile_below("perf/below-limit", found, LIMIT, {"health": "", "messages": ""})
    assert [finding.subject for finding in judgement.findings] == ["messages"]


def kinds(**slow: int) -> Series:
    """Return 100 requests for each kind of address, of which so many take 900 ms."""
    some = [replace(sample(900 if at < count else 20), kind=kind.replace("_", " "))
            for kind, count in slow.items() for at in range(100)]  # fmt: skip
    return Series(tuple(some), len(some))


def test_one_kind_of_address_does_not_hide_among_the_others():
    """Eleven of 100 long conversations are slow, 11 of 400 in all: the endpoint would pass, its long ones do not."""
    judgement = judged(kinds(long=11, short=0, with_media=0, last_page=0))
    assert [(finding.subject, finding.have) for finding in judgement.findings] == [
        ("messages, long", "p95 900 ms, 11 of 100 not below 500 ms; 11 or more are too many for chance")
    ]


def test_many_kinds_make_no_more_false_alarms():
    """Ten of 100 would fail by themselves; of four kinds one will have as many by chance."""
    assert judged(kinds(long=10, short=0, with_media=0, last_page=0)).verdict is Verdict.PASS
    assert judged(series(10, 100)).verdict is Verdict.FAIL


def test_what_the_budget_kept_back_is_slow_and_no_error():
    """Requests that were not sent, because too many were waiting, have no time of their own."""
    one = Series((*[sample(0, UNSENT)] * 30, *[sample(20)] * 270), 300)
    assert (one.slow(500), one.errors, len(one.times_ms)) == (30, 0, 270)
    assert judged(one).verdict is Verdict.FAIL


@pytest.mark.parametrize(
    ("samples", "verdict", "sentence"),
    [
        ([sample(499)] * 50, Verdict.PASS, "messages: median 499 ms"),
        ([sample(20)] * 26 + [sample(900)] * 24, Verdict.PASS, "messages: median 20 ms"),
        ([sample(20)] * 24 + [sample(900)] * 26, Verdict.FAIL, "messages: 900 ms, the median of 50 requests in a row"),
        (
            [sample(1, "503")] * 26 + [sample(20)] * 24,
            Verdict.FAIL,
            "messages: more than half of 50 requests in a row were errors",
        ),
        (
            [sample(20)] * 19,
            Verdict.INCONCLUSIVE,
            "saw 19 requests in a row to each endpoint; at least 20 are needed to tell",
        ),
        ([], Verdict.INCONCLUSIVE, "saw 0 requests in a row to each endpoint; at least 20 are needed to tell"),
    ],
)
def test_the_median_of_one_user(samples, verdict, sentence):
    """Two outliers do not move it, and an error is an endless wait."""
    judgement = median_below("perf/single-user", samples, LIMIT, RUNS)
    assert (judgement.verdict, judgement.sentence) == (verdict, sentence)


@pytest.mark.parametrize(
    ("errors", "verdict", "have"),
    [
        (0, Verdict.PASS, []),
        (3, Verdict.WARN, ["1.0%: 3 of 300 (503)"]),
        (4, Verdict.FAIL, ["1.3%: 4 of 300 (503)"]),
    ],
)
def test_a_few_errors_are_a_warning_and_more_are_not(errors, verdict, have):
    """At most one in a hundred requests may fail."""
    found = {"messages": series(0, 300, errors=errors)}
    judgement = error_share_low("perf/error-rate", found, 0.01, source="runbook 7.2", runs=RUNS)
    assert judgement.verdict is verdict
    assert [finding.have for finding in judgement.findings] == have


def test_no_request_is_no_error_rate():
    """0 of 0 is not 0 %."""
    judgement = error_share_low("perf/error-rate", {}, 0.01, source="runbook 7.2", runs=RUNS)
    assert judgement.verdict is Verdict.INCONCLUSIVE


@pytest.mark.parametrize(
    ("samples", "verdict", "sentence"),
    [
        ([sample(12.3)] * 50, Verdict.PASS, "messages: median 12.3 ms"),
        ([sample(1, "404")] * 50, Verdict.PASS, "messages: no promised answer yet"),
        (
            [sample(12)] * 19,
            Verdict.INCONCLUSIVE,
            "saw 19 requests in a row to each endpoint; at least 20 are needed to tell",
        ),
    ],
)
def test_the_old_release_is_recorded_whatever_it_is(samples, verdict, sentence):
    """An endpoint that only the new release has is no trouble of the old one; too few requests are."""
    judgement = baseline_recorded(samples, ["messages"])
    assert (judgement.verdict, judgement.sentence) == (verdict, sentence)


def test_without_a_budget_there_is_no_baseline():
    """And perf will say that it has nothing to compare with."""
    assert baseline_not_allowed().verdict is Verdict.NOT_APPLICABLE


def recorded(ms: float) -> dict:
    return {"endpoints": {"messages": summary(Series((sample(ms),) * 300, 300), 500)}}


@pytest.mark.parametrize(
    ("was", "limit"),
    [
        (200, 300),  # 1.5 times
        (4, 54),  # 6 ms instead of 4 is nothing anybody feels: at least a tenth of the promised limit more
    ],
)
def test_a_significant_rise_is_felt_and_measured(was, limit):
    """The limit of a later look comes from what the perf gate saw."""
    rises = not_slower_than(recorded(was), 1.5, LIMIT, source="runbook 7.2")
    assert rises == {"messages": Limit(ms=limit, percentile=95, source=f"runbook 7.2; the perf gate saw {was} ms")}


@pytest.mark.parametrize(
    ("one", "verdict"),
    [
        (series(6, 120), Verdict.PASS),
        (series(10, 120), Verdict.PASS),
        (series(11, 120), Verdict.FAIL),
        (series(0, 58), Verdict.INCONCLUSIVE),
        (None, Verdict.INCONCLUSIVE),
    ],
)
def test_a_rise_must_be_shown_to_be_one(one, verdict):
    """What lies between the two bounds is no significant rise; too few requests show nothing."""
    rises = not_slower_than(recorded(200), 1.5, LIMIT, source="runbook 7.2")
    judgement = no_significant_rise("followup/latency-not-worse", {"messages": one} if one else {}, rises, RUNS)
    assert judgement.verdict is verdict


def test_a_rise_is_said_with_what_the_perf_gate_saw():
    """Want names the limit and where it comes from."""
    rises = not_slower_than(recorded(200), 1.5, LIMIT, source="runbook 7.2")
    judgement = no_significant_rise("followup/latency-not-worse", {"messages": series(60, 120)}, rises, RUNS)
    assert [(finding.want, finding.have) for finding in judgement.findings] == [
        (
            "95 % of the requests below 300 ms (runbook 7.2; the perf gate saw 200 ms)",
            "p95 900 ms, 60 of 120 not below 300 ms; 11 or more are too many for chance",
        )
    ]


def test_no_record_of_the_perf_gate_is_no_comparison():
    """Without a baseline nobody can say that nothing rose."""
    rises = not_slower_than({}, 1.5, LIMIT, source="runbook 7.2")
    judgement = no_significant_rise("followup/latency-not-worse", {"messages": series(0, 300)}, rises, RUNS)
    assert judgement.verdict is Verdict.INCONCLUSIVE


def test_a_percentile_is_a_value_that_was_measured():
    """Nearest rank: of 1 to 100 the 95th is 95."""
    values = [float(number) for number in range(1, 101)]
    assert [percentile(values, percent) for percent in (0, 50, 95, 100)] == [1, 50, 95, 100]
