"""`gate status`: which checkpoints are open, what comes next, what has closed one, and which ways back are left."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import click

from releasegate.cli.places import folder_of, on_target, subject_of
from releasegate.cli.show import console, gate_table
from releasegate.core import ExitCode, Verdict
from releasegate.evidence.chain import read
from releasegate.evidence.checkpoints import Checkpoint, checkpoints
from releasegate.evidence.history import History
from releasegate.plugin.after import demand
from releasegate.plugin.back.ways import shown
from releasegate.plugin.bonds import look
from releasegate.plugin.next import next_command


@click.command()
@on_target
def status(target_path: Path | None, change_path: Path | None, reports: Path | None) -> int:
    """Show which checkpoints are open on a deployment, what comes next, what expired, and the ways back left."""
    subject = subject_of(target_path, change_path)
    folder = folder_of(subject, reports)
    history = read(folder)
    seen = look(subject)
    stands = checkpoints(history, subject.gates, now=datetime.now(UTC), seen=seen.bonds)
    screen = console()
    screen.print(gate_table(stands))
    for bond, reason in seen.unseen.items():
        screen.print(f"not seen: the {bond} ({reason}); what depends on it is taken as unchanged", markup=False)
    following = next((gate for gate, stand in zip(subject.gates, stands, strict=True) if not stand.is_open), None)
    for missing in demand(subject, folder, following, seen).missing if following else ():
        screen.print(missing, markup=False)
    screen.print("ways back:")
    for line in shown(subject, history, datetime.now(UTC)):
        screen.print(f"  {line}", markup=False, soft_wrap=True)
    screen.print(f"next: {next_command(subject, history, stands)}", markup=False)
    return _exit_code(history, stands)


def _exit_code(history: History, stands: Sequence[Checkpoint]) -> int:
    """Return GO unless a gate that has been run stands closed: then what that gate's verdict says."""
    run = [stand for stand in stands if history.latest(stand.gate) is not None and not stand.undone]
    if any(stand.verdict is Verdict.FAIL for stand in run):
        return ExitCode.NO_GO
    return ExitCode.GO if all(stand.is_open for stand in run) else ExitCode.CANNOT_TELL
