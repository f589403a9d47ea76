"""Waiting for states of a page: polled, with a budget, never for a length of time alone."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Final, TypeVar

from playwright.sync_api import Error, Page

from releasegate.probes.browser.listening import Listener

POLL_MS: Final = 50
_STEADY_POLLS: Final = 4  # looks that must agree before a page counts as settled

State = TypeVar("State")


def poll(page: Page, look: Callable[[], State], is_done: Callable[[State], bool], slowest_s: float) -> State:
    """Return the first state that `is_done`, or the last one when the budget is used up."""
    deadline = time.monotonic() + slowest_s
    state = look()
    while not is_done(state) and time.monotonic() < deadline:
        page.wait_for_timeout(POLL_MS)
        state = look()
    return state


def settle(page: Page, listener: Listener, slowest_s: float) -> bool:
    """Wait until the page is complete, asks for nothing and shows the same words; return whether it came to that."""
    seen: list[object] = []

    def look() -> bool:
        seen.append(_looks(page, listener))
        recent = seen[-_STEADY_POLLS:]
        return recent[0] is not None and len(recent) == _STEADY_POLLS and len(set(recent)) == 1

    return poll(page, look, bool, slowest_s)


def _looks(page: Page, listener: Listener) -> int | None:
    """Return how many words are visible; None while the page is on its way."""
    if listener.is_busy:
        return None
    try:
        state, words = page.evaluate("[document.readyState, window.__releasegate?.words() ?? 0]")
    except Error:  # it navigates
        return None
    return int(words) if state == "complete" else None
