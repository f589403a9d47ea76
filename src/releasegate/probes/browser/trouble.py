"""What the page says when the API fails, is late, or the network goes: against what it says with no messages at all."""

from __future__ import annotations

import json
import re
import time
from dataclasses import asdict, dataclass
from typing import Any, Final
from urllib.parse import urlsplit

from playwright.sync_api import Request

from releasegate.change.models import ListEndpoint
from releasegate.core import Measurement, pointers
from releasegate.core.facts.inbox import Conversation
from releasegate.core.facts.page import ErrorFacts, Trouble
from releasegate.probes.browser.interception import Cut
from releasegate.probes.browser.steps import StuckOnPage
from releasegate.probes.browser.thread import Desk
from releasegate.probes.browser.visit import Visit
from releasegate.probes.browser.waiting import poll

_LATE_S: Final = 10  # how late the answer is
_PAGING = re.compile(r"next|prev|cursor|more|before|after|total|count", re.IGNORECASE)
_JSON: Final = "application/json"

Result = tuple[ErrorFacts, bytes]


@dataclass(slots=True)
class _Asked:
    """The page's own request for a conversation's messages, and the same answer without any."""

    conversation: Conversation
    address: str
    nothing: str

    def fits(self, request: Request) -> bool:
        return request.method == "GET" and request.url.split("?")[0] == self.address.split("?", maxsplit=1)[0]

    @property
    def shown(self) -> str:
        return f"GET {urlsplit(self.address).path}"


def look_at_troubles(desk: Desk, conversation: Conversation) -> list[Measurement[ErrorFacts]]:
    """Have the request for messages answered 500, late, and not at all; compare with an empty list in its place."""
    began = time.monotonic()
    try:
        asked = _request_for_messages(desk, conversation)
        results = _all(desk, asked) if asked else [(_unknown(conversation), b"")]
    except StuckOnPage as error:
        facts = ErrorFacts(conversation=conversation.id, what=Trouble.FAILED, request="", trouble=str(error))
        results = [(facts, error.screenshot)]
    took = time.monotonic() - began
    return [
        Measurement(
            value=facts, unit="requests", rows=1, query=f"conversation {conversation.id}: {facts.request} {facts.what}",
            duration_s=took, shown=asdict(facts), blobs={"trouble.jpg": picture} if picture else {},
        )
        for facts, picture in results
    ]  # fmt: skip


def _unknown(conversation: Conversation) -> ErrorFacts:
    trouble = "the page's own request for messages could not be told from its others"
    return ErrorFacts(conversation=conversation.id, what=Trouble.FAILED, request="", trouble=trouble)


def _all(desk: Desk, asked: _Asked) -> list[Result]:
    """While one window waits for its late answer, the others are looked at in another."""
    late = Cut(fits=asked.fits, holds=True)
    with desk.site.visit(cuts=[late]) as waiting:
        waiting.open_inbox()
        waiting.enter(asked.conversation)
        began = time.monotonic()
        empty, results = _failing(desk, asked)
        poll(waiting.page, lambda: time.monotonic() - began, lambda passed: passed >= _LATE_S, _LATE_S)
        return [*results, _late(waiting, asked, late, empty)]


def _failing(desk: Desk, asked: _Asked) -> tuple[str, list[Result]]:
    """Return the words of an empty conversation, and what is told of a failed request and of no network."""
    failing = Cut(fits=asked.fits, status=500, body="{}", content_type=_JSON)
    nothing = Cut(fits=asked.fits, status=200, body=asked.nothing, content_type=_JSON, is_on=False)
    with desk.site.visit(cuts=[failing, nothing]) as visit:
        visit.open_conversation(asked.conversation)
        failed, picture = visit.words(), visit.picture()
        failing.is_on, nothing.is_on = False, True
        visit.open_conversation(asked.conversation)
        empty = visit.words()
        told = ErrorFacts(conversation=asked.conversation.id, what=Trouble.FAILED, request=asked.shown,
                          is_told=failed != empty if failing.count and nothing.count else None)  # fmt: skip
        nothing.is_on = False
        return empty, [(told, picture), _offline(visit, asked, empty)]


def _offline(visit: Visit, asked: _Asked, empty: str) -> Result:
    """Take the network away in the list, and enter the conversation."""

    def facts(*, told: bool | None, trouble: str = "") -> ErrorFacts:
        return ErrorFacts(conversation=asked.conversation.id, what=Trouble.OFFLINE, request=asked.shown,
                          is_told=told, trouble=trouble)  # fmt: skip

    visit.open_inbox()
    visit.page.context.set_offline(offline=True)
    try:
        visit.enter(asked.conversation)
        visit.settle()
        return facts(told=visit.words() != empty), visit.picture()
    except StuckOnPage as error:  # the way in needs the network itself: that cannot look like an empty conversation
        return facts(told=None, trouble=str(error)), error.screenshot
    finally:
        visit.page.context.set_offline(offline=False)


def _late(visit: Visit, asked: _Asked, late: Cut, empty: str) -> Result:
    words, picture = visit.words(), visit.picture()
    was_asked = bool(late.count)
    late.release()
    came = poll(visit.page, visit.words, lambda now: now not in (words, empty), visit.site.slowest_s)
    facts = ErrorFacts(
        conversation=asked.conversation.id, what=Trouble.LATE, request=asked.shown,
        is_told=words != empty if was_asked else None, came=came not in (words, empty) if was_asked else None,
    )  # fmt: skip
    return facts, picture


def _request_for_messages(desk: Desk, conversation: Conversation) -> _Asked | None:
    """Return the page's request whose answer holds the most of the messages' ids, None where none can be told."""
    with desk.thread(conversation) as thread:
        ids = [message.id for message in conversation.messages]
        scored = [
            (sum(f'"{key}"' in body or f":{key}," in body for key in ids), response.url, body)
            for response, body in thread.visit.listener.data()
            if response.request.resource_type in ("fetch", "xhr") and response.request.method == "GET"
        ]
    count, url, body = max(scored, default=(0, "", ""))
    endpoint = desk.site.change.api.messages
    nothing = _emptied(body, endpoint) if count and endpoint else None
    return None if nothing is None else _Asked(conversation, url, nothing)


def _emptied(body: str, endpoint: ListEndpoint) -> str | None:
    """Return the same answer with nothing in its list, None where the change's pointers lead to none."""
    try:
        document = json.loads(body)
    except ValueError:
        return None
    found = pointers.objects(document, endpoint.list)
    if found is None:
        return None
    found.clear()
    return json.dumps(_at_its_end(document))


def _at_its_end(document: Any) -> Any:
    """Return an answer that says of itself that nothing follows: no next page, nothing counted."""
    if not isinstance(document, dict):
        return document
    return {
        key: _at_its_end(value) if isinstance(value, dict) else _nothing(key, value) for key, value in document.items()
    }


def _nothing(key: str, value: Any) -> Any:
    if isinstance(value, bool):
        return False
    if _PAGING.search(key):
        return 0 if isinstance(value, int | float) else None
    return value
