"""What the API answers about the backfilled messages."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from releasegate.change.models import ListEndpoint, MessageFields
from releasegate.core import Measurement
from releasegate.core.facts.rows import ReadBack
from releasegate.core.pointers import MISSING, first
from releasegate.probes.http import Api, path_of

LONGEST_CONVERSATION: Final = 1000  # messages; older ones are not read, and what is not read is not judged


def read_back(
    api: Api, endpoint: ListEndpoint, fields: MessageFields, conversations: Sequence[str]
) -> Measurement[tuple[ReadBack, ...]]:
    """Measure what the API shows of every message in `conversations`, through its own paging."""
    read = [(one, api.pages(endpoint, key=one, limit=LONGEST_CONVERSATION)) for one in conversations]
    found = tuple(
        ReadBack(
            conversation=conversation,
            said=str(listing.value.answer) if listing.value.is_list else f"{listing.value.answer}, no list of messages",
            is_answered=listing.value.is_list and listing.value.answer.status == endpoint.status,
            urls={
                key: _urls(item, fields)
                for key, item in zip(listing.value.ids, listing.value.items, strict=True)
                if key is not None
            },
            run=api.curl(api.url(path_of(endpoint, conversation))),
        )
        for conversation, listing in read
    )
    return Measurement(
        value=found,
        unit="messages read through the API",
        rows=sum(len(one.urls) for one in found),
        query="\n".join(listing.query for _, listing in read),
        duration_s=sum(listing.duration_s for _, listing in read),
        shown=[{"conversation": one.conversation, "said": one.said, "messages": len(one.urls)} for one in found],
    )


def _urls(item: Mapping[str, Any], fields: MessageFields) -> tuple[str | None, ...] | None:
    attachments = first(item, fields.attachments)
    if attachments is MISSING:
        return None
    elements = attachments if isinstance(attachments, list) else [attachments]
    urls = (first(element, fields.attachment_url) for element in elements)
    return tuple(None if url is MISSING else str(url) for url in urls)
