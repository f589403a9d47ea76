"""A load: what was planned before its first request, and what came of it."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from itertools import chain
from typing import Any, Final

from releasegate.core.facts.latency import Sample, Series, series_of, summary

BLOCK_S: Final = 10.0
"""How long a block is that is judged by itself, so that a stall is not averaged away (the last one may be longer)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stop:
    """When a load is ended at once: at this share of errors (0 to 1), or when half of it takes this long (ms)."""

    error_share: float
    latency_ms: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What the load is to be, fixed before the first request.

    `counts` are the judged requests to each endpoint. `rate` is arrivals per second over all of them, evenly spaced;
    the first `warm_up` arrivals are sent, counted and not judged. `concurrent` is how many may wait for an answer.
    """

    counts: Mapping[str, int]
    rate: float
    warm_up: int
    concurrent: int
    stop: Stop

    @property
    def turns(self) -> tuple[str, ...]:
        """Which endpoint is asked at each arrival: each spread evenly over the load, and over the warm-up too."""
        places = ((turn + 0.5) / count for count in self.counts.values() for turn in range(count))
        names = chain.from_iterable([name] * count for name, count in self.counts.items())
        judged = [name for _, name in sorted(zip(places, names, strict=True))]
        again = math.ceil(self.warm_up / len(judged)) if judged else 0
        return tuple((judged * again)[: self.warm_up] + judged)

    @property
    def arrivals(self) -> int:
        """How many requests are to be sent, warm-up included."""
        return self.warm_up + sum(self.counts.values())

    @property
    def duration_s(self) -> float:
        """How long sending them takes."""
        return self.arrivals / self.rate

    @property
    def blocks(self) -> int:
        """How many blocks the judged part has; at least one."""
        return max(1, int((self.duration_s - self.warm_up / self.rate) / BLOCK_S))

    def block_at(self, intended_s: float) -> int:
        """Return the number, from 0, of the block that an arrival at this second of the load belongs to."""
        return min(self.blocks - 1, int((intended_s - self.warm_up / self.rate) / BLOCK_S))


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadRun:
    """What came of a plan.

    `samples` are the requests that were answered or failed, `stopped` is why the kill switch ended the run early
    ("" where it did not) and `stopped_at_s` when. What was planned and is no sample counts as slow. `cpu_share` is
    how much of one core the busiest generator took, 0 to 1.
    """

    plan: Plan
    samples: tuple[Sample, ...]
    stopped: str = ""
    stopped_at_s: float | None = None
    cpu_share: float = 0.0

    @property
    def sending_s(self) -> float:
        """For how long the generator was to send: the whole plan, or until the kill switch."""
        return self.plan.duration_s if self.stopped_at_s is None else self.stopped_at_s

    @property
    def dropped(self) -> int:
        """How many arrivals the generator lost by itself; none where the kill switch kept the rest back."""
        return 0 if self.stopped else self.plan.arrivals - len(self.samples)

    @property
    def judged(self) -> tuple[Sample, ...]:
        """The samples after the warm-up."""
        return tuple(sample for sample in self.samples if not sample.is_warm_up)

    @property
    def series(self) -> dict[str, Series]:
        """What the verdict looks at, endpoint by endpoint."""
        found = series_of(self.judged)
        return {name: Series(_samples(found, name), count) for name, count in self.plan.counts.items()}

    @property
    def series_with_warm_up(self) -> dict[str, Series]:
        """What was sent at all, endpoint by endpoint: an error is one, also while warming up."""
        return series_of(sample for sample in self.samples if not sample.is_unsent)

    @property
    def blocks(self) -> tuple[dict[str, Series], ...]:
        """The same as `series` for each block, in order; what the kill switch kept back is in none."""
        planned: list[dict[str, int]] = [dict.fromkeys(self.plan.counts, 0) for _ in range(self.plan.blocks)]
        for number, name in enumerate(self.plan.turns):
            due = number / self.plan.rate
            if number >= self.plan.warm_up and due <= self.sending_s:
                planned[self.plan.block_at(due)][name] += 1
        found: list[list[Sample]] = [[] for _ in planned]
        for sample in self.judged:
            found[self.plan.block_at(sample.intended_s)].append(sample)
        return tuple(
            {name: Series(_samples(series_of(some), name), count) for name, count in counts.items()}
            for some, counts in zip(found, planned, strict=True)
        )

    def shown(self, limit_ms: float) -> dict[str, Any]:
        """Return what evidence keeps beside the raw samples: the plan and one summary per endpoint."""
        return {
            "limit_ms": limit_ms,
            "plan": {**asdict(self.plan), "counts": dict(self.plan.counts), "arrivals": self.plan.arrivals},
            "stopped": self.stopped,
            "dropped_warm_up": sum(sample.is_warm_up for sample in self.samples),
            "generator_cpu_share": round(self.cpu_share, 3),
            "endpoints": {name: summary(series, limit_ms) for name, series in self.series.items()},
        }


def _samples(found: Mapping[str, Series], name: str) -> tuple[Sample, ...]:
    return found[name].samples if name in found else ()
