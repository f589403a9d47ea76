"""Replies on the page: the box that says so, the original's first words in it, and what stands for a deleted one."""

from __future__ import annotations

import time
from dataclasses import asdict, replace
from typing import Any

from playwright.sync_api import Error

from releasegate.core import Measurement
from releasegate.core.facts.inbox import Conversation, Message, Original
from releasegate.core.facts.page import ReplyFacts
from releasegate.probes.browser.desk import Desk
from releasegate.probes.browser.steps import StuckOnPage
from releasegate.probes.browser.thread import Thread
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
            facts += [_unseen(conversation, one, loaded=False) for one in conversation.replies if one not in listed]
            picture = thread.visit.picture(outlined=_worst(thread, facts))
    except StuckOnPage as error:
        facts = [replace(_unseen(conversation, reply), trouble=str(error)) for reply in conversation.replies]
        picture = error.screenshot
    took = time.monotonic() - began
    return [
        Measurement(
            value=fact, unit="replies", rows=1, query=f"reply {fact.message} in conversation {fact.conversation}",
            duration_s=took, shown=asdict(fact), blobs={"reply.jpg": picture} if picture else {},
        )
        for fact in facts
    ]  # fmt: skip


def _unseen(conversation: Conversation, reply: Message, *, loaded: bool = True) -> ReplyFacts:
    is_gone = reply.original is not None and reply.original.is_gone
    return ReplyFacts(conversation=conversation.id, message=reply.id, row=False, is_gone=is_gone, loaded=loaded)


def _look_at_all(thread: Thread, replies: list[Message]) -> list[ReplyFacts]:
    """Look at each reply; where one never came to stand within the budget, the others are taken as they stand."""
    found: list[ReplyFacts] = []
    for reply in replies:
        is_late = any(not fact.row or _is_wrong(fact) for fact in found)
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
    promised = interface.reply if interface else None
    gone = interface.deleted_original.text if interface and interface.deleted_original else ""
    asked = {
        "id": reply.id,
        "pattern": promised.text if promised else "",
        "preview": " ".join(original.text.split())[:_PREVIEW].strip(),
        "gone": gone,
        "css": thread.visit.locators.css("reply"),
        "own": reply.text,
        "sender": original.sender,
        "others": sorted({one.sender for one in thread.conversation.messages} - {original.sender, ""}),
        "person": _names_of(original, thread.conversation) if promised and promised.names_sender else (),
    }
    state = _await(thread, asked, budget_s, is_gone=original.is_gone)
    if state is None:
        return _unseen(thread.conversation, reply)
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
        names_sender=None if original.is_gone else state["named"],
        knows_sender=bool(original.sender) if promised and promised.names_sender else None,
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


def _names_of(original: Original, conversation: Conversation) -> tuple[str, ...]:
    """Return the names by which the page may call who wrote `original`, () where they are not known.

    The list of conversations calls a customer by the same name, and perhaps by a user name; oneself a page calls "You".
    """
    words = set(original.sender.split()) if original.sender in conversation.customers else set()
    is_listed = bool(words) and any(words <= set(name.split()) for name in conversation.names)
    return (original.sender, *(name for name in conversation.names if " " not in name)) if is_listed else ()


def _await(thread: Thread, asked: dict[str, Any], budget_s: float, *, is_gone: bool) -> dict[str, Any] | None:
    """Wait until the reply stands as promised."""

    def look() -> dict[str, Any] | None:
        thread.ask()
        answer: dict[str, Any] | None = thread.visit.evaluate("reply", asked)
        return answer

    def stands(state: dict[str, Any] | None) -> bool:
        is_whole = state is not None and state["preview"] is not False and state["named"] is not False
        return state is not None and state["says"] and (is_whole or is_gone)

    return poll(thread.visit.page, look, stands, budget_s)


def _worst(thread: Thread, facts: list[ReplyFacts]) -> Any:
    """Return the message of the first reply that is not as promised, for the picture; else of a deleted original."""
    wrong = [one for one in facts if one.row and _is_wrong(one)]
    gone = [one for one in facts if one.row and one.is_gone]
    chosen = next(iter([*wrong, *gone, *facts]), None)
    return thread.visit.kept(f"row {chosen.message}") if chosen else None


def _is_wrong(one: ReplyFacts) -> bool:
    return not one.says_reply or one.shows_preview is False or one.other_sender or one.names_sender is False


def _bring_up(thread: Thread, reply: Message) -> None:
    """Bring the reply into sight; a page may draw its neighbours only then."""
    row = thread.visit.kept(f"row {reply.id}")
    if row is not None:
        row.evaluate("el => el.scrollIntoView({block: 'center', behavior: 'instant'})")
