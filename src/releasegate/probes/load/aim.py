"""What a load asks for: the promised endpoints, with real conversations in the place of their ids."""

from __future__ import annotations

import itertools
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from releasegate.change.models import Endpoint, Latency, ListEndpoint
from releasegate.core import CannotMeasure, Measurement
from releasegate.core.facts.http import Answer
from releasegate.core.facts.latency import Sample
from releasegate.probes import paging
from releasegate.probes.http import Api, path_of
from releasegate.probes.load.kinds import Address, addresses
from releasegate.target.models import Load

SINGLE_REQUESTS: Final = 50
"""How often one user asks each endpoint in a row: enough for a median that two outliers do not move."""

_CONVERSATIONS_SEEN: Final = 200  # of which so many are looked into, evenly spread over what the API shows,
_CONVERSATIONS_ASKED: Final = 20  # so that neither the newest nor the longest alone decide


_FREE: Final = ("health", "version")  # asked by monitors that nobody has let in


@dataclass(frozen=True, slots=True, kw_only=True)
class Aim:
    """The endpoints to be measured: name -> the promise, and name -> the addresses that are asked in turn.

    An endpoint without an address could not be aimed at: the API shows no conversation. `judged` are the endpoints
    that a limit is promised for, `weights` the shares of the load. `kinds` says what an address stands for.
    `listing` is what the list of conversations answered when it was asked for them, None where it was not needed;
    `asked` how many requests it took to find out, `unknown` why no conversation can be asked for, "" where one can.
    """

    promises: Mapping[str, Endpoint]
    urls: Mapping[str, tuple[str, ...]]
    listing: Answer | None
    judged: tuple[str, ...] = ()
    weights: Mapping[str, int] = field(default_factory=dict)
    kinds: Mapping[str, str] = field(default_factory=dict)
    asked: int = 0
    unknown: str = ""

    @property
    def names(self) -> tuple[str, ...]:
        """The endpoints that are judged and that there is an address for."""
        return tuple(name for name in self.judged if self.urls.get(name))

    @property
    def loaded(self) -> tuple[str, ...]:
        """Those, and the ones that are only asked along with them."""
        return tuple(name for name, urls in self.urls.items() if urls)

    def at(self, before: Mapping[str, Sequence[str]], base: str) -> Aim:
        """Return the same aim at the addresses of an earlier measurement, where they are of this backend, `base`."""
        known = {name: tuple(url for url in urls if url.startswith(base)) for name, urls in before.items()}
        return replace(self, urls={name: known.get(name) or urls for name, urls in self.urls.items()})


def aim_at(api: Api, latency: Latency) -> Measurement[Aim]:
    """Find out what to ask. Raises CannotMeasure for an endpoint that the change file does not describe."""
    began = time.perf_counter()
    names = tuple(dict.fromkeys((*latency.endpoints, *latency.weights)))
    promises: dict[str, Endpoint] = {name: _promise(api, name) for name in names}
    ids: tuple[str, ...] = ()
    listing, asked, unknown = None, 0, ""
    if any("{id}" in promise.path for promise in promises.values()):
        found = api.conversations(_CONVERSATIONS_SEEN).value
        ids, listing, asked = _spread(found.known_ids, _CONVERSATIONS_ASKED), found.answer, found.pages
        unknown = found.why_no_id if found.is_list else f"the list of conversations: {found.answer}"
    urls: dict[str, tuple[str, ...]] = {}
    kinds: dict[str, str] = {}
    for name, promise in promises.items():
        addresses, more = _addresses(api, promise, ids)
        urls[name] = tuple(dict.fromkeys(address.url for address in addresses))
        kinds |= {address.url: address.kind for address in addresses}
        asked += more
    aim = Aim(
        promises=promises,
        urls=urls,
        listing=listing,
        judged=latency.endpoints,
        weights={name: latency.weights.get(name, 1) for name in names},
        kinds=kinds,
        asked=asked,
        unknown=unknown,
    )
    return Measurement(
        value=aim,
        unit="addresses",
        rows=sum(len(some) for some in urls.values()),
        query="; ".join(api.curl(some[0]) for some in urls.values() if some),
        duration_s=time.perf_counter() - began,
        shown={
            "urls": {name: list(some) for name, some in urls.items()},
            "kinds": {url: kind for url, kind in kinds.items() if kind},
            "listing": listing and listing.shown,
        },
    )


def one_by_one(api: Api, aim: Aim, budget: Load, *, count: int = SINGLE_REQUESTS) -> Measurement[tuple[Sample, ...]]:
    """Ask each judged endpoint `count` times, one after the other, no faster than the budget allows."""
    began = time.perf_counter()
    samples = []
    for name in aim.names:
        promise = aim.promises[name]
        for url in itertools.islice(itertools.cycle(aim.urls[name]), count):
            asked = time.perf_counter()
            answer = api.get(url, with_token=name not in _FREE).value
            samples.append(sample_of(api, name, promise, answer, asked - began))
            time.sleep(max(0.0, asked + 1 / budget.requests_per_second - time.perf_counter()))
    return Measurement(
        value=tuple(samples),
        unit="requests",
        rows=len(samples),
        query="; ".join(f"{count} times: {api.curl(aim.urls[name][0])}" for name in aim.names),
        duration_s=time.perf_counter() - began,
        shown={
            "urls": {name: list(aim.urls[name]) for name in aim.names},
            "samples": {name: [round(s.latency_ms, 2) for s in samples if s.endpoint == name] for name in aim.names},
            "errors": {name: sum(bool(s.error) for s in samples if s.endpoint == name) for name in aim.names},
        },
    )


def _promise(api: Api, name: str) -> Endpoint:
    promise: Endpoint | None = getattr(api.promised, name)
    if promise is None:
        raise CannotMeasure(f"the change file promises a latency of {name} and has no [api.{name}] to ask")
    return promise


def _addresses(api: Api, promise: Endpoint, ids: Sequence[str]) -> tuple[list[Address], int]:
    """Return the addresses of an endpoint, and how many requests finding them took."""
    if "{id}" in promise.path and isinstance(promise, ListEndpoint):
        return addresses(api, promise, ids)
    keys = ids if "{id}" in promise.path else ("",)
    size = paging.Pages(promise).first() if isinstance(promise, ListEndpoint) else {}
    return [Address(api.url(path_of(promise, key), {**promise.query, **size}), "") for key in keys], 0


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
