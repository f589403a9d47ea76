"""What the gates measure of a latency, against the truth: only for an otherwise idle machine."""

from __future__ import annotations

import re
import shutil
import subprocess

import pytest

from releasegate.checks.binomial import Side, side
from releasegate.core.facts.latency import percentile

from .driving import load, numbers, truths

pytestmark = pytest.mark.everything


@pytest.fixture
def truth(tmp_path):
    with truths(tmp_path) as start:
        yield start


@pytest.mark.parametrize(
    "behaviour", [("constant", 300), ("bimodal", 20, 300, 0.2), ("log-normal", 100, 0.5), ("bimodal", 20, 700, 0.03)]
)
def test_percentiles_are_measured_within_2_percent_or_2_ms(truth, behaviour):
    """The server writes down how long it really took for each answer."""
    api = truth(*behaviour)
    result = load(api, rate=40, count=400, warm_up=0)
    took = sorted(api.get("/truth").value.json)
    times = result.value.series["messages"].times_ms
    assert len(took) == len(times) == 400
    for percent in (50, 90, 95, 99):
        true = percentile(took, percent)
        assert percentile(times, percent) == pytest.approx(true, rel=0.02, abs=2), f"p{percent}"


def test_ten_seconds_of_120_show_in_the_p95(truth):
    """A twelfth of the load meets a server that stands still, at the ratio of 10 s in 120 s: p95 at 0.4 of the freeze.

    Users who wait for answers would have shown 20 ms.
    """
    found = numbers(load(truth("freeze", 20, 8000, 2000), rate=40, count=960, warm_up=0))
    assert found["p95"] >= 0.4 * 2000


@pytest.mark.parametrize(("share", "where"), [(0.03, Side.BELOW), (0.05, Side.UNKNOWN), (0.07, Side.ABOVE)])
def test_a_share_of_slow_answers_is_judged_as_it_is(truth, share, where):
    """Three in a hundred at 700 ms pass a p95, seven do not, and five nobody can tell."""
    series = load(truth("bimodal", 20, 700, share), rate=80, count=1000, warm_up=0).value.series["messages"]
    assert series.slow(500) == pytest.approx(1000 * share, abs=1)
    assert side(series.slow(500), 1000, 95) is where


@pytest.mark.skipif(shutil.which("wrk") is None, reason="Debian's package wrk is not installed")
def test_the_median_is_the_one_that_wrk_measures(truth):
    """One connection asks as soon as it is answered, at 20 ms each; we send as many a second."""
    api = truth("constant", 20)
    assert api.get("/begin").value.status == 200
    said = subprocess.run(
        ["wrk", "-t1", "-c1", "-d8s", "--latency", api.url("/conversations/1/messages")],
        check=True, capture_output=True, text=True,
    ).stdout  # fmt: skip
    wrk_ms = float(re.search(r"50%\s+([\d.]+)ms", said)[1])
    rate = float(re.search(r"Requests/sec:\s+([\d.]+)", said)[1])
    found = numbers(load(api, rate=rate, count=300, warm_up=0))
    assert found["p50"] == pytest.approx(wrk_ms, rel=0.1)
