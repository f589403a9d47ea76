"""Whether requests came faster than they were answered: then the wait tells of the pace as much as of the release."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import median
from typing import Final

from releasegate.core.facts.latency import Sample, Series

_FEWEST: Final = 20  # answers; fewer tell no pace
_KEEPS_UP: Final = 0.9  # of the pace: the last few answers always come after the last request
_GROWS: Final = 1.3  # times as long in each third of the load as in the one before: a freeze is in one of them alone
_MOST_PARTS: Final = 3  # of five


@dataclass(frozen=True, slots=True, kw_only=True)
class Backlog:
    """How many requests a second an endpoint was asked, and how many it answered."""

    asked: float
    answered: float

    def __str__(self) -> str:
        return f"it was asked {self.asked:.1f} times a second and answered {self.answered:.1f}, so a queue grew"


def backlog(series: Series) -> Backlog | None:
    """Return the two paces of a load whose queue grew to its end, None where it did not.

    Requests on a schedule do not wait for one another, so what a server cannot do in time piles up.
    """
    samples = sorted(series.samples, key=lambda sample: sample.intended_s)
    starts = [sample.intended_s for sample in samples]
    answers = [sample for sample in samples if not sample.error]
    if len(answers) < _FEWEST:
        return None
    span_s = starts[-1] - starts[0]
    ended_s = max(sample.intended_s + sample.latency_ms / 1000 for sample in answers) - starts[0]
    asked, answered = (len(starts) - 1) / span_s if span_s else 0.0, len(answers) / ended_s
    is_behind = answered < asked * _KEEPS_UP and (_is_held_back(samples) or _grows(answers))
    return Backlog(asked=asked, answered=answered) if is_behind else None


def _parts(samples: Sequence[Sample], many: int) -> list[Sequence[Sample]]:
    ends = [len(samples) * part // many for part in range(many + 1)]
    return [samples[begin:end] for begin, end in pairwise(ends)]


def _grows(answers: Sequence[Sample]) -> bool:
    """Whether people waited longer and longer."""
    first, middle, last = (median(one.latency_ms for one in part) for part in _parts(answers, 3))
    return middle > first * _GROWS and last > middle * _GROWS


def _is_held_back(samples: Sequence[Sample]) -> bool:
    """Whether as many waited as the budget allows, in most parts of the load: a freeze does that in one or two."""
    return sum(any(one.is_unsent for one in part) for part in _parts(samples, 5)) >= _MOST_PARTS
