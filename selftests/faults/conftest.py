"""A reference that is walked forward through the runbook, and each of its gates run clean before it is broken."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from releasegate.cli import reference
from releasegate.cli.progress import Progress
from releasegate.cli.rehearse import Rehearsal
from releasegate.cli.show import console
from releasegate.cli.walk import FORWARD, GATES_AT, Leg
from releasegate.plugin.gates import BY_MARKER

ROWS = 2_000  # enough for every kind of row; the runbook's verdicts do not depend on the number
CLEAN = ("PASS", "N/A", "WARN")


@dataclass
class Reference:
    """One deployment with its evidence; `bases` are copies of the evidence from just before each gate ran clean."""

    folder: Path
    rehearsal: Rehearsal = field(init=False)
    bases: dict[str, Path] = field(default_factory=dict)
    clean: dict[str, dict[str, str]] = field(default_factory=dict)
    moment: str = ""

    def __post_init__(self) -> None:
        reference.ask("up", "--state", str(self.state), "--at", "before", "--rows", str(ROWS))
        self.rehearsal = Rehearsal(self.state, self.folder / "reports", [], Progress(console(stderr=True)))
        self.moment = "before"

    @property
    def state(self) -> Path:
        return self.folder / "state"

    def ready_for(self, gate: str, moment: str) -> None:
        """Do every step up to `moment` and run clean what `gate` requires, and then the gate itself."""
        if moment.startswith("rolled-back"):
            return self._roll_back(moment)
        while FORWARD.index(self.moment) < FORWARD.index(moment):
            for marker in GATES_AT[self.moment][:1]:
                self.run_clean(marker)
            self.moment = FORWARD[FORWARD.index(self.moment) + 1]
            assert self.rehearsal._do_steps(Leg(self.moment)) == 0
        self.run_clean(gate)
        return None

    def _roll_back(self, moment: str) -> None:
        kind = moment.removeprefix("rolled-back-")
        self.ready_for("backfill" if kind == "data" else "frontend", "backfilled" if kind == "data" else "released")
        assert self.rehearsal._do_steps(Leg(moment, kind)) == 0
        self.moment = moment
        self.run_clean("rollback", [f"--kind={kind}"])

    def run_clean(self, gate: str, arguments: Sequence[str] = ()) -> None:
        """Run `gate` on the unbroken deployment, once; everything must hold, or no fault could be told from it."""
        if gate in self.bases:
            return
        for required in BY_MARKER[gate].requires:
            self.run_clean(required)
        self.bases[gate] = self.folder / f"base-{gate}"
        shutil.copytree(self.folder / "reports", self.bases[gate])
        self.clean[gate] = self.run(gate, self.folder / "reports", arguments)
        assert set(self.clean[gate].values()) <= set(CLEAN), (gate, self.clean[gate])

    def verdicts_with(self, fault: dict[str, Any]) -> dict[str, str]:
        """Break the deployment, run the fault's gate against a copy of the evidence so far, and mend it again."""
        gate, kind = fault["gate"], fault["at"].removeprefix("rolled-back-")
        reports = self.folder / f"reports-{fault['name']}"
        shutil.copytree(self.bases[gate], reports)
        reference.ask("break", "--state", str(self.state), fault["name"])
        try:
            return self.run(gate, reports, [f"--kind={kind}"] if gate == "rollback" else [])
        finally:
            reference.ask("mend", "--state", str(self.state), fault["name"])

    def run(self, gate: str, reports: Path, arguments: Sequence[str]) -> dict[str, str]:
        """Run one gate as the operator does, after its watch where it has one; return the verdict of each check."""
        where = [f"--target={self.state / 'target.toml'}", f"--reports={reports}"]
        self.rehearsal.reports = reports
        self.rehearsal._attest(gate)
        if gate == "monitoring":
            self._command("releasegate.cli", "watch", *where, "--for", "6s", "--every", "1s")
        output = self._command("pytest", "-m", gate, *where, *arguments)
        events = next(reports.rglob("events.jsonl")).read_text("utf-8").splitlines()
        found = [json.loads(line) for line in events]
        began = max((event["seq"] for event in found if (event["gate"], event["kind"]) == (gate, "start")), default=0)
        assert began, output
        return {
            event["check"]: event["payload"]["verdict"]
            for event in found
            if event["kind"] == "verdict" and event["gate"] == gate and event["seq"] > began
        }

    def _command(self, *module_and_arguments: str) -> str:
        command = [sys.executable, "-m", *module_and_arguments]
        environment = os.environ | {"NO_COLOR": "1"}
        project = Path(__file__).parents[2]
        done = subprocess.run(command, cwd=project, env=environment, capture_output=True, text=True, check=False)
        return done.stdout + done.stderr

    def down(self) -> None:
        reference.ask("down", "--state", str(self.state))


class References:
    """The reference that a fault needs: one goes forward, one for each way back."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._up: dict[str, Reference] = {}

    def at(self, moment: str) -> Reference:
        name = moment if moment.startswith("rolled-back") else "forward"
        if name not in self._up:
            self.down()  # one at a time: two cores
            (self._folder / name).mkdir()
            self._up[name] = Reference(self._folder / name)
        return self._up[name]

    def down(self) -> None:
        while self._up:
            self._up.popitem()[1].down()


@pytest.fixture(scope="module")
def references(tmp_path_factory: pytest.TempPathFactory) -> Iterator[References]:
    """Return the references; every process of theirs is gone afterwards."""
    found = References(tmp_path_factory.mktemp("references"))
    yield found
    found.down()
