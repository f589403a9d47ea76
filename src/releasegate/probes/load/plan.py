"""The load, fixed before its first request: how many to each endpoint, at which rate, inside the target's budget."""

from __future__ import annotations

import math
from typing import Final

from releasegate.core.durations import parse_duration
from releasegate.core.facts.load import Plan, Stop
from releasegate.probes.load.aim import SINGLE_REQUESTS, Aim
from releasegate.target.models import Load

_WARM_UP_S: Final = 1.0  # connections, caches and a just-in-time compiler get ready; sent, counted and not judged
_ABOVE_LIMIT: Final = 2  # times the promised limit: a load of answers that keep it is never ended
_ASIDE: Final = 60  # requests of the budget kept for health and endpoints afterwards, each asked for up to 5 s


def plan_for(aim: Aim, budget: Load, *, limit_ms: float) -> Plan:
    """Return the load that gives every judged endpoint the budget's `per_endpoint` requests, the others their share.

    A budget that is too small gives fewer requests than can carry a verdict; the check says how many are missing.
    With few `concurrent` requests the rate is what a deployment exactly at its limit could still take.
    """
    weights = {name: aim.weights.get(name, 1) for name in aim.loaded}
    least = min((weights[name] for name in aim.names), default=1)
    wanted = {name: math.ceil(budget.per_endpoint * weight / least) for name, weight in weights.items()}
    rate = min(budget.requests_per_second, budget.concurrent / (limit_ms / 1000))
    left = max(0, budget.total - SINGLE_REQUESTS * len(aim.names) - aim.asked - _ASIDE)
    warm_up = min(round(rate * _WARM_UP_S), left // 10)
    share = min(1.0, (left - warm_up) / max(1, sum(wanted.values())))
    longest = parse_duration(budget.stop_at_latency, where="[load] stop_at_latency").total_seconds() * 1000
    return Plan(
        counts={name: int(count * share) for name, count in wanted.items()},
        rate=rate,
        warm_up=warm_up,
        concurrent=budget.concurrent,
        stop=Stop(error_share=budget.stop_at_error_share, latency_ms=max(longest, _ABOVE_LIMIT * limit_ms)),
    )
