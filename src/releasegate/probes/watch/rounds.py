"""One round: every signal looked at once, each by itself, so that what cannot be seen ends nothing."""

from __future__ import annotations

import itertools
import math
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final, Protocol

from releasegate.change.models import Endpoint
from releasegate.core import CannotMeasure, Measurement
from releasegate.core.facts.latency import Sample
from releasegate.core.facts.watch import DatabaseLook, Round, ServiceLook
from releasegate.probes.host import Machine
from releasegate.probes.http import Api
from releasegate.probes.load.aim import Aim, sample_of
from releasegate.probes.services import ServiceBook
from releasegate.probes.watch.logs import WatchedLogs
from releasegate.probes.watch.page import PageWatch

MOST_REQUESTS: Final = 30  # to each watched endpoint per round: 2 rounds are then enough for a p95, which takes 59
STATEMENTS_EVERY: Final = 10  # rounds; the server reads the texts of all statements for one look
_SENDING_SHARE: Final = 0.7  # of the time to the next round: slow answers cost requests, never the schedule


class Database(Protocol):
    """Looks at a database; `probes.watch.database.DatabaseWatch` is one."""

    def look(self, *, with_statements: bool) -> DatabaseLook:
        """Return one look. Raises CannotMeasure when the database does not answer."""
        ...


@dataclass(slots=True)
class Watched:
    """What is looked at in each round; None or empty where the target has no such thing.

    `find_aim` says what to ask; it is tried again each round until the API answers. `requests_per_second` is the most
    that is sent, counted over the time to the next round; finding out what to ask counts too, and later rounds send
    fewer for it.
    """

    api: Api
    health: Endpoint | None = None
    find_aim: Callable[[], Aim] | None = None
    requests_per_second: float = 1.0
    logs: WatchedLogs | None = None
    services: ServiceBook | None = None
    machine: Machine | None = None
    disks: Sequence[str] = ()
    database: Database | None = None
    page: PageWatch | None = None
    _aim: Aim | None = None
    owed: int = 0  # requests that were sent beyond the budget
    _order: Iterator[str] | None = None
    _turns: dict[str, Iterator[str]] = field(default_factory=dict)

    @property
    def has_aim(self) -> bool:
        """Whether it was found out already what to ask."""
        return self._aim is not None

    def aim(self) -> Aim | None:
        """Return what to ask, None where nothing is promised. Raises CannotMeasure while nobody can tell."""
        if self._aim is None and self.find_aim is not None:
            found = self.find_aim()
            if not found.names:  # the API may be away: the next round tries again
                return found
            self._aim = found
        return self._aim

    def budget(self, every_s: float) -> int:
        """Return how many requests a round may still send besides its look at health."""
        return math.floor(every_s * self.requests_per_second) - (self.health is not None)

    def allowed(self, every_s: float, asked: int) -> int:
        """Return how many of this round are left after `asked` were spent; what is lacking is owed by the next."""
        left = self.budget(every_s) - self.owed - asked
        self.owed = max(0, -left)
        return max(0, left)

    def next_names(self, aim: Aim, many: int) -> Iterator[str]:
        """Return the next `many` endpoints, each in its turn, going on from where the last round ended."""
        if self._order is None:
            self._order = itertools.cycle(aim.names)
        return itertools.islice(self._order, many)

    def next_url(self, aim: Aim, name: str) -> str:
        """Return the endpoint's next address, each in its turn."""
        return next(self._turns.setdefault(name, itertools.cycle(aim.urls[name])))


