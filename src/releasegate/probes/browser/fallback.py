"""What the page makes of dead media: files cut off in the browser, in five ways, never by changing a row."""

from __future__ import annotations

import re
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, replace
from itertools import islice
from typing import Any, Final
from urllib.parse import unquote, urlsplit

from playwright.sync_api import ElementHandle, Error, Page, Request

from releasegate.core import Measurement
from releasegate.core.facts.inbox import Conversation, Medium
from releasegate.core.facts.page import DeadWay, Enlarged, Event, FallbackFacts, Kind, Shown
from releasegate.probes.browser.addresses import forms_of
from releasegate.probes.browser.desk import Desk
from releasegate.probes.browser.interception import Cut
from releasegate.probes.browser.steps import StuckOnPage
from releasegate.probes.browser.thread import Thread
from releasegate.probes.browser.viewer import Choice, Viewer, enlarged
from releasegate.probes.browser.visit import Visit
from releasegate.probes.browser.waiting import poll

_MEDIA = ("image", "media", "fetch", "xhr", "other")
_TOLERANCE_PX = 2.0  # scrollbars and rounding
_OPENS_S = 3  # for the viewer of a dead medium: many pages rightly open none
_CLICK_MS = 2000
_LATE_S = 1  # for the others, once one has used up its whole time
_HANGS_MS = 100  # before a browser gives a silent host up; it takes a minute in life
_HTML = "<!doctype html><title>502</title><h1>Bad gateway</h1>"
_BROKEN: Final = {"image": ("image/jpeg", b"\xff\xd8\xff\xe0broken"), "video": ("video/mp4", b"\0\0\0\x18ftypbroken")}

_OF_FURTHER_KINDS: Final = (DeadWay.NOT_FOUND, DeadWay.BROKEN)

Dead = tuple[Medium, DeadWay]


def plan(desk: Desk, choices: Sequence[Choice]) -> list[tuple[Conversation, list[Dead]]]:
    """Return what is cut off in which window: every way at least once, every kind at least once.

    The media of a conversation that stand on the page die together, each in another way. Ways for which a
    conversation has too few media come in a window more. Once every way was tried, two tell enough of a further kind,
    in a window that is there already where they are of other messages of its conversation.
    """
    planned: list[tuple[Conversation, list[Dead]]] = []
    left = list(DeadWay)
    for conversation, chosen in choices:
        media = _standing(desk, conversation, chosen)
        ways = left or list(_OF_FURTHER_KINDS[: len(media)])
        while ways:
            _put(planned, conversation, list(zip(media, ways, strict=False)))
            ways = ways[len(media) :]
        left = []
    return planned


def _put(planned: list[tuple[Conversation, list[Dead]]], conversation: Conversation, dead: list[Dead]) -> None:
    """Add `dead` to the planned window with the fewest of its conversation and none of its messages, or as another."""
    messages = {medium.message for medium, _ in dead}
    fitting = [
        there
        for other, there in planned
        if other is conversation and messages.isdisjoint(one.message for one, _ in there)
    ]
    if fitting:
        min(fitting, key=len).extend(dead)
    else:
        planned.append((conversation, dead))


def cut_off(desk: Desk, conversation: Conversation, dead: Sequence[Dead]) -> list[Measurement[FallbackFacts]]:
    """Open `conversation` whole, then with the files of `dead` cut off, and say what became of each."""
    began = time.monotonic()
    cuts = {medium: _cut(medium, way, conversation.media) for medium, way in dead}
    try:
        whole = _whole(desk, conversation, dead)
        with desk.site.visit(cuts=cuts.values()) as visit:
            visit.open_conversation(conversation)
            facts = _without(Thread(visit, conversation), dead, cuts, whole)
    except StuckOnPage as error:
        facts = [
            (FallbackFacts(conversation=conversation.id, message=medium.message, url=medium.url, way=way,
                           cut=cuts[medium].count, trouble=str(error)), error.screenshot)
            for medium, way in dead
        ]  # fmt: skip
    took = time.monotonic() - began
    return [
        Measurement(
            value=fact, unit="media", rows=1, query=f"open conversation {conversation.id}, {fact.url} {fact.way}",
            duration_s=took, shown=asdict(fact), blobs={"cut-off.jpg": picture} if picture else {},
        )
        for fact, picture in facts
    ]  # fmt: skip


def _standing(desk: Desk, conversation: Conversation, chosen: Medium) -> list[Medium]:
    """Return the chosen medium and others of its kind that stand in the conversation, each of another message."""
    with desk.thread(conversation) as thread:
        same = [one for one in thread.media if one.kind == chosen.kind and one.message != chosen.message]
        once = [one for one in same if sum(other.url == one.url for other in conversation.media) == 1]
        alone = {one.message: one for one in once}  # one of each message: the others tell whether it moved
        apart = _of_other_files(chosen, reversed(alone.values()))
        nearest = list(islice(apart, 2 * len(DeadWay)))
        try:
            shown = [fact.url for fact in thread.bring_up(nearest) if fact.shown in (Shown.PAINTED, Shown.PLAYER)]
        except StuckOnPage:  # whoever looks at the chosen one says so
            shown = []
    return [chosen, *(one for one in nearest if one.url in shown)][: len(DeadWay)]


