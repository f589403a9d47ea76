"""Text on one line."""

from __future__ import annotations


def cut(text: str, longest: int) -> str:
    """Return `text` with its white space made single blanks, cut off where it is longer than `longest` characters."""
    line = " ".join(text.split())
    return line if len(line) <= longest else f"{line[: max(0, longest - 1)]}…"