def hold(watched: Watched, blank: Round, *, is_last: bool = False, most: int = MOST_REQUESTS) -> Measurement[Round]:
    """Fill in one round; at most `most` requests go to each endpoint. What cannot be looked at is said in it."""
    began = time.perf_counter()
    with_statements = is_last or blank.number % STATEMENTS_EVERY == 0
    seen: dict[str, Any] = {
        **_health(watched),
        **_samples(watched, blank.every_s, most),
        **(watched.logs.look() if watched.logs else {}),
        **_services(watched),
        **_database(watched, with_statements=with_statements),
        **_disks(watched),
        **_page(watched, blank.number, is_last=is_last),  # last: a browser that starts would slow down all the others
    }
    requests = seen.pop("asked", 0) + len(seen.get("samples", ())) + (watched.health is not None)
    filled = replace(blank, **seen, requests=requests, took_s=round(time.perf_counter() - began, 3))
    if watched.machine is not None:
        watched.machine.ran.clear()  # thousands of rounds; each has said in its measure what it found
    return Measurement(
        value=filled,
        unit="rounds",
        rows=1,
        query=f"round {blank.number + 1} of {blank.planned}",
        duration_s=filled.took_s,
        shown=filled.shown(),
    )


def _health(watched: Watched) -> dict[str, Any]:
    if watched.health is None:
        return {}
    answer = watched.api.ask(watched.health, with_token=False).value
    return {"health": answer.status, "health_ms": round(answer.elapsed_ms, 1), "health_error": answer.error}


def _samples(watched: Watched, every_s: float, most: int) -> dict[str, Any]:
    """Ask each endpoint in turn, as often as the budget allows, and stop in time for the next round.

    `asked` is how many requests it took in this round to find out what to ask, `finding_out` how many of its own share
    went into that.
    """
    knew = watched.has_aim
    try:
        aim = watched.aim()
    except CannotMeasure as trouble:
        return {"samples_error": str(trouble)}
    if aim is None or not aim.names:
        return {} if aim is None else {"samples_error": aim.unknown or "the API shows no conversation to ask for"}
    if watched.budget(every_s) < 1:
        return {"samples_error": "[watch] requests_per_second leaves no request to the API in a round: look less often"}
    asked = 0 if knew else aim.asked
    owed = watched.owed + asked
    allowed = min(watched.allowed(every_s, asked), most * len(aim.names))
    finding_out = owed - watched.owed
    began = time.perf_counter()
    samples: list[Sample] = []
    for name in watched.next_names(aim, allowed):
        samples.append(_sample(watched, aim, name, time.perf_counter() - began))
        if time.perf_counter() - began > every_s * _SENDING_SHARE:
            break
    return {"samples": tuple(samples), "asked": asked, "finding_out": finding_out}


def _sample(watched: Watched, aim: Aim, name: str, asked_s: float) -> Sample:
    asked_s = round(asked_s, 4)
    try:
        answer = watched.api.get(watched.next_url(aim, name)).value
    except CannotMeasure as trouble:  # the login was refused: a bad round, not the end of the watch
        return Sample(name, asked_s, 0.0, 0.0, 0, 0, str(trouble))
    sample = sample_of(watched.api, name, aim.promises[name], answer, asked_s)
    return replace(sample, latency_ms=round(sample.latency_ms, 1))


def _services(watched: Watched) -> dict[str, Any]:
    if watched.services is None:
        return {}
    try:
        facts = [watched.services.look(part).value for part in watched.services.names()]
    except CannotMeasure as trouble:
        return {"services_error": str(trouble)}
    looks = tuple(
        ServiceLook(
            part=one.part, is_running=one.is_running, state=one.state, pid=one.pid, restarts=one.restarts,
            since=one.since.isoformat() if one.since else "", memory_bytes=one.memory_bytes,
        )
        for one in facts
    )  # fmt: skip
    return {"services": looks}


def _database(watched: Watched, *, with_statements: bool) -> dict[str, Any]:
    if watched.database is None:
        return {}
    try:
        return {"database": watched.database.look(with_statements=with_statements)}
    except CannotMeasure as trouble:
        return {"database_error": str(trouble)}


def _page(watched: Watched, number: int, *, is_last: bool) -> dict[str, Any]:
    return {"page": watched.page.look(number, is_last=is_last)} if watched.page else {}


def _disks(watched: Watched) -> dict[str, Any]:
    if watched.machine is None or not watched.disks:
        return {}
    try:
        return {"disks": {path: watched.machine.free_disk(path).free_bytes for path in watched.disks}}
    except CannotMeasure as trouble:
        return {"disks_error": str(trouble)}
