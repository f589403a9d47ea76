"""Whether the API stood still for a while, which a percentile over the whole load would average away."""

from __future__ import annotations

from collections.abc import Mapping

from releasegate.checks.binomial import ALPHA, Side, fewest_slow_that_fail, side
from releasegate.checks.latency import Limit
from releasegate.core import Finding, Judgement
from releasegate.core.facts.latency import Series, percentile
from releasegate.core.facts.load import BLOCK_S, LoadRun
from releasegate.core.figures import count


def no_block_above(check: str, run: LoadRun, limit: Limit, runs: Mapping[str, str]) -> Judgement:
    """Judge that no block of 10 s of any endpoint in `runs` lies above the limit, by the same exact binomial test.

    The level is divided by the number of blocks, so that a longer load makes no more false alarms (Bonferroni).
    """
    blocks = run.blocks
    alpha = ALPHA / len(blocks)
    findings = [
        Finding(
            check=check,
            subject=f"{name}, second {_begin(run, number):.0f} to {_begin(run, number + 1):.0f}",
            want=f"{limit}, also in every {BLOCK_S:g} s ({limit.source})",
            have=_have(block[name], limit, alpha),
            why="everybody who asks in such a while waits, however fast the rest of the minute is",
            fix="look for what happened then: a lock, a checkpoint, a garbage collection, a pool that ran dry",
            run=runs[name],
        )
        for number, block in enumerate(blocks)
        for name in runs
        if name in block and _is_above(block[name], limit, alpha)
    ]
    return Judgement(
        seen=sum(len(block[name].samples) for block in blocks for name in runs if name in block),
        unit="requests",
        holds=f"{count(len(blocks), 'block')} of {BLOCK_S:g} s or a little more, none above the limit by itself",
        findings=tuple(findings),
    )


def _is_above(series: Series, limit: Limit, alpha: float) -> bool:
    return side(series.slow(limit.ms), series.planned, limit.percentile, alpha=alpha) is Side.ABOVE


def _begin(run: LoadRun, number: int) -> float:
    """Return the second of the load at which a block begins; behind the last one, at which the load ended."""
    return run.sending_s if number == run.plan.blocks else run.plan.warm_up / run.plan.rate + number * BLOCK_S


def _have(series: Series, limit: Limit, alpha: float) -> str:
    fails = fewest_slow_that_fail(series.planned, limit.percentile, alpha=alpha)
    return (
        f"{series.slow(limit.ms)} of {series.planned} not below {limit.ms:g} ms, "
        f"the longest {percentile(series.times_ms, 100):.0f} ms; {fails} or more are too many for chance"
    )
