"""Whether the signals of the old release are on record, so that the watch knows what was there before."""

from __future__ import annotations

from releasegate.core import Finding, Judgement, Severity
from releasegate.core.facts.watch import Round

OURS = "releasegate"  # no release document asks for a baseline; without one the first minutes of the watch are it


def signals_recorded(one: Round) -> Judgement:
    """Judge one look before the release: what could not be seen is a warning, nothing at all is no verdict."""
    seen = {
        "health": one.health is not None,
        "services": one.services is not None,
        "database": one.database is not None,
        "disks": one.disks is not None,
    }
    reasons = {
        "health": one.health_error,
        "services": one.services_error,
        "database": one.database_error,
        "disks": one.disks_error,
    }
    there = [name for name, is_seen in seen.items() if is_seen]
    return Judgement(
        seen=len(there),
        unit="signals",
        holds=f"on record before the release: {', '.join(there)}",
        findings=tuple(_missing(name, reasons[name]) for name in seen if not seen[name] and reasons[name]),
    )


def _missing(name: str, reason: str) -> Finding:
    return Finding(
        check="preflight/signals-on-record",
        subject=name,
        want=f"it can be seen before the release ({OURS})",
        have=reason,
        why="after the release nobody can say whether it became worse",
        fix="mend what keeps it from being seen, and run this gate again before the release begins",
        severity=Severity.WARNING,
    )
