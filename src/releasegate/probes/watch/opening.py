"""Everything that a watch looks at, opened from a target and a change."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from types import MappingProxyType

from releasegate.change.models import Change
from releasegate.core import CannotMeasure, Measurement
from releasegate.core.facts.watch import Round
from releasegate.probes.host import Machine, open_machine
from releasegate.probes.http import Api, open_api
from releasegate.probes.load.aim import Aim, aim_at
from releasegate.probes.logs import LogReader
from releasegate.probes.services import ServiceBook, open_services
from releasegate.probes.watch.database import DatabaseWatch
from releasegate.probes.watch.logs import WatchedLogs
from releasegate.probes.watch.page import open_page
from releasegate.probes.watch.rounds import Watched, hold
from releasegate.target.models import Target


@contextmanager
def open_watched(
    target: Target,
    change: Change,
    session_file: Path,
    *,
    since: datetime,
    positions: Mapping[str, Mapping[str, str]],
    new_since: str | None,
    with_page: bool = True,
    aim: Aim | None = None,
) -> Iterator[Watched]:
    """Open what the target has; nothing but the machine is asked before the first round.

    A watch that goes on gives where it was: the logs' `positions`, and `new_since`, from where new rows are counted.
    `aim` is what `found_out` found; its requests are paid for by the first rounds.
    Raises CannotMeasure when the machine does not let us in, UsageError for a service without a log.
    """
    assert target.backend is not None
    with ExitStack() as stack:
        api = stack.enter_context(open_api(target.backend, change.api, session_file))
        machine = stack.enter_context(open_machine(target.host)) if target.host else None
        services = open_services(target.services, machine) if target.services and machine else None
        watched = looks(
            target, change, api, machine, services, since=since, positions=positions, new_since=new_since
        )  # fmt: skip
        if aim is not None:
            watched.find_aim = lambda: aim
        if with_page and target.frontend and change.interface and change.interface.page and target.watch.page_every:
            watched.page = stack.enter_context(open_page(target, change, target.watch.page_every))
        yield watched


def found_out(target: Target, change: Change, session_file: Path) -> Aim | None:
    """Find out what to ask before the clock of a watch begins: it takes some twenty requests, however slow they are.

    None where nothing is promised, and where the API does not tell now: the rounds find it out then.
    """
    if change.latency is None or target.backend is None:
        return None
    try:
        with open_api(target.backend, change.api, session_file) as api:
            aim = aim_at(api, change.latency).value
    except CannotMeasure:
        return None
    return aim if aim.names else None


def looks(
    target: Target,
    change: Change,
    api: Api,
    machine: Machine | None,
    services: ServiceBook | None,
    *,
    since: datetime,
    positions: Mapping[str, Mapping[str, str]] = MappingProxyType({}),
    new_since: str | None = None,
) -> Watched:
    """Return what is looked at in a round, without the page; everything is open already.

    Logs are read from `since` on, or from their `positions`.
    """
    latency = change.latency
    return Watched(
        api=api,
        health=change.api.health,
        find_aim=(lambda: aim_at(api, latency).value) if latency else None,
        requests_per_second=_rate(target),
        logs=_logs(target, change, machine, since, positions),
        services=services if services is not None and services.services.manager != "none" else None,
        machine=machine,
        disks=target.paths.disk,
        database=_database(target, change, new_since),
    )


def before_release(
    target: Target, change: Change, api: Api, machine: Machine | None, services: ServiceBook | None
) -> Measurement[Round]:
    """Look once at everything that a watch looks at; latency, logs and page are put on record by other checks."""
    now = datetime.now(UTC)
    watched = replace(looks(target, change, api, machine, services, since=now), find_aim=None, logs=None)
    measured = hold(watched, Round(number=0, planned=1, every_s=1.0, due_s=0.0, elapsed_s=0.0, at=now))
    return replace(measured, query="one look at every signal of gate watch")


def _rate(target: Target) -> float:
    """Return the most requests per second: the watch's own, and never more than the load's budget."""
    own = target.watch.requests_per_second
    return min(own, target.load.requests_per_second) if target.load else own


def _logs(
    target: Target,
    change: Change,
    machine: Machine | None,
    since: datetime,
    positions: Mapping[str, Mapping[str, str]],
) -> WatchedLogs | None:
    services = target.services
    if services is None or machine is None or change.logs is None:
        return None
    parts = [part for part in ("backend", "frontend") if getattr(services, part) is not None]
    readers = [LogReader(services, part, machine) for part in parts]
    return WatchedLogs(readers, change.logs, since, dict(positions)) if readers else None


def _database(target: Target, change: Change, new_since: str | None) -> DatabaseWatch | None:
    if target.database is None:
        return None
    tables = change.db.tables if change.db else (change.backfill.table,) if change.backfill else ()
    return DatabaseWatch(target.database, tables, change.backfill, new_since)
