"""`gate watch`: looks at the release again and again and writes each look down; the monitoring gate judges them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final

import click

from releasegate.checks.watch import Watch
from releasegate.cli.places import folder_of, on_target, refresh, subject_of
from releasegate.cli.watch_screen import Judged, Screen, line
from releasegate.cli.watching import Ongoing, begin, for_one_round, go_on
from releasegate.cli.way_back import commands
from releasegate.core import ExitCode, UsageError, Verdict
from releasegate.core.durations import parse_duration, show_duration
from releasegate.core.facts.watch import Round
from releasegate.core.figures import moment
from releasegate.core.settings import choose, command_name
from releasegate.evidence.chain import Chain, read
from releasegate.evidence.events import Kind
from releasegate.evidence.folder import Folder
from releasegate.evidence.history import ROUNDS, History
from releasegate.evidence.lock import only_writer
from releasegate.plugin.gates import BY_MARKER
from releasegate.plugin.next import gate_command
from releasegate.plugin.notebook import as_payload
from releasegate.plugin.resources import session_file_of
from releasegate.plugin.subject import Subject
from releasegate.plugin.watching import before_of, promise_of, recorded_in
from releasegate.probes.load.aim import Aim
from releasegate.probes.watch import SystemClock, found_out, hold, open_watched
from releasegate.probes.watch import watch as hold_rounds
from releasegate.probes.watch.heartbeat import Heartbeat

_NEEDED: Final = ("backend", "host", "services")
_EVERY: Final = "30s"


@click.command()
@on_target
@click.option("--for", "length", metavar="TIME", help="How long (default: what the change file promises, e.g. 2h).")
@click.option("--every", metavar="TIME", help=f"One round every TIME (default: {_EVERY}).")
@click.option("--resume", is_flag=True, help="Go on with the watch that was interrupted; the gap is counted.")
@click.option("--once", is_flag=True, help="One round and out, for a scheduler; the first begins the watch.")
@click.option("--fail-fast", is_flag=True, help="End as soon as something is wrong, with the way back.")
@click.option("--heartbeat", metavar="URL", help="Ask URL after every round, so that a dead watch is noticed.")
def watch(
    target_path: Path | None,
    change_path: Path | None,
    reports: Path | None,
    length: str | None,
    every: str | None,
    resume: bool,
    once: bool,
    fail_fast: bool,
    heartbeat: str | None,
) -> int:
    """Look at the release every TIME and record what was seen: health, latency, logs, services, database, page.

    It judges nothing for good: `gate run monitoring` does, also while the watch is still going on.
    """
    if resume and once:
        raise UsageError("--once: goes on with the watch by itself; leave --resume out")
    subject = subject_of(target_path, change_path)
    _require(subject)
    told = _Told(
        watch_s=_seconds(length, "--for"),
        every_s=_seconds(every, "--every"),
        is_once=once,
        resume=resume,
        fail_fast=fail_fast,
        heartbeat=_heartbeat(subject, heartbeat),
    )
    folder = folder_of(subject, reports)
    with _only_watch(folder):
        return _watch(subject, folder, told)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Told:
    """What the command line says; lengths in seconds, None where they were not given."""

    watch_s: float | None
    every_s: float | None
    is_once: bool
    resume: bool
    fail_fast: bool
    heartbeat: Heartbeat | None


def _watch(subject: Subject, folder: Folder, told: _Told) -> int:
    is_new = not told.resume and not told.is_once
    aim = found_out(subject.target, subject.change, session_file_of(subject)) if is_new else None
    ongoing = _ongoing(subject, folder, told)
    if ongoing is None:
        click.echo(f"the watch of this release is over. Next: {_judge(subject)}")
        return ExitCode.GO
    if told.is_once and ongoing.due_at(SystemClock().now()) <= ongoing.is_held:
        click.echo(f"round {ongoing.is_held + 1} of {ongoing.planned} was held already; the next is due later")
        return ExitCode.GO
    judged = _hold_all(subject, folder, ongoing, told, aim)
    refresh(folder, subject)
    if told.fail_fast and _wrong(judged):
        return _rollback(subject, read(folder), ongoing, judged, _wrong(judged))
    if not told.is_once:
        click.echo(_last_line(subject, ongoing))
    return ExitCode.GO


def _ongoing(subject: Subject, folder: Folder, told: _Told) -> Ongoing | None:
    now = SystemClock().now()
    if told.resume:
        return go_on(folder, now, told.watch_s, told.every_s)
    assert subject.change.monitoring is not None
    promised_s = parse_duration(subject.change.monitoring.watch, where="monitoring.watch").total_seconds()
    plan = promised_s, parse_duration(_EVERY, where="--every").total_seconds()
    if told.is_once:
        return for_one_round(folder, now, told.watch_s, told.every_s, plan)
    return begin(folder, now, told.watch_s or plan[0], told.every_s or plan[1])


def _hold_all(subject: Subject, folder: Folder, ongoing: Ongoing, told: _Told, aim: Aim | None) -> Judged:
    """Hold the rounds, write each down as it comes, and return what they carry at the end."""
    promise, before = promise_of(subject.change), before_of(subject, recorded_in(read(folder)))
    endpoints = subject.change.latency.endpoints if subject.change.latency else ()
    judged: Judged = {}
    with Screen() as screen:
        for one, payload in _rounds(subject, ongoing, told, aim):
            with Chain.open(folder) as chain:
                chain.append(Kind.MEASURE, "monitoring", ROUNDS, **payload)
            ongoing.add(one)
            watched = Watch(rounds=tuple(ongoing.rounds), promise=promise, before=before, endpoints=endpoints)
            is_shown = told.is_once or screen.is_due(one)
            if is_shown or told.fail_fast:
                judged = watched.so_far()
            left_s = max(0.0, (ongoing.planned - one.number - 1) * ongoing.every_s)
            if told.is_once:
                click.echo(line(one, judged, left_s))
            elif is_shown:
                screen.show(watched, judged, left_s)
            _beat(told.heartbeat)
            if told.fail_fast and _wrong(judged):
                break
    return judged


def _wrong(judged: Judged) -> list[str]:
    return [check for check, some in judged.items() if any(one.verdict is Verdict.FAIL for one in some)]


def _rounds(
    subject: Subject, ongoing: Ongoing, told: _Told, aim: Aim | None
) -> Iterator[tuple[Round, dict[str, object]]]:
    clock = SystemClock()
    with open_watched(
        subject.target,
        subject.change,
        session_file_of(subject),
        since=ongoing.rounds[-1].at if ongoing.rounds else ongoing.began,
        positions=ongoing.positions,
        new_since=ongoing.new_since,
        aim=aim,
    ) as watched:
        if told.is_once:
            measured = hold(watched, _now_due(ongoing, clock.now()), is_last=True)
            yield measured.value, as_payload(measured)
            return
        for measured in hold_rounds(
            watched, rounds=ongoing.planned, every_s=ongoing.every_s, clock=clock, began=ongoing.began,
            is_held=ongoing.is_held,
        ):  # fmt: skip
            yield measured.value, as_payload(measured)


def _now_due(ongoing: Ongoing, now: datetime) -> Round:
    """Return the round that a scheduler asks for; between two of its calls there is no clock but the wall's."""
    number, elapsed_s = ongoing.due_at(now), (now - ongoing.began).total_seconds()
    return Round(
        number=number, planned=ongoing.planned, every_s=ongoing.every_s, due_s=number * ongoing.every_s,
        elapsed_s=round(elapsed_s, 3), at=now,
    )  # fmt: skip


