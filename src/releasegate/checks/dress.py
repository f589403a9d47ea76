"""Whether the release's own files do on a copy what they are to do on the deployment."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from releasegate.core import Finding, Judgement
from releasegate.core.durations import show_duration
from releasegate.core.facts.dress import FileRun

CHECK = "backup/dress-rehearsal"


def no_copy() -> Judgement:
    """There is no copy to rehearse on, which backup/restored says."""
    return Judgement(seen=0, unit="files", holds="", not_applicable="no copy was restored (see backup/restored)")


def copy_is_whole(lacking: Sequence[str], errors: Sequence[str]) -> Judgement:
    """The copy is one that the release's files can be tried on."""
    wrong = f"this machine lacks {', '.join(lacking)}" if lacking else "its restore had errors" if errors else ""
    undecided = f"not rehearsed: the copy is not whole ({wrong}; see backup/restored)" if wrong else ""
    return Judgement(seen=1, unit="copies", holds="the copy is whole", undecided=undecided)


def files_ran(step: str, runs: Sequence[FileRun], *, source: str) -> Judgement:
    """Every file of `step` was run on the copy, to its end, without an error."""
    findings = tuple(_failed(run, source) for run in runs if run.exit_code)
    idle = [f"{run.file}: {run.not_run}" for run in runs if run.not_run]
    ran = ", ".join(f"{run.file.rpartition('/')[2]} in {show_duration(run.duration_s)}" for run in runs if run.ran_well)
    hint = "; git fetch in the backend's folder, or name the file as backup.release_files" if idle else ""
    if any(run.is_runners for run in runs):
        hint = (
            "; give the SQL that it stands for as [backup] release_files (Django: manage.py sqlmigrate), or say why "
            'not: [[not_applicable]] check = "backup/dress-rehearsal"'
        )
    return Judgement(
        seen=len(runs),
        unit="files",
        holds=f"{step}: {ran}",
        findings=findings,
        undecided=f"{step} not rehearsed: {'; '.join(idle)}{hint}" if idle else "",
    )


def _failed(run: FileRun, source: str) -> Finding:
    return Finding(
        check=CHECK,
        subject=f"{run.file} ({run.where})",
        want=f"it runs to its end on a copy of this database ({source})",
        have=run.said,
        why="the release would fail in the middle of the window; psql -f without ON_ERROR_STOP would even say 0",
        fix="correct the file in the release and rehearse it again; do not begin",
        run=run.command,
    )


def on_the_copy(step: str, judgement: Judgement) -> Judgement:
    """Return what a later gate's check says of the copy, as part of this check."""
    return replace(
        judgement,
        holds=f"after the {step}: {judgement.holds}",
        findings=tuple(
            replace(one, check=CHECK, subject=f"the copy after the {step}: {one.subject}", run="")
            for one in judgement.findings
        ),
        undecided=f"after the {step}: {judgement.undecided}" if judgement.undecided else "",
        not_applicable=f"after the {step}: {judgement.not_applicable}" if judgement.not_applicable else "",
    )
