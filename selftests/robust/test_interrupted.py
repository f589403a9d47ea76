"""A run that is ended early: by Ctrl-C, by a kill, by a closed terminal; what was seen is kept, nothing runs on.

That nothing runs on is asserted by `end()` for every command.
"""

from __future__ import annotations

import os
import signal
from itertools import pairwise

import pytest

from releasegate.evidence import Folder
from releasegate.evidence.verify import verify

FIRST = "preflight/database-reachable"


@pytest.mark.parametrize(
    "number",
    [signal.SIGINT, *(pytest.param(one, marks=pytest.mark.everything) for one in (signal.SIGTERM, signal.SIGHUP))],
)
def test_an_interrupted_gate_keeps_what_it_saw(start, reference, number):
    """Ctrl-C, a polite kill and a closed terminal: exit 2, one sentence, the gate closed, the rest NOT_RUN."""
    going = start("run", "preflight", *reference.where)
    going.until(FIRST)
    os.killpg(going.process.pid, number)
    ended = going.end()
    assert (ended.code, ended.last[:48]) == (2, "STOPPED: interrupted; what was seen so far is ke"), ended.output
    assert "Traceback" not in ended.output
    assert "KeyboardInterrupt" not in ended.output
    assert reference.verdicts()[FIRST] == "PASS"
    assert "NOT_RUN" in reference.verdicts().values()
    assert reference.events[-1]["kind"] == "end"
    assert verify(Folder(reference.folder).root).holds


def test_a_killed_gate_is_told_by_status_and_the_next_run_goes_on(start, gate, reference):
    """SIGKILL leaves every event that was written; status says that the run never ended; the chain goes on."""
    going = start("run", "preflight", *reference.where)
    going.until(FIRST)
    going.kill()
    before = reference.events
    assert before[-1]["kind"] != "end"
    status = gate("status", *reference.where)
    assert "never ended" in status.output
    assert status.code == 6
    assert gate("run", "preflight", *reference.where).code == 6  # its manual items wait for a person
    after = reference.events
    assert after[: len(before)] == before
    assert "resume" in [event["kind"] for event in after[len(before) :]]
    assert after[-1]["kind"] == "end"
    assert all(late["seq"] == early["seq"] + 1 for early, late in pairwise(after))


def test_a_line_that_was_cut_in_the_middle_is_said_and_gone_on_from(gate, reference):
    """What a dying machine left of a line is set aside as a gap, and nothing before it is lost."""
    gate("run", "preflight", *reference.where)
    chain = reference.folder / "events.jsonl"
    whole = chain.read_bytes()
    chain.write_bytes(whole + b'{"check":"preflight/read-only","gate":"prefl')
    gate("run", "preflight", *reference.where)
    assert chain.read_bytes().startswith(whole)
    assert [event["kind"] for event in reference.events].count("gap") == 1
    assert verify(reference.folder).holds


def test_an_interrupted_step_is_no_failure_of_the_deployment(start, reference):
    """Ctrl-C during a step: exit 2, and the step is on record as interrupted."""
    going = start("step", "3.1-migrate", *reference.where, "--", "echo begun; sleep 60")
    going.until("begun")
    going.press_ctrl_c()
    ended = going.end()
    assert (ended.code, ended.last) == (2, "STOPPED: interrupted; what was seen so far is kept")
    step = reference.events[-1]
    assert (step["kind"], step["payload"]["output"]) == ("step", "begun\ninterrupted by the operator\n")


def test_an_interrupted_watch_goes_on_with_resume(start, gate, reference):
    """The rounds before Ctrl-C are kept; --resume goes on with the same watch."""
    watch = ("watch", *reference.where, "--for", "15s", "--every", "1s")  # time left after a slow end and start
    going = start(*watch)
    going.until("left")
    going.press_ctrl_c()
    ended = going.end()
    assert (ended.code, ended.last) == (2, "STOPPED: interrupted; what was seen so far is kept")
    seen = [event for event in reference.events if event["check"] == "monitoring/rounds"]
    assert seen
    resumed = gate(*watch, "--resume")
    assert (resumed.code, resumed.last[:12]) == (0, "watched for "), resumed.output
    course = [event["kind"] for event in reference.events if event["check"] == "monitoring/watch"]
    assert course == ["measure", "gap", "resume"]  # begun once; the time without a look is said
    rounds = [event for event in reference.events if event["check"] == "monitoring/rounds"]
    assert rounds[: len(seen)] == seen
    assert len(rounds) > len(seen)


@pytest.mark.parametrize(
    ("at", "number"),
    [
        ("bringing up", signal.SIGINT),
        pytest.param("bringing up", signal.SIGHUP, marks=pytest.mark.everything),
        pytest.param("preflight", signal.SIGINT, marks=pytest.mark.everything),
        pytest.param("preflight", signal.SIGHUP, marks=pytest.mark.everything),
    ],
)
def test_an_interrupted_rehearsal_leaves_no_process(start, tmp_path, at, number):
    """Its children and the reference are gone, in a closed terminal too; exit 2 and one sentence."""
    going = start(
        "rehearse", "--rows", "600", "--state", str(tmp_path / "state"), "--reports", str(tmp_path / "reports")
    )
    going.until(at)
    os.killpg(going.process.pid, number)
    ended = going.end()
    assert (ended.code, ended.last) == (2, "STOPPED: interrupted; what was seen so far is kept"), ended.output
    assert "Traceback" not in ended.output
    assert not (tmp_path / "state" / "reference.json").exists()
