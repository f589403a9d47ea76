"""What the self-tests share: a throw-away project with gates of one's own, and the command line as processes."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil
import pytest

PROJECT = Path(__file__).parents[1]
_MARK = "RELEASEGATE_SELFTEST_MARK"  # every process that a gate starts inherits it, so none can hide
_MUST_RUN = "RELEASEGATE_SELFTESTS_MUST_RUN"  # words in the reasons for which no test may be skipped: "docker pm2"
CHANGE = """
id = "change-1"
document = "runbook.md"
title = {en = "A change", pt-BR = "Uma mudança"}
"""
TARGET = """
name = "nowhere"
"""
HEAD = """
import pytest
from releasegate.core import CannotMeasure, Finding, Judgement, Measurement, Severity

def holds(seen=3):
    return Judgement(seen=seen, unit="rows", holds="all rows are there")

def fails(check, severity=Severity.ERROR):
    finding = Finding(check=check, subject="messages", want="3 rows (runbook 4.4)", have="2 rows", why="one is lost",
                      fix="run it again", run="psql -c 'SELECT 1'", severity=severity)
    return Judgement(seen=3, unit="rows", holds="", findings=(finding,))

"""


def pytest_configure(config: pytest.Config) -> None:
    """Register the mark of what takes long, and let Ctrl-C reach the children that are tested with it.

    A job in the background of a shell ignores SIGINT, and so would everything it starts.
    """
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    config.addinivalue_line("markers", "everything: takes minutes; runs with `gate selftest --all`")


LONGEST_FIRST = ("faults", "plugin", "pages", "elsewhere")  # folders; a long file that begins last is waited for alone


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Begin with the longest; leave out what takes minutes, and count it as deselected, unless all was asked for."""
    items.sort(key=lambda item: LONGEST_FIRST.index(name) if (name := item.path.parent.name) in LONGEST_FIRST else 99)
    if config.getoption("--everything"):
        return
    left_out = [item for item in items if item.get_closest_marker("everything")]
    items[:] = [item for item in items if not item.get_closest_marker("everything")]
    config.hook.pytest_deselected(items=left_out)


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Fail a run in which something was skipped that had to run, as the CI demands which installs it."""
    if session.exitstatus == pytest.ExitCode.OK and _skipped_against_order(session.config):
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """List what could not run on this machine, by reason: green says nothing about these."""
    skipped = _skipped(config)
    if skipped:
        terminalreporter.section(f"not run on this machine: {sum(map(len, skipped.values()))} tests")
    for reason, tests in sorted(skipped.items()):
        terminalreporter.write_line(f"{len(tests)}: {reason}")
        for test in tests:
            terminalreporter.write_line(f"      {test}")
    for reason in _skipped_against_order(config):
        terminalreporter.write_line(f"had to run here ({_MUST_RUN}) and did not: {reason}", red=True)


def _skipped(config: pytest.Config) -> dict[str, list[str]]:
    """Return the skipped tests by the reason that each gives."""
    reporter = config.pluginmanager.get_plugin("terminalreporter")
    found: dict[str, list[str]] = {}
    for report in reporter.stats.get("skipped", ()) if reporter else ():
        reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
        found.setdefault(reason.removeprefix("Skipped: "), []).append(report.nodeid)
    return found


def _skipped_against_order(config: pytest.Config) -> list[str]:
    """Return the reasons for skipping that have one of the words which the environment says must run."""
    words = os.environ.get(_MUST_RUN, "").lower().split()
    return [reason for reason in _skipped(config) if any(word in reason.lower() for word in words)]


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add what `gate selftest --all` passes."""
    parser.addoption("--everything", action="store_true", help="also the self-tests that take long")


@dataclass(frozen=True)
class Ran:
    """What one gate run printed and returned."""

    code: int
    output: str
    folder: Path

    @property
    def lines(self) -> list[str]:
        return self.output.strip().splitlines()

    @property
    def last(self) -> str:
        return self.lines[-1]

    @property
    def events(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in (self.folder / "events.jsonl").read_text("utf-8").splitlines()]

    def verdicts(self, gate: str | None = None) -> dict[str, str]:
        """Return the latest verdict of each check."""
        found = (event for event in self.events if event["kind"] == "verdict" and gate in (None, event["gate"]))
        return {event["check"]: event["payload"]["verdict"] for event in found}


