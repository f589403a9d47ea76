"""A load that several processes send: Locust's master here, its workers here too or on other machines."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Final

from releasegate.core import Measurement
from releasegate.core.facts.load import LoadRun, Plan
from releasegate.core.settings import for_children
from releasegate.probes.http import Api
from releasegate.probes.load.aim import Aim
from releasegate.probes.load.order import order_of, read_samples, shares_of, timeout_s
from releasegate.probes.load.run import Watcher, generator, measured, wait, write_privately
from releasegate.target.models import Load

LOCUSTFILE: Final = Path(__file__).with_name("locustfile.py")
_START_S: Final = 30.0  # for the workers that are started here, on a busy machine
_JOIN_S: Final = 300.0  # for people to type a command on other machines
_HEARTBEATS_S: Final = 15.0  # until a worker counts as lost


def run(
    api: Api,
    aim: Aim,
    plan: Plan,
    budget: Load,
    *,
    limit_ms: float,
    say: Callable[[str], None],
    watcher: Watcher | None = None,
) -> Measurement[LoadRun]:
    """Send the planned load with the budget's workers and return every sample of all of them.

    Raises CannotMeasure when they do not come, or when one of them dies: its part of the load is then unknown.
    """
    began = time.perf_counter()
    host, port = _address(budget)
    wait_s = _JOIN_S if budget.join else _START_S
    with tempfile.TemporaryDirectory(prefix="releasegate-load-") as folder:  # mode 0700: the shares hold the token
        shares, samples = Path(folder, "shares.json"), Path(folder, "samples.jsonl")
        write_privately(shares, json.dumps(shares_of(order_of(api, aim, plan), budget.workers)))
        command = [sys.executable, "-m", "releasegate.probes.load.conductor"]
        command += [str(shares), str(samples), host, str(port), str(wait_s)]
        longest_s = wait_s + plan.duration_s + timeout_s(api) + _HEARTBEATS_S
        with (
            generator(command) as master,
            ExitStack() as on,
        ):
            if budget.join:
                say(f"waiting for {budget.workers} workers; on the machine of each: {join_command(budget)}")
            else:
                for _ in range(budget.workers):
                    on.enter_context(_worker(host, port, Path(folder)))
            wait(master, samples, plan, longest_s=longest_s, watcher=watcher)
        result = read_samples(samples, plan, workers=budget.workers)
    return measured(api, aim, result, limit_ms=limit_ms, duration_s=time.perf_counter() - began)


def nothing(plan: Plan, *, limit_ms: float) -> Measurement[LoadRun]:
    """Return the load of a plan without a request: there was nothing to ask, or no budget for it."""
    empty = LoadRun(plan=plan, samples=())
    return Measurement(value=empty, unit="requests", rows=0, query="", duration_s=0, shown=empty.shown(limit_ms))


def join_command(budget: Load) -> str:
    """Return what one types on another machine that has this project, to join as a worker."""
    host, _, port = (budget.join or "").rpartition(":")
    locust = ".venv/bin/locust -f src/releasegate/probes/load/locustfile.py"
    return f"{locust} --worker --master-host {host} --master-port {port}"


@contextmanager
def _worker(host: str, port: int, folder: Path) -> Iterator[subprocess.Popen[bytes]]:
    """Start one worker here and end it in any case; it runs in `folder`, where no locust.conf of anybody lies."""
    command = [sys.executable, "-m", "locust", "-f", str(LOCUSTFILE), "--worker", "--loglevel", "ERROR"]
    command += ["--master-host", host, "--master-port", str(port)]
    process = subprocess.Popen(
        command, cwd=folder, env=for_children(without="LOCUST_") | {"HOME": str(folder)}, stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def _address(budget: Load) -> tuple[str, int]:
    if budget.join:
        host, _, port = budget.join.rpartition(":")
        return host, int(port)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return "127.0.0.1", int(probe.getsockname()[1])
