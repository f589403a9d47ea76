"""How long an API took to answer, request by request."""

from __future__ import annotations

import csv
import gzip
import io
import math
from collections.abc import Iterable, Sequence
from dataclasses import asdict, astuple, dataclass
from typing import Any, Final

_QUANTILES: Final = 100  # steps of the recorded distribution: enough for a curve and for comparing two runs
_COLUMNS: Final = ("endpoint", "intended_s", "lag_ms", "latency_ms", "status", "size_bytes", "error", "is_warm_up")


@dataclass(frozen=True, slots=True)
class Sample:
    """One request of the load.

    `intended_s` is when it was to begin, in seconds from the beginning of the load; `lag_ms` how much later the
    generator really sent it (its own fault). `latency_ms` runs from the *intended* start to the last byte, so that
    a request that had to wait for a frozen server shows the wait. `error` is "" for a promised status with a body
    that holds what the endpoint promises; else a status, a time-out, a reset or "wrong body".
    """

    endpoint: str
    intended_s: float
    lag_ms: float
    latency_ms: float
    status: int
    size_bytes: int
    error: str = ""
    is_warm_up: bool = False

    def is_slow(self, limit_ms: float) -> bool:
        """Whether it broke the promise "below the limit": too late, or not answered as promised."""
        return bool(self.error) or self.latency_ms >= limit_ms


@dataclass(frozen=True, slots=True)
class Series:
    """The requests to one endpoint; `planned` is how many there were to be, fixed before the first."""

    samples: tuple[Sample, ...]
    planned: int

    @property
    def times_ms(self) -> list[float]:
        """The latencies of all that came back, shortest first."""
        return sorted(sample.latency_ms for sample in self.samples)

    @property
    def errors(self) -> int:
        """How many were not answered as promised."""
        return sum(bool(sample.error) for sample in self.samples)

    def slow(self, limit_ms: float) -> int:
        """Return how many of the planned were not below the limit; what never came back is among them."""
        return self.planned - sum(not sample.is_slow(limit_ms) for sample in self.samples)


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What the load is to be, fixed before the first request.

    `rate` is arrivals per second over all `endpoints`, evenly spaced; the first `warm_up` arrivals are sent and not
    judged; then each endpoint gets `per_endpoint` requests. `stop_at_error_share` (0 to 1) is the kill switch.
    """

    endpoints: tuple[str, ...]
    rate: float
    warm_up: int
    per_endpoint: int
    stop_at_error_share: float

    @property
    def arrivals(self) -> int:
        """How many requests are to be sent, warm-up included."""
        return self.warm_up + self.per_endpoint * len(self.endpoints)

    @property
    def duration_s(self) -> float:
        """How long sending them takes."""
        return self.arrivals / self.rate


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadRun:
    """What came of a plan.

    `samples` are the requests that were answered or failed, `stopped` is why the kill switch ended the run early
    ("" where it did not) and `stopped_at_s` when. What was planned and is no sample counts as slow.
    """

    plan: Plan
    samples: tuple[Sample, ...]
    stopped: str = ""
    stopped_at_s: float | None = None

    @property
    def sending_s(self) -> float:
        """For how long the generator was to send: the whole plan, or until the kill switch."""
        return self.plan.duration_s if self.stopped_at_s is None else self.stopped_at_s

    @property
    def judged(self) -> tuple[Sample, ...]:
        """The samples after the warm-up."""
        return tuple(sample for sample in self.samples if not sample.is_warm_up)

    def of(self, endpoint: str) -> tuple[Sample, ...]:
        """Return the judged samples of one endpoint."""
        return tuple(sample for sample in self.judged if sample.endpoint == endpoint)

    @property
    def series(self) -> dict[str, Series]:
        """What the verdict looks at, endpoint by endpoint."""
        return {name: Series(self.of(name), self.plan.per_endpoint) for name in self.plan.endpoints}

    @property
    def series_with_warm_up(self) -> dict[str, Series]:
        """What was sent at all, endpoint by endpoint: an error is one, also while warming up."""
        return series_of(self.samples)

    def shown(self, limit_ms: float) -> dict[str, Any]:
        """Return what evidence keeps beside the raw samples: the plan and one summary per endpoint."""
        summaries = {name: summary(series, limit_ms) for name, series in self.series.items()}
        return {
            "limit_ms": limit_ms,
            "plan": asdict(self.plan),
            "stopped": self.stopped,
            "dropped_warm_up": sum(sample.is_warm_up for sample in self.samples),
            "endpoints": summaries,
        }


def series_of(samples: Iterable[Sample]) -> dict[str, Series]:
    """Return samples that were all planned and all came back, endpoint by endpoint."""
    found: dict[str, list[Sample]] = {}
    for sample in samples:
        found.setdefault(sample.endpoint, []).append(sample)
    return {name: Series(tuple(some), len(some)) for name, some in found.items()}


def percentile(sorted_values: Sequence[float], percent: float) -> float:
    """Return the nearest-rank percentile: a value that was measured, never one between two. NaN of nothing."""
    if not sorted_values:
        return math.nan
    rank = max(1, math.ceil(percent / 100 * len(sorted_values)))
    return sorted_values[rank - 1]


def summary(series: Series, limit_ms: float) -> dict[str, Any]:
    """Return one endpoint's numbers: times in ms of all that came back, and what the verdict counts.

    `quantiles_ms` are the 0th to the 100th percentile in steps of one.
    """
    times = series.times_ms
    return {
        "n": series.planned,
        "answered": len(times),
        "errors": series.errors,
        "slow": series.slow(limit_ms),
        **{f"p{percent}": _rounded(percentile(times, percent)) for percent in (50, 90, 95, 99)},
        "max": _rounded(times[-1] if times else math.nan),
        "quantiles_ms": [_rounded(percentile(times, step)) for step in range(_QUANTILES + 1)] if times else [],
    }


def as_csv_gz(samples: Iterable[Sample]) -> bytes:
    """Return all samples as gzipped CSV with a header line; the same samples give the same bytes."""
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow(_COLUMNS)
    writer.writerows(astuple(sample) for sample in samples)
    return gzip.compress(text.getvalue().encode(), mtime=0)


def _rounded(value: float) -> float | None:
    return None if math.isnan(value) else round(value, 1)
