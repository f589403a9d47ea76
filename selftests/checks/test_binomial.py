"""How often the verdict is wrong: computed exactly, and counted in a simulation."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binom

from releasegate.checks.binomial import ALPHA, Side, fewest_slow_that_fail, most_slow, side

RUNS = 20_000
NOISE = 3 * (ALPHA * (1 - ALPHA) / RUNS) ** 0.5  # three standard deviations of a share that is ALPHA


@given(n=st.integers(1, 5000), percentile=st.sampled_from([90, 95, 99, 99.9]))
def test_a_wrong_pass_and_a_wrong_fail_happen_in_5_of_100_cases_at_most(n, percentile):
    """At exactly the share that the limit allows, by the binomial distribution itself: there is only one look."""
    share = 1 - percentile / 100
    assert binom.cdf(most_slow(n, percentile), n, share) <= ALPHA
    assert binom.sf(fewest_slow_that_fail(n, percentile) - 1, n, share) <= ALPHA


def simulated(share: float, n: int) -> dict[Side, float]:
    """Return how often each answer comes when `share` of requests are really slow."""
    dice = np.random.default_rng(20_251_103)
    counts = Counter(side(int(slow), n, 95) for slow in dice.binomial(n, share, RUNS))
    return {one: counts[one] / RUNS for one in Side}


@pytest.mark.parametrize(
    ("share", "n", "below", "above"),
    [
        # at 1 000 requests: what a limit at 95 % and a truth of 3, 4, 5, 6 and 7 % slow come to
        (0.03, 1000, (0.93, 0.96), (0, 0)),
        (0.04, 1000, (0.38, 0.45), (0, 0.001)),
        (0.05, 1000, (0.03, ALPHA + NOISE), (0.03, ALPHA + NOISE)),
        (0.06, 1000, (0, 0.002), (0.33, 0.39)),
        (0.07, 1000, (0, 0), (0.80, 0.86)),
        (0.05, 300, (0.02, ALPHA + NOISE), (0.02, ALPHA + NOISE)),
        (0.05, 154, (0.02, ALPHA + NOISE), (0.02, ALPHA + NOISE)),
        (0.005, 154, (0.98, 1), (0, 0)),
    ],
)
def test_the_answers_come_as_often_as_computed(share, n, below, above, record_property):
    """Wrong ones in at most 5 of 100 cases; the rest between the two is "cannot tell", and never a pass."""
    found = simulated(share, n)
    record_property("cannot tell", found[Side.UNKNOWN])
    assert below[0] <= found[Side.BELOW] <= below[1]
    assert above[0] <= found[Side.ABOVE] <= above[1]
    assert sum(found.values()) == pytest.approx(1)


def test_a_look_every_hundred_requests_would_pass_a_bad_api_far_too_often():
    """Why the number is fixed before the first request: stopping at the first "below" passes one in five or so."""
    dice = np.random.default_rng(1)
    slow = np.cumsum(dice.binomial(100, 0.05, (2000, 30)), axis=1)
    passes = np.array([most_slow(100 * (look + 1), 95) for look in range(30)])
    assert 0.15 < (slow <= passes).any(axis=1).mean() < 0.30
