"""A load that several worker processes send, joined by Locust's own command line."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import threading
import time
from pathlib import Path
from subprocess import DEVNULL

import psutil
import pytest

from releasegate.checks.binomial import Side, side
from releasegate.core import CannotMeasure
from releasegate.probes.load import several
from releasegate.target.models import Load

from .driving import aimed, planned, truths

NOBODY = print
ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def truth(tmp_path):
    with truths(tmp_path) as start:
        yield start


def budget(workers: int, **also: str) -> Load:
    return Load(requests_per_second=60, total=1000, workers=workers, **also)


def workers_of(process: psutil.Process) -> list[psutil.Process]:
    return [child for child in process.children() if "--worker" in child.cmdline()]


def test_three_workers_send_what_one_would(truth):
    """Each request once, at its time, by any of them; the verdict is the one that a single process would reach."""
    api = truth("fast-503", 20, 0.2)
    plan = planned(rate=60, count=180, warm_up=12)
    result = several.run(api, aimed(api), plan, budget(3), limit_ms=500, say=NOBODY)
    found = result.value.series["messages"]
    assert len(result.value.samples) == 192
    assert sorted({sample.intended_s for sample in result.value.samples}) == [round(at / 60, 4) for at in range(192)]
    assert sum(sample.is_warm_up for sample in result.value.samples) == 12
    assert found.errors == pytest.approx(36, abs=2)
    assert side(found.errors, found.planned, 95) is Side.ABOVE


@pytest.mark.everything
def test_the_kill_switch_of_one_ends_the_load_of_all(truth):
    """Half of the answers are errors: no worker goes on."""
    api = truth("fast-503", 20, 0.5)
    began = time.monotonic()
    result = several.run(api, aimed(api), planned(rate=40, count=2000, stop=0.2), budget(2), limit_ms=500, say=NOBODY)
    assert "were errors" in result.value.stopped
    assert len(result.value.samples) < 300
    assert time.monotonic() - began < 45, "2 000 requests at 40/s would have taken 50 s"


@pytest.mark.everything
def test_a_worker_that_dies_makes_the_run_an_error(truth):
    """Its part of the load is unknown, so nothing is judged."""
    api = truth("constant", 20)
    me = psutil.Process()

    def kill_one() -> None:
        while not (workers := workers_of(me)):
            time.sleep(0.1)
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline and not any(one.net_connections() for one in workers):
            time.sleep(0.1)
        time.sleep(3)
        os.kill(workers[0].pid, signal.SIGKILL)

    killer = threading.Thread(target=kill_one)
    killer.start()
    with pytest.raises(CannotMeasure, match="of 2 workers died while the load was running"):
        several.run(api, aimed(api), planned(rate=20, count=600), budget(2), limit_ms=500, say=NOBODY)
    killer.join()
    assert not workers_of(me), "nobody goes on sending"


@pytest.mark.everything
def test_a_worker_joins_by_the_command_that_is_printed(truth):
    """As on another machine: typed into a shell, in a folder that holds this project, without variables of ours."""
    api, typed = truth("bimodal", 20, 700, 0.1), []
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        join = f"127.0.0.1:{probe.getsockname()[1]}"

    def type_it_twice(line: str) -> None:
        command = ["sh", "-c", line.split(": ", 1)[1]]
        here = {"cwd": ROOT, "env": {"PATH": os.defpath}, "stderr": DEVNULL}
        typed.extend(subprocess.Popen(command, **here) for _ in range(2))

    plan = planned(rate=40, count=120, warm_up=8)
    result = several.run(api, aimed(api), plan, budget(2, join=join), limit_ms=500, say=type_it_twice)
    found = result.value.series["messages"]
    assert len(result.value.samples) == 128
    assert found.slow(500) == pytest.approx(12, abs=2)
    assert side(found.slow(500), found.planned, 95) is Side.ABOVE
    assert [one.wait(30) for one in typed] == [0, 0], "and they end when it is over"


@pytest.mark.everything
def test_workers_that_do_not_come_make_the_run_an_error(truth, monkeypatch):
    """The command is printed, and nobody types it."""
    monkeypatch.setattr(several, "_JOIN_S", 1.0)
    api, said = truth("constant", 20), []
    with pytest.raises(CannotMeasure, match="0 of 2 workers joined within 1 s"):
        several.run(api, aimed(api), planned(), budget(2, join="127.0.0.1:51557"), limit_ms=500, say=said.append)
    (line,) = said
    assert line.startswith("waiting for 2 workers; on the machine of each: .venv/bin/locust -f src/")
    assert line.endswith("/locustfile.py --worker --master-host 127.0.0.1 --master-port 51557")
