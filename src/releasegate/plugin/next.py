"""What to do next: the command after a gate, and the ways back that are left."""

from __future__ import annotations

import shlex
from collections.abc import Sequence

from releasegate.core import ExitCode, Verdict
from releasegate.core.gate import Gate
from releasegate.core.settings import command_name
from releasegate.evidence.checkpoints import Checkpoint
from releasegate.evidence.history import History
from releasegate.plugin.gates import BY_MARKER, GATES
from releasegate.plugin.record import GateRecord
from releasegate.plugin.run import Run
from releasegate.plugin.subject import Subject


def command_after(run: Run, records: Sequence[GateRecord], code: ExitCode) -> str:
    """Return the command that follows a run of gates: the next step's gate, what blocks, or the same gate again."""
    subject = run.subject
    if not records:
        return gate_command(subject, run.gates[0])
    record = records[-1]
    if code is ExitCode.BLOCKED:
        return _command(subject, "status")
    if code is ExitCode.NO_GO and record.gate.is_released and not record.alone:
        return f"the way back above (by code where that is enough), then {gate_command(subject, BY_MARKER['rollback'])}"
    if code is not ExitCode.GO:
        if record.only_waits_for_people:
            return _command(subject, "attest", record.open_items[0].id, "--by NAME")
        return gate_command(subject, record.gate, run.options.kind or "KIND") + (" --alone" if record.alone else "")
    return "" if record.alone else _onward(subject, record.gate)


def _onward(subject: Subject, gate: Gate) -> str:
    """Return what comes after a gate that is open; after a way back that is where it led to."""
    following = _following(gate)
    if following is None:
        is_back = gate is BY_MARKER["rollback"]
        return f"{_command(subject, 'status')} says where the way forward begins again" if is_back else ""
    return f"{following.runbook} of the runbook, then {gate_command(subject, following)}"


def gate_command(subject: Subject, gate: Gate, kind: str = "KIND") -> str:
    """Return the command that runs `gate` on this target; `kind` is that of a rollback."""
    return _command(subject, "run", gate.marker, *([f"--kind {kind}"] if gate.marker == "rollback" else []))


def next_command(subject: Subject, history: History, stands: Sequence[Checkpoint]) -> str:
    """Return the command for the first gate of the way forward that is not open, or what a person has to say first."""
    closed = next((stand for stand in stands if not stand.is_open and stand.gate != "rollback"), None)
    if closed is None:
        return "nothing; every gate is open"
    attempt = history.latest_closed(closed.gate)
    if attempt and attempt.open_items and closed.verdict is Verdict.NOT_RUN:
        return _command(subject, "attest", attempt.open_items[0], "--by NAME")
    return gate_command(subject, BY_MARKER[closed.gate])


def _command(subject: Subject, *words: str) -> str:
    """Return a command that can be pasted where the operator stands; NAME and KIND are left to them."""
    return " ".join((command_name(), *words, "--target", shlex.quote(str(subject.target_path))))


def _following(gate: Gate) -> Gate | None:
    return next((other for other in GATES if gate.marker in other.requires), None)
