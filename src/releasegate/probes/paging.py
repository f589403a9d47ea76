"""Reading a list endpoint page by page, the way the change file says that this API turns them."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Any, Final
from urllib.parse import urljoin, urlsplit

from releasegate.change.models import ListEndpoint
from releasegate.core import Measurement, pointers
from releasegate.core.facts.http import Answer, Listing

_MOST_PAGES: Final = 200  # a list that repeats itself under new ids must not keep a gate busy for ever

Turn = Mapping[str, str] | str
"""What asks for a page: the query parameters to add, or the whole address that the page before named."""


class Pages:
    """The pages of one list, as far as they have been read; the same id on two pages is one item."""

    def __init__(self, endpoint: ListEndpoint) -> None:
        self._endpoint = endpoint
        self._found: dict[str, Mapping[str, Any]] = {}
        self.read = 0

    def __len__(self) -> int:
        return len(self._found)

    def add(self, items: list[dict[str, Any]]) -> bool:
        """Keep the items of the next page; return whether it had an id that no page before had."""
        self.read += 1
        has_new = False
        for number, item in enumerate(items):
            key = id_of(item, self._endpoint)
            has_new |= key is not None and key not in self._found
            self._found.setdefault(key if key is not None else f"\0{self.read}/{number}", item)
        return has_new

    def first(self) -> dict[str, str]:
        """Return the parameters that ask for the first page."""
        size = self._endpoint.page_size
        return {size: str(self._endpoint.page_length)} if size and size not in self._endpoint.query else {}

    def after(self, answer: Answer) -> Turn | None:
        """Return what asks for the page after `answer`; None where the API names none, or has no paging.

        Of a whole address only path and query count: an API behind a proxy may name itself by an inner host.
        """
        endpoint, size = self._endpoint, self.first()
        if endpoint.offset:
            return {**size, endpoint.offset: str(len(self))}
        if endpoint.page:
            return {**size, endpoint.page: str(self.read + 1)}
        following = pointers.first(answer.json, endpoint.next)
        if not isinstance(following, str | int) or isinstance(following, bool) or following == "":
            return None
        if isinstance(following, str) and following.startswith(("http://", "https://", "/")):
            return urljoin(answer.url, urlsplit(following)._replace(scheme="", netloc="").geturl())
        return {**size, endpoint.cursor: str(following)} if endpoint.cursor else None

    def listing(self, answer: Answer, *, is_list: bool, is_whole: bool) -> Listing:
        """Return what was found, with the `answer` that came last."""
        return Listing(
            items=tuple(self._found.values()),
            ids=tuple(None if key.startswith("\0") else key for key in self._found),
            answer=answer,
            pages=self.read,
            is_list=is_list,
            is_whole=is_whole,
        )


def read(ask: Callable[[Turn], Measurement[Answer]], endpoint: ListEndpoint, *, limit: int) -> Measurement[Listing]:
    """Read pages until `limit` items are there, the API has no more, or an answer is not the promised one.

    The last page is kept whole, so more than `limit` may come back. A page without a new id ends the list, so an API
    that ignores its paging parameters ends it too.
    """
    began = time.perf_counter()
    pages = Pages(endpoint)
    sent = first = ask(pages.first())
    while True:
        items = pointers.objects(sent.value.json, endpoint.list)
        if sent.value.status != endpoint.status or items is None:
            listing = pages.listing(sent.value, is_list=items is not None, is_whole=False)
            break
        has_new = pages.add(items)
        turn = pages.after(sent.value) if has_new else None
        if turn is None or len(pages) >= limit or pages.read >= _MOST_PAGES:
            listing = pages.listing(sent.value, is_list=True, is_whole=turn is None)
            break
        sent = ask(turn)
    return Measurement(
        value=listing,
        unit="items",
        rows=len(listing.items),
        query=first.query,
        duration_s=time.perf_counter() - began,
        shown=listing.shown,
    )


def id_of(item: Mapping[str, Any], endpoint: ListEndpoint) -> str | None:
    """Return the item's id as text, None where it has none at the change's pointers."""
    key = pointers.first(item, endpoint.id)
    return str(key) if isinstance(key, str | int) and not isinstance(key, bool) else None
