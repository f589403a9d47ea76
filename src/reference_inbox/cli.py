"""The command line: words in, one line a phase out; every expected failure is one sentence and an exit code.

Exit codes: 0 done, 1 it failed, 2 interrupted, 4 wrong usage (nothing was changed).
"""

import logging
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import click

from reference_inbox import moments
from reference_inbox.errors import ReferenceFailed, WrongUsage, unknown
from reference_inbox.state import State

DONE, FAILED, INTERRUPTED, USAGE = 0, 1, 2, 4
PROGRAM: Final = "reference"


def as_state(_: click.Context, __: click.Parameter, folder: Path) -> State:
    """Hand a folder on as State."""
    return State(folder)


class Commands(click.Group):
    """The group of commands, which offers the nearest word for one it does not know."""

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the command. Raises WrongUsage with the accepted ones."""
        if args and not args[0].startswith("-") and args[0] not in self.commands:
            raise unknown("command", args[0], self.commands)
        return super().resolve_command(ctx, args)


state_option = click.option(
    "--state",
    type=click.Path(file_okay=False, path_type=Path),
    callback=as_state,
    required=True,
    metavar="DIR",
    help="The deployment's folder.",
)


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
def reference() -> None:
    """A small real inbox on this machine: the known-good deployment."""


@reference.command()
@state_option
@click.option("--at", default=moments.BEFORE, metavar="MOMENT", help=f"One of {', '.join(moments.ALL)}.")
@click.option("--rows", type=int, default=20_000, show_default=True, help="Messages; up to millions.")
@click.option("--seed", type=int, default=20_251_103, show_default=True, help="The same seed gives the same rows.")
@click.option("--services", default="process", metavar="MANAGER", help="Who runs the services: process, docker, pm2.")
@click.option("--fault", "faults", multiple=True, metavar="NAME", help="Break it so at the fault's own moment.")
def up(state: State, at: str, rows: int, seed: int, services: str, faults: tuple[str, ...]) -> None:
    """Start a deployment in a new or empty folder; return when it is healthy."""
    from reference_inbox import life, managers
    from reference_inbox.faults import catalogue

    managers.named(services)

    moments.between(moments.BEFORE, moments.RELEASED if at in moments.ROLLBACKS else at)
    for name in faults:
        catalogue.fitting(catalogue.named(name), services)
    life.up(state, at, rows, seed, faults, manager=services)
    click.echo(state.path)


@reference.command()
@state_option
@click.option("--to", "there", required=True, metavar="MOMENT", help=f"One of {', '.join(moments.ALL)}.")
def advance(state: State, there: str) -> None:
    """Do the runbook's steps up to a moment, for real."""
    from reference_inbox import walking

    state.read_ready()
    walking.advance(state, there)


@reference.command()
@state_option
@click.option("--to", "there", required=True, metavar="MOMENT", help="The moment whose commands have been run.")
def arrive(state: State, there: str) -> None:
    """Note that another program has run a moment's commands; what happens there besides them happens now."""
    from reference_inbox import walking

    state.read_ready()
    walking.arrive(state, there)


@reference.command(name="break")
@state_option
@click.argument("fault")
def break_(state: State, fault: str) -> None:
    """Break the deployment in a known way."""
    from reference_inbox.faults import catalogue

    state.read_ready()
    catalogue.strike(state, catalogue.named(fault))


@reference.command()
@state_option
@click.argument("fault")
def mend(state: State, fault: str) -> None:
    """Repair what `break` broke."""
    from reference_inbox.faults import catalogue

    state.read_ready()
    catalogue.mend(state, catalogue.named(fault))


@reference.command()
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
def faults(as_json: bool) -> None:
    """List the known faults."""
    from reference_inbox.faults import catalogue

    click.echo(catalogue.as_json() if as_json else catalogue.as_table())


@reference.command()
@state_option
@click.argument("service")
def restart(state: State, service: str) -> None:
    """Restart a service from its build."""
    from reference_inbox import services

    services.restart(state, service)


@reference.command()
@state_option
@click.argument("service")
def start(state: State, service: str) -> None:
    """Start a service from its build, unless it runs."""
    from reference_inbox import managers, services

    if managers.of(state).has_ended(state, services.checked(service)):
        services.start(state, service)


@reference.command()
@state_option
@click.argument("service")
def stop(state: State, service: str) -> None:
    """Stop a service; one that does not run is stopped."""
    from reference_inbox import services

    services.stop(state, service)


@reference.command()
@state_option
def down(state: State) -> None:
    """End every process and remove what was made; may be said twice."""
    from reference_inbox import life

    if not life.down(state):
        click.echo(f"nothing to end in {state.folder}", err=True)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command and return its exit code; errors that are expected are one sentence on stderr."""
    logging.basicConfig(level=logging.INFO, format="%(message)s", stream=sys.stderr)
    try:
        reference.main(args=arguments, prog_name=PROGRAM, standalone_mode=False)
    except WrongUsage as problem:
        return said(str(problem), USAGE)
    except click.ClickException as problem:
        return said(problem.format_message(), USAGE)
    except ReferenceFailed as problem:
        return said(str(problem), FAILED)
    except (KeyboardInterrupt, click.Abort):
        return said("interrupted; `down` ends what was started", INTERRUPTED)
    return DONE


def said(sentence: str, code: int) -> int:
    """Say a sentence on stderr and return the code."""
    click.echo(f"{PROGRAM}: {sentence}", err=True)
    return code
