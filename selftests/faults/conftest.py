"""A reference that is walked through the runbook, and each of its gates run clean before a fault breaks it."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from releasegate.cli import reference
from releasegate.cli.progress import Progress
from releasegate.cli.rehearsal import Rehearsal
from releasegate.cli.show import console
from releasegate.cli.step import judge_and_record, run_live
from releasegate.cli.walk import FORWARD, GATES_AT, Leg
from releasegate.core import Verdict
from releasegate.evidence.attempt import Attempt
from releasegate.evidence.chain import read

ROWS = 2_000  # enough for every kind of row; the runbook's verdicts do not depend on the number
# Twice as long as is promised: a slope needs four rounds, and a machine that is busy misses some.
WATCH = ("--for", "16s", "--every", "2s")
CLEAN = (Verdict.PASS, Verdict.NOT_APPLICABLE, Verdict.WARN)
ROLLED_BACK = "rolled-back-"
# Every moment in one walk; each way back can be taken where the one before it led to.
WAY = (*FORWARD, *(f"{ROLLED_BACK}{kind}" for kind in ("data", "code", "restore")))


@dataclass
class Reference:
    """One deployment with its evidence.

    `clean` holds each gate's verdicts on the unbroken deployment, by gate and way back; `bases` a copy of the evidence
    from just before that.
    """

    folder: Path
    services: str = "process"
    moment: str = WAY[0]
    clean: dict[tuple[str, str], dict[str, Verdict]] = field(default_factory=dict)
    bases: dict[tuple[str, str], Path] = field(default_factory=dict)

    @property
    def state(self) -> Path:
        """The deployment's own folder."""
        return self.folder / "state"

    @property
    def kind(self) -> str:
        """The way back that was just taken, "" on the way forward."""
        return self.moment.removeprefix(ROLLED_BACK) if self.moment.startswith(ROLLED_BACK) else ""

    def up(self) -> None:
        """Bring it up at the first moment, with no evidence yet."""
        (self.folder / "reports").mkdir()
        reference.ask(
            "up", "--state", str(self.state), "--at", self.moment, "--rows", str(ROWS), "--services", self.services
        )

    def down(self) -> None:
        """End it."""
        reference.ask("down", "--state", str(self.state))

    def ready_for(self, gate: str, moment: str) -> dict[str, Verdict]:
        """Do every step up to `moment` and run every gate up to `gate` clean; return what its checks say."""
        while self.moment != moment:
            self._run_clean(GATES_AT[self.moment][0])
            self.moment = WAY[WAY.index(self.moment) + 1]
            assert self._rehearsal("reports").do_steps(Leg(self.moment, self.kind)) == 0
        self._run_clean(gate)
        return self.clean[gate, self.kind]

    def run_broken(self, fault: dict[str, Any]) -> Attempt:
        """Run the fault's gate on the broken deployment, against a copy of the evidence so far; then mend it."""
        reports, gate = f"reports-{fault['name']}", fault["gate"]
        shutil.copytree(self.bases[gate, self.kind], self.folder / reports)
        with self._broken(fault, reports):
            return self._run(gate, reports)

    @contextmanager
    def _broken(self, fault: dict[str, Any], reports: str) -> Iterator[None]:
        """Break the deployment meanwhile; a fault that is a command leaves its trace in the evidence alone."""
        if "command" in fault:
            rehearsal, done = self._rehearsal(reports), run_live(fault["step"], [fault["command"]], show=False)
            judge_and_record(rehearsal.folder, rehearsal.subject.change, done)
            yield
            return
        reference.ask("break", "--state", str(self.state), fault["name"])
        try:
            yield
        finally:
            reference.ask("mend", "--state", str(self.state), fault["name"])

    def _run_clean(self, gate: str) -> None:
        """Run `gate` on the unbroken deployment, once, after those before it at this moment.

        Everything must hold, or no fault could be told from it.
        """
        here, gates = (gate, self.kind), GATES_AT[self.moment]
        if here in self.clean:
            return
        for earlier in gates[: gates.index(gate)]:
            self._run_clean(earlier)
        self.bases[here] = self.folder / "-".join(("base", *filter(None, here)))
        shutil.copytree(self.folder / "reports", self.bases[here])
        self.clean[here] = verdicts(self._run(gate, "reports"))
        wrong = {check: verdict for check, verdict in self.clean[here].items() if verdict not in CLEAN}
        assert not wrong, f"{gate} is not clean before anything is broken: {wrong}"

    def _run(self, gate: str, reports: str) -> Attempt:
        rehearsal = self._rehearsal(reports)
        rehearsal.run_gate(gate, self.kind)
        attempt = read(rehearsal.folder).latest(gate)
        assert attempt is not None, f"{gate} left no evidence"
        return attempt

    def _rehearsal(self, reports: str) -> Rehearsal:
        return Rehearsal(self.state, self.folder / reports, [], Progress(console(stderr=True)), WATCH)


def verdicts(attempt: Attempt) -> dict[str, Verdict]:
    """Return what each check of a gate said."""
    return {check: attempt.check_verdict(check) for check in attempt.checks}


@pytest.fixture(scope="module")
def deployment(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Reference]:
    """Return the reference at its first moment; every process of its is gone afterwards."""
    found = Reference(tmp_path_factory.mktemp("reference"))
    found.up()
    yield found
    found.down()
