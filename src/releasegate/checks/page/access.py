"""Whether the new parts of the page keep nobody out. No document promises it: a warning, that never stops a release."""

from __future__ import annotations

from collections.abc import Sequence

from releasegate.core import Finding, Judgement, Severity
from releasegate.core.facts.page import AccessFacts, Barrier
from releasegate.core.figures import count


def new_parts_accessible(check: str, looks: Sequence[AccessFacts]) -> Judgement:
    """Judge that axe finds nothing serious or critical; what is less is counted."""
    looked = [look for look in looks if look.parts and not look.trouble]
    lesser = sum(not barrier.is_serious for look in looked for barrier in look.barriers)
    parts = sum(look.parts for look in looked)
    findings = [_barrier(check, look, barrier) for look in looked for barrier in look.barriers if barrier.is_serious]
    findings += [_stuck(check, look) for look in looks if look.trouble]
    return Judgement(
        seen=parts or sum(bool(look.trouble) for look in looks),
        unit="parts",
        holds=f"axe finds nothing serious in {count(parts, 'part')}"
        + (f"; {count(lesser, 'lesser thing')} in the evidence" if lesser else ""),
        findings=tuple(findings),
    )


def _stuck(check: str, look: AccessFacts) -> Finding:
    return Finding(
        check=check,
        subject=look.where,
        want="it can be looked at (nobody's promise; worth a look)",
        have=look.trouble,
        why="nobody knows whether what is new keeps people out",
        fix="smoke/viewer-opens says whether it opens at all",
        severity=Severity.WARNING,
    )


def _barrier(check: str, look: AccessFacts, barrier: Barrier) -> Finding:
    return Finding(
        check=check,
        subject=look.where,
        want="nothing that keeps people out (WCAG 2.1 A and AA as axe-core tests it; nobody's promise, worth a look)",
        have=f"{barrier.rule} ({barrier.impact}) on {count(barrier.elements, 'element')}, as {barrier.example}",
        why="people who see, hear or move otherwise cannot use what is new",
        fix=f"https://dequeuniversity.com/rules/axe/4.14/{barrier.rule}",
        severity=Severity.WARNING,
    )
