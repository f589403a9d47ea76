"""Is a percentile below a limit? An exact binomial test over counted slow requests, with three answers.

With p = 1 - percentile and k slow of n requests: too few slow ones to be chance, P(X <= k) <= alpha, means below;
too many, P(X >= k) <= alpha, means above; in between nobody can tell. It assumes that requests are independent and
that n was fixed before the run: looking again and again until it passes is another, wrong test.
"""

from __future__ import annotations

import bisect
import math
from enum import Enum
from typing import Final

ALPHA: Final = 0.05
"""The chance, at most, of saying "below" about an API that is exactly at its limit; and the same for "above"."""

_MOST_REQUESTS: Final = 100_000


class Side(Enum):
    """On which side of the limit a percentile lies."""

    BELOW = "below"
    ABOVE = "above"
    UNKNOWN = "unknown"


def at_most(k: int, n: int, share: float) -> float:
    """Return the chance of at most `k` (0 to n) of `n` where each happens with the chance `share` (0 to 1)."""
    from scipy.special import bdtr  # type: ignore[import-untyped] # noqa: PLC0415  scipy ships no types, and is slow to import

    return float(bdtr(k, n, share))


def at_least(k: int, n: int, share: float) -> float:
    """Return the chance of at least `k` (1 to n) of `n` where each happens with the chance `share` (0 to 1)."""
    from scipy.special import bdtrc  # noqa: PLC0415  as above

    return float(bdtrc(k - 1, n, share))


def side(slow: int, n: int, percentile: float, *, alpha: float = ALPHA) -> Side:
    """Return where `percentile` (above 0, below 100) lies when `slow` of `n` requests were not below the limit."""
    share = 1 - percentile / 100
    if n and at_most(slow, n, share) <= alpha:
        return Side.BELOW
    if slow and at_least(slow, n, share) <= alpha:
        return Side.ABOVE
    return Side.UNKNOWN


def most_slow(n: int, percentile: float) -> int:
    """Return the largest number of slow requests that still passes; -1 where even none would not."""
    return bisect.bisect_left(range(n + 1), 1, key=lambda slow: side(slow, n, percentile) is not Side.BELOW) - 1


def fewest_slow_that_fail(n: int, percentile: float, *, alpha: float = ALPHA) -> int:
    """Return the smallest number of slow requests that fails; n + 1 where none would."""
    return bisect.bisect_left(range(n + 1), 1, key=lambda slow: side(slow, n, percentile, alpha=alpha) is Side.ABOVE)


def requests_to_tell(slow: int, n: int, percentile: float) -> int:
    """Return how many requests would tell, rounded up to tens, if the same share of them were slow; 0: no number would.

    A share within a hundredth of the limit's own takes more requests than anybody sends.
    """
    if not slow:
        return fewest_requests(percentile)
    more = n
    while more <= _MOST_REQUESTS:
        if side(round(slow / n * more), more, percentile) is not Side.UNKNOWN:
            return math.ceil(more / 10) * 10
        more += max(1, more // 50)
    return 0


def fewest_requests(percentile: float) -> int:
    """Return the fewest requests that can pass at all, which takes that none of them is slow."""
    return math.ceil(math.log(ALPHA) / math.log(percentile / 100))
