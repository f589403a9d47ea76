"""Walking a release through its gates by the command line alone, as an operator would."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

PROJECT = Path(__file__).parents[2]
OPEN = ("PASS", "N/A", "WARN")


def run(*arguments: str, cwd: Path = PROJECT, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run a module of this Python; whoever calls judges the exit code."""
    return subprocess.run(
        [sys.executable, "-m", *arguments], cwd=cwd, capture_output=True, text=True, check=False,
        env=os.environ | {"NO_COLOR": "1"} | environment,
    )  # fmt: skip


@dataclass
class Walk:
    """One release on one target, with its evidence."""

    target: Path
    reports: Path
    said: dict[str, str] = field(default_factory=dict)

    @property
    def where(self) -> list[str]:
        """The options that every command takes."""
        return [f"--target={self.target}", f"--reports={self.reports}"]

    def attest(self, *items: str) -> None:
        """Sign manual items."""
        for item in items:
            done = run("releasegate.cli", "attest", item, "--by", "self-test", *self.where)
            assert done.returncode == 0, done.stdout + done.stderr

    def step(self, item: str, command: Sequence[str], cwd: str, env: dict[str, str]) -> int:
        """Run one command of the release's document through `gate step`, in its folder."""
        done = run("releasegate.cli", "step", item, *self.where, "--", *command, cwd=Path(cwd), **env)
        self.said[item] = done.stdout + done.stderr
        return done.returncode

    def watch(self) -> None:
        """Watch for a few seconds."""
        done = run("releasegate.cli", "watch", *self.where, "--for", "8s", "--every", "2s")
        assert done.returncode == 0, done.stdout + done.stderr

    def gate(self, marker: str, *arguments: str) -> tuple[int, dict[str, str]]:
        """Run a gate; return its exit code and the verdict of each of its checks."""
        done = run("pytest", "-m", marker, *self.where, *arguments)
        self.said[marker] = done.stdout + done.stderr
        return done.returncode, self.verdicts(marker)

    def verdicts(self, gate: str) -> dict[str, str]:
        """Return the verdicts of the gate's latest attempt."""
        events = list(self._events())
        began = max((event["seq"] for event in events if (event["gate"], event["kind"]) == (gate, "start")), default=0)
        found = (event for event in events if event["kind"] == "verdict" and event["gate"] == gate)
        return {event["check"]: event["payload"]["verdict"] for event in found if event["seq"] > began}

    def _events(self) -> Iterator[dict[str, Any]]:
        for path in self.reports.rglob("events.jsonl"):
            yield from map(json.loads, path.read_text("utf-8").splitlines())
