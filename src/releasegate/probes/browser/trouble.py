"""What the page says when the API fails, is late, or the network goes: against what it says with no messages at all."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass, replace
from typing import Any, Final
from urllib.parse import urlsplit

from playwright.sync_api import Error, Request

from releasegate.change.models import ListEndpoint
from releasegate.core import Measurement, pointers
from releasegate.core.facts.inbox import Conversation
from releasegate.core.facts.page import ErrorFacts, Trouble
from releasegate.probes.browser.desk import Desk
from releasegate.probes.browser.interception import Cut
from releasegate.probes.browser.saying import Saying
from releasegate.probes.browser.steps import StuckOnPage
from releasegate.probes.browser.visit import Visit
from releasegate.probes.browser.waiting import poll

_LATE_S: Final = 10  # how late the answer is
_PAGING: Final = re.compile(
    r"next|prev|previous|cursor|more|before|after|totals?|counts?|mais|seguinte|proxim[oa]|anterior"
)
_HUMP: Final = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|[^A-Za-z0-9]+")
_PART: Final = 4  # of what only the messages say, one in so many has to stand there: a page may draw what is in sight
_BROWSERS_OWN: Final = "chrome-error:"  # what it shows where a page of its own cannot be had, and why
_JSON: Final = "application/json"

Result = tuple[ErrorFacts, bytes]


@dataclass(slots=True)
class _Asked:
    """The page's own request for a conversation's messages, the same answer without any, and what the page says then.

    `loaded` is what it says with its messages, `empty` without any, once that is known.
    """

    conversation: Conversation
    address: str
    nothing: str
    loaded: Saying
    empty: Saying | None = None

    def fits(self, request: Request) -> bool:
        return request.method == "GET" and request.url.split("?")[0] == self.address.split("?", maxsplit=1)[0]

    @property
    def shown(self) -> str:
        return f"GET {urlsplit(self.address).path}"


class Late:
    """A window that waits for its messages, from `begin` on; `said` and `picture` are the last before they came."""

    def __init__(self, conversation: Conversation) -> None:
        self.conversation = conversation
        self.began = time.monotonic()
        self.asked: _Asked | None = None
        self.stuck: StuckOnPage | None = None
        self.said = Saying()
        self.picture = b""
        self._visit: Visit | None = None
        self._cut: Cut | None = None

    def begin(self, desk: Desk, windows: ExitStack) -> None:
        """Open the window, which stays open as long as `windows` does. Raises StuckOnPage."""
        self.asked = _request_for_messages(desk, self.conversation)
        if self.asked is None:
            return
        self._cut = Cut(fits=self.asked.fits, hold_ms=_LATE_S * 1000, at_last=self._look)
        with ExitStack() as opening:
            self._visit = opening.enter_context(desk.site.visit(cuts=[self._cut]))
            self._visit.open_inbox()
            self._visit.enter(self.conversation)
            windows.push(opening.pop_all())

    def facts(self, asked: _Asked) -> ErrorFacts:
        """Return how the late answer was told, once it has come. Raises Playwright's Error: the browser has gone."""
        assert self._visit is not None, "begun"
        if asked.empty is None or not self._await_answer(self._visit):
            return _facts(asked, Trouble.LATE)
        messages = asked.loaded.phrases - asked.empty.phrases - self.said.phrases

        def have_come(now: Saying) -> bool:
            return len(messages & now.phrases) * _PART >= len(messages)

        said = _facts(asked, Trouble.LATE, self.said)
        if not messages:  # they have no words of their own
            return said
        now = poll(self._visit.page, self._visit.saying, have_come, self._visit.site.slowest_s)
        return replace(said, came=have_come(now))

    def _await_answer(self, visit: Visit) -> bool:
        """Wait until the answer is let through; return whether anything was asked at all."""
        cut = self._cut
        if cut is None or not cut.count:
            return False
        poll(visit.page, lambda: cut.is_on, lambda is_on: not is_on, _LATE_S + visit.site.slowest_s)
        return True

    def _look(self) -> None:
        if self._visit is not None:
            self.said, self.picture = self._visit.saying(), self._visit.picture()


@contextmanager
def late_answer(desk: Desk, conversation: Conversation) -> Iterator[Late]:
    """Have a window wait for a late answer while others are looked at: ten seconds are half of the gate's time."""
    late = Late(conversation)
    with ExitStack() as windows:
        try:
            late.begin(desk, windows)
        except StuckOnPage as error:
            late.stuck = error
        yield late


