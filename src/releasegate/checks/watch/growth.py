"""Whether a signal grows over a whole watch: a robust slope with its interval."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

FEWEST: Final = 4  # points; the interval of so few is from the flattest to the steepest of their slopes
_MOST: Final = 120  # points: all pairs of them are looked at; more are put together first
_CONFIDENCE: Final = 0.95


@dataclass(frozen=True, slots=True, kw_only=True)
class Growth:
    """A signal's slope by Theil and Sen, in its unit per second, `low` to `high` with 95 % confidence.

    `begin` and `end` are the line's values at the first and the last point, as far as such values were seen: what
    begins to grow midway has a line from below nothing. `second_half` is the slope of the later half alone, `span_s`
    the time between them.
    """

    slope: float
    low: float
    high: float
    second_half: float
    begin: float
    end: float
    span_s: float

    def surely_grows_by(self, amount: float) -> bool:
        """Whether it grew by more than `amount`, beyond doubt, and still does: a warm-up ends, a leak does not."""
        return self.low * self.span_s > amount and self.second_half * self.span_s > amount / 2


def growth(points: Sequence[tuple[float, float]]) -> Growth | None:
    """Return how the values of `points` (seconds, value) grow; None where there are too few.

    The median of the slopes of all pairs: a restart, a peak, a collector's saw teeth do not carry it away. Looks
    that lie close together are put together by their median first, which also makes them less dependent on each
    other than neighbours are.
    """
    from scipy.stats import theilslopes  # type: ignore[import-untyped] # noqa: PLC0415  half a second, for one gate of 11

    if len(points) < FEWEST:
        return None
    thinned = _thinned(points)
    times, values = zip(*thinned, strict=True)
    slope, intercept, low, high = map(float, theilslopes(values, times, _CONFIDENCE))
    half = thinned[len(thinned) // 2 :]
    later = float(theilslopes([value for _, value in half], [at for at, _ in half], _CONFIDENCE)[0])
    return Growth(
        slope=slope,
        low=low,
        high=high,
        second_half=later,
        begin=min(max(intercept + slope * times[0], min(values)), max(values)),
        end=min(max(intercept + slope * times[-1], min(values)), max(values)),
        span_s=times[-1] - times[0],
    )


def _thinned(points: Sequence[tuple[float, float]]) -> list[tuple[float, float]]:
    size = -(-len(points) // _MOST)
    groups = [points[place : place + size] for place in range(0, len(points), size)]
    return [
        (statistics.median(at for at, _ in group), statistics.median(value for _, value in group)) for group in groups
    ]
