"""How a run ends: the manifest, the statement and the dossier are written from the chain, and from nothing else."""

from __future__ import annotations

from releasegate.evidence.chain import read
from releasegate.evidence.manifest import write_manifest
from releasegate.evidence.statement import write_statement
from releasegate.plugin.gates import GATES
from releasegate.plugin.recorder import Recorder
from releasegate.plugin.run import Run
from releasegate.report import write_report


def write_dossier(run: Run, recorder: Recorder) -> None:
    """Write what is derived from the chain. Raises CannotMeasure when the disk refuses."""
    history = read(run.folder)
    recorder.history = history
    write_report(run.folder, run.subject.change, GATES)
    write_statement(run.folder)
    write_manifest(run.folder)
