"""The one line for the change ticket: written there, it ties the folder to something its writer cannot change."""

from __future__ import annotations

import re
from dataclasses import dataclass

from releasegate.core import UsageError

_SEPARATOR = " · "
_SHAPE = re.compile(r"\s*(.+?)\s+·\s+(.+?)\s+·\s+(\d+)\s+·\s+([0-9a-f]{64})\s+·\s+([A-Z_/]+)\s*")


@dataclass(frozen=True, slots=True, kw_only=True)
class Anchor:
    """What a ticket line says: event `seq` has the hash `digest`, and the verdict was `verdict`."""

    change: str
    target: str
    seq: int
    digest: str
    verdict: str


def ticket_line(change: str, target: str, seq: int, digest: str, verdict: str) -> str:
    """Return `change · target · seq · hash · verdict`."""
    return _SEPARATOR.join((change, target, str(seq), digest, verdict))


def parse_anchor(text: str) -> Anchor:
    """Return what a ticket line says. Raises UsageError when `text` is none."""
    match = _SHAPE.fullmatch(text)
    if not match:
        raise UsageError(f"--anchor: {text!r} is no ticket line; accepted: change · target · seq · hash · verdict")
    change, target, seq, digest, verdict = match.groups()
    return Anchor(change=change, target=target, seq=int(seq), digest=digest, verdict=verdict)
