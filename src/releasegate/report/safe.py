"""Any text as something that can only be read: nothing in it moves the cursor, turns the line or fills the page."""

from __future__ import annotations

import re
from typing import Any

from markupsafe import Markup

LONGEST = 6_000
"""Characters of one text that a page shows; the evidence beside it keeps more."""

_INVISIBLE = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f"  # controls: NUL, the escape of terminal colours
    "\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069"  # marks that turn the direction of a line
    "\u200b\u2028\u2029\ufeff\ud800-\udfff]"  # what has no width, other line ends, halves of a character
)


def visible(text: str) -> str:
    """Return `text` with every character that cannot be seen, or that changes how others are, written out."""
    return _INVISIBLE.sub(_name, text.replace("\r\n", "\n"))


def _name(match: re.Match[str]) -> str:
    code = ord(match[0])
    return chr(0x2400 + code) if code < 0x20 else f"⟨U+{code:04X}⟩"


def shortened(text: str, longest: int = LONGEST) -> str:
    """Return `text` with at most `longest` characters, and how many there are where some are missing."""
    if len(text) <= longest:
        return text
    return f"{text[:longest]} … [{longest:,} / {len(text):,}]".replace(",", "\u202f")


def finalize(value: Any, longest: int = LONGEST) -> Any:
    """Make whatever a template prints readable; the one place every value of the page goes through."""
    if isinstance(value, Markup):
        return value
    return "" if value is None else visible(shortened(str(value), longest))
