"""How long an API took to answer, request by request."""

from __future__ import annotations

import csv
import gzip
import io
import math
from collections.abc import Iterable, Sequence
from dataclasses import astuple, dataclass, fields
from typing import Any, Final

UNSENT: Final = "not sent: as many as the budget allows were waiting"
"""The `error` of a request that [load] concurrent kept back, because so many before it had no answer yet."""

_QUANTILES: Final = 100  # steps of the recorded distribution: enough for a curve and for comparing two runs


@dataclass(frozen=True, slots=True)
class Sample:
    """One request of the load.

    `intended_s` is when it was to begin, in seconds from the beginning of the load; `lag_ms` how much later the
    generator really sent it (its own fault). `latency_ms` runs from the *intended* start to the last byte, so that
    a request that had to wait for a frozen server shows the wait. `error` is "" for a promised status with a body
    that holds what the endpoint promises; else a status, a time-out, a reset or "wrong body". `kind` says what the
    address stands for ("long", "with media"), "" where the endpoint has only one.
    """

    endpoint: str
    intended_s: float
    lag_ms: float
    latency_ms: float
    status: int
    size_bytes: int
    error: str = ""
    is_warm_up: bool = False
    kind: str = ""

    def is_slow(self, limit_ms: float) -> bool:
        """Whether it broke the promise "below the limit": too late, or not answered as promised."""
        return bool(self.error) or self.latency_ms >= limit_ms

    @property
    def is_unsent(self) -> bool:
        """Whether it was never sent, because too many others were still waiting."""
        return self.error == UNSENT


@dataclass(frozen=True, slots=True)
class Series:
    """The requests to one endpoint; `planned` is how many there were to be, fixed before the first."""

    samples: tuple[Sample, ...]
    planned: int

    @property
    def times_ms(self) -> list[float]:
        """The latencies of all that were sent and came back, shortest first."""
        return sorted(sample.latency_ms for sample in self.samples if not sample.is_unsent)

    @property
    def errors(self) -> int:
        """How many were sent and not answered as promised."""
        return sum(bool(sample.error) and not sample.is_unsent for sample in self.samples)

    def slow(self, limit_ms: float) -> int:
        """Return how many of the planned were not below the limit; what never came back is among them."""
        return self.planned - sum(not sample.is_slow(limit_ms) for sample in self.samples)

    def by_kind(self) -> dict[str, Series]:
        """Return what was asked for each kind of address, of those that have one."""
        found: dict[str, list[Sample]] = {}
        for sample in self.samples:
            if sample.kind:
                found.setdefault(sample.kind, []).append(sample)
        return {kind: Series(tuple(some), len(some)) for kind, some in found.items()}


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
    writer.writerow(field.name for field in fields(Sample))
    writer.writerows(astuple(sample) for sample in samples)
    return gzip.compress(text.getvalue().encode(), mtime=0)


def _rounded(value: float) -> float | None:
    return None if math.isnan(value) else round(value, 1)
