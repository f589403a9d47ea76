"""What a check returns: findings, and how much it saw. Nothing seen is never a pass, by construction."""

from __future__ import annotations

from dataclasses import dataclass

from releasegate.core.finding import Finding, Severity
from releasegate.core.verdict import Verdict


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """The outcome of one check over plain values.

    `seen` is what the check looked at and `least` the fewest that can carry a verdict (at least 1), both in `unit`
    ("rows with media", "requests", "indexes"). `holds` is the sentence that is true when there is no finding.
    `undecided` says why more than the count is missing (a p95 between its bounds); `not_applicable` says why there
    is nothing to judge, with the count looked at, where the change allows for none. `cost` says what looking cost the
    deployment, whatever came of it.
    """

    seen: int
    unit: str
    holds: str
    least: int = 1
    findings: tuple[Finding, ...] = ()
    undecided: str = ""
    not_applicable: str = ""
    cost: str = ""

    def __post_init__(self) -> None:
        if self.least < 1:
            raise ValueError(f"least={self.least}: a check must need at least 1 to see, or it could pass on nothing")

    @property
    def verdict(self) -> Verdict:
        """FAIL over INCONCLUSIVE over N/A over WARN over PASS."""
        if any(finding.severity is Severity.ERROR for finding in self.findings):
            return Verdict.FAIL
        if self.not_applicable and not self.findings:
            return Verdict.NOT_APPLICABLE
        if self.undecided or self.seen < self.least:
            return Verdict.INCONCLUSIVE
        return Verdict.WARN if self.findings else Verdict.PASS

    @property
    def sentence(self) -> str:
        """One line for the table of checks."""
        return f"{self._said}; {self.cost}" if self.cost else self._said

    @property
    def _said(self) -> str:
        match self.verdict:
            case Verdict.FAIL | Verdict.WARN:
                return "; ".join(f"{finding.subject}: {finding.have}" for finding in self.findings)
            case Verdict.NOT_APPLICABLE:
                return self.not_applicable
            case Verdict.INCONCLUSIVE:
                return self.undecided or f"saw {self.seen} {self.unit}; at least {self.least} are needed to tell"
            case _:
                return self.holds
