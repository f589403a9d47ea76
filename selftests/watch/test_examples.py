"""The examples that the docs give for a watch that nobody attends: each is what a unit, a cron or a job would run."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from releasegate.cli import reference
from releasegate.cli.places import PROJECT
from releasegate.core import ExitCode
from releasegate.evidence.chain import read
from releasegate.evidence.folder import Folder

PAGE = (PROJECT / "docs" / "gates" / "monitoring.md").read_text("utf-8")
CRONS_OWN = {"PATH": "/usr/bin:/bin", "HOME": os.environ.get("HOME", "/"), "SHELL": "/bin/sh", "LOGNAME": "deploy"}
SHORTER = {"--for 2h": "--for 8s", "--every 30s": "--every 2s", "--every 60s": "--every 2s"}


def block(language: str) -> str:
    """Return the page's only example in `language`."""
    (found,) = re.findall(rf"^```{language}\n(.*?)^```", PAGE, re.DOTALL | re.MULTILINE)
    return found


def cron_line() -> str:
    """Return the page's line for cron."""
    (found,) = re.findall(r"^\* \* \* \* \* .*$", PAGE, re.MULTILINE)
    return found


@dataclass
class Example:
    """Runs what stands on the page, on a reference in place of production and in seconds in place of hours."""

    folder: Path

    def run(self, line: str, **environment: str) -> subprocess.CompletedProcess[str]:
        target = str(self.folder / "state" / "target.toml")
        here = {
            "/srv/releasegate/targets/production.toml": target, "targets/production.toml": target,
            "targets/staging.toml": target, "/srv/releasegate": str(PROJECT),
            "watch.log": str(self.folder / "watch.log"), **SHORTER,
        }  # fmt: skip
        for there, instead in here.items():
            line = line.replace(there, instead)
        reports = {"RELEASEGATE_REPORTS": str(self.folder / "reports")}
        return subprocess.run(
            ["/bin/sh", "-c", line], cwd=PROJECT, env=CRONS_OWN | reports | environment, capture_output=True, text=True,
            check=False,
        )  # fmt: skip

    def rounds(self) -> int:
        return len(read(Folder.of(self.folder / "reports", "FEAT-2025-20251103111429", "reference")).latest_watch)


@pytest.fixture(scope="module")
def released(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Return where a reference lives on which the release is out."""
    state = tmp_path_factory.mktemp("unattended") / "state"
    reference.ask("up", "--state", str(state), "--at", "released", "--rows", "500")
    yield state
    reference.ask("down", "--state", str(state))


@pytest.fixture
def example(released, tmp_path):
    """Return the examples, with evidence of their own."""
    (tmp_path / "state").symlink_to(released)
    return Example(tmp_path)


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="there is no systemd here to ask")
def test_the_unit_is_one(tmp_path):
    """Systemd itself finds nothing wrong with it."""
    unit = tmp_path / "release-watch.service"
    unit.write_text(block("ini").replace("/srv/releasegate/gate", str(PROJECT / "gate")), "utf-8")
    verified = subprocess.run(["systemd-analyze", "verify", unit], capture_output=True, text=True, check=False)
    assert (verified.returncode, verified.stderr) == (0, "")


@pytest.mark.everything
def test_the_unit_begins_a_watch_and_goes_on(example):
    """Its two commands, one after the other, and once more after the watch is over."""
    commands = dict(re.findall(r"^(ExecStartPre|ExecStart)=-?(.*)$", block("ini"), re.MULTILINE))
    assert example.run(commands["ExecStartPre"]).returncode == ExitCode.GO
    assert example.rounds() == 1
    watched = example.run(commands["ExecStart"])
    assert watched.returncode == ExitCode.GO, watched.stdout + watched.stderr
    assert example.rounds() > 1
    for again in ("ExecStartPre", "ExecStart"):
        done = example.run(commands[again])
        assert (done.returncode, done.stdout[:34]) == (ExitCode.GO, "the watch of this release is over."), done.stderr


@pytest.mark.everything
def test_the_line_for_cron_holds_a_round(example):
    """With cron's own few variables, by the shell that cron uses; what it says is in the log."""
    command = cron_line().removeprefix("* * * * * ")
    done = example.run(command)
    said = (example.folder / "watch.log").read_text("utf-8")
    assert (done.returncode, done.stdout, done.stderr) == (ExitCode.GO, "", ""), said
    assert "health 200" in said
    assert example.rounds() == 1


@pytest.mark.everything
def test_the_job_watches_and_judges(example):
    """Its two commands, and what it would upload is there."""
    commands = re.findall(r"- run: (.*)$", block("yaml"), re.MULTILINE)
    assert [shlex.split(command)[1] for command in commands] == ["watch", "run"]
    watched = example.run(commands[0])
    assert watched.returncode == ExitCode.GO, watched.stdout + watched.stderr
    judged = example.run(commands[1])
    assert "BLOCKED: " in judged.stdout, judged.stdout + judged.stderr  # no gate before it ran here
    assert (example.folder / "reports").is_dir()
