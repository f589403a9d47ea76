"""What a load asks for: the promised endpoints, with real conversations in the place of their ids."""

from __future__ import annotations

import itertools
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from releasegate.change.models import Endpoint, Latency, ListEndpoint
from releasegate.core import CannotMeasure, Measurement
from releasegate.core.facts.http import Answer
from releasegate.core.facts.latency import Sample
from releasegate.probes import paging
from releasegate.probes.http import Api, path_of
from releasegate.target.models import Load

SINGLE_REQUESTS: Final = 50
"""How often one user asks each endpoint in a row: enough for a median that two outliers do not move."""

_CONVERSATIONS_SEEN: Final = 200  # of which so many are asked for, evenly spread over what the API shows,
_CONVERSATIONS_ASKED: Final = 20  # so that neither the newest nor the longest alone decide


@dataclass(frozen=True, slots=True, kw_only=True)
class Aim:
    """The endpoints to be measured: name -> the promise, and name -> the addresses that are asked in turn.

    An endpoint without an address could not be aimed at: the API shows no conversation. `listing` is what the list
    of conversations answered when it was asked for them, None where it was not needed.
    """

    promises: Mapping[str, Endpoint]
    urls: Mapping[str, tuple[str, ...]]
    listing: Answer | None

    @property
    def names(self) -> tuple[str, ...]:
        """The endpoints that there is an address for."""
        return tuple(name for name, urls in self.urls.items() if urls)


def aim_at(api: Api, latency: Latency) -> Measurement[Aim]:
    """Find out what to ask. Raises CannotMeasure for an endpoint that the change file does not describe."""
    began = time.perf_counter()
    promises: dict[str, Endpoint] = {name: _promise(api, name) for name in latency.endpoints}
    ids: tuple[str, ...] = ()
    listing = None
    if any("{id}" in promise.path for promise in promises.values()):
        found = api.conversations(_CONVERSATIONS_SEEN).value
        ids, listing = _spread(found.known_ids, _CONVERSATIONS_ASKED), found.answer
    urls = {name: _urls(api, promise, ids) for name, promise in promises.items()}
    return Measurement(
        value=Aim(promises=promises, urls=urls, listing=listing),
        unit="addresses",
        rows=sum(len(some) for some in urls.values()),
        query="; ".join(api.curl(some[0]) for some in urls.values() if some),
        duration_s=time.perf_counter() - began,
        shown={"urls": {name: list(some) for name, some in urls.items()}, "listing": listing and listing.shown},
    )


def one_by_one(api: Api, aim: Aim, budget: Load, *, count: int = SINGLE_REQUESTS) -> Measurement[tuple[Sample, ...]]:
    """Ask each endpoint `count` times, one after the other, no faster than the budget allows."""
    began = time.perf_counter()
    samples = []
    for name in aim.names:
        promise = aim.promises[name]
        for url in itertools.islice(itertools.cycle(aim.urls[name]), count):
            asked = time.perf_counter()
            answer = api.get(url).value
            samples.append(sample_of(api, name, promise, answer, asked - began))
            time.sleep(max(0.0, asked + 1 / budget.requests_per_second - time.perf_counter()))
    return Measurement(
        value=tuple(samples),
        unit="requests",
        rows=len(samples),
        query="; ".join(f"{count} times: {api.curl(aim.urls[name][0])}" for name in aim.names),
        duration_s=time.perf_counter() - began,
        shown={name: [round(s.latency_ms, 1) for s in samples if s.endpoint == name] for name in aim.names},
    )


def _promise(api: Api, name: str) -> Endpoint:
    promise: Endpoint | None = getattr(api.promised, name)
    if promise is None:
        raise CannotMeasure(f"the change file promises a latency of {name} and has no [api.{name}] to ask")
    return promise


def _urls(api: Api, promise: Endpoint, ids: Sequence[str]) -> tuple[str, ...]:
    keys = ids if "{id}" in promise.path else ("",)
    size = paging.Pages(promise).first() if isinstance(promise, ListEndpoint) else {}
    return tuple(api.url(path_of(promise, key), {**promise.query, **size}) for key in keys)


def _spread(ids: Sequence[str], count: int) -> tuple[str, ...]:
    """Return at most `count` of `ids`, evenly spaced, first and last included."""
    if len(ids) <= count:
        return tuple(ids)
    return tuple(ids[round(place * (len(ids) - 1) / (count - 1))] for place in range(count))


def sample_of(api: Api, name: str, promise: Endpoint, answer: Answer, intended_s: float) -> Sample:
    """Return one answer as a sample: timed by itself, wrong where it is not what the endpoint promises."""
    return Sample(name, intended_s, 0.0, answer.elapsed_ms, answer.status or 0, answer.size_bytes,
                  _error(api, promise, answer))  # fmt: skip


def _error(api: Api, promise: Endpoint, answer: Answer) -> str:
    if answer.status is None:
        return answer.error
    if answer.status != promise.status:
        return str(answer.status)
    is_wrong = isinstance(promise, ListEndpoint) and api.items(answer, promise) is None
    return "wrong body" if is_wrong else ""
