"""Driving the load generator against an API whose latencies are known."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from typing import Any

from releasegate.change.models import Api as PromisedApi
from releasegate.change.models import Endpoint, Latency, ListEndpoint
from releasegate.core import Measurement
from releasegate.core.facts.load import LoadRun, Plan, Stop
from releasegate.probes.http import Api, open_api
from releasegate.probes.load.aim import Aim, aim_at
from releasegate.probes.load.run import run
from releasegate.target.models import Backend, Login

TRUTH = Path(__file__).with_name("truth.py")
PROMISED = PromisedApi(
    health=Endpoint(path="/health", source="runbook 2.5"),
    conversations=ListEndpoint(path="/conversations", source="runbook 2.5"),
    messages=ListEndpoint(path="/conversations/{id}/messages", source="runbook 6.5"),
)
LATENCY = Latency(limit_ms=500, percentile=95, endpoints=("messages",), source="runbook 6.5")

Truth = Callable[..., Api]


@contextmanager
def truths(folder: Path) -> Iterator[Truth]:
    """Give `truth("constant", 20)`: the API of a server that behaves so; all of them end with this."""
    with ExitStack() as opened:

        def start(*behaviour: object, timeout: str = "3s", login: Login | None = None) -> Api:
            url = opened.enter_context(_served(behaviour))
            backend = Backend(url=url, login=login or Login(kind="none"), timeout=timeout)
            return opened.enter_context(open_api(backend, PROMISED, folder / "s.json"))

        yield start


@contextmanager
def _served(behaviour: tuple[object, ...]) -> Iterator[str]:
    command = [sys.executable, str(TRUTH), *map(str, behaviour)]
    server = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert server.stdin
    assert server.stdout
    try:
        yield server.stdout.readline().strip()
    finally:
        with closing(server.stdin), closing(server.stdout):
            pass
        server.wait(10)


def aimed(api: Api) -> Aim:
    """Find out what to ask; the truth begins afterwards."""
    aim = aim_at(api, LATENCY).value
    assert api.get("/begin").value.status == 200
    return aim


def planned(
    *, rate: float = 60, count: int = 120, warm_up: int = 0, stop: float = 1.0, late: float = 60_000, most: int = 2000
) -> Plan:
    """Plan `count` judged requests; nothing ends them early, unless it is asked for."""
    stops = Stop(error_share=stop, latency_ms=late)
    return Plan(counts={"messages": count}, rate=rate, warm_up=warm_up, concurrent=most, stop=stops)


def load(api: Api, *, count: int = 120, **also: Any) -> Measurement[LoadRun]:
    """Send `count` judged requests after a tenth as many to warm up."""
    return run(api, aimed(api), planned(count=count, **{"warm_up": count // 10, **also}), limit_ms=500)


def numbers(result: Measurement[LoadRun]) -> dict[str, Any]:
    """Return what was measured of the messages."""
    return result.shown["endpoints"]["messages"]
