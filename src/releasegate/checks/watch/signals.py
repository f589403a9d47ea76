"""The signals of a watch: what each round says about one thing, as numbers in one unit."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

from releasegate.core.facts.latency import Sample
from releasegate.core.facts.watch import Round, ServiceLook

Points = tuple[tuple[float, float | None], ...]
"""Seconds since the watch began, and the value; None where the round did not see it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Signal:
    """One signal over the whole watch. `subject` tells several of one kind apart: a service, an endpoint, a disk."""

    name: str
    subject: str
    unit: str
    points: Points

    @property
    def seen(self) -> list[tuple[float, float]]:
        """The rounds that saw it."""
        return [(at, value) for at, value in self.points if value is not None]

    @property
    def label(self) -> str:
        """The name as people read it."""
        return f"{self.name} {self.subject}".strip()


UNITS: Final = {
    "health": "rounds without the promised answer",
    "database": "rounds without an answer",
    "latency": "ms",
    "api-errors": "share of requests",
    "log-errors": "new lines per minute",
    "page": "ms",
    "restarts": "restarts since the watch began",
    "memory": "MB",
    "connections": "share of the server's",
    "waiting": "sessions",
    "longest-transaction": "s",
    "rollbacks": "share of transactions",
    "deadlocks": "since the round before",
    "disk": "GB free",
}
"""Every signal with its unit; the names of `[[monitoring.rules]]`, and the page beside them."""


def signals(name: str, rounds: Sequence[Round], *, status: int = 200, known: Collection[str] = ()) -> list[Signal]:
    """Return the signals called `name`, one per subject; none where no round saw any.

    `status` is what health is to answer, `known` the shapes of errors from before.
    """
    by_subject: dict[str, list[tuple[float, float | None]]] = {}
    values = _values(name, rounds, status, known)
    subjects = dict.fromkeys(subject for value in values for subject in value)
    for one, value in zip(rounds, values, strict=True):
        for subject in subjects:
            by_subject.setdefault(subject, []).append((one.elapsed_s, value.get(subject)))
    return [
        Signal(name=name, subject=subject, unit=UNITS[name], points=tuple(points))
        for subject, points in by_subject.items()
    ]


COUNTED_UP: Final = ("restarts",)
"""Signals whose value is a count since the watch began."""

Values = list[dict[str, float]]
"""For each round its values by subject."""


def _values(name: str, rounds: Sequence[Round], status: int, known: Collection[str]) -> Values:
    if name == "health":
        return [{"": float(one.health != status)} if _asked(one) else {} for one in rounds]
    if name == "log-errors":
        return [_log_errors(one, known) for one in rounds]
    if name == "restarts":
        return _restarts(rounds)
    if name in _DELTAS:
        return _deltas(rounds, _DELTAS[name])
    return [_EACH[name](one) for one in rounds]


def _asked(one: Round) -> bool:
    return one.health is not None or bool(one.health_error)


def _by_endpoint(samples: Iterable[Sample]) -> dict[str, list[Sample]]:
    found: dict[str, list[Sample]] = {}
    for sample in samples:
        found.setdefault(sample.endpoint, []).append(sample)
    return found


def _latency(one: Round) -> dict[str, float]:
    """Return the median of each endpoint's good answers: half of the requests, so that two slow ones do not move it."""
    good = _by_endpoint(sample for sample in one.samples if not sample.error)
    return {name: statistics.median(sample.latency_ms for sample in some) for name, some in good.items()}


def _api_errors(one: Round) -> dict[str, float]:
    every = _by_endpoint(one.samples)
    return {name: sum(bool(sample.error) for sample in some) / len(some) for name, some in every.items()}


def _log_errors(one: Round, known: Collection[str]) -> dict[str, float]:
    if one.errors is None:
        return {}
    new = sum(error.lines for error in one.errors if error.shape not in known)
    return {"": new / max(1.0, one.every_s / 60)}


def _memory(one: Round) -> dict[str, float]:
    looks = one.services or ()
    return {look.part: look.memory_bytes / 1e6 for look in looks if look.memory_bytes is not None}


def _database(one: Round) -> dict[str, float]:
    if one.database is None and not one.database_error:
        return {}
    return {"": float(bool(one.database_error))}


def _of_database(value: Callable[[Round], float | None]) -> Callable[[Round], dict[str, float]]:
    def values(one: Round) -> dict[str, float]:
        found = value(one) if one.database else None
        return {} if found is None else {"": found}

    return values


def _connections(one: Round) -> float | None:
    assert one.database is not None
    return one.database.connections / max(1, one.database.most_connections)


def _longest(one: Round) -> float | None:
    assert one.database is not None
    # None is nobody in a transaction, unless there are sessions whose state this role cannot see.
    return one.database.longest_s if one.database.longest_s is not None or one.database.hidden else 0.0


_EACH: Final[dict[str, Callable[[Round], dict[str, float]]]] = {
    "latency": _latency,
    "api-errors": _api_errors,
    "memory": _memory,
    "database": _database,
    "page": lambda one: {"": one.page.took_ms} if one.page and one.page.status is not None else {},
    "connections": _of_database(_connections),
    "waiting": _of_database(lambda one: one.database.waiting if one.database else None),
    "longest-transaction": _of_database(_longest),
    "disk": lambda one: {path: free / 1e9 for path, free in (one.disks or {}).items()},
}


def _restarts(rounds: Sequence[Round]) -> Values:
    """Count for each service how often another process was there than the round before."""
    counts: dict[str, float] = {}
    last: dict[str, ServiceLook] = {}
    values: Values = []
    for one in rounds:
        for look in one.services or ():
            before = last.get(look.part)
            counts[look.part] = counts.get(look.part, 0.0) + (_restarted(before, look) if before else 0)
            last[look.part] = look
        values.append({look.part: counts[look.part] for look in one.services or ()})
    return values


def _restarted(before: ServiceLook, now: ServiceLook) -> int:
    """Return how many restarts lie between two looks: as the manager counts them, else another process is one."""
    if before.restarts is not None and now.restarts is not None and now.restarts > before.restarts:
        return now.restarts - before.restarts
    other_pid = bool(before.pid and now.pid and before.pid != now.pid)
    later = bool(before.since and now.since and now.since > before.since)
    return int(other_pid or (later and before.pid != now.pid))


def _rollbacks(before: Round, now: Round) -> float | None:
    """Return the share of transactions since then that were rolled back; None after the counters were reset."""
    assert before.database is not None
    assert now.database is not None
    back = now.database.rollbacks - before.database.rollbacks
    done = now.database.commits - before.database.commits
    # Each of our own reads ends with a rollback: a database without a few dozen transactions is only us.
    return None if min(back, done) < 0 or done < _FEWEST_COMMITS else back / (back + done)


def _deadlocks(before: Round, now: Round) -> float | None:
    assert before.database is not None
    assert now.database is not None
    new = now.database.deadlocks - before.database.deadlocks
    return float(new) if new >= 0 else None


_FEWEST_COMMITS: Final = 100
_DELTAS: Final = {"rollbacks": _rollbacks, "deadlocks": _deadlocks}


def _deltas(rounds: Sequence[Round], change: Callable[[Round, Round], float | None]) -> Values:
    """Return what was counted between a round and the one before it that saw the database."""
    values: Values = [{} for _ in rounds]
    seen = [(place, one) for place, one in enumerate(rounds) if one.database is not None]
    for (_, before), (place, now) in pairwise(seen):
        found = change(before, now)
        if found is not None:
            values[place] = {"": found}
    return values
