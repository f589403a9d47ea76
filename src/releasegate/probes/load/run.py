"""One load, sent by processes of its own, and every sample of it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from releasegate.core import CannotMeasure, Measurement
from releasegate.core.facts.latency import as_csv_gz
from releasegate.core.facts.load import LoadRun, Plan
from releasegate.probes.http import Api
from releasegate.probes.load.aim import Aim
from releasegate.probes.load.order import lines_in, order_of, read_samples, samples_of, timeout_s

Watcher = Callable[[LoadRun, float], None]
"""Is shown, about once a second, what has come so far and after how many seconds of sending."""

_START_S: Final = 30.0  # for Python and Locust to start on a busy machine
_LOOK_S: Final = 0.1  # between two looks at whether it is done
_SHOW_S: Final = 1.0  # between two looks at the samples so far


def run(api: Api, aim: Aim, plan: Plan, *, limit_ms: float, watcher: Watcher | None = None) -> Measurement[LoadRun]:
    """Send the planned load and return every sample; the raw ones become the blob samples.csv.gz.

    Raises CannotMeasure when the generator cannot run or dies; a target that breaks is in the samples.
    """
    began = time.perf_counter()
    with tempfile.TemporaryDirectory(prefix="releasegate-load-") as folder:  # mode 0700: the order holds the token
        order, samples = Path(folder, "order.json"), Path(folder, "samples.jsonl")
        write_privately(order, json.dumps(order_of(api, aim, plan)))
        with generator([sys.executable, "-m", "releasegate.probes.load.driver", str(order), str(samples)]) as process:
            wait(process, samples, plan, longest_s=plan.duration_s + timeout_s(api) + _START_S, watcher=watcher)
        result = read_samples(samples, plan)
    return measured(api, aim, result, limit_ms=limit_ms, duration_s=time.perf_counter() - began)


def measured(api: Api, aim: Aim, result: LoadRun, *, limit_ms: float, duration_s: float) -> Measurement[LoadRun]:
    """Return what came of a load as a measurement."""
    asked = (api.curl(aim.urls[name][0]) for name in result.plan.counts)
    return Measurement(
        value=result,
        unit="requests",
        rows=len(result.samples),
        query="; ".join(f"{result.plan.rate:g}/s over all endpoints: {one}" for one in asked),
        duration_s=duration_s,
        shown=result.shown(limit_ms),
        blobs={"samples.csv.gz": as_csv_gz(result.samples)},
    )


@contextmanager
def generator(command: list[str]) -> Iterator[subprocess.Popen[str]]:
    """Start a generator and end it in any case: also when somebody interrupts the gate nothing goes on sending."""
    with tempfile.TemporaryFile("w+", encoding="utf-8", errors="replace") as said:
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=said, text=True)
        try:
            yield process
        finally:
            process.kill()
            process.wait()
        if process.returncode > 0:
            said.seek(0)
            last = said.read().strip().splitlines()[-1:] or ["(it said nothing)"]
            raise CannotMeasure(f"the load generator ended with exit code {process.returncode}: {last[0]}")


def wait(
    process: subprocess.Popen[str], samples: Path, plan: Plan, *, longest_s: float, watcher: Watcher | None
) -> None:
    """Wait for a generator to end, and show what has come so far. Raises CannotMeasure after `longest_s`."""
    until, shown, at, sent_from = time.monotonic() + longest_s, 0.0, 0, 0.0
    so_far = LoadRun(plan=plan, samples=())
    while process.poll() is None:
        now = time.monotonic()
        if now > until:
            raise CannotMeasure(f"the load generator was not done after {longest_s:.0f} s and was stopped")
        if watcher and now - shown >= _SHOW_S:
            lines, at = lines_in(samples, at=at)
            so_far = LoadRun(plan=plan, samples=so_far.samples + samples_of(lines))
            sent_from = sent_from or (now if so_far.samples else 0.0)
            shown = now
            watcher(so_far, now - sent_from if sent_from else 0.0)
        time.sleep(_LOOK_S)


def write_privately(file: Path, text: str) -> None:
    """Write a file that nobody else can read: it holds a token."""
    with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as out:
        out.write(text)