def look_at_troubles(desk: Desk, late: Late) -> list[Measurement[ErrorFacts]]:
    """Have the request for messages answered 500, not at all, and late; compare with an empty list in its place."""
    conversation = late.conversation
    results: list[Result] = []
    try:
        results.extend(_all(desk, late))
    except (StuckOnPage, Error) as error:  # what was measured before it counts
        trouble, picture = str(error).splitlines()[0], getattr(error, "screenshot", b"")
        facts = ErrorFacts(conversation=conversation.id, what=Trouble.FAILED, request="", trouble=trouble)
        results.append((facts, picture))
    took = time.monotonic() - late.began
    return [
        Measurement(
            value=facts, unit="requests", rows=1, query=f"conversation {conversation.id}: {facts.request} {facts.what}",
            duration_s=took, shown=asdict(facts), blobs={"trouble.jpg": picture} if picture else {},
        )
        for facts, picture in results
    ]  # fmt: skip


def _all(desk: Desk, late: Late) -> Iterator[Result]:
    if late.stuck is not None:
        raise late.stuck
    if late.asked is None:
        yield _unknown(late.conversation), b""
        return
    yield from _failing(desk, late.asked)
    yield late.facts(late.asked), late.picture


def _unknown(conversation: Conversation) -> ErrorFacts:
    trouble = "the page's own request for messages could not be told from its others"
    return ErrorFacts(conversation=conversation.id, what=Trouble.FAILED, request="", trouble=trouble)


def _facts(asked: _Asked, what: Trouble, said: Saying | None = None, trouble: str = "") -> ErrorFacts:
    """Return whether a window that `said` this tells of its trouble; undecided where nothing was to be heard."""
    facts = ErrorFacts(conversation=asked.conversation.id, what=what, request=asked.shown, trouble=trouble)
    if said is None or asked.empty is None:
        return facts
    reads = "blank" if said.is_blank else "empty" if said.phrases == asked.empty.phrases else "silent"
    return replace(facts, is_told=said.tells_more_than(asked.empty, asked.loaded), reads=reads)


def _failing(desk: Desk, asked: _Asked) -> Iterator[Result]:
    """Give what is told of a failed request and of no network; what the page says without messages is known then."""
    failing = Cut(fits=asked.fits, status=500, body="{}", content_type=_JSON)
    nothing = Cut(fits=asked.fits, status=200, body=asked.nothing, content_type=_JSON, is_on=False)
    with desk.site.visit(cuts=[failing, nothing]) as visit:
        visit.open_conversation(asked.conversation)
        failed, picture = visit.saying(), visit.picture()
        failing.is_on, nothing.is_on = False, True
        visit.open_conversation(asked.conversation)
        asked.empty = visit.saying() if nothing.count else None
        yield _facts(asked, Trouble.FAILED, failed if failing.count else None), picture
        nothing.is_on = False
        yield _offline(visit, asked)


def _offline(visit: Visit, asked: _Asked) -> Result:
    """Take the network away in the list, and enter the conversation."""
    visit.open_inbox()
    visit.page.context.set_offline(offline=True)
    try:
        visit.enter(asked.conversation)
        visit.settle()
        facts = _facts(asked, Trouble.OFFLINE, visit.saying())
        if visit.page.url.startswith(_BROWSERS_OWN):  # which the headless one draws without a word
            facts = replace(facts, is_told=True)
        return facts, visit.picture()
    except StuckOnPage as error:  # the way in needs the network itself: that cannot look like an empty conversation
        return _facts(asked, Trouble.OFFLINE, trouble=str(error)), error.screenshot
    finally:
        visit.page.context.set_offline(offline=False)


def _request_for_messages(desk: Desk, conversation: Conversation) -> _Asked | None:
    """Return the page's request whose answer holds the most of the messages' ids, None where none can be told."""
    with desk.thread(conversation) as thread:
        ids = [message.id for message in conversation.messages]
        scored = [
            (sum(f'"{key}"' in body or f":{key}," in body for key in ids), response.url, body)
            for response, body in thread.visit.listener.data()
            if response.request.resource_type in ("fetch", "xhr") and response.request.method == "GET"
        ]
        loaded = thread.visit.saying()
    count, url, body = max(scored, default=(0, "", ""))
    endpoint = desk.site.change.api.messages
    nothing = _emptied(body, endpoint) if count and endpoint else None
    return None if nothing is None else _Asked(conversation, url, nothing, loaded)


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
    if not any(_PAGING.fullmatch(word.lower()) for word in _HUMP.split(key)):
        return value
    if isinstance(value, bool):
        return False
    return 0 if isinstance(value, int | float) else None
