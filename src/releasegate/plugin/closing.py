"""How a run ends: report, manifest and statement are written from the chain, and from nothing else."""

from __future__ import annotations

from pathlib import Path

from releasegate.core import worst
from releasegate.evidence.anchor import ticket_line
from releasegate.evidence.chain import read
from releasegate.evidence.signature import sign_statement
from releasegate.evidence.statement import write_statement
from releasegate.plugin.record import GateRecord
from releasegate.plugin.run import Run
from releasegate.report import write_report


def report(run: Run, records: list[GateRecord]) -> str:
    """Write the dossier and return the line for the change ticket. Raises CannotMeasure when the disk refuses."""
    write_report(run.folder, run.subject.change, run.subject.gates)
    verdict = worst(record.verdict for record in records)
    return ticket_line(run.subject.change.id, run.subject.target.name, *read(run.folder).head, verdict)


def seal(run: Run) -> None:
    """Write the manifest of every file, and the statement over it, signed where a key was given.

    After everything else has been written. Raises CannotMeasure when the disk, or the key, refuses.
    """
    write_statement(run.folder)
    if run.options.sign:
        sign_statement(run.folder, Path(run.options.sign))