def _of_other_files(chosen: Medium, media: Iterable[Medium]) -> Iterator[Medium]:
    """Give those of `media` that are other files than `chosen` and each other: signed addresses differ in the query."""
    taken = {urlsplit(chosen.url)[:3]}
    for medium in media:
        file = urlsplit(medium.url)[:3]
        if file not in taken:
            taken.add(file)
            yield medium


def _cut(medium: Medium, way: DeadWay, known: Iterable[Medium]) -> Cut:
    fits = _asks_for(medium, known)
    match way:
        case DeadWay.NOT_FOUND:
            return Cut(fits=fits)
        case DeadWay.TIMED_OUT:
            return Cut(fits=fits, abort="timedout", wait_ms=_HANGS_MS)
        case DeadWay.REFUSED:
            return Cut(fits=fits, abort="connectionrefused")
        case DeadWay.HTML:
            return Cut(fits=fits, status=200, body=_HTML, content_type="text/html")
        case DeadWay.BROKEN:
            content_type, body = _BROKEN.get(medium.kind, _BROKEN["image"])
            return Cut(fits=fits, status=200, body=body, content_type=content_type)


def _asks_for(medium: Medium, known: Iterable[Medium]) -> Any:
    """Return what tells a request for the file of `medium` from those for the other `known` media.

    A form of the address that another medium has too (a name that many files bear) tells nothing.
    """
    others = {form for other in known if other.url != medium.url for form in forms_of(other)}
    forms = [re.escape(form) for one in forms_of(medium) if one not in others for form in {one, unquote(one)}]
    asks = re.compile(f"(?:{'|'.join(forms)})(?![0-9A-Za-z])") if forms else None  # /media/1 is not /media/12

    def fits(request: Request) -> bool:
        if asks is None or request.resource_type not in _MEDIA:
            return False
        return bool(asks.search(request.url) or asks.search(unquote(unquote(request.url))))

    return fits


def _whole(desk: Desk, conversation: Conversation, dead: Sequence[Dead]) -> dict[str, Any]:
    """Return where the messages stand while the media are whole, and how often the fallback text does."""
    with desk.thread(conversation) as thread:
        thread.bring_up([medium for medium, _ in dead])
        known = {"shapes": {event.shape for event in thread.visit.events()}, "answered": _answered(thread.visit)}
        return {**_layout(thread), "unavailable": thread.ask()["unavailable"], **known}


def _layout(thread: Thread) -> dict[str, Any]:
    """Return how wide and tall each message is, and how its own media stand at that moment."""
    states = {entry["key"]: (entry["state"], entry["says"]) for entry in thread.ask()["media"]}
    ids = [message.id for message in thread.messages]
    return {
        "boxes": thread.visit.evaluate("boxes", ids),
        "media": {one.id: [states[thread.key_of(medium)] for medium in one.media] for one in thread.messages},
        "sideways": thread.visit.evaluate("sideways"),
    }


def _can_be_compared(message: str, then: dict[str, Any], now: dict[str, Any]) -> bool:
    """Whether a message stood there both times, with its own media in the same state: a late one makes it grow."""
    states = now["media"].get(message)
    is_there = message in then["boxes"] and message in now["boxes"]
    return is_there and states == then["media"].get(message) and all(state != Shown.WAITING for state, _ in states)


def _without(
    thread: Thread, dead: Sequence[Dead], cuts: dict[Medium, Cut], whole: dict[str, Any]
) -> list[tuple[FallbackFacts, bytes]]:
    thread.bring_up([medium for medium, _ in dead])
    _await_texts(thread, dead, whole)
    layout = _layout(thread)
    found = [_in_thread(thread, one, cuts, whole, layout) for one in dead]
    viewers = list(_in_viewer(thread, [medium for medium, _ in dead]))
    facts = [
        replace(fact, clicked=clicked, viewer=viewer)
        for (fact, _), (clicked, viewer) in zip(found, viewers, strict=True)
    ]
    facts[0] = replace(facts[0], errors=_errors(thread.visit, whole))  # which of them upset the page cannot be told
    return [(fact, picture) for fact, (_, picture) in zip(facts, found, strict=True)]


def _errors(visit: Visit, whole: dict[str, Any]) -> tuple[Event, ...]:
    """Return the uncaught errors that the whole conversation did not cause, though it was answered the same by us."""
    found = (event for event in visit.events() if event.kind is Kind.UNCAUGHT and event.counts)
    is_upset_more = not _answered(visit) <= whole["answered"]
    return tuple(
        replace(event, after_ours=event.after_ours and is_upset_more)
        for event in found
        if event.shape not in whole["shapes"]
    )


def _answered(visit: Visit) -> set[str]:
    """Return what this program answered in a window because the deployment must not be asked; no file that was cut."""
    return {*visit.interception.answered, *(url for _, url in visit.interception.blocked)}


