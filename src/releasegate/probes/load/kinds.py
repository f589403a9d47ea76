"""Which conversations a load asks for: short and long ones, with replies, with media, and the last page of a long one.

Found out through the API, as it shows them; nothing is written down.
"""

from __future__ import annotations

import math
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from releasegate.change.models import ListEndpoint
from releasegate.core import pointers
from releasegate.core.facts.http import Listing
from releasegate.probes import paging
from releasegate.probes.http import Api, path_of

WITH_REPLIES: Final = "with replies"
WITH_MEDIA: Final = "with media"
LONG: Final = "long"
SHORT: Final = "short"
LAST_PAGE: Final = "last page"

_LAST_PAGES: Final = 2  # of so many long conversations, because finding one takes reading every page before it,
_MESSAGES_READ: Final = 500  # as far as so many messages
_LONGEST_S: Final = 2.0  # for looking into conversations; those left over are asked without knowing their kind


@dataclass(frozen=True, slots=True)
class Address:
    """One address of the load, and what it stands for; "" where that could not be seen."""

    url: str
    kind: str


def addresses(api: Api, promise: ListEndpoint, ids: Sequence[str]) -> tuple[list[Address], int]:
    """Return what to ask for, kind after kind in turn, and how many requests finding that out took.

    A conversation that does not answer as promised stays in, without a kind: the load is to feel it.
    """
    until = time.monotonic() + _LONGEST_S
    first: dict[str, Listing] = {}
    for key in ids:
        if time.monotonic() < until:
            first[key] = api.pages(promise, key=key, limit=1).value
    kinds = {key: _kinds(api, first[key]) if key in first else ("",) for key in ids}
    groups = [[Address(_first_page(api, promise, key), kind) for key in some] for kind, some in _picked(kinds).items()]
    last = [api.pages(promise, key=key, limit=_MESSAGES_READ).value for key in _longest(first)
            if time.monotonic() < until]  # fmt: skip
    groups.append([Address(listing.answer.url, LAST_PAGE) for listing in last if listing.is_list])
    asked = len(first) + sum(listing.pages for listing in last)
    return [group[turn] for turn in range(len(ids)) for group in groups if turn < len(group)], asked


def _first_page(api: Api, promise: ListEndpoint, key: str) -> str:
    return api.url(path_of(promise, key), {**promise.query, **paging.Pages(promise).first()})


def _kinds(api: Api, listing: Listing) -> tuple[str, ...]:
    if not listing.is_list:
        return ("",)
    fields = api.promised.fields
    found = [WITH_REPLIES] if any(_has(item, fields.reply) for item in listing.items) else []
    found += [WITH_MEDIA] if any(_has(item, (*fields.attachments, *fields.media_url)) for item in listing.items) else []
    return (*found, SHORT if listing.is_whole else LONG)


def _has(item: Mapping[str, Any], places: Sequence[str]) -> bool:
    return any(pointers.at(item, place) not in (pointers.MISSING, None, "", [], {}) for place in places)


def _picked(kinds: Mapping[str, Sequence[str]]) -> dict[str, list[str]]:
    """Return conversations by kind, each once: for the kind that the fewest have first."""
    counts = {kind: sum(kind in some for some in kinds.values()) for some in kinds.values() for kind in some}
    each = math.ceil(len(kinds) / max(1, len(counts)))
    picked: dict[str, list[str]] = {}
    for kind in sorted(counts, key=lambda kind: (counts[kind], kind)):
        taken = {key for some in picked.values() for key in some}
        picked[kind] = [key for key, some in kinds.items() if kind in some and key not in taken][:each]
    return picked


def _longest(first: Mapping[str, Listing]) -> list[str]:
    """Return conversations that go on after the first page, the first that the API lists."""
    return [key for key, listing in first.items() if listing.is_list and not listing.is_whole][:_LAST_PAGES]
