"""What the page makes of dead media and of failed requests, which are cut off in the browser and nowhere else.

The runbook changes a row in production for this; no row is touched here.
"""

from __future__ import annotations

import json
import re
import time
from dataclasses import asdict
from typing import Any
from urllib.parse import unquote, urlsplit

from playwright.sync_api import Error, Request

from releasegate.change.models import ListEndpoint
from releasegate.core import Measurement, pointers
from releasegate.core.facts.inbox import Conversation, Medium
from releasegate.core.facts.page import Enlarged, ErrorFacts, FallbackFacts, Kind
from releasegate.probes.browser.interception import Cut
from releasegate.probes.browser.site import Site
from releasegate.probes.browser.steps import StuckOnPage
from releasegate.probes.browser.thread import Desk, Thread, needles
from releasegate.probes.browser.viewer import Viewer, enlarged
from releasegate.probes.browser.visit import Visit
from releasegate.probes.browser.waiting import poll

_MEDIA = ("image", "media", "fetch", "xhr", "other")
_PAGING = re.compile(r"next|prev|cursor|more|before|after|total|count", re.IGNORECASE)
_TOLERANCE_PX = 2.0  # scrollbars and rounding


def cut_off(desk: Desk, conversation: Conversation, medium: Medium) -> Measurement[FallbackFacts]:
    """Open `conversation` with `medium` whole, then with its file answered 404, and say what became of it."""
    began = time.monotonic()
    cut = Cut(fits=_asks_for(medium))
    try:
        whole = _boxes(desk, conversation, medium)
        with desk.site.visit(cuts=[cut]) as visit:
            visit.open_conversation(conversation)
            facts = _without(Thread(visit, conversation), medium, cut, whole)
            picture = visit.picture()
    except StuckOnPage as error:
        facts = FallbackFacts(conversation=conversation.id, message=medium.message, url=medium.url, cut=cut.count,
                              trouble=str(error))  # fmt: skip
        picture = error.screenshot
    return Measurement(
        value=facts, unit="media", rows=1, query=f"open conversation {conversation.id}, {medium.url} answered 404",
        duration_s=time.monotonic() - began, shown=asdict(facts), blobs={"cut-off.jpg": picture} if picture else {},
    )  # fmt: skip


def fail_messages(desk: Desk, conversation: Conversation) -> Measurement[ErrorFacts]:
    """Answer the page's own request for messages with 500, and compare with an empty list in its place."""
    began = time.monotonic()
    try:
        facts = _fail(desk, conversation)
    except StuckOnPage as error:
        facts = ErrorFacts(conversation=conversation.id, request="", is_told=None, trouble=str(error))
    return Measurement(
        value=facts, unit="requests", rows=1, query=f"conversation {conversation.id}, {facts.request} answered 500",
        duration_s=time.monotonic() - began, shown=asdict(facts),
    )  # fmt: skip


def _asks_for(medium: Medium) -> Any:
    forms = needles(medium.url)

    def fits(request: Request) -> bool:
        if request.resource_type not in _MEDIA:
            return False
        address = unquote(unquote(request.url))
        return any(form in request.url or unquote(form) in address for form in forms)

    return fits


def _boxes(desk: Desk, conversation: Conversation, medium: Medium) -> dict[str, Any]:
    """Return where the other messages stand while the medium is whole, and how often the fallback text does."""
    with desk.thread(conversation) as thread:
        thread.bring_up([medium])
        return {**_layout(thread, medium), "unavailable": thread.ask()["unavailable"]}


def _layout(thread: Thread, medium: Medium) -> dict[str, Any]:
    ids = [message.id for message in thread.messages]
    place = ids.index(medium.message) if medium.message in ids else 0
    neighbours = [key for key in ids[max(place - 2, 0) : place + 3] if key != medium.message]
    return {"boxes": thread.visit.evaluate("boxes", neighbours), "sideways": thread.visit.evaluate("sideways")}


