"""`gate reference`: the reference deployment by hand; it is a program of its own and is only started here."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click

from releasegate.cli.child import finish
from releasegate.cli.places import environment
from releasegate.core import CannotMeasure


@click.command(context_settings={"ignore_unknown_options": True, "help_option_names": []}, add_help_option=False)
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
def reference(arguments: Sequence[str]) -> int:
    """Bring the reference up, on, down; break and mend it: up, advance, break, mend, faults, down."""
    return subprocess.run(_command(arguments), env=environment(), check=False).returncode


def ask(*arguments: str) -> None:
    """Run one command of the reference quietly. Raises CannotMeasure with what it said when it fails."""
    done = finish(_command(arguments))
    if done.returncode:
        said = (done.stderr or done.stdout).strip() or f"exit code {done.returncode}"
        raise CannotMeasure(f"the reference could not {arguments[0]}: {said}")


def read_state(state: Path) -> dict[str, Any]:
    """Return `reference.json` of a reference that is up."""
    data: dict[str, Any] = json.loads((state / "reference.json").read_text(encoding="utf-8"))
    return data


def catalogue() -> list[dict[str, Any]]:
    """Return the reference's faults: name, the moment each strikes at, and the checks it trips."""
    done = subprocess.run(_command(["faults", "--json"]), env=environment(), capture_output=True, text=True, check=True)
    faults: list[dict[str, Any]] = json.loads(done.stdout)
    return faults


def _command(arguments: Sequence[str]) -> list[str]:
    return [sys.executable, "-m", "reference_inbox", *arguments]
