"""Waits: a named budget, polled, with the last state seen in the message when the time is over."""

import time
from collections.abc import Callable
from typing import Final

from reference_inbox.errors import ReferenceFailed

POLL_S: Final = 0.02  # short against everything waited for here (a process start takes 300 ms and more)


def wait_until(what: str, state: Callable[[], str | None], budget_s: float) -> None:
    """Poll STATE until it returns None, which means ready; any text is the state seen.

    Raises ReferenceFailed with WHAT, the budget and the last state once BUDGET_S is over.
    """
    end = time.monotonic() + budget_s
    while (seen := state()) is not None:
        if time.monotonic() > end:
            raise ReferenceFailed(f"{what} did not happen within {budget_s:g} s; last seen: {seen}")
        time.sleep(POLL_S)
