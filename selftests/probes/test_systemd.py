"""Units of a real systemd where the machine can have one, and everywhere by what a real one printed."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from releasegate.core import CannotMeasure
from releasegate.core.facts.services import ServiceFacts
from releasegate.probes.host import Machine, open_machine
from releasegate.probes.services import open_services
from releasegate.probes.services.systemd import facts
from releasegate.target.models import Host, Service, Services

from .real_systemd import running

SERVICES = {
    "inbox": "ExecStart=/bin/sleep 600",
    "crashing": "ExecStart=/bin/false\nRestart=always\nRestartSec=1",
    "failing": "ExecStart=/bin/false",
    "once": "Type=oneshot\nRemainAfterExit=yes\nExecStart=/bin/true",
}
# What `TZ=UTC systemctl show` of systemd 252 (Debian 12) printed of these units, by unit.
RECORDED = json.loads((Path(__file__).parent / "recorded_systemd.json").read_text())


def look(machine: Machine, name: str) -> ServiceFacts:
    book = open_services(Services(manager="systemd", backend=Service(name=name)), machine)
    return book.look("backend").value


# --- a real one -----------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def systemd() -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(prefix="releasegate-systemd-"))
    try:
        with running(folder, SERVICES) as programs:
            yield programs
    finally:
        shutil.rmtree(folder)


@pytest.fixture
def machine(systemd: Path) -> Iterator[Machine]:
    """Return this machine, where `systemctl` asks the real systemd of ours."""
    with open_machine(Host(address="local", environment={"PATH": f"{systemd}:{os.environ['PATH']}"})) as machine:
        yield machine


@pytest.fixture
def systemctl(systemd: Path) -> Callable[..., None]:
    return lambda *arguments: subprocess.run([systemd / "systemctl", *arguments], check=False, capture_output=True)


def test_a_unit_that_runs_is_active_running_since_it_began(machine, systemctl):
    """The runbook asks for exactly these words; a restart by hand begins anew and counts nothing."""
    systemctl("start", "inbox")
    found = look(machine, "inbox")
    assert (found.state, found.is_running, found.restarts) == ("active (running)", True, 0)
    assert timedelta(seconds=-2) <= datetime.now(UTC) - found.since <= timedelta(seconds=60)
    systemctl("restart", "inbox")
    again = look(machine, "inbox")
    assert (again.is_running, again.restarts, again.pid == found.pid) == (True, 0, False)


def test_a_unit_that_was_stopped_does_not_run(machine, systemctl):
    """It is there all the same."""
    systemctl("start", "inbox")
    systemctl("stop", "inbox")
    found = look(machine, "inbox")
    assert (found.is_there, found.is_running, found.state) == (True, False, "inactive (dead)")


def test_a_unit_that_crashes_again_and_again_counts_its_restarts(machine, systemctl, wait_until):
    """Between two crashes it is activating, never running; the count says that it was not asked for."""
    systemctl("start", "--no-block", "crashing")
    wait_until(lambda: (look(machine, "crashing").restarts or 0) >= 1, "the first restart")
    wait_until(lambda: look(machine, "crashing").state == "activating (auto-restart)", "the wait for the next one")
    assert look(machine, "crashing").is_running is False
    systemctl("stop", "crashing")


def test_a_unit_that_failed_and_one_that_ended_do_not_run(machine, systemctl, wait_until):
    """`active (exited)` looks green to whoever reads one word."""
    systemctl("start", "failing")
    systemctl("start", "once")
    wait_until(lambda: look(machine, "failing").state == "failed (failed)", "the end of a unit")
    assert look(machine, "failing").is_running is False
    assert (look(machine, "once").state, look(machine, "once").is_running) == ("active (exited)", False)


def test_a_name_that_systemd_does_not_know_has_nearest_names(machine, systemctl):
    """It is a fact, not a trouble of the probe."""
    systemctl("start", "inbox")
    found = look(machine, "inbx")
    assert (found.is_there, found.is_running, found.nearest[0]) == (False, False, "inbox")


# --- what one printed -----------------------------------------------------------------------------------------------


def told(unit: str, **properties: str) -> ServiceFacts:
    said = {**RECORDED[unit], **properties}
    return facts("backend", Service(name=unit), said, f"systemctl status {unit}")


@pytest.mark.parametrize(
    ("unit", "state", "runs", "restarts"),
    [
        ("inbox", "active (running)", True, 0),
        ("stopped", "inactive (dead)", False, 0),
        ("crashing", "activating (auto-restart)", False, 2),
        ("failing", "failed (failed)", False, 0),
        ("once", "active (exited)", False, 0),
    ],
)
def test_what_a_real_systemd_printed_is_read(unit, state, runs, restarts):
    """The same units as above, where no real one can be had."""
    found = told(unit)
    assert (found.state, found.is_running, found.restarts) == (state, runs, restarts)
    assert (found.pid is not None) is runs


def test_the_start_and_the_memory_are_read():
    """In UTC and in bytes; this memory is written after systemctl(1), as the recorded machine counted none."""
    found = told("inbox", ActiveEnterTimestamp="Tue 2025-11-04 03:10:00 UTC", MemoryCurrent="52428800")
    assert (found.since, found.memory_bytes) == (datetime(2025, 11, 4, 3, 10, tzinfo=UTC), 52_428_800)


@pytest.mark.parametrize("memory", ["[not set]", "18446744073709551615", ""])
def test_what_systemd_does_not_count_is_unknown(memory):
    """Without accounting there is no memory, and a unit that never ran has no start."""
    found = told("stopped", MemoryCurrent=memory, ActiveEnterTimestamp="")
    assert (found.memory_bytes, found.since, found.pid) == (None, None, None)


def test_a_machine_without_systemd_cannot_be_asked(here):
    """It says that systemd does not run the machine, or that there is none."""
    if Path("/run/systemd/system").exists():
        pytest.skip("systemd runs this machine")
    with pytest.raises(CannotMeasure, match=r"systemd does not run this machine|there is no systemctl"):
        look(here, "inbox")
