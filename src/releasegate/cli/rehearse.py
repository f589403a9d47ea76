"""`gate rehearse`: the whole runbook on the reference; every step done for real, then its gate as its own process."""

from __future__ import annotations

import shutil
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click

from releasegate.cli import reference, unknown
from releasegate.cli.child import finish
from releasegate.cli.places import PROJECT, folder_of, reports_of
from releasegate.cli.progress import Progress
from releasegate.cli.run import command_of
from releasegate.cli.step import judge_and_record, run_live
from releasegate.cli.walk import Leg, drill_for, legs
from releasegate.core import CannotMeasure, ExitCode, UsageError, Verdict
from releasegate.core.durations import show_duration
from releasegate.evidence.chain import Chain, read
from releasegate.evidence.events import Kind
from releasegate.evidence.folder import Folder
from releasegate.evidence.lock import only_writer
from releasegate.plugin.signals import undisturbed
from releasegate.plugin.subject import Subject, load_subject

_STATE = PROJECT / ".state" / "rehearsal"
_WATCH = ("--for", "6s", "--every", "1s")  # the reference's own change file promises a watch of this length


@click.command()
@click.option("--rows", type=click.IntRange(min=1), default=20_000, show_default=True, help="Messages to seed.")
@click.option("--fault", "faults", multiple=True, metavar="NAME", help="Break the reference at the moment it names.")
@click.option("--rollback", type=click.Choice(["code", "data", "restore", "none"]), help="The way back to drill.")
@click.option("--state", type=click.Path(path_type=Path), help="Where the reference lives (default: .state/rehearsal).")
@click.option("--reports", type=click.Path(path_type=Path), help="Where evidence goes (default: reports/rehearsals/).")
@click.option("--keep", is_flag=True, help="Leave the reference up afterwards.")
def rehearse(
    rows: int, faults: tuple[str, ...], rollback: str | None, state: Path | None, reports: Path | None, keep: bool
) -> int:
    """Walk the whole runbook on the reference deployment, step by step and gate by gate, into one report."""
    struck = _known(faults)
    rollback = drill_for([fault["at"] for fault in struck], rollback)
    state = _prepared(state)
    reports = reports or reports_of(None) / "rehearsals" / datetime.now(UTC).strftime("%Y%m%d-%H%M%S")
    with ExitStack() as cleanup, Progress() as progress:
        cleanup.enter_context(_emptied(state))
        if not keep:
            cleanup.callback(_down, state)
        progress.note(f"bringing up the reference with {rows} messages in {state}")
        reference.ask("up", "--state", str(state), "--at", "before", "--rows", str(rows))
        rehearsal = Rehearsal(state, reports, struck, progress)
        code = rehearsal.walk(legs(rollback))
    click.echo(rehearsal.last_words(code))
    return code


def _known(names: Sequence[str]) -> list[dict[str, Any]]:
    catalogue = {fault["name"]: fault for fault in reference.catalogue()} if names else {}
    for name in names:
        if name not in catalogue:
            raise UsageError(unknown("--fault", name, catalogue))
    return [catalogue[name] for name in names]


def _prepared(state: Path | None) -> Path:
    """Return the state folder: our own is made anew later; a given one that holds anything is refused."""
    if state is not None:
        if state.exists() and any(state.iterdir()):
            raise UsageError(f"--state: {state} is not empty; give a folder that does not exist, or an empty one")
        return state.absolute()
    return _STATE


@contextmanager
def _emptied(state: Path) -> Iterator[None]:
    """Hold our own state folder for this rehearsal and empty it; a given one is empty and is left to its owner.

    Raises CannotMeasure that names who else rehearses there.
    """
    if state != _STATE:
        yield
        return
    state.parent.mkdir(parents=True, exist_ok=True)
    with only_writer(state.with_suffix(".lock"), wait_s=0) as holder:
        holder.note("rehearsal")
        _down(state)
        shutil.rmtree(state, ignore_errors=True)
        yield


def _down(state: Path) -> None:
    """End the reference, whatever else happens: its processes would outlive this one."""
    if (state / "reference.json").exists():
        with undisturbed():
            reference.ask("down", "--state", str(state))


