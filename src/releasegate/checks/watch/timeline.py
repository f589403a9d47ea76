"""The signals of a watch as data for a plot: thinned, with baseline, limit, gaps and marks."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from releasegate.checks.watch.coverage import gaps
from releasegate.checks.watch.promise import Before, WatchPromise
from releasegate.checks.watch.rules import baseline, limits
from releasegate.checks.watch.signals import Signal, signals
from releasegate.core.facts.watch import Round

_MOST_POINTS: Final = 240  # per signal; a plot is no wider
_LEAD: Final = 0.5  # of the watch's length
GAP: Final = 2.5
"""From how many times the length of a round on nobody looked; a round that is a little late leaves no gap."""


def timeline(
    names: Iterable[str],
    rounds: Sequence[Round],
    promise: WatchPromise,
    before: Before,
    marks: Mapping[str, datetime],
) -> dict[str, Any]:
    """Return the signals called `names` as JSON-ready data; times are seconds since the watch began.

    `marks` are what happened around then, by its name: a deploy, a way back. The drawing begins at the earliest that
    lies no further before the watch than half of its length: that is the deploy that is watched.
    """
    began = rounds[0].at - timedelta(seconds=rounds[0].elapsed_s)
    end_s = max(rounds[-1].elapsed_s, promise.watch_s)
    found = [
        signal
        for name in names
        for signal in signals(name, rounds, status=promise.health_status, known=before.log_shapes or ())
    ]
    placed = ((name, (at - began).total_seconds()) for name, at in marks.items())
    shown = [(name, round(at, 1)) for name, at in placed if -_LEAD * end_s <= at <= end_s]
    return {
        "began": began.isoformat(),
        "begin_s": min([0.0, *(at for _, at in shown)]),
        "end_s": end_s,
        "gaps": [
            [round(gap.begin_s, 1), round(gap.end_s, 1)]
            for gap in gaps(rounds, promise.watch_s)
            if gap.length_s > GAP * rounds[0].every_s
        ],
        "marks": shown,
        "signals": [_shown(signal, promise, before) for signal in found],
    }


def _shown(signal: Signal, promise: WatchPromise, before: Before) -> dict[str, Any]:
    base = baseline(signal, before)
    highest = [high for rule in promise.rules_for(signal.name) if (high := limits(rule, base)[1]) is not None]
    limit = min(highest, default=None)
    if signal.name == "latency" and promise.limit is not None:
        limit = promise.limit.ms
    return {
        "label": signal.label,
        "unit": signal.unit,
        "points": _thinned(signal.seen),
        "baseline": [base.low, base.high] if base else None,
        "baseline_said": base.said if base else "",
        "limit": limit,
    }


def _thinned(points: Sequence[tuple[float, float]]) -> list[list[float]]:
    """Return at most 240 points; of those put together the highest is kept, so that no peak is lost."""
    size = max(1, -(-len(points) // _MOST_POINTS))
    groups = (points[place : place + size] for place in range(0, len(points), size))
    return [[round(at, 1), round(value, 4)] for at, value in (max(group, key=lambda one: one[1]) for group in groups)]
