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


def test_what_the_deployment_says_is_kept_beside_a_command_that_failed(gates, gate, files, last_step):
    """The log's last lines, redacted; what cannot be read is named with the reason. Of one that succeeded, nothing."""
    log = gates.folder / "app.log"
    log.write_text("".join(f"line {number}\n" for number in range(80)) + "mail of ana@example.com bounced\n")
    gates.target.write_text(
        'name = "nowhere"\n[host]\naddress = "local"\n[services]\nmanager = "process"\n'
        f'backend = {{ name = "b", pid_file = "b.pid", log = "{log}" }}\n'
        'frontend = { name = "f", pid_file = "f.pid", log = "missing.log" }\n'
        '[database]\ndsn = "postgresql://nobody@127.0.0.1:1/none"\n'
    )
    gate("step", "1.1", *files, "--", "true")
    assert last_step()["collected"] == {}
    assert gate("step", "1.1", *files, "--", "exit 3").code == ExitCode.NO_GO
    folder = gates.folder / "reports" / "change-1" / "nowhere"
    kept = {name: (folder / blob).read_text() for name, blob in last_step()["collected"].items()}
    assert set(kept) == {"log of the backend", "log of the frontend", "pg_stat_activity"}
    assert kept["log of the backend"].splitlines()[0] == "line 31"
    assert "ana@example.com" not in kept["log of the backend"]
    assert kept["log of the frontend"].startswith("could not be read: ")
    assert kept["pg_stat_activity"].startswith("could not be read: ")


def test_a_secret_is_neither_on_the_screen_nor_in_the_evidence(gates, gate, files, last_step):
    """Printed in two pieces, quoted by a finding, and recorded: masked each time."""
    gates.target.write_text('name = "nowhere"\n[database]\ndsn = "postgresql://a@127.0.0.1:1/x"\npassword = "${PW}"\n')
    gates.change.write_text(
        gates.change.read_text("utf-8")
        + '\n[[steps]]\nitem = "1.1"\nsource = "runbook 1.1"\nexit_codes = [0]\nfailure = ["login"]\n',
        "utf-8",
    )
    command = "printf 'login correct-'; sleep 0.5; printf 'horse\\n'"
    ended = gate("step", "1.1", *files, "--", command, env={"PW": "correct-horse"})
    assert ended.code == ExitCode.NO_GO
    assert ended.output.startswith("login [redacted]\n")
    assert "have: login [redacted]" in ended.output
    assert "correct-horse" not in ended.output
    assert last_step()["output"] == "login [redacted]\n"


def test_a_prompt_is_shown_before_it_is_answered(start, files, tmp_path):
    """Without a line end: the operator sees what is asked."""
    answer = tmp_path / "answer"
    going = start(
        "step", "1.1", *files, "--", f"printf 'Sure? '; while [ ! -e {answer} ]; do sleep 0.1; done; echo yes"
    )
    seen = ""
    while "Sure? " not in seen:
        letter = going.process.stdout.read(1)
        assert letter, seen
        seen += letter
    answer.touch()
    assert going.end().output == "yes\n"
