"""One gate of a run while it is going on: its plan, its outcomes so far, and the verdict they add up to."""

from __future__ import annotations

from dataclasses import dataclass, field

from releasegate.core import ExitCode, Verdict, exit_code, worst
from releasegate.core.gate import Gate
from releasegate.plugin.outcome import Outcome
from releasegate.plugin.plan import PlannedCheck


@dataclass(frozen=True, slots=True)
class OpenItem:
    """A required manual item of the checklist that nobody attested."""

    id: str
    text: str


@dataclass(slots=True)
class GateRecord:
    """One gate of this process, from its plan to its end."""

    gate: Gate
    plan: tuple[PlannedCheck, ...]
    blocked_by: tuple[str, ...] = ()
    outcomes: dict[str, Outcome] = field(default_factory=dict)
    open_items: tuple[OpenItem, ...] = ()
    alone: bool = False
    sentence: str = ""

    @property
    def verdicts(self) -> list[Verdict]:
        """Every verdict that decides; an unattested item counts as NOT_RUN unless the gate is judged alone."""
        items = [] if self.alone or self.blocked_by else [Verdict.NOT_RUN for _ in self.open_items]
        return [verdict for check in self.plan if (verdict := self._verdict_of(check.id))] + items

    @property
    def verdict(self) -> Verdict:
        """The worst of its checks."""
        return worst(self.verdicts)

    @property
    def exit_code(self) -> ExitCode:
        """What this gate alone would return to the shell."""
        return exit_code(self.verdicts)

    @property
    def only_waits_for_people(self) -> bool:
        """Whether every check opens, and only manual items keep the gate closed."""
        checks = [self._verdict_of(check.id) for check in self.plan]
        return bool(self.open_items) and not self.alone and all(verdict is None or verdict.opens for verdict in checks)

    def missing(self) -> list[PlannedCheck]:
        """Return the planned checks that have no verdict yet."""
        return [check for check in self.plan if check.id not in self.outcomes]

    def checks_with(self, verdict: Verdict) -> list[str]:
        """Return the ids of the deciding checks with `verdict`."""
        return [check.id for check in self.plan if self._verdict_of(check.id) is verdict]

    def _verdict_of(self, check: str) -> Verdict | None:
        """Return the verdict of a planned check: NOT_RUN while there is none, None when it decides nothing."""
        outcome = self.outcomes.get(check)
        if outcome is None:
            return Verdict.NOT_RUN
        return outcome.verdict if outcome.decides else None
