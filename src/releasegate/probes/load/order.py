"""What a generator is told, and what it writes: the order, and the samples that come of it."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from releasegate.change.models import ListEndpoint
from releasegate.core import CannotMeasure
from releasegate.core.durations import parse_duration
from releasegate.core.facts.latency import Sample
from releasegate.core.facts.load import LoadRun, Plan
from releasegate.probes.http import Api
from releasegate.probes.load.aim import Aim


def order_of(api: Api, aim: Aim, plan: Plan) -> dict[str, Any]:
    """Return whom to ask, as whom, and every request in its turn, each endpoint's addresses one after the other."""
    wheels = {name: itertools.cycle(aim.urls[name]) for name in plan.counts}
    return {
        "host": api.backend.url,
        "headers": api.session_headers(),
        "verify_tls": api.backend.verify_tls,
        "timeout_s": timeout_s(api),
        "concurrent": plan.concurrent,
        "stop_at_error_share": plan.stop.error_share,
        "stop_at_latency_ms": plan.stop.latency_ms,
        "requests": [
            {
                **_request(aim, name, next(wheels[name])),
                "due_s": number / plan.rate,
                "is_warm_up": number < plan.warm_up,
            }
            for number, name in enumerate(plan.turns)
        ],
    }


def _request(aim: Aim, name: str, url: str) -> dict[str, Any]:
    promise = aim.promises[name]
    lists = list(promise.list) if isinstance(promise, ListEndpoint) else None
    return {"endpoint": name, "url": url, "status": promise.status, "lists": lists, "kind": aim.kinds.get(url, "")}


def shares_of(order: dict[str, Any], workers: int) -> list[dict[str, Any]]:
    """Return the order cut into one for each of `workers`: every n-th request, at the time it had."""
    concurrent = max(1, order["concurrent"] // workers)
    return [
        {**order, "concurrent": concurrent, "requests": order["requests"][worker::workers]} for worker in range(workers)
    ]


def lines_in(file: Path, *, at: int = 0) -> tuple[list[dict[str, Any]], int]:
    """Return the whole lines of what a generator has written from byte `at` on, and where the next ones begin."""
    if not file.exists():
        return [], at
    with file.open("rb") as written:
        written.seek(at)
        whole, _, _ = written.read().rpartition(b"\n")
    return [json.loads(line) for line in whole.splitlines()], at + len(whole) + (1 if whole else 0)


def samples_of(lines: Iterable[dict[str, Any]]) -> tuple[Sample, ...]:
    """Return the samples among lines."""
    return tuple(Sample(**line) for line in lines if "endpoint" in line)


def read_samples(file: Path, plan: Plan, *, workers: int = 1) -> LoadRun:
    """Return what `workers` generators wrote. Raises CannotMeasure where the last line of one of them is missing."""
    lines, _ = lines_in(file)
    ends = [line for line in lines if "ended" in line]
    samples = samples_of(lines)
    if len(ends) < workers:
        missing = f" of {workers - len(ends)} of {workers} workers" if workers > 1 else ""
        raise CannotMeasure(f"the load generator{missing} was cut off after {len(samples)} of {plan.arrivals} requests")
    stopped = next((end["stopped"] for end in ends if end["stopped"]), "")
    return LoadRun(
        plan=plan,
        samples=samples,
        stopped=stopped,
        stopped_at_s=max(end["sent_s"] for end in ends) if stopped else None,
        cpu_share=max(end["cpu_share"] for end in ends),
    )


def timeout_s(api: Api) -> float:
    """Return for how many seconds an answer is waited for."""
    return parse_duration(api.backend.timeout, where="[backend] timeout").total_seconds()
