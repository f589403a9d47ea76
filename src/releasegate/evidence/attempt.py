"""One attempt at a gate: what was planned, what each check said, and the verdict that follows."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, time, timedelta
from typing import Any

from releasegate.core import Finding, Verdict, worst

Payload = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiver:
    """Somebody named takes a finding on themselves until a date; `seq` and `time` are its event's."""

    check: str
    by: str
    reason: str
    until: str
    seq: int
    time: str

    @property
    def ends(self) -> datetime | None:
        """The moment it stops counting: a bare date counts to its end in UTC; None when it cannot be read."""
        try:
            moment = datetime.fromisoformat(self.until)
        except ValueError:
            return None
        if len(self.until) <= len("2025-11-03"):
            moment = datetime.combine(moment.date() + timedelta(days=1), time.min)
        return moment if moment.tzinfo else moment.replace(tzinfo=UTC)

    def counts_at(self, now: datetime) -> bool:
        """Whether it is complete and still in force."""
        ends = self.ends
        return bool(self.by and self.reason) and ends is not None and now < ends


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """What one check said. `verdict` is what was measured, before anybody waived it; `duration_s` in seconds.

    `measures` are the payloads of the check's measure events, in order; `extra` is whatever else its verdict event
    holds.
    """

    check: str
    verdict: Verdict
    sentence: str
    seen: int
    least: int
    unit: str
    findings: tuple[Finding, ...]
    measures: tuple[Payload, ...]
    duration_s: float
    traceback: str
    waived_by: Waiver | None = None
    extra: Payload = field(default_factory=dict)

    def verdict_at(self, now: datetime) -> Verdict:
        """WAIVED where a waiver in force covers it, else what was measured."""
        if self.waived_by and self.verdict.can_be_waived and self.waived_by.counts_at(now):
            return Verdict.WAIVED
        return self.verdict


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """One run of one gate. `number` counts this gate's attempts from 1; `open_items` are required manual items.

    `start` and `end` are the payloads of its first and last event, `end` is empty when it never ended; `began_seq`
    and `ended_seq` are those events' numbers.
    """

    gate: str
    number: int
    began: datetime
    began_seq: int
    start: Payload
    planned: tuple[str, ...]
    plans: Mapping[str, Payload]
    results: Mapping[str, Result]
    ended: datetime | None = None
    ended_seq: int | None = None
    end: Payload = field(default_factory=dict)
    open_items: tuple[str, ...] = ()

    @property
    def run(self) -> str:
        """The run's folder, as its start says."""
        return str(self.start.get("run", ""))

    @property
    def bonds(self) -> dict[str, str]:
        """What the result is bound to: name of the bond to value."""
        bonds = self.start.get("bonds")
        return {str(name): str(value) for name, value in bonds.items()} if isinstance(bonds, dict) else {}

    @property
    def alone(self) -> bool:
        """Whether it was judged without what the gate requires; then it opens nothing."""
        return bool(self.start.get("alone"))

    @property
    def versions(self) -> Payload:
        """Versions of the tools that measured."""
        versions = self.start.get("versions")
        return versions if isinstance(versions, dict) else {}

    @property
    def checks(self) -> tuple[str, ...]:
        """Every check that was planned or that said something, in that order."""
        return tuple(dict.fromkeys((*self.planned, *self.results)))

    @property
    def verdict(self) -> Verdict:
        """The worst of its checks as measured; nobody's waiver is counted."""
        return self._verdict({check: result.verdict for check, result in self.results.items()})

    def verdict_at(self, now: datetime) -> Verdict:
        """The worst of its checks with the waivers that are in force at `now`."""
        return self._verdict({check: result.verdict_at(now) for check, result in self.results.items()})

    def check_verdict(self, check: str) -> Verdict:
        """What `check` said; a planned check that said nothing is NOT_RUN, or BLOCKED with its gate."""
        result = self.results.get(check)
        return result.verdict if result else self._of_silent_checks

    @property
    def recorded(self) -> Verdict | None:
        """The verdict that its end event states; None when it never ended."""
        return read_verdict(self.end.get("verdict")) if self.ended else None

    @property
    def _of_silent_checks(self) -> Verdict:
        return Verdict.BLOCKED if self.recorded is Verdict.BLOCKED else Verdict.NOT_RUN

    def _verdict(self, by_check: Mapping[str, Verdict]) -> Verdict:
        if self.alone and self.recorded:
            return self.recorded  # what could not be judged alone does not decide, and only the run knew what that was
        measured = [by_check.get(check, self._of_silent_checks) for check in self.checks]
        if not self.ended or (self.open_items and self.recorded is not Verdict.BLOCKED):
            measured.append(Verdict.NOT_RUN)
        return worst((*measured, *self._beyond_the_checks()))

    def _beyond_the_checks(self) -> Iterable[Verdict]:
        """The recorded verdict where no check explains it: a crash, or nothing that could be collected."""
        if self.recorded is None or self.recorded is Verdict.WAIVED:
            return ()
        explained = [self.check_verdict(check) for check in self.checks]
        if self.end.get("open_items"):
            explained.append(Verdict.NOT_RUN)
        return () if explained and worst((*explained, self.recorded)) in explained else (self.recorded,)


def read_verdict(value: Any) -> Verdict:
    """Return the verdict named `value`; anything else was never a verdict: NOT_RUN."""
    try:
        return Verdict(value)
    except ValueError:
        return Verdict.NOT_RUN
