"""A command of the runbook, run as typed: shown live, kept, judged."""

from __future__ import annotations

import json
import time

import pytest

from releasegate.core import ExitCode


@pytest.fixture
def files(gates):
    return ["--target", str(gates.target), "--change", str(gates.change), "--reports", str(gates.folder / "reports")]


@pytest.fixture
def last_step(gates):
    """Return a function that gives what the latest step left in the evidence."""
    chain = gates.folder / "reports" / "change-1" / "nowhere" / "events.jsonl"
    return lambda: json.loads(chain.read_text("utf-8").splitlines()[-1])["payload"]


def test_its_output_is_shown_as_it_comes(start, files):
    """The first line is there long before the last."""
    began = time.monotonic()
    going = start("step", "1.1", *files, "--", "echo first; sleep 6; echo last")
    going.until("first")
    first = time.monotonic() - began
    assert going.end().output == "first\nlast\n"
    assert time.monotonic() - began > first + 5


def test_what_it_did_is_kept(gate, files, last_step):
    """Command as typed, exit code, begin and end, output."""
    assert gate("step", "1.1", *files, "--", "echo", "two words").code == ExitCode.GO
    kept = last_step()
    assert (kept["command"], kept["exit_code"], kept["output"]) == ("echo 'two words'", 0, "two words\n")
    assert kept["began"] <= kept["ended"]


def test_a_command_that_fails_is_no_go(gate, files, last_step):
    """Its exit code is judged, and the finding is printed."""
    ended = gate("step", "1.1", *files, "--", "echo broken; exit 3")
    assert ended.code == ExitCode.NO_GO
    assert ended.output.startswith("broken\n")
    assert (last_step()["exit_code"], last_step()["verdict"]) == (3, "FAIL")


def test_a_program_that_is_not_there(gate, files):
    """A usage error that names it."""
    ended = gate("step", "1.1", *files, "--", "no-such-program", "--help")
    assert (ended.code, ended.last) == (4, "usage: no-such-program: cannot be run: No such file or directory")
