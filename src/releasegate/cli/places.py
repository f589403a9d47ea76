"""Where things are, and the options that several commands share."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from releasegate.change.models import Locale
from releasegate.core import UsageError
from releasegate.core.settings import choose, for_children
from releasegate.evidence.folder import Folder
from releasegate.evidence.statement import write_statement
from releasegate.plugin.subject import Subject, load_subject
from releasegate.report import write_report

F = TypeVar("F", bound=Callable[..., Any])
PROJECT = Path(__file__).parents[3]
REPORTS = PROJECT / "reports"


def on_target(command: F) -> F:
    """Add --target (required: never silently the local machine), --change and --reports to a command."""
    for option in (
        click.option("--reports", type=click.Path(path_type=Path), help="Where evidence goes (default: reports/)."),
        click.option("--change", "change_path", type=click.Path(path_type=Path), help="What the release promises."),
        click.option("--target", "target_path", type=click.Path(path_type=Path), help="The deployment's file."),
    ):
        command = option(command)
    return command


def subject_of(target_path: Path | None, change_path: Path | None) -> Subject:
    """Return target and change. Raises UsageError when no target was named."""
    if target_path is None:
        raise UsageError("--target: no deployment was named; give --target FILE (targets/example.toml shows every key)")
    return load_subject(target_path, change_path, PROJECT)


def reports_of(option: Path | None) -> Path:
    """Return where evidence goes: --reports, RELEASEGATE_REPORTS, or reports/ of the project; as a whole path."""
    return choose("reports", default=REPORTS, parse=Path, option=option).value.absolute()


def folder_of(subject: Subject, reports: Path | None) -> Folder:
    """Return the folder that holds this deployment's evidence for this change."""
    return Folder.of(reports_of(reports), subject.change.id, subject.target.name)


def refresh(folder: Folder, subject: Subject, *, language: Locale | None = None) -> Path:
    """Write report, manifest and statement again, after something was added outside a gate; return the report."""
    path = write_report(folder, subject.change, subject.gates, language=language)
    write_statement(folder)
    return path


def environment() -> dict[str, str]:
    """Return the environment of a child process."""
    return for_children()
