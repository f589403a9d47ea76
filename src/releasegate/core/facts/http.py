"""What an API answered."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from releasegate.core.figures import count

_KEYS_SHOWN: Final = 12  # names of an object's fields, never what stands in them


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """One answer, or why there was none.

    `status` is None where nothing answered; then `error` says what happened instead (connection refused, time-out,
    TLS). `elapsed_ms` runs from the request to the last byte of the body. `json` is None where the body is no JSON
    (`is_json` tells that from a body that is `null`). `headers` are in lower case, without cookies.
    """

    url: str
    status: int | None
    elapsed_ms: float
    size_bytes: int = 0
    json: Any = None
    is_json: bool = False
    content_type: str = ""
    error: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)

    @property
    def shown(self) -> dict[str, Any]:
        """What evidence keeps: everything but the body, which holds what customers wrote."""
        return {
            "url": self.url,
            "status": self.status,
            "elapsed_ms": round(self.elapsed_ms, 1),
            "size_bytes": self.size_bytes,
            "content_type": self.content_type,
            "error": self.error,
        }

    def __str__(self) -> str:
        if self.status is None:
            return f"no answer: {self.error}"
        return f"{self.status}: {self.error}" if self.error else str(self.status)


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """What the pages of a list endpoint held, in the API's own order.

    `items` are objects as answered and `ids` their ids as text, None where an item has none. `answer` is the last
    one: a status other than the promised one ended the reading there. `is_list` is False where none of the change's
    pointers led to a list of objects. `is_whole` says that the API had nothing more to give.
    """

    items: tuple[Mapping[str, Any], ...]
    ids: tuple[str | None, ...]
    answer: Answer
    pages: int
    is_list: bool
    is_whole: bool

    @property
    def known_ids(self) -> tuple[str, ...]:
        """The ids that there are."""
        return tuple(key for key in self.ids if key is not None)

    @property
    def why_no_id(self) -> str:
        """Why there is nothing to ask for, and what to set; "" where an id is known."""
        if self.known_ids:
            return ""
        if not self.items:
            return (
                "the list is empty: there is no conversation, or this user sees none; log in as somebody who has some"
            )
        keys = ", ".join(list(self.items[0])[:_KEYS_SHOWN]) or "nothing"
        none = f"none of {count(len(self.items), 'conversation')} has an id where the change file looks for one"
        return f"{none}: the first holds {keys}; set api.conversations.id in the target's [reading]"

    @property
    def shown(self) -> dict[str, Any]:
        """What evidence keeps: ids and how it ended."""
        return {"ids": list(self.ids), "pages": self.pages, "whole": self.is_whole, "last": self.answer.shown}
