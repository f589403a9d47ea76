"""`gate run`: one gate, as its own pytest process."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import NoReturn

import click

from releasegate.cli import unknown
from releasegate.cli.places import PROJECT, environment, reports_of
from releasegate.core import UsageError
from releasegate.core.settings import command_name
from releasegate.plugin.gates import BY_MARKER


@click.command(context_settings={"ignore_unknown_options": True})
@click.argument("gate")
@click.option("--target", type=click.Path(path_type=Path), help="The deployment to look at. Required.")
@click.option("--change", type=click.Path(path_type=Path), help="What the release promises.")
@click.option("--reports", type=click.Path(path_type=Path), help="Where evidence goes (default: reports/).")
@click.option("--sign", type=click.Path(path_type=Path), metavar="KEY", help="Sign the statement with this ssh key.")
@click.argument("pytest_arguments", nargs=-1, type=click.UNPROCESSED)
def run(
    gate: str,
    target: Path | None,
    change: Path | None,
    reports: Path | None,
    sign: Path | None,
    pytest_arguments: Sequence[str],
) -> int:
    """Run one GATE against a deployment: the same as `pytest -m GATE --target FILE ...`.

    Also accepted: --alone, --kind code|data|restore (rollback), --after 24h|7d (followup),
    --seed-samples (smoke, staging only), and every argument of pytest.

    \b
    Exit codes: 0 GO, 1 NO-GO, 2 interrupted, 3 internal error, 4 usage, 5 nothing collected,
    6 could not tell, 7 blocked by an earlier gate.
    """  # noqa: D301 - not raw: click keeps the lines behind a backspace as they are
    if gate not in BY_MARKER:
        raise UsageError(unknown("gate", gate, BY_MARKER))
    if target is None:
        raise UsageError(f"--target: no deployment was named; give one: {command_name()} run {gate} --target FILE")
    options = [f"--target={target.absolute()}", f"--reports={reports_of(reports)}"]
    options += [f"--change={change.absolute()}"] if change else []
    options += [f"--sign={sign.absolute()}"] if sign else []
    _become(command_of(gate, [*options, *pytest_arguments]))


def _become(command: list[str]) -> NoReturn:
    """Go on as pytest in the project folder: Ctrl-C then reaches the gate itself, and nobody stands between."""
    os.chdir(PROJECT)
    os.execve(command[0], command, environment())  # noqa: S606 - our own interpreter, our own arguments


def command_of(gate: str, arguments: Sequence[str]) -> list[str]:
    """Return the command that runs `gate`."""
    return [sys.executable, "-m", "pytest", "-m", gate, *arguments]