def _without(thread: Thread, medium: Medium, cut: Cut, whole: dict[str, Any]) -> FallbackFacts:
    visit = thread.visit
    thread.bring_up([medium])
    state = poll(visit.page, thread.ask, lambda now: _says(now, thread, medium, whole), visit.site.slowest_s)
    layout = _layout(thread, medium)
    known = [key for key in layout["boxes"] if key in whole["boxes"]]
    moved = [key for key in known if _differ(layout["boxes"][key], whole["boxes"][key])]
    return FallbackFacts(
        conversation=thread.conversation.id,
        message=medium.message,
        url=medium.url,
        cut=cut.count,
        says_unavailable=_says(state, thread, medium, whole),
        broken_icons=visit.evaluate("brokenIcons", needles(medium.url)),
        moved=len(moved),
        neighbours=len(known),
        overflows=layout["sideways"] > max(whole["sideways"], 0) + _TOLERANCE_PX,
        errors=tuple(event.text for event in visit.events() if event.kind is Kind.UNCAUGHT),
        viewer=_in_viewer(thread, medium),
    )


def _says(state: dict[str, Any], thread: Thread, medium: Medium, whole: dict[str, Any]) -> bool:
    entry = next(entry for entry in state["media"] if entry["key"] == thread.key_of(medium))
    return bool(entry["says"]) or state["unavailable"] > whole["unavailable"]


def _differ(one: list[float], other: list[float]) -> bool:
    return any(abs(a - b) > _TOLERANCE_PX for a, b in zip(one, other, strict=True))


def _in_viewer(thread: Thread, medium: Medium) -> Enlarged | None:
    """Click where the medium was; return what stands in the viewer, None where none opens for a dead medium."""
    viewer = Viewer(thread)
    if not _click_where_it_was(thread, medium):
        return None
    state = poll(
        thread.visit.page, lambda: viewer.look(medium), lambda now: now["covers"] >= 0.5, thread.visit.site.slowest_s
    )
    if state["covers"] < 0.5:
        return None
    state = poll(
        thread.visit.page, lambda: viewer.look(medium), lambda now: now["says"] or now["covers"] < 0.1,
        thread.visit.site.slowest_s,
    )  # fmt: skip
    return enlarged(state)


def _click_where_it_was(thread: Thread, medium: Medium) -> bool:
    visit = thread.visit
    place = visit.page.evaluate_handle(
        "([key, row, text]) => __releasegate.standIn(key, row, text)",
        [thread.key_of(medium), f"row {medium.message}", _pattern(thread)],
    ).as_element()
    if place is None:
        return False
    visit.evaluate("remember")
    try:
        place.click(timeout=2000)
    except Error:
        return False
    return True


def _pattern(thread: Thread) -> str:
    interface = thread.visit.site.change.interface
    return interface.fallback.text if interface and interface.fallback else ""


def _fail(desk: Desk, conversation: Conversation) -> ErrorFacts:
    site = desk.site
    request, body = _request_for_messages(desk, conversation)
    endpoint = site.change.api.messages
    empty = _emptied(body, endpoint) if endpoint else None
    if not request or empty is None:
        trouble = "the page's own request for messages could not be told from its others"
        return ErrorFacts(conversation=conversation.id, request="", is_told=None, trouble=trouble)
    failed = _words(site, conversation, Cut(fits=_is(request), status=500, body="{}", content_type="application/json"))
    nothing = _words(
        site, conversation, Cut(fits=_is(request), status=200, body=empty, content_type="application/json")
    )
    return ErrorFacts(conversation=conversation.id, request=f"GET {urlsplit(request).path}", is_told=failed != nothing)


def _request_for_messages(desk: Desk, conversation: Conversation) -> tuple[str, str]:
    """Return the page's request whose answer holds the most of the messages' ids, and that answer."""
    with desk.thread(conversation) as thread:
        ids = [message.id for message in conversation.messages]
        scored = [
            (sum(f'"{key}"' in body for key in ids), response.url, body)
            for response, body in thread.visit.listener.data()
            if response.request.resource_type in ("fetch", "xhr") and response.request.method == "GET"
        ]
    count, url, body = max(scored, default=(0, "", ""))
    return (url, body) if count else ("", "")


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


def _is(url: str) -> Any:
    path = url.split("?", maxsplit=1)[0]
    return lambda request: request.url.split("?")[0] == path and request.method == "GET"


def _words(site: Site, conversation: Conversation, cut: Cut) -> str:
    with site.visit(cuts=[cut]) as visit:
        visit.open_conversation(conversation)
        return _visible_text(visit)


def _visible_text(visit: Visit) -> str:
    text: str = visit.page.evaluate("document.body.innerText")
    return " ".join(text.split())
