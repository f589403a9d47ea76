"""Sending a load: with one process, or with several that Locust joins."""

from __future__ import annotations

from collections.abc import Callable

from releasegate.core import Measurement
from releasegate.core.facts.load import LoadRun, Plan
from releasegate.probes.http import Api
from releasegate.probes.load import several
from releasegate.probes.load.aim import Aim
from releasegate.probes.load.run import Watcher, run
from releasegate.target.models import Load


def send(
    api: Api,
    aim: Aim,
    plan: Plan,
    budget: Load,
    *,
    limit_ms: float,
    say: Callable[[str], None],
    watcher: Watcher | None = None,
) -> Measurement[LoadRun]:
    """Send the planned load as the budget says; `say` tells the operator how other machines join.

    Raises CannotMeasure when a generator cannot run or dies.
    """
    if not plan.arrivals:
        return several.nothing(plan, limit_ms=limit_ms)
    if budget.workers == 1 and budget.join is None:
        return run(api, aim, plan, limit_ms=limit_ms, watcher=watcher)
    return several.run(api, aim, plan, budget, limit_ms=limit_ms, say=say, watcher=watcher)
