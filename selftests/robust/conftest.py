"""A small reference to pull the rug from under."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

PROJECT = Path(__file__).parents[2]
ROWS = 600  # twice the least: every kind of row


@dataclass
class Reference:
    """A reference that is up, and one folder of evidence for each test."""

    state: Path
    reports: Path

    @property
    def where(self) -> list[str]:
        return ["--target", str(self.state / "target.toml"), "--reports", str(self.reports)]

    @property
    def facts(self) -> dict[str, Any]:
        return json.loads((self.state / "reference.json").read_text("utf-8"))

    @property
    def folder(self) -> Path:
        """Where the evidence of this deployment lies."""
        return self.reports / "FEAT-2025-20251103111429" / "reference"

    @property
    def events(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in (self.folder / "events.jsonl").read_text("utf-8").splitlines()]

    def verdicts(self) -> dict[str, str]:
        return {event["check"]: event["payload"]["verdict"] for event in self.events if event["kind"] == "verdict"}


def ask(*arguments: str) -> None:
    """Run one command of the reference."""
    subprocess.run([sys.executable, "-m", "reference_inbox", *arguments], check=True, capture_output=True, cwd=PROJECT)


@pytest.fixture(scope="module")
def state(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Return the state folder of a reference that is up at `before`; it is gone afterwards."""
    folder = tmp_path_factory.mktemp("robust") / "reference"
    ask("up", "--state", str(folder), "--at", "before", "--rows", str(ROWS))
    yield folder
    ask("down", "--state", str(folder))


@pytest.fixture
def reference(state: Path, tmp_path: Path) -> Reference:
    """Return the module's reference with a fresh folder for evidence."""
    return Reference(state, tmp_path / "reports")


@pytest.fixture
def backfilled(tmp_path: Path) -> Iterator[Reference]:
    """Return a reference of its own whose backfill has run."""
    folder = tmp_path / "state"
    ask("up", "--state", str(folder), "--at", "backfilled", "--rows", str(ROWS))
    yield Reference(folder, tmp_path / "reports")
    ask("down", "--state", str(folder))
