"""By which other addresses the API hands a file out: a small copy, a way through the backend.

Some stores keep an address that no browser ever asks: the page shows `/media/thumb/7.webp`, and only the backend knows
which file that is. What stands beside an attachment's own address in the API's answer belongs to the same file.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from releasegate.change.models import MessageFields
from releasegate.core import pointers
from releasegate.core.facts.inbox import Message

_ADDRESS = re.compile(r"(?:https?://[^/\s]+)?/[^\s/]\S{4,}")


def with_other_addresses(
    messages: Sequence[Message], items: Mapping[str, Mapping[str, Any]], fields: MessageFields
) -> tuple[Message, ...]:
    """Return the messages, each medium with its `others`; `items` are the API's own messages by id.

    The attachment that names a medium's address is that medium's; where as many attachments name none, they stand in
    the data's order. An address that several files share (a picture for all videos) tells none of them.
    """
    found = {message.id: _of_message(message, items.get(message.id, {}), fields) for message in messages}
    pairs = {(one, url) for some in found.values() for url, others in some.items() for one in others}
    shared = Counter(one for one, _ in pairs)
    return tuple(
        replace(
            message,
            media=tuple(
                replace(one, others=tuple(other for other in found[message.id].get(one.url, ()) if shared[other] == 1))
                for one in message.media
            ),
        )
        for message in messages
    )


def _of_message(message: Message, item: Mapping[str, Any], fields: MessageFields) -> dict[str, tuple[str, ...]]:
    attachments = pointers.objects(item, fields.attachments) or []
    addresses = [tuple(dict.fromkeys(_addresses(one))) for one in attachments]
    known = {medium.url for medium in message.media}
    named = {url: some for some in addresses for url in known.intersection(some)}
    if not named and len(addresses) == len(message.media):
        named = {medium.url: some for medium, some in zip(message.media, addresses, strict=True)}
    return {url: tuple(one for one in some if one not in known) for url, some in named.items()}


def _addresses(told: object) -> Iterator[str]:
    """Give every text in `told`, however deep, that is an address as a whole."""
    if isinstance(told, str) and _ADDRESS.fullmatch(told):
        yield told
    inside: Iterable[object] = told.values() if isinstance(told, Mapping) else told if isinstance(told, list) else ()
    for one in inside:
        yield from _addresses(one)