@dataclass(slots=True)
class Rehearsal:
    """One walk: what was done so far, and the gate at which it stopped."""

    state: Path
    reports: Path
    faults: list[dict[str, Any]]
    progress: Progress
    began: float = field(default_factory=time.monotonic)
    stopped_at: str = ""
    gates: int = 0
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
        return ExitCode.GO

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
        judgement = judge_and_record(self.folder, self.subject.change, done)
        self.progress.end(judgement.verdict, judgement.sentence)
        if judgement.verdict.opens:
            return 0
        self.progress.note(done.run.output)
        return 1

    def _run_gates(self, leg: Leg) -> int:
        for gate in leg.gates:
            code = self.run_gate(gate, leg.kind)
            if code:
                self.stopped_at = gate
                return code
        return ExitCode.GO

    def run_gate(self, gate: str, kind: str = "") -> int:
        """Attest what a person would, watch where the gate judges a watch, run the gate; return its exit code."""
        self._attest(gate)
        if gate == "monitoring":
            self._run("watch", [*_WATCH], own_command=True)
        return self._run(gate, [f"--kind={kind}"] if kind else [])

    def _attest(self, gate: str) -> None:
        """Attest the gate's manual items as what they are here: a rehearsal."""
        manual = [item for item in self.subject.change.checklist if item.gate == gate and item.manual and item.required]
        with Chain.open(self.folder) as chain:
            for item in manual:
                chain.append(Kind.ATTEST, gate, item=item.id, by="rehearsal", note="no person was asked")

    def _run(self, name: str, arguments: Sequence[str], *, own_command: bool = False) -> int:
        """Run one gate (or the watch) as its own process; show its output only when it is not open."""
        self.progress.begin(name if own_command else f"gate {name}")
        where = [f"--target={self.subject.target_path}", f"--reports={self.reports}"]
        own = [*command_of("", [])[:2], "releasegate.cli", name, *where, *arguments]
        command = own if own_command else command_of(name, [*where, *arguments])
        done = finish(command, cwd=PROJECT)
        self.gates += not own_command
        verdict, sentence = self._outcome(name, done, own_command=own_command)
        self.progress.end(verdict, sentence)
        if done.returncode:
            self.progress.note(done.stdout.partition("\nreport   ")[0] + done.stderr)  # we end with the same lines
        return done.returncode

    def _outcome(self, name: str, done: subprocess.CompletedProcess[str], *, own_command: bool) -> tuple[Verdict, str]:
        last = (done.stdout.strip().splitlines() or [done.stderr.strip()])[-1]
        if own_command:
            return Verdict.PASS if done.returncode == 0 else Verdict.ERROR, last
        attempt = read(self.folder).latest(name)
        return (attempt.verdict, str(attempt.end.get("sentence", last))) if attempt else (Verdict.NOT_RUN, last)

    def last_words(self, code: int) -> str:
        """Return the report's path, the ticket line, and the sentence."""
        took = show_duration(time.monotonic() - self.began)
        lines = [f"report   {self.folder.report}", f"ticket   {self.ticket()}"]
        if code == ExitCode.GO:
            lines.append(f"GO: the whole runbook was rehearsed, {self.gates} gates in {took}. Next: read the report.")
        else:
            lines.append(self._why_stopped(code, took))
        return "\n".join(lines)

    def ticket(self) -> str:
        """Return the line for the change ticket."""
        from releasegate.evidence.verify import ticket_line

        history = read(self.folder)
        attempts = history.all_attempts
        verdict = attempts[-1].verdict if attempts else Verdict.NOT_RUN
        return ticket_line(self.subject.change.id, self.subject.target.name, *history.head, verdict)

    def _why_stopped(self, code: int, took: str) -> str:
        attempt = read(self.folder).latest(self.stopped_at)
        sentence = attempt.end.get("sentence") if attempt else None
        if not sentence:
            raise CannotMeasure(f"the rehearsal stopped at {self.stopped_at} with exit code {code}")
        return f"{sentence}. Stopped after {took}; the report shows what is wrong."
