"""What fails around a gate: the database, the disk, the backend, another gate; no traceback, and never GO."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from pathlib import Path

import psutil
import pytest

from reference_inbox.cluster import server
from reference_inbox.state import State


@pytest.fixture
def small_disk(tmp_path):
    """Return a folder on a disk of 64 KB."""
    if os.geteuid() != 0:
        pytest.skip("a disk of its own takes root to mount")
    folder = tmp_path / "disk"
    folder.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", str(folder)], check=False)
    if mounted.returncode:
        pytest.skip("this machine does not let root mount (a container without the right)")
    yield folder
    subprocess.run(["umount", "--lazy", str(folder)], check=True)


@pytest.fixture
def held(reference):
    """Return a function that holds a process of the reference still, and lets it go on at the end."""
    still = []

    def hold(name):
        for process in [found := psutil.Process(reference.facts["pids"][name]), *found.children(recursive=True)]:
            process.suspend()
            still.append(process)

    yield hold
    for process in still:
        process.resume()


def stop_database(reference):
    """Stop PostgreSQL as a crash does: every connection is cut."""
    process = psutil.Process(reference.facts["pids"]["postgres"])
    process.send_signal(signal.SIGQUIT)
    process.wait(30)


def start_database(reference):
    """Start it again, as the reference itself does."""
    facts = reference.facts
    server.start(State(reference.state), Path(facts["cluster"]), Path(facts["bin"]), facts["ports"]["postgres"])


def child(going, argument):
    """Return the first process of a command's children that was given an argument; it may be yet to start."""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        for process in psutil.Process(going.process.pid).children(recursive=True):
            try:  # Debian's Chromium is started by a script, with the same arguments
                if argument in process.cmdline() and not process.exe().endswith("sh"):
                    return process
            except psutil.NoSuchProcess:
                continue
        time.sleep(0.02)
    pytest.fail(f"no process was given {argument!r}")


def looks(reference):
    """Return what the loads of the page in a watch came to."""
    rounds = [event["payload"]["value"] for event in reference.events if event["check"] == "monitoring/rounds"]
    return [one["page"] for one in rounds if one["page"]]


def test_a_full_disk_is_never_go(gate, reference, small_disk):
    """Exit 6 and one sentence with the cause; the chain that could be written still holds together."""
    reference.reports = small_disk / "reports"
    ended = gate("run", "preflight", *reference.where)
    assert ended.code == 6, ended.output
    assert ended.last.startswith("CANNOT TELL: ")
    assert "cannot be written: No space left on device" in ended.last
    assert "Traceback" not in ended.output
    assert "INTERNALERROR" not in ended.output
    assert all(event["prev"] for event in reference.events)


@pytest.mark.everything
def test_a_disk_that_was_full_is_gone_on_from(gate, reference, small_disk):
    """Once there is room again, the next run adds to what was written."""
    reference.reports = small_disk / "reports"
    gate("run", "preflight", *reference.where)
    before = reference.events
    subprocess.run(["mount", "-o", "remount,size=64m", str(small_disk)], check=True)
    gate("run", "preflight", *reference.where)
    assert reference.events[: len(before)] == before
    assert reference.events[-1]["kind"] == "end"


def test_two_gates_at_once(start, gate, reference):
    """The second one says who writes, and measures nothing; the first one is not disturbed."""
    first = start("run", "preflight", *reference.where)
    first.until("preflight/database-reachable")
    first.process.send_signal(signal.SIGSTOP)  # it takes its time
    second = gate("run", "preflight", *reference.where)
    first.process.send_signal(signal.SIGCONT)
    assert second.code == 6
    assert f"another process is at work there (pid {first.process.pid}, gate preflight)" in second.last
    assert "Traceback" not in second.output
    assert first.end().code == 6  # its manual items wait for a person
    assert [event["kind"] for event in reference.events].count("start") == 1


@pytest.mark.everything
def test_a_backend_that_goes_away_under_load(start, reference, held):
    """Requests that are not answered count as slow: the gate is wrong or cannot tell, within its budget, never GO."""
    going = start("run", "perf", "--alone", *reference.where)
    going.until("evidence")
    held("backend")
    ended = going.end()
    assert ended.code in (1, 6), ended.output
    assert "Traceback" not in ended.output
    assert "GO (alone" not in ended.last


def test_a_database_that_stops_in_the_middle_of_a_gate(start, reference):
    """ERROR with the cause for what was still to be measured, exit 6, and every earlier verdict is kept."""
    going = start("run", "preflight", *reference.where)
    going.until("preflight/database-reachable")
    stop_database(reference)
    ended = going.end()
    start_database(reference)
    assert ended.code == 6, ended.output
    assert ended.last.startswith("CANNOT TELL: preflight: ")
    assert "Traceback" not in ended.output
    verdicts = reference.verdicts()
    assert verdicts["preflight/database-reachable"] == "PASS"
    assert verdicts["preflight/baseline"] == "ERROR"
    assert "FAIL" not in verdicts.values()


def test_a_database_that_is_not_there_at_all(gate, reference):
    """One cause, said once per check, without a traceback; exit 6."""
    stop_database(reference)
    try:
        ended = gate("run", "preflight", *reference.where)
    finally:
        start_database(reference)
    assert ended.code == 6
    assert "Traceback" not in ended.output
    assert "Connection refused" in ended.output or "connection refused" in ended.output


DRIVER, BROWSER = "run-driver", "--remote-debugging-pipe"  # an argument of Playwright's process, and of its Chromium


@pytest.mark.parametrize("argument", [DRIVER, pytest.param(BROWSER, marks=pytest.mark.everything)])
def test_a_browser_that_dies_in_a_gate(start, reference, argument):
    """Every look at the page is ERROR with the cause: nobody can tell, and nothing is wrong with the page."""
    going = start("run", "frontend", "--alone", *reference.where)
    child(going, argument).kill()
    ended = going.end()
    assert "Traceback" not in ended.output
    assert "the gate itself broke" not in ended.output
    assert "never retrieved" not in ended.output
    verdicts = reference.verdicts()
    assert verdicts["frontend/page-loads"] == verdicts["frontend/fits-screens"] == "ERROR"
    assert verdicts["frontend/port"] == "PASS"


@pytest.mark.parametrize("argument", [DRIVER, pytest.param(BROWSER, marks=pytest.mark.everything)])
def test_a_browser_that_dies_in_a_watch(start, reference, argument):
    """The load of the page that was under way has no status, and the watch goes on to its end."""
    going = start("watch", *reference.where, "--for", "6s", "--every", "1s")
    child(going, argument).kill()
    ended = going.end()
    assert "Traceback" not in ended.output
    assert (ended.code, ended.last[:15]) == (0, "watched for 6.0"), ended.output
    first = looks(reference)[0]
    assert first["status"] is None
    assert first["error"]


def test_ctrl_c_is_heeded_by_the_gate_alone(start, reference):
    """A terminal's Ctrl-C reaches the browser's processes too: they must outlive the gate's last words."""
    going = start("watch", *reference.where, "--for", "6s", "--every", "1s")
    child(going, BROWSER)  # from its start on the driver would mind signals
    child(going, DRIVER).send_signal(signal.SIGINT)
    ended = going.end()
    assert ended.code == 0, ended.output
    assert looks(reference)[0]["status"] == 200
