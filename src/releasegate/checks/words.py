"""Numbers without a noun and lists of names, as people read them in a finding."""

from __future__ import annotations

from collections.abc import Sequence

from releasegate.core.figures import count

_FEW = 5


def number(figure: int) -> str:
    """Return `500 000`, set as `core.figures.count` sets it."""
    return count(figure, "", " ").strip()


def some(names: Sequence[str], most: int = _FEW) -> str:
    """Return `names` as a list, cut after `most` with the rest counted."""
    shown = ", ".join(names[:most])
    rest = len(names) - most
    return f"{shown} and {number(rest)} more" if rest > 0 else shown
