"""How the viewer handles: by keyboard, at its ends, again and again, and what the conversation behind it does."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from playwright.sync_api import Error

from releasegate.core import Measurement
from releasegate.core.facts.inbox import Conversation, Medium, Message
from releasegate.core.facts.page import AgainFacts, EndsFacts, KeyboardFacts, Shown
from releasegate.probes.browser.desk import Desk
from releasegate.probes.browser.steps import StuckOnPage
from releasegate.probes.browser.viewer import IS_CLOSED, Viewer, is_open, measured, ratio_of, viewed, viewer_of
from releasegate.probes.browser.waiting import poll

TIMES: Final = 20
_WHEEL_PX: Final = 400
_AT_ONCE_S: Final = 2  # for what a page does at once, or not at all
_TURNS: Final = 5  # times as long as it took before: what has not happened then does not happen
_LEAST_S: Final = 0.5


def by_keyboard(desk: Desk, conversation: Conversation, medium: Medium, *, several: bool) -> Measurement[KeyboardFacts]:
    """Reach the thumbnail, press Enter, turn to the next attachment where there are `several`, press Escape."""
    began = time.monotonic()
    facts = KeyboardFacts(conversation=conversation.id, message=medium.message)
    try:
        with viewer_of(desk, conversation, medium) as viewer:
            facts = _by_keyboard(viewer, facts, medium, several=several)
            picture = viewer.visit.picture(outlined=viewer.visit.kept(viewer.thread.key_of(medium)))
    except StuckOnPage as error:
        facts = KeyboardFacts(conversation=conversation.id, message=medium.message, trouble=str(error))
        picture = error.screenshot
    return measured(facts, "keys", f"Enter on {medium.url}", time.monotonic() - began, picture)


def at_its_ends(
    desk: Desk, conversation: Conversation, message: Message, alone: tuple[Conversation, Medium] | None
) -> Measurement[EndsFacts]:
    """Go on from the last attachment of `message` and back from the first; look for arrows beside a single one."""
    began = time.monotonic()
    picture, media = b"", viewed(desk.site, message)
    facts = EndsFacts(conversation=conversation.id, message=message.id, attachments=len(media))
    try:
        with viewer_of(desk, conversation, media[0]) as viewer:
            facts = _to_the_ends(viewer, facts, message, media)
            picture = viewer.visit.picture(outlined=viewer.visit.kept("enlarged"))
        if alone:
            facts = replace(facts, alone=alone[1].message, arrows_alone=_arrows_beside(desk, *alone))
    except StuckOnPage as error:
        facts = replace(facts, trouble=str(error))
        picture = error.screenshot
    return measured(facts, "viewers", f"message {message.id}: to its last", time.monotonic() - began, picture)


def again_and_again(desk: Desk, conversation: Conversation, medium: Medium) -> Measurement[AgainFacts]:
    """Open and close the viewer many times; turn the wheel over it once."""
    began = time.monotonic()
    try:
        with viewer_of(desk, conversation, medium) as viewer:
            facts = _again(viewer, medium)
            picture = viewer.visit.picture(outlined=viewer.visit.kept(viewer.thread.key_of(medium)))
    except StuckOnPage as error:
        facts = AgainFacts(conversation=conversation.id, message=medium.message, wanted=TIMES, trouble=str(error))
        picture = error.screenshot
    query = f"open and close {medium.url} {TIMES} times"
    return measured(facts, "openings", query, time.monotonic() - began, picture)


def _by_keyboard(viewer: Viewer, facts: KeyboardFacts, medium: Medium, *, several: bool) -> KeyboardFacts:
    visit, thread = viewer.visit, viewer.thread
    thread.bring_up([medium])
    if visit.kept(thread.key_of(medium)) is None:
        raise StuckOnPage(f"message {medium.message}: its thumbnail is not on the page", screenshot=visit.picture())
    if not visit.evaluate("focus", thread.key_of(medium)):
        return facts
    visit.evaluate("remember")
    visit.page.keyboard.press("Enter")
    if not _opens(viewer, medium):
        return KeyboardFacts(
            conversation=facts.conversation, message=facts.message, takes_focus=True, enter_opens=False
        )
    goes_in = poll(visit.page, lambda: bool(visit.evaluate("focusIsInside", viewer.css)), bool, _AT_ONCE_S)
    turns = _key_turns(viewer, medium) if several else None
    visit.page.keyboard.press("Escape")
    is_shut = _closes(viewer, medium)
    comes_back = poll(visit.page, lambda: bool(visit.evaluate("focusIsBack")), bool, _AT_ONCE_S) if is_shut else None
    return KeyboardFacts(
        conversation=facts.conversation, message=facts.message, takes_focus=True, enter_opens=True,
        focus_goes_in=goes_in, focus_comes_back=comes_back, keys_turn=turns,
    )  # fmt: skip


def _key_turns(viewer: Viewer, medium: Medium) -> bool | None:
    """Whether an arrow key leads away from `medium`, the last of its message: first the one that leads back.

    None where it cannot be told whether `medium` is still what is shown.
    """
    ratio = ratio_of(viewer.visit.site, medium)
    states = []
    for key in ("ArrowLeft", "ArrowRight"):
        viewer.visit.page.keyboard.press(key)
        state = poll(
            viewer.visit.page, lambda: viewer.look(medium, ratio), lambda now: now["same"] is False, _AT_ONCE_S
        )
        if state["same"] is False:
            return True
        states.append(state["same"])
    return False if all(states) else None


def _to_the_ends(viewer: Viewer, facts: EndsFacts, message: Message, media: Sequence[Medium]) -> EndsFacts:
    viewer.open(media[0])
    if not is_open(viewer.await_medium(media[0])):
        return facts
    counted = {"css": viewer.css, "counts": sorted({len(media), len(message.media)})}
    first = viewer.visit.evaluate("counter", counted)
    has_end = viewer.is_barred("previous")
    slowest_s = 0.0
    for medium in media[1:]:
        began = time.monotonic()
        viewer.turn("next")
        if viewer.await_medium(medium)["same"] is not True:
            return replace(facts, counters=(first, ""))
        slowest_s = max(slowest_s, time.monotonic() - began)
    last = viewer.visit.evaluate("counter", counted)
    facts = replace(facts, counters=(first, last), wraps=_goes_round(viewer, "next", media[0], slowest_s))
    if has_end or facts.wraps:
        return replace(facts, wraps_back=False if has_end else None)
    if not viewer.put_away(media[0]):
        return facts
    viewer.open(media[0])
    if not is_open(viewer.await_medium(media[0])):
        return facts
    return replace(facts, wraps_back=_goes_round(viewer, "previous", media[-1], slowest_s))


def _goes_round(viewer: Viewer, way: str, other_end: Medium, turned_s: float) -> bool:
    """Whether going on from an end leads to the other one; `turned_s` is the longest that a turn took."""
    if viewer.is_barred(way):
        return False
    viewer.turn(way)
    budget_s = min(max(_TURNS * turned_s, _LEAST_S), _AT_ONCE_S)
    after = poll(
        viewer.visit.page, lambda: viewer.look(other_end), lambda now: is_open(now) and now["same"] is True, budget_s
    )
    return bool(is_open(after) and after["same"] is True)


def _arrows_beside(desk: Desk, conversation: Conversation, medium: Medium) -> tuple[str, ...] | None:
    """Return the arrows that can be pressed beside a single attachment, None where no viewer opened."""
    with viewer_of(desk, conversation, medium) as viewer:
        viewer.open(medium)
        if not is_open(viewer.await_medium(medium)):
            return None
        return tuple(name for way in ("previous", "next") if (name := viewer.usable(way)))


def _again(viewer: Viewer, medium: Medium) -> AgainFacts:
    wanted = AgainFacts(conversation=viewer.thread.conversation.id, message=medium.message, wanted=TIMES)
    viewer.open(medium)
    if not _opens(viewer, medium):
        return wanted
    moved = _background_moves(viewer)
    viewer.await_shown(medium, _AT_ONCE_S)
    how = viewer.shut(medium)
    opened, lost = 1, 0
    fades_s = _LEAST_S if _is_nothing_left(viewer, medium, _LEAST_S) else 0  # else what is left is the page's own
    while how and opened < TIMES and (clicks := _clicks_to_open(viewer, medium, fades_s)):
        opened, lost = opened + 1, lost + (clicks > 1)
        viewer.await_shown(medium, _AT_ONCE_S)
        how = viewer.shut(medium, how)
    return AgainFacts(
        conversation=wanted.conversation, message=medium.message, wanted=TIMES, opened=opened, how=how, lost=lost,
        background_moved=moved, trouble="" if how else "it could not be closed, so it was not opened again",
    )  # fmt: skip


def _is_nothing_left(viewer: Viewer, medium: Medium, budget_s: float) -> bool:
    """Wait until a viewer that was closed has faded away; return whether it has."""
    state = poll(viewer.visit.page, lambda: viewer.look(medium), lambda now: now["state"] == Shown.MISSING, budget_s)
    return bool(state["state"] == Shown.MISSING)


def _clicks_to_open(viewer: Viewer, medium: Medium, fades_s: float) -> int:
    """Return how many clicks open the viewer, 0 where none does: one, once nothing of it is left on the screen.

    Where that opens nothing, people click again.
    """
    _is_nothing_left(viewer, medium, fades_s)
    if not _click(viewer, medium):
        return 0
    if _opens(viewer, medium, _AT_ONCE_S):
        return 1
    is_late = not _click(viewer, medium)  # one that comes now lies over the thumbnail
    if not _opens(viewer, medium):
        return 0
    return 1 if is_late else 2


def _click(viewer: Viewer, medium: Medium) -> bool:
    element = viewer.visit.kept(viewer.thread.key_of(medium))
    if element is None or not viewer.thread.stands(medium):
        viewer.thread.bring_up([medium])
        element = viewer.visit.kept(viewer.thread.key_of(medium))
    with contextlib.suppress(Error):
        if element is not None:
            element.click()
            return True
    return False


def _background_moves(viewer: Viewer) -> bool:
    page, window = viewer.visit.page, viewer.visit.page.viewport_size or {"width": 0, "height": 0}
    before = viewer.visit.evaluate("places")
    page.mouse.move(window["width"] / 2, window["height"] / 2)
    page.mouse.wheel(0, -_WHEEL_PX)
    page.mouse.wheel(0, _WHEEL_PX / 2)
    return poll(page, lambda: bool(viewer.visit.evaluate("places") != before), bool, 0.3)


def _opens(viewer: Viewer, medium: Medium, budget_s: float | None = None) -> bool:
    budget_s = viewer.visit.site.slowest_s if budget_s is None else budget_s
    return is_open(poll(viewer.visit.page, lambda: viewer.look(medium), is_open, budget_s))


def _closes(viewer: Viewer, medium: Medium) -> bool:
    state = poll(viewer.visit.page, lambda: viewer.look(medium), lambda now: now["covers"] < IS_CLOSED, _AT_ONCE_S)
    return bool(state["covers"] < IS_CLOSED)
