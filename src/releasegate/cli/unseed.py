"""`gate unseed`: remove what a killed `--seed-samples` has left."""

from __future__ import annotations

from pathlib import Path

import click

from releasegate.cli.places import on_target, subject_of
from releasegate.core.figures import count
from releasegate.plugin.seeds import require_seed
from releasegate.probes.seeding import open_seeder


@click.command()
@on_target
def unseed(target_path: Path | None, change_path: Path | None, reports: Path | None) -> int:  # noqa: ARG001  on_target's
    """Remove the tagged rows that a killed `--seed-samples` has left; a run that ends removes its own."""
    subject = subject_of(target_path, change_path)
    require_seed(subject, ("smoke",))
    with open_seeder(subject.target, subject.change) as seeder:
        found = seeder.remove()
    for one in found.value:
        click.echo(f"{one.table}: {count(one.rows, 'tagged row')} removed")
    return 0
