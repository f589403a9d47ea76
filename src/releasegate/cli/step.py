"""`gate step`: one of the runbook's own commands, run as typed, with its output kept as evidence."""

from __future__ import annotations

import shlex
import subprocess
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import click

from releasegate.change.models import Change
from releasegate.checks import steps as checks
from releasegate.cli import unknown
from releasegate.cli.live import Screen, follow
from releasegate.cli.places import environment, folder_of, on_target, refresh, subject_of
from releasegate.core import CannotMeasure, Judgement, UsageError, Verdict
from releasegate.core.facts.backup import DumpMade
from releasegate.core.facts.steps import StepRun
from releasegate.core.redaction import redactor
from releasegate.evidence.chain import Chain
from releasegate.evidence.events import Kind
from releasegate.evidence.folder import Folder
from releasegate.plugin.opening import who
from releasegate.probes.backup import made_between
from releasegate.probes.host import open_machine
from releasegate.probes.trouble import collected
from releasegate.target.models import Target

_KEPT_IN_EVENT = 40_000  # characters of the end of the output; the whole of it is a blob


@dataclass(frozen=True, slots=True)
class Timed:
    """One run of a command with its begin and end in UTC, and whether the operator interrupted it."""

    run: StepRun
    began: datetime
    ended: datetime
    interrupted: bool


@click.command(context_settings={"ignore_unknown_options": True})
@click.argument("item")
@on_target
@click.argument("command", nargs=-1, type=click.UNPROCESSED, required=True)
def step(
    item: str, target_path: Path | None, change_path: Path | None, reports: Path | None, command: Sequence[str]
) -> int:
    """Run a COMMAND of the runbook as typed and keep what it printed, its exit code and its times for ITEM.

    One single argument is given to the shell, several are run as they are. The change file says how the output is
    judged; the exit code is 0 when it is as promised and 1 when not.
    """
    subject = subject_of(target_path, change_path)
    folder = folder_of(subject, reports)
    _require_known(item, subject.change)
    judgement = judge_and_record(folder, subject.change, run_live(item, command), subject.target)
    refresh(folder, subject)
    for finding in judgement.findings:
        click.echo(redactor.text(str(finding)), err=True)
    if not judgement.verdict.opens:
        click.echo(
            f"the last lines of the logs and the database's sessions are kept in {folder.report.parent}", err=True
        )
    return 0 if judgement.verdict in (Verdict.PASS, Verdict.WARN) else 1


def _require_known(item: str, change: Change) -> None:
    """Raise UsageError for an item that the change file does not know: its record would be looked for in vain."""
    judged = [step.item for step in change.steps]
    known = dict.fromkeys([*judged, *(name for box in change.checklist for name in box.steps)])
    if known and item not in known:
        raise UsageError(unknown("step", item, known))


def judge_and_record(folder: Folder, change: Change, done: Timed, target: Target | None = None) -> Judgement:
    """Judge what a command did by the change's patterns, and write it into the evidence.

    Of one that failed, what the deployment of `target` says about itself now is written beside it.
    Raises KeyboardInterrupt, once it is written, for a command that the operator interrupted.
    """
    promised = next((step for step in change.steps if step.item == done.run.item), None)
    judgement = checks.step_as_promised(done.run, promised)
    beside = {} if target is None or judgement.verdict.opens else collected(target)
    _record(folder, done, judgement, beside, _dump_made(done, target))
    if done.interrupted:
        raise KeyboardInterrupt
    return judgement


def run_live(
    item: str,
    command: Sequence[str],
    *,
    cwd: Path | None = None,
    env: Mapping[str, str] | None = None,
    show: bool = True,
) -> Timed:
    """Run `command` in `cwd` with `env` added to this environment, and return what it did.

    Its output is shown as it comes, redacted, unless `show` is off; what is returned is as it was printed, with plain
    line ends, and is redacted where it is kept. Ctrl-C reaches the command, and is recorded.
    Raises UsageError when there is no such program.
    """
    argv = ["sh", "-c", command[0]] if len(command) == 1 else list(command)
    typed = command[0] if len(command) == 1 else shlex.join(command)
    began = datetime.now(UTC)
    screen = Screen(partial(click.echo, nl=False) if show else None)
    interrupted = False
    try:
        process = subprocess.Popen(
            argv, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, cwd=cwd, env=environment() | dict(env or {})
        )
    except OSError as error:
        raise UsageError(f"{argv[0]}: cannot be run: {error.strerror}") from error
    with process:
        assert process.stdout is not None
        try:
            follow(process.stdout, screen)
        except KeyboardInterrupt:
            interrupted = True
        screen.close()
    ended = datetime.now(UTC)
    run = StepRun(
        item=item,
        command=typed,
        exit_code=process.returncode,
        duration_s=(ended - began).total_seconds(),
        output=f"{screen.output}interrupted by the operator\n" if interrupted else screen.output,
    )
    return Timed(run, began, ended, interrupted)


def _dump_made(done: Timed, target: Target | None) -> DumpMade | None:
    """Return the dump that a command made, with its sha256 from right after; a command is never held up by this."""
    if target is None or target.host is None or target.paths.dump is None or done.run.exit_code:
        return None
    with suppress(CannotMeasure), open_machine(target.host) as machine:
        return made_between(machine, target.paths.dump, done.began, done.ended)
    return None


def _record(
    folder: Folder, done: Timed, judgement: Judgement, beside: Mapping[str, str], dump: DumpMade | None
) -> None:
    """Write one step event; the whole output, and each of the texts `beside` it, is a blob."""
    with Chain.open(folder) as chain:
        output = redactor.text(done.run.output)
        chain.append(
            Kind.STEP,
            item=done.run.item,
            who=who(),
            command=done.run.command,
            exit_code=done.run.exit_code,
            began=done.began.isoformat(timespec="milliseconds"),
            ended=done.ended.isoformat(timespec="milliseconds"),
            duration_s=round(done.run.duration_s, 3),
            lines=output.count("\n"),
            output=output[-_KEPT_IN_EVENT:],
            output_blob=chain.keep(output.encode(), "output.txt"),
            verdict=str(judgement.verdict),
            findings=[finding.as_dict() for finding in judgement.findings],
            dump={"path": dump.path, "size_bytes": dump.size_bytes, "sha256": dump.sha256} if dump else None,
            collected={
                name: chain.keep(redactor.text(text).encode(), f"{name.replace(' ', '-')}.txt")
                for name, text in beside.items()
            },
        )
