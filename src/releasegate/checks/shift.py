"""How much two samples of latencies differ: the shift of the middle, and of the share that is slow, with intervals."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from scipy.stats import binomtest, norm  # type: ignore[import-untyped] # scipy ships no types

from releasegate.checks.binomial import at_least

CONFIDENCE: Final = 0.95


@dataclass(frozen=True, slots=True)
class Interval:
    """An estimate and the interval that holds the truth in 95 of 100 cases."""

    value: float
    low: float
    high: float


def hodges_lehmann(before: Sequence[float], after: Sequence[float]) -> Interval:
    """Return by how much `after` lies above `before`: the median of all differences between the two.

    The interval is the one that the Mann-Whitney test gives, in its normal approximation (Hollander, Wolfe and
    Chicken, Nonparametric Statistical Methods, 4.2 and 4.3), good from about ten values on each side.
    """
    differences = np.sort(np.subtract.outer(np.asarray(after, float), np.asarray(before, float)), axis=None)
    m, n = len(before), len(after)
    z = norm.ppf((1 + CONFIDENCE) / 2)
    place = max(0, math.floor(m * n / 2 - z * math.sqrt(m * n * (m + n + 1) / 12)))
    return Interval(float(np.median(differences)), float(differences[place]), float(differences[-1 - place]))


def difference_in_share(before: int, of_before: int, after: int, of_after: int) -> Interval:
    """Return by how much the share `after` of `of_after` exceeds that before, from -1 to 1.

    Newcombe's interval from the two of Wilson (Statistics in Medicine 17, 1998, method 10), which holds also where
    one of the shares is nothing at all.
    """
    p, q = before / of_before, after / of_after
    p_low, p_high = binomtest(before, of_before).proportion_ci(CONFIDENCE, method="wilson")
    q_low, q_high = binomtest(after, of_after).proportion_ci(CONFIDENCE, method="wilson")
    d = q - p
    return Interval(d, d - math.hypot(q - q_low, p_high - p), d + math.hypot(q_high - q, p - p_low))


def percentile_at_most(values: Sequence[float], percent: float) -> float | None:
    """Return what the percentile of the truth is not above, with 95 % confidence; None where there are too few.

    An order statistic: the r-th of n values is below the percentile with the chance that r or more of n lie below.
    """
    n = len(values)
    for rank in range(1, n + 1):
        if at_least(rank, n, percent / 100) <= 1 - CONFIDENCE:
            return sorted(values)[rank - 1]
    return None
