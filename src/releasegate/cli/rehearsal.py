"""One walk through the runbook on the reference: its steps done, its gates run, and where it stopped."""

from __future__ import annotations

import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any

from releasegate.cli import reference
from releasegate.cli.again import Again, both_walks
from releasegate.cli.child import finish
from releasegate.cli.places import PROJECT, folder_of
from releasegate.cli.progress import Progress
from releasegate.cli.run import command_of
from releasegate.cli.step import judge_and_record, run_live
from releasegate.cli.walk import Leg
from releasegate.core import ExitCode, Verdict
from releasegate.core.durations import show_duration
from releasegate.core.redaction import redactor
from releasegate.evidence.anchor import ticket_line
from releasegate.evidence.chain import Chain, read
from releasegate.evidence.events import Kind
from releasegate.evidence.folder import Folder
from releasegate.plugin.subject import Subject, load_subject

WATCH = ("--for", "8s", "--every", "2s")  # the reference's own change file promises a watch of this length


@dataclass(slots=True)
class Rehearsal:
    """One walk: what was done so far, and the gate at which it stopped. `watch` are the options of its watch."""

    state: Path
    reports: Path
    faults: list[dict[str, Any]]
    progress: Progress
    watch: Sequence[str] = WATCH
    began: float = field(default_factory=time.monotonic)
    stopped_at: str = ""
    gates: int = 0
    again: Again | None = None
    subject: Subject = field(init=False)
    folder: Folder = field(init=False)

    def __post_init__(self) -> None:
        self.subject = load_subject(self.state / "target.toml", None, PROJECT)
        self.folder = folder_of(self.subject, self.reports)

    def walk(self, way: Sequence[Leg]) -> int:
        """Walk `way` until the first gate that is not open, and return that gate's exit code, or GO."""
        for leg in way:
            code = self.do_steps(leg) or self._run_gates(leg)
            if code:
                return code
        return self._compare_walks() if any(leg.kind for leg in way) else ExitCode.GO

    def _compare_walks(self) -> int:
        """Compare the walk before the way back with the one after it; return NO_GO where they differ."""
        self.progress.begin("both walks")
        self.again = both_walks(read(self.folder))
        is_same = self.again.checks > 0 and not self.again.differing
        self.progress.end(Verdict.PASS if is_same else Verdict.FAIL, self.again.sentence)
        return ExitCode.GO if is_same else ExitCode.NO_GO

    def do_steps(self, leg: Leg) -> int:
        """Do the runbook's steps up to a moment, then break what is to break there; return NO_GO at a failed step."""
        for step in reference.read_state(self.state)["steps"][leg.moment]:
            if self._do_step(step):
                self.stopped_at = f"step {step['item']}"
                return ExitCode.NO_GO
        if leg.moment != "before":
            reference.ask("arrive", "--state", str(self.state), "--to", leg.moment)
        for fault in self.faults:
            if fault["at"] == leg.moment:
                self.progress.note(f"fault {fault['name']}: {fault['what']}")
                reference.ask("break", "--state", str(self.state), fault["name"])
        return ExitCode.GO

    def _do_step(self, step: dict[str, Any]) -> int:
        """Run one command as `gate step` does; return 0 when its output is as promised."""
        self.progress.begin(f"step {step['item']}")
        done = run_live(step["item"], step["command"], cwd=Path(step["cwd"]), env=step["env"], show=False)
        judgement = judge_and_record(self.folder, self.subject.change, done, self.subject.target)
        self.progress.end(judgement.verdict, judgement.sentence)
        if judgement.verdict.opens:
            return 0
        self.progress.note(redactor.text(done.run.output))
        return 1

    def _run_gates(self, leg: Leg) -> int:
        for gate in leg.gates:
            code = self.run_gate(gate, leg.kind)
            if code:
                self.stopped_at = gate
                return code
        return ExitCode.GO

    def run_gate(self, gate: str, kind: str = "") -> int:
        """Watch where the gate judges a watch, attest what a person would, run the gate; return its exit code."""
        if gate == "monitoring":
            self._watch()
        self._attest(gate)
        return self._run(gate, [f"--kind={kind}"] if kind else [])

    def _attest(self, gate: str) -> None:
        """Attest the gate's manual items as what they are here: a rehearsal."""
        manual = [item for item in self.subject.change.checklist if item.gate == gate and item.manual and item.required]
        with Chain.open(self.folder) as chain:
            for item in manual:
                chain.append(Kind.ATTEST, gate, item=item.id, by="rehearsal", note="no person was asked")

    def _watch(self) -> None:
        """Watch for as long as the reference's own change file promises."""
        self.progress.begin("watch")
        done = finish([sys.executable, "-m", "releasegate.cli", "watch", *self._where, *self.watch], cwd=PROJECT)
        self.progress.end(Verdict.PASS if done.returncode == 0 else Verdict.ERROR, _last_line(done))

    def _run(self, gate: str, arguments: Sequence[str]) -> int:
        """Run one gate as its own process and return its exit code; show its output only when it is not open."""
        self.progress.begin(f"gate {gate}")
        done = finish(command_of(gate, [*self._where, *arguments]), cwd=PROJECT)
        self.gates += 1
        attempt = read(self.folder).latest(gate)
        verdict, end = (attempt.verdict, attempt.end) if attempt else (Verdict.NOT_RUN, {})
        self.progress.end(verdict, str(end.get("sentence") or _last_line(done)))
        if done.returncode:
            self.progress.note(done.stdout.partition("\nreport   ")[0] + done.stderr)  # we end with the same lines
        return done.returncode

    @property
    def _where(self) -> list[str]:
        return [f"--target={self.subject.target_path}", f"--reports={self.reports}"]

    def last_words(self, code: int) -> str:
        """Return the report's path, the ticket line, and the sentence."""
        history = read(self.folder)
        verdict = history.all_attempts[-1].verdict if history.all_attempts else Verdict.NOT_RUN
        ticket = ticket_line(self.subject.change.id, self.subject.target.name, *history.head, verdict)
        lines = [f"report   {self.folder.report}", f"ticket   {ticket}"]
        took = show_duration(time.monotonic() - self.began)
        if code == ExitCode.GO:
            twice = f"; {self.again.sentence}" if self.again else ""
            gates = f"{self.gates} gates in {took}"
            lines.append(f"GO: the whole runbook was rehearsed, {gates}{twice}. Next: read the report.")
        else:
            lines.append(f"{self._why_stopped()}. Stopped after {took}. Next: read the report.")
        return "\n".join(lines)

    def _why_stopped(self) -> str:
        if self.again is not None:
            return f"NO-GO: {self.again.sentence}"
        attempt = read(self.folder).latest(self.stopped_at)
        sentence = attempt.end.get("sentence") if attempt else None
        return str(sentence or f"NO-GO: {self.stopped_at} did not do what it should")


def _last_line(done: CompletedProcess[str]) -> str:
    return (done.stdout.strip().splitlines() or done.stderr.strip().splitlines() or [""])[-1]
