"""The load generator, judged before anything it measured: what it could not send in time proves nothing."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from releasegate.checks.latency import Limit
from releasegate.core import Judgement
from releasegate.core.facts.latency import percentile
from releasegate.core.facts.load import LoadRun
from releasegate.core.figures import count

_LEAST_RATE: Final = 0.95  # of the planned arrivals per second
_MOST_LAG: Final = 0.1  # of the limit: a generator later than this would blame the deployment for its own delay
_MOST_CPU: Final = 0.8  # of one core: beyond it a generator's own queue shows in the latencies
_MOST_DROPPED: Final = 0.001  # of the arrivals


def generator_kept_up(run: LoadRun, limit: Limit) -> Judgement:
    """Judge the load generator itself: at least 95 % of the planned rate, and no delay of its own that matters.

    It never says that the deployment is wrong.
    """
    rate = len(run.samples) / run.sending_s if run.sending_s else 0.0
    return Judgement(
        seen=len(run.samples),
        unit="requests",
        holds=f"{count(len(run.samples), 'request')} at {rate:.1f}/s of {run.plan.rate:g}/s planned, "
        f"{lag_ms(run):.0f} ms late (p95), {run.cpu_share:.0%} of a core"
        + (f"; ended early: {run.stopped}" if run.stopped else ""),
        undecided=own_trouble(run, limit),
    )


def shown(run: LoadRun) -> dict[str, Any]:
    """Return what evidence keeps of the generator: what was planned, and how it kept up."""
    return {
        "arrivals": run.plan.arrivals,
        "rate_per_s": run.plan.rate,
        "warm_up": run.plan.warm_up,
        "sent": len(run.samples),
        "lost": run.dropped,
        "lag_p95_ms": round(lag_ms(run), 1),
        "cpu_share_of_a_core": round(run.cpu_share, 3),
        "stopped": run.stopped,
    }


def own_trouble(run: LoadRun, limit: Limit) -> str:
    """Return why the generator's samples cannot be trusted, "" when they can."""
    if not run.plan.arrivals:
        return ""  # there was nothing to ask, or no budget for it: each endpoint's own verdict says which
    return next(_troubles(run, limit), "") if run.samples else "no request was sent"


def _troubles(run: LoadRun, limit: Limit) -> Iterator[str]:
    last_s = max(sample.intended_s + sample.lag_ms / 1000 for sample in run.samples)
    rate, planned = len(run.samples) / max(run.plan.duration_s, last_s), run.plan.rate
    if not run.stopped and rate < _LEAST_RATE * planned:
        yield f"the load generator sent {rate:.1f} of {planned:g} requests per second; run it on a freer machine"
    if lag_ms(run) > _MOST_LAG * limit.ms:
        yield f"the load generator itself was {lag_ms(run):.0f} ms late (p95); {_FREER}"
    if run.cpu_share > _MOST_CPU:
        yield f"the load generator took {run.cpu_share:.0%} of a core, more than {_MOST_CPU:.0%}; {_SHARED}"
    if run.dropped > _MOST_DROPPED * run.plan.arrivals:
        yield f"the load generator lost {run.dropped} of {run.plan.arrivals} requests; {_FREER}"


_FREER: Final = "run it on a machine with more time to spare"
_SHARED: Final = "lower [load] requests_per_second, or share it among [load] workers"


def lag_ms(run: LoadRun) -> float:
    """Return how late the generator itself was, at the 95th percentile; 0 where it sent nothing."""
    return percentile(sorted(sample.lag_ms for sample in run.samples), 95) if run.samples else 0.0
