"""One line of a verification."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Line:
    """One thing that was looked at: it holds (True), it does not (False), or it could not be verified (None)."""

    ok: bool | None
    text: str
