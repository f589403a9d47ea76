"""Whether two SQL texts are one and the same, whatever their blanks, case and brackets."""

from __future__ import annotations

import re
from typing import Final

_QUOTED: Final = r"""'(?:[^']|'')*'|"(?:[^"]|"")*\""""
# A literal alone, and the cast that the server adds to it: '[]'::jsonb, 0::numeric(9,2), NULL::character varying.
_LITERAL: Final = re.compile(
    r"""('(?:[^']|'')*'|-?[\d.]+|null|true|false)(::(?:[\w.]|"[^"]*")+(?:\([\d,]*\))?\w*(?:\[\])*)+"""
)


def same_text(want: str, have: str) -> bool:
    """Whether they are the same, but for blanks, case outside of quotes, and brackets around all of it."""
    return _squeezed(want) == _squeezed(have)


def same_literal(want: str, have: str) -> bool:
    """Whether they are the same literal, with or without the cast that the server adds."""
    return _uncast(want) == _uncast(have)


def _uncast(text: str) -> str:
    squeezed = _squeezed(text)
    literal = _LITERAL.fullmatch(squeezed)
    return literal[1] if literal else squeezed


def _squeezed(text: str) -> str:
    """Return SQL without blanks, in lower case outside of quotes, and without brackets around all of it."""
    parts = re.split(f"({_QUOTED})", text)
    squeezed = "".join(part if number % 2 else "".join(part.lower().split()) for number, part in enumerate(parts))
    while squeezed.startswith("(") and _closes_at(squeezed) == len(squeezed) - 1:
        squeezed = squeezed[1:-1]
    return squeezed


def _closes_at(text: str) -> int:
    """Return where the bracket that `text` begins with is closed; brackets inside quotes are not told apart."""
    depth = 0
    for place, letter in enumerate(text):
        depth += {"(": 1, ")": -1}.get(letter, 0)
        if depth == 0:
            return place
    return len(text)