class Gates:
    """A project with gates of the self-test's own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.change = self.write("change.toml", CHANGE)
        self.target = self.write("target.toml", TARGET)
        self.write("pytest.ini", "[pytest]\naddopts = --import-mode=importlib --strict-markers\n")

    def write(self, name: str, text: str) -> Path:
        path = self.folder / name
        path.write_text(text, encoding="utf-8")
        return path

    def gate(self, marker: str, body: str) -> None:
        """Write the tests of one gate; `body` may use holds(), fails(check) and everything of releasegate.core."""
        self.write(f"test_{marker}.py", f"{HEAD}pytestmark = pytest.mark.{marker}\n{body}")

    def run(self, *arguments: str, target: bool = True, **kwargs: Any) -> Ran:
        """Run pytest and return what came of it."""
        files = [f"--target={self.target}", f"--change={self.change}"] if target else []
        done = subprocess.run(
            [sys.executable, "-m", "pytest", f"--reports={self.folder / 'reports'}", *files, *arguments],
            cwd=self.folder, capture_output=True, text=True, check=False, timeout=120,
            env=os.environ | {"PYTHONUNBUFFERED": "1", "NO_COLOR": "1"}, **kwargs,
        )  # fmt: skip
        return Ran(done.returncode, done.stdout + done.stderr, self.folder / "reports" / "change-1" / "nowhere")


@pytest.fixture
def gates(tmp_path: Path) -> Gates:
    """Return an empty project of gates."""
    return Gates(tmp_path)


@dataclass
class Ended:
    """What an operator saw of one command."""

    code: int
    output: str

    @property
    def last(self) -> str:
        return self.output.strip().splitlines()[-1]


@dataclass
class Going:
    """A command that is running; `output` is what it has printed so far."""

    process: subprocess.Popen[str]
    mark: str
    lines: list[str] = field(default_factory=list)

    def until(self, text: str) -> None:
        """Read on until a line holds `text`."""
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.lines.append(line)
            if text in line:
                return
        pytest.fail(f"ended without {text!r}:\n{''.join(self.lines)}")

    def press_ctrl_c(self) -> None:
        """Do what a terminal does: interrupt the whole foreground group."""
        os.killpg(self.process.pid, signal.SIGINT)

    def kill(self) -> None:
        """Do what the out-of-memory killer does."""
        self.process.kill()
        self.process.communicate()

    def end(self) -> Ended:
        """Wait for the end, and make sure that nothing it started is left."""
        rest, _ = self.process.communicate(timeout=120)
        ended = Ended(self.process.returncode, "".join(self.lines) + rest)
        assert left_of(self.mark) == [], ended.output
        return ended


def left_of(mark: str) -> list[str]:
    """Return what still runs of everything that a command started; a process has a moment to go."""
    deadline = time.monotonic() + 5
    while (left := _running(mark)) and time.monotonic() < deadline:
        time.sleep(0.1)
    return left


def _running(mark: str) -> list[str]:
    found = []
    for process in psutil.process_iter():
        try:
            if process.environ().get(_MARK) == mark and process.status() != psutil.STATUS_ZOMBIE:
                found.append(" ".join(process.cmdline()[:3]))
        except (psutil.NoSuchProcess, psutil.AccessDenied):
            continue
    return found


def start_gate(*arguments: str, env: dict[str, str] | None = None, cwd: Path = PROJECT) -> Going:
    """Start `gate ARGUMENTS` as a shell would: in a process group of its own."""
    mark = uuid.uuid4().hex
    process = subprocess.Popen(
        [sys.executable, "-m", "releasegate.cli", *arguments], cwd=cwd, text=True, process_group=0,
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        env=os.environ | {"PYTHONUNBUFFERED": "1", "NO_COLOR": "1", _MARK: mark} | (env or {}),
    )  # fmt: skip
    return Going(process, mark)


@pytest.fixture
def start() -> Callable[..., Going]:
    """Return `start(*arguments)`, which starts a command of the command line and returns at once."""
    return start_gate


@pytest.fixture
def gate() -> Callable[..., Ended]:
    """Return `gate(*arguments)`, which runs a command of the command line to its end."""
    return lambda *arguments, **kwargs: start_gate(*arguments, **kwargs).end()
