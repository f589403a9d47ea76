"""Watching a release: the same few looks, round after round, on a schedule."""

from __future__ import annotations

import itertools
import re
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, Final, Protocol

from releasegate.change.models import Endpoint, Logs
from releasegate.core import CannotMeasure, Measurement
from releasegate.core.facts.latency import Sample
from releasegate.core.facts.logs import LogSlice
from releasegate.core.facts.watch import LogError, Round
from releasegate.core.log_text import shape_of
from releasegate.probes.http import Api
from releasegate.probes.load.aim import Aim, sample_of

_REQUESTS: Final = 20
"""Requests to each watched endpoint per round: 3 rounds are then enough for a p95, and two hours load nothing."""

Clock = Callable[[], datetime]
Sleep = Callable[[float], None]


class Log(Protocol):
    """One service's log, read on from a position; `probes.logs.LogReader` is one."""

    part: str

    def read(self, *, since: datetime | None = None, after: Mapping[str, str] | None = None) -> Measurement[LogSlice]:
        """Return the lines after `after`, or those since a moment."""
        ...


@dataclass(slots=True)
class Watched:
    """What is looked at in each round; None or empty where the target has no such thing.

    `ask_database` raises CannotMeasure when the database does not answer; it opens its own connection each time, so
    that one broken connection is one bad round and not all the rest.
    """

    api: Api
    health: Endpoint | None = None
    aim: Aim | None = None
    logs: Sequence[Log] = ()
    promised_logs: Logs | None = None
    ask_database: Callable[[], object] | None = None
    positions: dict[str, Mapping[str, str]] = field(default_factory=dict)
    _turns: dict[str, Iterator[str]] = field(default_factory=dict)

    def next_url(self, name: str) -> str:
        """Return the endpoint's next address, each in its turn."""
        assert self.aim is not None
        return next(self._turns.setdefault(name, itertools.cycle(self.aim.urls[name])))


def watch(
    watched: Watched,
    *,
    rounds: int,
    every_s: float,
    clock: Clock,
    sleep: Sleep,
    began: datetime | None = None,
    since: datetime | None = None,
) -> Iterator[Measurement[Round]]:
    """Hold up to `rounds` rounds, one every `every_s` seconds, and yield each when it is over.

    A round whose time has passed is not made up for, so a stopped watch shows as a gap: to resume one, give the
    moment it `began` and the moment `since` which log lines have not been read. `clock` tells the time in UTC.
    """
    began = began or clock()
    since = since or clock()
    for number in range(rounds):
        due = began + timedelta(seconds=number * every_s)
        if clock() >= due + timedelta(seconds=every_s):
            continue
        sleep(max(0.0, (due - clock()).total_seconds()))
        blank = Round(number=number, planned=rounds, every_s=every_s, due=due, at=clock())
        yield hold(watched, blank, since)


def hold(watched: Watched, blank: Round, since: datetime) -> Measurement[Round]:
    """Fill in one round; what cannot be looked at is in it, and ends nothing."""
    began = time.perf_counter()
    filled = replace(
        blank,
        **_health(watched),
        samples=_samples(watched),
        **_logs(watched, since),
        database_error=_database(watched),
    )
    return Measurement(
        value=filled,
        unit="rounds",
        rows=1,
        query=f"round {blank.number + 1} of {blank.planned}",
        duration_s=time.perf_counter() - began,
        shown=filled.shown(),
    )


def look_back(logs: Sequence[Log], promised: Logs, *, since: datetime, now: datetime) -> Measurement[Round]:
    """Return one round that holds the error lines of all `logs` from `since` until `now`.

    A log whose lines carry no time cannot be read back: then `errors` is None and `logs_error` says so.
    """
    began = time.perf_counter()
    errors: tuple[LogError, ...] | None = ()
    lines, trouble, queries = 0, "", []
    for log in logs:
        read = log.read(since=since)
        queries.append(read.query)
        if read.value.lines and not read.value.is_timed:
            errors, trouble = None, f"the lines of {read.value.source} carry no time, so none is known to be of today"
            break
        found = read.value.since(since)
        errors = (*errors, *errors_in(found, promised)) if errors is not None else None
        lines += len(found.lines)
        trouble = f"{found.source} is too long: only its newest lines were read" if found.is_cut else trouble
    span_s = (now - since).total_seconds()
    look = Round(
        number=0, planned=1, every_s=span_s, due=since, at=since, errors=errors, log_lines=lines, logs_error=trouble
    )
    return Measurement(
        value=look,
        unit="log lines",
        rows=lines,
        query="; ".join(queries),
        duration_s=time.perf_counter() - began,
        shown=look.shown(),
    )


def _health(watched: Watched) -> dict[str, Any]:
    if watched.health is None:
        return {}
    answer = watched.api.ask(watched.health, with_token=False).value
    return {"health": answer.status, "health_ms": round(answer.elapsed_ms, 1), "health_error": answer.error}


def _samples(watched: Watched) -> tuple[Sample, ...]:
    if watched.aim is None:
        return ()
    began = time.perf_counter()
    samples = []
    for name in watched.aim.names:
        for _ in range(_REQUESTS):
            asked_s = round(time.perf_counter() - began, 4)
            try:
                answer = watched.api.get(watched.next_url(name)).value
            except CannotMeasure as trouble:  # the login was refused: a bad round, not the end of the watch
                samples.append(Sample(name, asked_s, 0.0, 0.0, 0, 0, str(trouble)))
                continue
            samples.append(sample_of(watched.api, name, watched.aim.promises[name], answer, asked_s))
    return tuple(samples)


def _logs(watched: Watched, since: datetime) -> dict[str, Any]:
    promised = watched.promised_logs
    if promised is None or not watched.logs:
        return {}
    errors: list[LogError] = []
    lines = 0
    for log in watched.logs:
        try:
            found = _new_lines(watched, log, since)
        except CannotMeasure as trouble:
            return {"errors": None, "logs_error": f"{log.part}: {trouble}"}
        lines += len(found.lines)
        errors += errors_in(found, promised)
    return {"errors": tuple(errors), "log_lines": lines}


def _new_lines(watched: Watched, log: Log, since: datetime) -> LogSlice:
    """Return the lines since the round before; in the first round those since the watch began."""
    after = watched.positions.get(log.part)
    found = log.read(since=None if after else since, after=after).value
    watched.positions[log.part] = found.position
    return found if after else found.since(since)


def errors_in(log: LogSlice, promised: Logs) -> list[LogError]:
    """Return the error lines of `log`, those of one shape together; no shape holds what a customer wrote."""
    shapes: dict[tuple[str, bool], list[str]] = {}
    for line in log.lines:
        is_fatal = _matches(promised.fatal, line.text)
        if is_fatal or _matches(promised.errors, line.text):
            shapes.setdefault((shape_of(line.text), is_fatal), []).append(line.text.lower())
    return [
        LogError(
            part=log.part,
            shape=shape,
            lines=len(texts),
            names=tuple(name for name in promised.names if any(name.lower() in text for text in texts)),
            is_fatal=is_fatal,
        )
        for (shape, is_fatal), texts in shapes.items()
    ]


def _matches(patterns: Sequence[str], text: str) -> bool:
    return any(re.search(pattern, text, re.IGNORECASE) for pattern in patterns)


def _database(watched: Watched) -> str:
    if watched.ask_database is None:
        return ""
    try:
        watched.ask_database()
    except CannotMeasure as trouble:
        return str(trouble)
    return ""
