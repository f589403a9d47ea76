"""The command line: thin, and quick to start because every command imports what it needs when it runs."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from importlib import import_module

import click

from releasegate.core import CannotMeasure, ExitCode, UsageError
from releasegate.plugin.signals import end_as_by_ctrl_c

_COMMANDS = {  # the module of each, and its line in the list
    "rehearse": ("rehearse", "Walk the whole runbook on the reference: every step done, every gate run."),
    "run": ("run", "Run one gate against a deployment."),
    "step": ("step", "Run a command of the runbook and keep what it printed as evidence."),
    "status": ("status", "Show which gates are open, what comes next, and which ways back are left."),
    "watch": ("watch", "Look at the release again and again, and record what was seen."),
    "attest": ("sign", "Attest a manual item of the runbook."),
    "waive": ("sign", "Sign off a check that is FAIL or INCONCLUSIVE, until a date."),
    "report": ("report", "Write the dossier again, or print it as JSON, JUnit or Markdown."),
    "verify": ("report", "Check a folder of evidence offline."),
    "unseed": ("unseed", "Remove the rows that a killed --seed-samples has left."),
    "doctor": ("doctor", "Say what this machine lacks, and how to pin a deployment."),
    "selftest": ("selftest", "Test the gates themselves."),
    "reference": ("reference", "Bring the reference deployment up, on, down; break and mend it."),
}


class _Commands(click.Group):
    """Finds each command in its own module, so that `gate --help` imports none of them."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        """Return the commands in the order one meets them."""
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002 - click's signature
        """Import and return one command."""
        if cmd_name not in _COMMANDS:
            return None
        module, summary = _COMMANDS[cmd_name]
        command = getattr(import_module(f"releasegate.cli.{module}"), cmd_name)
        assert isinstance(command, click.Command)
        command.short_help = summary
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Name the nearest command for an unknown one."""
        if args and args[0] not in _COMMANDS:
            raise UsageError(unknown("command", args[0], _COMMANDS))
        return super().resolve_command(ctx, args)


def unknown(what: str, given: str, accepted: Iterable[str]) -> str:
    """Return the sentence for a word that is none of `accepted`."""
    from difflib import get_close_matches

    names = list(accepted)
    nearest = get_close_matches(given, names, n=1)
    hint = f" (did you mean {nearest[0]!r}?)" if nearest else ""
    return f"{what} {given!r}: unknown{hint}; accepted: {', '.join(names)}"


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110})
@click.version_option(package_name="releasegate")
def gate() -> None:
    """Deployment gates: run one between the steps of the runbook; it says GO or NO-GO, shows why, and keeps evidence.

    \b
    gate rehearse                         walk the whole runbook on the reference deployment
    gate run preflight --target FILE      judge a deployment of your own
    """  # noqa: D301 - not raw: click keeps the lines behind a backspace as they are


def main() -> None:
    """Run the command line and exit with one of the codes of DESIGN: 0 GO, 1 NO-GO, 2 to 7 see `gate run --help`."""
    end_as_by_ctrl_c()
    try:
        code = gate.main(prog_name="gate", standalone_mode=False)
    except UsageError as error:
        _stop(f"usage: {error}", ExitCode.USAGE)
    except click.ClickException as error:
        error.show()
        sys.exit(ExitCode.USAGE)
    except CannotMeasure as error:
        _stop(f"CANNOT TELL: {error}", ExitCode.CANNOT_TELL)
    except (KeyboardInterrupt, click.Abort):
        _stop("STOPPED: interrupted; what was seen so far is kept", ExitCode.INTERRUPTED)
    sys.exit(code if isinstance(code, int) else ExitCode.GO)


def _stop(message: str, code: ExitCode) -> None:
    click.echo(message, err=True)
    sys.exit(code)
