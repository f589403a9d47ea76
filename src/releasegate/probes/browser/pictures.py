"""Pictures of the page as evidence: how it looks, and nothing that a customer wrote."""

from __future__ import annotations

import re
from collections.abc import Sequence

from playwright.sync_api import Error, Page

from releasegate.change.models import Change
from releasegate.target.models import Target

_LONGEST_MS = 5000
_CALL = "([action, ...rest]) => { __releasegate[action](...rest); return true; }"


def readable(target: Target, change: Change) -> tuple[str, ...] | None:
    """Return the texts that pictures may show, as patterns: those that the release promises. None: every text."""
    if target.browser.show_texts:
        return None
    interface = change.interface
    if interface is None:
        return ()
    given = (interface.old_media, interface.reply, interface.deleted_original, interface.fallback)
    return tuple(dict.fromkeys(shown.text for shown in given if shown))


def picture(page: Page, mask: Sequence[str] = (), *, texts: Sequence[str] | None = ()) -> bytes:
    """Return what the window shows, as JPEG; nothing where the page is gone.

    Only `texts` (patterns; None: all) can be read in it: every other one is blurred where it stands, for pictures are
    kept, and what customers write is nobody's evidence. What matches `mask` is blotted out altogether.
    """
    hidden = [page.get_by_text(re.compile(pattern, re.IGNORECASE)) for pattern in mask]
    try:
        if texts is not None:
            _in_every_frame(page, "blur", list(texts))
        try:
            return page.screenshot(type="jpeg", quality=60, animations="disabled", timeout=_LONGEST_MS, mask=hidden)
        finally:
            if texts is not None:
                _in_every_frame(page, "sharpen")
    except Error:  # no picture rather than one that can be read
        return b""


def _in_every_frame(page: Page, action: str, *arguments: object) -> None:
    for frame in page.frames:
        if not frame.url.startswith("chrome-error:"):  # the browser's own words, without our script
            # not `evaluate`: that one waits for ever where a script of the page does not come to an end
            frame.wait_for_function(_CALL, arg=[action, *arguments], timeout=_LONGEST_MS)