def _beat(heartbeat: Heartbeat | None) -> None:
    if heartbeat is None:
        return
    before = heartbeat.trouble
    heartbeat.beat()
    if heartbeat.trouble and heartbeat.trouble != before:
        click.echo(heartbeat.trouble, err=True)


def _rollback(subject: Subject, history: History, ongoing: Ongoing, judged: Judged, wrong: list[str]) -> int:
    """Say what is wrong and how to go back, and return NO_GO."""
    for check in wrong:
        for judgement in judged[check]:
            for finding in judgement.findings:
                click.echo(f"{finding}\n")
    click.echo("the way back, as far as it is known here:")
    for command in commands(subject, history):
        click.echo(f"  {command}")
    names = ", ".join(check.partition("/")[2] for check in wrong)
    took = show_duration(ongoing.rounds[-1].elapsed_s)
    verb = "is" if len(wrong) == 1 else "are"
    click.echo(f"ROLLBACK: {names} {verb} wrong after {took} of watching. Next: {_judge(subject)}")
    return ExitCode.NO_GO


def _last_line(subject: Subject, ongoing: Ongoing) -> str:
    """Return the last line, with a reminder of what only people know."""
    asked = [
        item for item in subject.change.checklist if item.gate == "monitoring" and item.manual and item.required
    ]  # fmt: skip
    for item in asked:
        attest = f"{command_name()} attest {item.id} --by NAME --target {subject.target_path}"
        click.echo(f"ask people: {item.text.en} ({item.source}); then: {attest}")
    return f"watched for {show_duration(ongoing.watch_s)}. Next: {_judge(subject)}"


def _judge(subject: Subject) -> str:
    return gate_command(subject, BY_MARKER["monitoring"])


def _require(subject: Subject) -> None:
    missing = [section for section in _NEEDED if not subject.has(section)]
    if missing:
        raise UsageError(f"{subject.target_path}: [{missing[0]}] is missing; a watch needs {', '.join(_NEEDED)}")
    if subject.change.monitoring is None:
        raise UsageError(f"{subject.change_path}: promises no [monitoring]; there is nothing to watch for")


def _seconds(text: str | None, where: str) -> float | None:
    return parse_duration(text, where=where).total_seconds() if text else None


def _heartbeat(subject: Subject, option: str | None) -> Heartbeat | None:
    given = subject.target.watch.heartbeat
    chosen = choose(
        "heartbeat", default="", parse=str, option=option, target=given.get_secret_value() if given else None,
        target_key="watch.heartbeat",
    )  # fmt: skip
    return Heartbeat(chosen.value, chosen.source) if chosen.value else None


@contextmanager
def _only_watch(folder: Folder) -> Iterator[None]:
    """Hold the place of the one watch on this target. Raises CannotMeasure that names who holds it, and since when."""
    folder.root.mkdir(parents=True, exist_ok=True)
    with only_writer(folder.watch_lock, wait_s=0) as holder:
        holder.note(f"watch, since {moment(SystemClock().now())}")
        yield
