"""`gate selftest`: the project's own tests, its linter and its type checker."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence

import click

from releasegate.cli.places import PROJECT, environment

_ALL = ("--everything",)
# Two files of tests at a time: half of them wait for a server, a browser or a process of their own.
_WORKERS = ("-n", "2", "--dist", "loadfile", "--no-loadscope-reorder")


@click.command(context_settings={"ignore_unknown_options": True})
@click.option("--all", "everything", is_flag=True, help="Every fault, real service managers, kills: up to an hour.")
@click.argument("pytest_arguments", nargs=-1, type=click.UNPROCESSED)
def selftest(everything: bool, pytest_arguments: Sequence[str]) -> int:
    """Test the gates themselves: linter, types, layers, every check both ways, and seeded faults on the reference."""
    commands = {
        "ruff check": ["ruff", "check", "."],
        "ruff format": ["ruff", "format", "--check", "."],
        "mypy --strict": ["mypy"],
        "pytest": ["pytest", "selftests", *_WORKERS, *(_ALL if everything else ()), *pytest_arguments],
    }
    failed = [name for name, command in commands.items() if not _passes(name, command)]
    click.echo(f"selftest: {'all green' if not failed else 'failed: ' + ', '.join(failed)}")
    return 1 if failed else 0


def _passes(name: str, command: Sequence[str]) -> bool:
    click.echo(f"selftest: {name}")
    done = subprocess.run([sys.executable, "-m", *command], cwd=PROJECT, env=environment(), check=False)
    return done.returncode == 0
