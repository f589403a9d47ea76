"""One line per endpoint of a load, in numbers: for the table of the report, for JSON, and for who watches it run."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any, Final

from releasegate.checks.binomial import Side, fewest_slow_that_fail, most_slow, requests_to_tell, side
from releasegate.checks.latency import Limit
from releasegate.core.facts.latency import Series, summary
from releasegate.core.facts.load import BLOCK_S, LoadRun

_WORDS: Final = {Side.BELOW: "below", Side.ABOVE: "above", Side.UNKNOWN: "cannot tell"}


def rows(series: Mapping[str, Series], limit: Limit) -> dict[str, dict[str, Any]]:
    """Return endpoint -> n, percentiles in ms, slow, the two bounds, and on which side of the limit it lies."""
    return {name: {**summary(one, limit.ms), **_verdict(one, limit)} for name, one in series.items()}


def _verdict(series: Series, limit: Limit) -> dict[str, Any]:
    n, slow = series.planned, series.slow(limit.ms)
    found = side(slow, n, limit.percentile)
    return {
        "passes_up_to": most_slow(n, limit.percentile),
        "fails_from": fewest_slow_that_fail(n, limit.percentile),
        "verdict": _WORDS[found],
        "needed": requests_to_tell(slow, n, limit.percentile) if n and found is Side.UNKNOWN else n,
    }


def so_far(run: LoadRun, sent_s: float, limit: Limit) -> str:
    """Return how a load is going, in one line: seconds left, rate, slow ones, and on which side of the limit it is.

    It decides nothing: how many requests are judged was fixed before the first.
    """
    judged = [sample for sample in run.judged if sample.endpoint in run.plan.counts]
    slow = sum(sample.is_slow(limit.ms) for sample in judged)
    left = max(0.0, run.plan.duration_s - sent_s)
    return (
        f"{left:.0f} s left: {len(run.samples)} of {run.plan.arrivals} requests, {_rate(run, sent_s):.0f} a second, "
        f"{slow} slow; {_sides(run, limit)}"
    )


def _rate(run: LoadRun, sent_s: float) -> float:
    return len(run.samples) / sent_s if sent_s else 0.0


def _sides(run: LoadRun, limit: Limit) -> str:
    """Return which endpoints lie on which side of the limit so far; those above it first."""
    found: dict[Side, list[str]] = {}
    for name, one in run.series.items():
        sent = Series(one.samples, len(one.samples))
        found.setdefault(side(sent.slow(limit.ms), sent.planned, limit.percentile), []).append(name)
    said = {
        Side.ABOVE: f"above {limit.ms:g} ms",
        Side.UNKNOWN: "too early to tell",
        Side.BELOW: f"below {limit.ms:g} ms",
    }
    return "; ".join(f"{words}: {', '.join(found[where])}" for where, words in said.items() if where in found)


def blocks(run: LoadRun, limit: Limit) -> list[dict[str, dict[str, Any]]]:
    """Return the same numbers for every block of the load, without the curve."""
    return [
        {name: {key: value for key, value in row.items() if key != "quantiles_ms"} for name, row in found.items()}
        for found in (rows(block, limit) for block in run.blocks)
    ]


def as_json(
    run: LoadRun, numbers: Mapping[str, Mapping[str, Any]], of_blocks: Sequence[Mapping[str, Any]], limit: Limit
) -> bytes:
    """Return everything that the report shows of a load as a JSON document, for other programs."""
    kinds = {name: {kind: {"n": one.planned, "slow": one.slow(limit.ms)} for kind, one in series.by_kind().items()}
             for name, series in run.series.items()}  # fmt: skip
    document = {
        "limit_ms": limit.ms,
        "percentile": limit.percentile,
        "source": limit.source,
        "rate_per_s": run.plan.rate,
        "warm_up": run.plan.warm_up,
        "block_s": BLOCK_S,
        "stopped": run.stopped,
        "kinds": kinds,
        "endpoints": numbers,
        "blocks": of_blocks,
    }
    return json.dumps(document, indent=1, ensure_ascii=False).encode()
