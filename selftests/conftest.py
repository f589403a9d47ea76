"""What the self-tests share: a throw-away project with gates of one's own, run by a real pytest."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

PROJECT = Path(__file__).parents[1]
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
