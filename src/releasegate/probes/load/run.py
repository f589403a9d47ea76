"""One load, planned within the target's budget and sent by a process of its own."""

from __future__ import annotations

import itertools
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from releasegate.change.models import ListEndpoint
from releasegate.core import CannotMeasure, Measurement
from releasegate.core.durations import parse_duration
from releasegate.core.facts.latency import LoadRun, Plan, Sample, as_csv_gz
from releasegate.probes.http import Api
from releasegate.probes.load.aim import SINGLE_REQUESTS, Aim
from releasegate.target.models import Load

_WARM_UP_S: Final = 2.0  # connections, caches and a just-in-time compiler get ready; sent, counted and not judged
_SENDING_S: Final = 15.0  # a load as long as this carries more requests where the budget's rate allows,
_FEWEST: Final = 300  # never fewer for one endpoint than this (8 slow ones still pass a p95, 22 fail it),
_MOST: Final = 1000  # and never more than this (38 pass, 63 fail)
_ASIDE: Final = 20  # requests of the budget kept for the list of conversations and for health afterwards
_START_S: Final = 30.0  # for Python and Locust to start on a busy machine


def plan_for(aim: Aim, budget: Load) -> Plan:
    """Fix the load before its first request: how many per endpoint, at which rate, inside `budget`.

    A budget that is too small gives fewer requests than can carry a verdict; the check says how many are missing.
    """
    count = max(1, len(aim.names))
    rate = budget.requests_per_second
    left = max(0, budget.total - SINGLE_REQUESTS * count - _ASIDE)
    warm_up = min(round(rate * _WARM_UP_S), left // 10)
    wanted = min(_MOST, max(_FEWEST, int(rate * _SENDING_S / count)))
    return Plan(
        endpoints=aim.names,
        rate=rate,
        warm_up=warm_up,
        per_endpoint=min(wanted, (left - warm_up) // count),
        stop_at_error_share=budget.stop_at_error_share,
    )


def run(api: Api, aim: Aim, plan: Plan, *, limit_ms: float) -> Measurement[LoadRun]:
    """Send the planned load and return every sample; the raw ones become the blob samples.csv.gz.

    Raises CannotMeasure when the generator cannot run or dies; a target that breaks is in the samples.
    """
    began = time.perf_counter()
    with tempfile.TemporaryDirectory(prefix="releasegate-load-") as folder:  # mode 0700: the order holds the token
        order, samples = Path(folder, "order.json"), Path(folder, "samples.jsonl")
        _write_privately(order, json.dumps(order_of(api, aim, plan)))
        _drive(order, samples, longest_s=plan.duration_s + _timeout_s(api) + _START_S)
        result = read_samples(samples, plan)
    return Measurement(
        value=result,
        unit="requests",
        rows=len(result.samples),
        query="; ".join(f"{plan.rate:g}/s over all endpoints: {api.curl(aim.urls[name][0])}" for name in aim.names),
        duration_s=time.perf_counter() - began,
        shown=result.shown(limit_ms),
        blobs={"samples.csv.gz": as_csv_gz(result.samples)},
    )


def order_of(api: Api, aim: Aim, plan: Plan) -> dict[str, Any]:
    """Return what the generator is told: whom to ask, as whom, and every request in its turn."""
    turns = itertools.islice(_turns(aim), plan.arrivals if aim.names else 0)
    return {
        "host": api.backend.url,
        "headers": api.session_headers(),
        "verify_tls": api.backend.verify_tls,
        "timeout_s": _timeout_s(api),
        "rate": plan.rate,
        "stop_at_error_share": plan.stop_at_error_share,
        "requests": [{**turn, "is_warm_up": number < plan.warm_up} for number, turn in enumerate(turns)],
    }


def _turns(aim: Aim) -> Iterator[dict[str, Any]]:
    """Yield for ever one request of each endpoint in turn, each time with the endpoint's next address."""
    wheels = {name: itertools.cycle(aim.urls[name]) for name in aim.names}
    for name in itertools.cycle(aim.names):
        promise = aim.promises[name]
        lists = list(promise.list) if isinstance(promise, ListEndpoint) else None
        yield {"endpoint": name, "url": next(wheels[name]), "status": promise.status, "lists": lists}


def read_samples(file: Path, plan: Plan) -> LoadRun:
    """Return what the generator wrote. Raises CannotMeasure where its last line is missing."""
    lines = [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()] if file.exists() else []
    if not lines or "ended" not in lines[-1]:
        raise CannotMeasure(f"the load generator was cut off after {len(lines)} of {plan.arrivals} requests")
    end = lines.pop()
    return LoadRun(
        plan=plan,
        samples=tuple(Sample(**line) for line in lines),
        stopped=end["stopped"],
        stopped_at_s=end["sent_s"] if end["stopped"] else None,
    )


def _drive(order: Path, samples: Path, *, longest_s: float) -> None:
    command = [sys.executable, "-m", "releasegate.probes.load.driver", str(order), str(samples)]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True) as generator:
        try:
            _, said = generator.communicate(timeout=longest_s)
        except subprocess.TimeoutExpired as error:
            raise CannotMeasure(f"the load generator was not done after {longest_s:.0f} s and was stopped") from error
        finally:
            generator.kill()  # also when somebody interrupts the gate: nothing goes on sending
    if generator.returncode:
        last = said.strip().splitlines()[-1:] or ["(it said nothing)"]
        raise CannotMeasure(f"the load generator ended with exit code {generator.returncode}: {last[0]}")


def _timeout_s(api: Api) -> float:
    return parse_duration(api.backend.timeout, where="[backend] timeout").total_seconds()


def _write_privately(file: Path, text: str) -> None:
    with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as out:
        out.write(text)
