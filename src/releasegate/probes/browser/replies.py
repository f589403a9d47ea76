"""Replies on the page: the box that says so, the original's first words in it, and what stands for a deleted one."""

from __future__ import annotations

import time
from dataclasses import asdict, replace
from typing import Any

from playwright.sync_api import Error

from releasegate.core import Measurement
from releasegate.core.facts.inbox import Conversation, Message
from releasegate.core.facts.page import ReplyFacts
from releasegate.probes.browser.steps import StuckOnPage
from releasegate.probes.browser.thread import Desk, Thread
from releasegate.probes.browser.waiting import POLL_MS, poll

_CLICK_MS = 2000
_LEADS_S = 3  # a page may load earlier messages first, and scroll smoothly
_PREVIEW = 12  # characters of the original that a preview shows at the very least


def look_at_replies(desk: Desk, conversation: Conversation, *, follow: bool = True) -> list[Measurement[ReplyFacts]]:
    """Look at the replies of one conversation, and `follow` the box of the first that offers to lead somewhere."""
    began = time.monotonic()
    try:
        with desk.thread(conversation) as thread:
            listed = [reply for reply in conversation.replies if reply in thread.messages]
            facts = _look_at_all(thread, listed)
            facts = _led(thread, listed, facts) if follow else facts
            picture = thread.visit.picture(outlined=_worst(thread, facts))
    except StuckOnPage as error:
        facts = [
            ReplyFacts(conversation=conversation.id, message=reply.id, row=False, trouble=str(error))
            for reply in conversation.replies
        ]
        picture = error.screenshot
    took = time.monotonic() - began
    return [
        Measurement(
            value=fact, unit="replies", rows=1, query=f"reply {fact.message} in conversation {fact.conversation}",
            duration_s=took, shown=asdict(fact), blobs={"reply.jpg": picture} if picture else {},
        )
        for fact in facts
    ]  # fmt: skip


def _look_at_all(thread: Thread, replies: list[Message]) -> list[ReplyFacts]:
    """Look at each reply; where one never came to stand within the budget, the others are taken as they stand."""
    found: list[ReplyFacts] = []
    for reply in replies:
        is_late = any(not (fact.says_reply and fact.shows_preview is not False) for fact in found)
        found.append(_look(thread, reply, 0.0 if is_late else thread.visit.site.slowest_s))
    return found


def _led(thread: Thread, replies: list[Message], found: list[ReplyFacts]) -> list[ReplyFacts]:
    """Follow the box of the first reply that offers to: one tells for all."""
    interface = thread.visit.site.change.interface
    pattern = interface.reply.text if interface and interface.reply else ""
    for place, reply in enumerate(replies):
        if not found[place].row or not pattern:
            continue
        _bring_up(thread, reply)
        thread.visit.page.wait_for_timeout(POLL_MS)
        leads = _leads(thread, reply, pattern)
        if leads is not None:
            return [*found[:place], replace(found[place], leads=leads), *found[place + 1 :]]
    return found


def _look(thread: Thread, reply: Message, budget_s: float) -> ReplyFacts:
    original = reply.original
    assert original is not None, f"message {reply.id} replies to nothing"
    interface = thread.visit.site.change.interface
    gone = interface.deleted_original.text if interface and interface.deleted_original else ""
    asked = {
        "id": reply.id,
        "pattern": interface.reply.text if interface and interface.reply else "",
        "preview": " ".join(original.text.split())[:_PREVIEW].strip(),
        "gone": gone,
        "css": thread.visit.locators.css("reply"),
        "sender": original.sender,
        "others": sorted({one.sender for one in thread.conversation.messages} - {original.sender, ""}),
    }
    state = _await(thread, asked, budget_s, needs_preview=bool(asked["preview"]) and not original.is_gone)
    if state is None:
        return ReplyFacts(conversation=thread.conversation.id, message=reply.id, row=False, is_gone=original.is_gone)
    _bring_up(thread, reply)
    return ReplyFacts(
        conversation=thread.conversation.id,
        message=reply.id,
        row=True,
        says_reply=state["says"],
        shows_preview=None if original.is_gone else state["preview"],
        is_gone=original.is_gone,
        says_gone=state["gone"] if original.is_gone else None,
        shows_gone_text=bool(original.is_gone and state["preview"]),
        other_sender=bool(state["other"]),
        height=state["height"],
    )


def _leads(thread: Thread, reply: Message, pattern: str) -> bool | None:
    """Click the box, and return whether the original came into sight; None where that is not offered."""
    assert reply.original is not None
    visit, key = thread.visit, f"row {reply.original.id}"
    is_there = any(one.id == reply.original.id for one in thread.messages) and not reply.original.is_gone
    if not is_there or not visit.page.evaluate(
        "([id, pattern]) => __releasegate.quote(id, pattern)", [reply.id, pattern]
    ):
        return None
    if visit.evaluate("isInSight", key):
        return None
    try:
        visit.kept("quote").click(timeout=_CLICK_MS)
    except Error:
        return None

    def look() -> bool:
        thread.ask()
        return bool(visit.evaluate("isInSight", key))

    return poll(visit.page, look, bool, _LEADS_S)


def _await(thread: Thread, asked: dict[str, Any], budget_s: float, *, needs_preview: bool) -> dict[str, Any] | None:
    """Wait until the reply stands as promised."""

    def look() -> dict[str, Any] | None:
        thread.ask()
        answer: dict[str, Any] | None = thread.visit.evaluate("reply", asked)
        return answer

    def stands(state: dict[str, Any] | None) -> bool:
        return state is not None and state["says"] and (state["preview"] or not needs_preview)

    return poll(thread.visit.page, look, stands, budget_s)


def _worst(thread: Thread, facts: list[ReplyFacts]) -> Any:
    """Return the message of the first reply that is not as promised, for the picture; else of a deleted original."""
    wrong = [one for one in facts if one.row and (not one.says_reply or one.shows_preview is False or one.other_sender)]
    gone = [one for one in facts if one.row and one.is_gone]
    chosen = next(iter([*wrong, *gone, *facts]), None)
    return thread.visit.kept(f"row {chosen.message}") if chosen else None


def _bring_up(thread: Thread, reply: Message) -> None:
    """Bring the reply into sight; a page may draw its neighbours only then."""
    row = thread.visit.kept(f"row {reply.id}")
    if row is not None:
        row.evaluate("el => el.scrollIntoView({block: 'center', behavior: 'instant'})")
