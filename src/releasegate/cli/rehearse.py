"""`gate rehearse`: the whole runbook on the reference; every step done for real, then its gate as its own process."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click

from releasegate.cli import reference, unknown
from releasegate.cli.places import PROJECT, reports_of
from releasegate.cli.progress import Progress
from releasegate.cli.rehearsal import Rehearsal
from releasegate.cli.walk import drill_for, legs
from releasegate.core import UsageError
from releasegate.evidence.lock import only_writer
from releasegate.plugin.signals import undisturbed

_STATE = PROJECT / ".state" / "rehearsal"


@click.command()
@click.option("--rows", type=click.IntRange(min=1), default=20_000, show_default=True, help="Messages to seed.")
@click.option("--fault", "faults", multiple=True, metavar="NAME", help="Break the reference at the moment it names.")
@click.option(
    "--services",
    type=click.Choice(["process", "docker", "pm2"]),
    default="process",
    show_default=True,
    help="Who runs the services: docker is the runbook's option A, pm2 its option B.",
)
@click.option("--rollback", type=click.Choice(["code", "data", "restore", "none"]), help="The way back to drill.")
@click.option("--state", type=click.Path(path_type=Path), help="Where the reference lives (default: .state/rehearsal).")
@click.option("--reports", type=click.Path(path_type=Path), help="Where evidence goes (default: reports/rehearsals/).")
@click.option("--keep", is_flag=True, help="Leave the reference up afterwards.")
def rehearse(
    rows: int,
    faults: tuple[str, ...],
    services: str,
    rollback: str | None,
    state: Path | None,
    reports: Path | None,
    keep: bool,
) -> int:
    """Walk the whole runbook on the reference deployment, step by step and gate by gate, into one report."""
    struck = _known(faults, services)
    rollback = drill_for([fault["at"] for fault in struck], rollback)
    state = _prepared(state)
    reports = (reports or reports_of(None) / "rehearsals" / datetime.now(UTC).strftime("%Y%m%d-%H%M%S")).absolute()
    with ExitStack() as cleanup, Progress() as progress:
        cleanup.enter_context(_emptied(state))
        if not keep:
            cleanup.callback(_down, state)
        progress.note(f"bringing up the reference with {rows} messages in {state}")
        reference.ask("up", "--state", str(state), "--at", "before", "--rows", str(rows), "--services", services)
        rehearsal = Rehearsal(state, reports, struck, progress)
        code = rehearsal.walk(legs(rollback))
    click.echo(rehearsal.last_words(code))
    return code


def _known(names: Sequence[str], services: str) -> list[dict[str, Any]]:
    catalogue = {fault["name"]: fault for fault in reference.catalogue()} if names else {}
    for name in names:
        if name not in catalogue:
            raise UsageError(unknown("--fault", name, catalogue))
        if services not in catalogue[name]["services"]:
            needed = " or ".join(catalogue[name]["services"])
            raise UsageError(f"--fault {name} strikes only with --services {needed}; this is --services {services}")
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