def _await_texts(thread: Thread, dead: Sequence[Dead], whole: dict[str, Any]) -> None:
    """Wait until every dead medium that was asked for is told."""
    keys = {thread.key_of(medium) for medium, _ in dead}

    def are_told(state: dict[str, Any]) -> bool:
        told = sum(bool(entry["says"]) for entry in state["media"] if entry["key"] in keys)
        more: int = state["unavailable"] - whole["unavailable"]
        return max(told, more) >= len(dead)

    poll(thread.visit.page, thread.ask, are_told, thread.visit.site.slowest_s)


def _in_thread(
    thread: Thread, one: Dead, cuts: dict[Medium, Cut], whole: dict[str, Any], layout: dict[str, Any]
) -> tuple[FallbackFacts, bytes]:
    """Return how one dead medium stands, and its picture with the message outlined."""
    medium, way = one
    visit = thread.visit
    thread.bring_up([medium])
    state = thread.ask()
    then, now = whole["boxes"], layout["boxes"]
    others = _neighbours(thread, medium, {each.message for each in cuts})
    known = [key for key in others if _can_be_compared(key, whole, layout)]
    facts = FallbackFacts(
        conversation=thread.conversation.id,
        message=medium.message,
        url=medium.url,
        way=way,
        cut=cuts[medium].count,
        says_unavailable=_says(state, thread, medium, whole, len(cuts)),
        broken_icons=visit.evaluate("brokenIcons", forms_of(medium)),
        moved=sum(_differ(now[key], then[key]) for key in known),
        neighbours=len(known),
        jumped=now[medium.message][2] - then[medium.message][2] if medium.message in now.keys() & then.keys() else 0.0,
        overflows=layout["sideways"] > max(whole["sideways"], 0) + _TOLERANCE_PX,
    )
    return facts, visit.picture(outlined=visit.kept(f"row {medium.message}"))


def _neighbours(thread: Thread, medium: Medium, dead: set[str]) -> list[str]:
    """Return the messages around that of `medium` without those that are `dead`, or quote one that is."""
    ids = [message.id for message in thread.messages]
    place = ids.index(medium.message) if medium.message in ids else 0
    quoting = {message.id for message in thread.messages if message.original and message.original.id in dead}
    return [key for key in ids[max(place - 3, 0) : place + 4] if key not in dead | quoting]


def _says(state: dict[str, Any], thread: Thread, medium: Medium, whole: dict[str, Any], dead: int) -> bool:
    """Whether the medium's message says so; where the text stands elsewhere, whether it stands there often enough."""
    entry = next(entry for entry in state["media"] if entry["key"] == thread.key_of(medium))
    more: int = state["unavailable"] - whole["unavailable"]
    return bool(entry["says"]) or more >= dead


def _differ(one: list[float], other: list[float]) -> bool:
    return any(abs(a - b) > _TOLERANCE_PX for a, b in zip(one, other, strict=True))


def _in_viewer(thread: Thread, media: Sequence[Medium]) -> Iterator[tuple[bool, Enlarged | None]]:
    """Click where each medium was; give whether that could be done, and what stands in the viewer, None for none."""
    viewer, opens_s, says_s = Viewer(thread), float(_OPENS_S), thread.visit.site.slowest_s
    for medium in media:
        clicked = _click_where_it_was(thread, medium)
        found = _opened(viewer, medium, opens_s, says_s) if clicked else None
        opens_s = opens_s if found or not clicked else _LATE_S
        says_s = says_s if found is None or found.says_unavailable else _LATE_S
        yield clicked, found
        viewer.put_away(medium)


def _opened(viewer: Viewer, medium: Medium, opens_s: float, says_s: float) -> Enlarged | None:
    page = viewer.visit.page
    state = poll(page, lambda: viewer.look(medium), lambda now: now["covers"] >= 0.5, opens_s)
    if state["covers"] < 0.5:
        return None
    return enlarged(poll(page, lambda: viewer.look(medium), lambda now: now["says"] or now["covers"] < 0.1, says_s))


def _click_where_it_was(thread: Thread, medium: Medium) -> bool:
    visit = thread.visit
    thread.ask()
    place = visit.page.evaluate_handle(
        "([key, row, text]) => __releasegate.standIn(key, row, text)",
        [thread.key_of(medium), f"row {medium.message}", _pattern(thread)],
    ).as_element()
    if place is None:
        return False
    visit.evaluate("remember")
    try:
        place.click(timeout=_CLICK_MS)
    except Error:
        return _click_as_it_lies(visit.page, place)
    return True


def _click_as_it_lies(page: Page, place: ElementHandle) -> bool:
    """Click at the middle of what is disabled, or lets clicks through to what is around it; not what lies over it."""
    try:
        is_bare = place.evaluate("el => __releasegate.liesBare(el)")
        box = place.bounding_box()
        if box is None or not is_bare:
            return False
        page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    except Error:
        return False
    return True


def _pattern(thread: Thread) -> str:
    interface = thread.visit.site.change.interface
    return interface.fallback.text if interface and interface.fallback else ""
