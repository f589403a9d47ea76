"""What a page draws more often than the data says: a medium in its message or in another one, a whole message."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from playwright.sync_api import Error

from releasegate.core.facts.inbox import Medium, Message
from releasegate.core.facts.page import MediumFacts, Shown
from releasegate.probes.browser.addresses import needles
from releasegate.probes.browser.waiting import POLL_MS, poll

if TYPE_CHECKING:
    from releasegate.probes.browser.thread import Thread

_LOADS_S = 3  # a page may load a picture only once it is in sight
_MOST_TRIED = 8  # where each of so many turned out to be there, the others are believed


def with_repeats(thread: Thread, media: Sequence[MediumFacts]) -> tuple[MediumFacts, ...]:
    """Return how the media of `thread` stand, with how often the page, as it was last searched, draws them besides."""
    spare, copies, strays = _spares(thread), dict[str, int](), dict[str, list[str]]()
    found = _find(thread)
    for key in _confirmed(thread, found):
        medium = key.split(" ", 2)[2]
        if key in found["copies"]:
            copies[medium] = copies.get(medium, 0) + 1
        else:
            strays.setdefault(medium, []).append(found["strays"][key])
    return tuple(
        replace(
            one, spare=spare.get(medium, 0), copies=copies.get(thread.keys[medium], 0),
            strays=tuple(strays.get(thread.keys[medium], ())),
        )
        for one, medium in zip(media, thread.media, strict=True)
    )  # fmt: skip


def _spares(thread: Thread) -> dict[Medium, int]:
    """Return how often media stand in their messages beyond what the data says; those alone that do."""
    counts: dict[str, int] = thread.visit.evaluate("spares")
    keys = thread.keys if counts else {}
    return {
        medium: counts[keys[medium]]
        for message in thread.messages
        for medium in message.media
        if keys.get(medium) in counts and not _has_right(message, medium.url)
    }


def _has_right(message: Message, url: str) -> bool:
    """Whether a message may show a file by another right than its data's.

    A reply may quote it, an address in a text be followed by what it leads to.
    """
    return message.original is not None or any(form in message.text for form in needles(url))


def _find(thread: Thread) -> dict[str, Any]:
    """Return the `copies` (keys) and the `strays` (key -> the other message's id) that seem to be there."""
    interface = thread.visit.site.change.interface
    replied = interface.reply.text if interface and interface.reply else ""
    asked = {"whole": thread.conversation.is_whole, "replied": replied}
    answer = thread.visit.evaluate("repeats", asked)
    urls = {key: medium.url for medium, key in thread.keys.items()} if answer["strays"] else {}
    messages = {one.id: one for one in thread.messages}
    strays = {
        one["key"]: one["message"]
        for one in answer["strays"]
        if not _has_right(messages[one["message"]], urls[one["medium"]])
    }
    return {"copies": answer["copies"], "strays": strays}


def _confirmed(thread: Thread, found: dict[str, Any]) -> list[str]:
    """Return the keys of what is really there: seen once scrolled to, and still there then."""
    keys = [*found["copies"], *found["strays"]]
    tried = keys[:_MOST_TRIED]
    there = [key for key in tried if _is_there(thread, key)]
    return [*there, *keys[_MOST_TRIED:]] if there == tried else there


def _is_there(thread: Thread, key: str) -> bool:
    """Whether what is kept under `key` is seen once it was scrolled to, and the page then draws it as before.

    A page that draws only what is in sight keeps the nodes of what was; they are used anew, or moved away.
    """
    element = thread.visit.kept(key)
    if element is None:  # the page was searched again for the one before, and it is gone
        return False
    try:
        is_bare = element.evaluate("el => __releasegate.liesBare(el)")
        thread.visit.page.wait_for_timeout(POLL_MS)
        shown = poll(thread.visit.page, lambda: thread.visit.evaluate("standing", key), _is_shown, _LOADS_S)
    except Error:  # redrawn in between
        return False
    thread.ask()
    return is_bare and _is_shown(shown) and _is_among(key, _find(thread))


def _is_shown(state: str | None) -> bool:
    return state is not None and Shown(state).is_shown


def _is_among(key: str, found: dict[str, Iterable[str]]) -> bool:
    return key in found["copies"] or key in found["strays"]
