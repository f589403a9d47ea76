"""`gate watch`: looks at the release again and again and writes each look down; the monitoring gate judges them."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from pathlib import Path

import click

from releasegate.cli.places import folder_of, on_target, refresh, subject_of
from releasegate.core import Measurement, UsageError
from releasegate.core.durations import parse_duration, show_duration
from releasegate.core.facts.watch import Round, recorded_rounds
from releasegate.evidence.chain import Chain, read
from releasegate.evidence.events import Kind
from releasegate.evidence.folder import Folder
from releasegate.evidence.history import ROUNDS, WATCH
from releasegate.evidence.lock import only_writer
from releasegate.plugin.gates import BY_MARKER
from releasegate.plugin.next import gate_command
from releasegate.plugin.notebook import as_payload
from releasegate.plugin.resources import session_file_of
from releasegate.plugin.subject import Subject
from releasegate.probes.host import open_machine
from releasegate.probes.http import open_api
from releasegate.probes.load.aim import aim_at
from releasegate.probes.logs import LogReader
from releasegate.probes.postgres import open_session
from releasegate.probes.watch import Watched
from releasegate.probes.watch import watch as hold_rounds

_NEEDED = ("backend", "host", "services")


@click.command()
@on_target
@click.option("--for", "length", metavar="TIME", help="How long (default: what the change file promises, e.g. 2h).")
@click.option("--every", default="30s", show_default=True, metavar="TIME", help="One round every TIME.")
@click.option("--resume", is_flag=True, help="Go on with the watch that was interrupted; the gap is counted.")
def watch(
    target_path: Path | None,
    change_path: Path | None,
    reports: Path | None,
    length: str | None,
    every: str,
    resume: bool,
) -> int:
    """Look at the release every TIME and record what was seen: health, latency, log lines, database.

    It judges nothing: `gate run monitoring` does, also while the watch is still going on.
    """
    subject = subject_of(target_path, change_path)
    _require(subject)
    every_s = parse_duration(every, where="--every").total_seconds()
    watch_s = parse_duration(length or _promised(subject), where="--for").total_seconds()
    folder = folder_of(subject, reports)
    with _only_watch(folder):
        began, since = _interrupted(folder) if resume else _begin(folder, watch_s, every_s)
        rounds = max(1, round(watch_s / every_s))
        for held in _rounds(subject, rounds, every_s, began, since):
            with Chain.open(folder) as chain:
                chain.append(Kind.MEASURE, "monitoring", ROUNDS, **as_payload(held))
            click.echo(_line(held.value, every_s))
    refresh(folder, subject)
    click.echo(f"watched for {show_duration(watch_s)}. Next: {gate_command(subject, BY_MARKER['monitoring'])}")
    return 0


def _require(subject: Subject) -> None:
    missing = [section for section in _NEEDED if not subject.has(section)]
    if missing:
        raise UsageError(f"{subject.target_path}: [{missing[0]}] is missing; a watch needs {', '.join(_NEEDED)}")
    if subject.change.monitoring is None:
        raise UsageError(f"{subject.change_path}: promises no [monitoring]; there is nothing to watch for")


def _promised(subject: Subject) -> str:
    assert subject.change.monitoring is not None
    return subject.change.monitoring.watch


@contextmanager
def _only_watch(folder: Folder) -> Iterator[None]:
    """Hold the place of the one watch on this target. Raises CannotMeasure that names who holds it."""
    folder.root.mkdir(parents=True, exist_ok=True)
    with only_writer(folder.root / ".watch.lock", wait_s=0) as holder:
        holder.note("watch")
        yield


def _begin(folder: Folder, watch_s: float, every_s: float) -> tuple[datetime, datetime]:
    now = datetime.now(UTC)
    plan = {"began": now.isoformat(), "watch_s": watch_s, "every_s": every_s}
    with Chain.open(folder) as chain:
        chain.append(
            Kind.MEASURE, "monitoring", WATCH, value=plan, unit="watches", rows=1, query="gate watch", duration_s=0.0
        )
    return now, now


def _interrupted(folder: Folder) -> tuple[datetime, datetime]:
    """Return when the latest watch began, and its last round: the log is read on from there."""
    history = read(folder)
    begun = history.measures(WATCH)
    rounds = recorded_rounds(event.payload for event in history.latest_watch)
    if not begun:
        raise UsageError("--resume: no watch was begun on this target; leave --resume out")
    began = datetime.fromisoformat(begun[-1].payload["value"]["began"])
    return began, rounds[-1].at if rounds else began


def _rounds(
    subject: Subject, rounds: int, every_s: float, began: datetime, since: datetime
) -> Iterator[Measurement[Round]]:
    target, change = subject.target, subject.change
    assert target.backend is not None
    assert target.host is not None
    assert target.services is not None
    with ExitStack() as stack:
        api = stack.enter_context(open_api(target.backend, change.api, session_file_of(subject)))
        machine = stack.enter_context(open_machine(target.host))
        services = target.services
        parts = [part for part in ("backend", "frontend") if getattr(services, part) is not None]
        watched = Watched(
            api=api,
            health=change.api.health,
            aim=aim_at(api, change.latency).value if change.latency else None,
            logs=[LogReader(services, part, machine) for part in parts],
            promised_logs=change.logs,
            ask_database=lambda: _ask_database(subject),
        )
        yield from hold_rounds(
            watched, rounds=rounds, every_s=every_s, clock=_now, sleep=time.sleep, began=began, since=since
        )


def _ask_database(subject: Subject) -> None:
    if subject.target.database is not None:
        with open_session(subject.target.database):
            return


def _now() -> datetime:
    return datetime.now(UTC)


def _line(seen: Round, every_s: float) -> str:
    slowest = max((sample.latency_ms for sample in seen.samples), default=0.0)
    errors = "logs not read" if seen.errors is None else f"{sum(error.lines for error in seen.errors)} error lines"
    left = show_duration((seen.planned - seen.number - 1) * every_s)
    health = seen.health or seen.health_error
    return f"{seen.at:%H:%M:%S}  health {health}  slowest {slowest:.0f} ms  {errors}  {left} left"
