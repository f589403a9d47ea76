"""Which gates are open now: pure, from the history, the list of gates, the time and what is bound."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache

from releasegate.core import Verdict
from releasegate.core.gate import Bond, Gate
from releasegate.core.redaction import redactor
from releasegate.evidence.attempt import Attempt
from releasegate.evidence.history import History

ROLLBACK = "rollback"
_RETURNS_BEFORE = {"data": "backfill", "code": "backend", "restore": "backend"}
"""The first gate whose step each kind of rollback undoes (the runbook's three ways back)."""
_AT_START = " (the target's [backend] migrates_at_start is for a backend whose start runs the migration)"


@dataclass(frozen=True, slots=True, kw_only=True)
class Checkpoint:
    """Where one gate stands. `expires` is None when it is closed, or once the gate after it was passed in time.

    `why_closed` is "" for an open gate; `waits_for` names the required gates that are closed; `undone` says that a
    rollback which passed went back behind its latest closed attempt, whatever that said.
    """

    gate: str
    verdict: Verdict
    is_open: bool
    why_closed: str = ""
    expires: datetime | None = None
    waits_for: tuple[str, ...] = ()
    undone: bool = False


def checkpoints(
    history: History, gates: Sequence[Gate], *, now: datetime, seen: Mapping[Bond, str] | Mapping[str, str]
) -> tuple[Checkpoint, ...]:  # fmt: skip
    """Return where each of `gates` stands at `now`, in their order.

    `seen` are the bonds as they are now; one that is missing could not be read and closes nothing. A gate is open
    when its latest closed attempt (alone does not count) opens, every gate that it requires is open, it has not
    expired, and whatever is bound differently now was changed by a step since: the one directly after it, or one
    after a gate that has been judged since. Its age counts only until the gate after it was passed: a backfill
    that let the frontend out need not be judged again for the look a week later.
    """
    by_marker = {gate.marker: gate for gate in gates}
    as_recorded = {str(bond): redactor.text(value) for bond, value in seen.items()}  # the chain was redacted, too
    state = _State(history, gates, now, as_recorded)

    @cache
    def stand(marker: str) -> Checkpoint:
        gate = by_marker[marker]
        waits_for = tuple(required for required in gate.requires if not stand(required).is_open)
        return state.checkpoint(gate, waits_for)

    return tuple(stand(gate.marker) for gate in gates)


def blockers(gate: Gate, stands: Sequence[Checkpoint]) -> tuple[str, ...]:
    """Return one sentence for each gate that must be closed again, or for the first time, before `gate` may begin."""
    by_marker = {stand.gate: stand for stand in stands}
    found: dict[str, None] = {}
    waiting = list(gate.requires)
    while waiting:
        stand = by_marker[waiting.pop(0)]
        if stand.waits_for:  # the reason lies deeper
            waiting += stand.waits_for
        elif not stand.is_open:
            found[f"{stand.gate} is not open: {stand.why_closed}"] = None
    return tuple(found)


@dataclass(frozen=True, slots=True)
class _State:
    history: History
    gates: Sequence[Gate]
    now: datetime
    seen: Mapping[str, str]

    def checkpoint(self, gate: Gate, waits_for: tuple[str, ...]) -> Checkpoint:
        attempt = self.history.latest_closed(gate.marker)
        if attempt is None:
            return Checkpoint(
                gate=gate.marker, verdict=Verdict.NOT_RUN, is_open=False, why_closed=self._never(gate),
                waits_for=waits_for,
            )  # fmt: skip
        why = self._why_closed(gate, attempt)
        if not why and waits_for:
            why = f"it requires {' and '.join(waits_for)}, which is not open"
        return Checkpoint(
            gate=gate.marker,
            verdict=attempt.verdict_at(self.now),
            is_open=not why,
            why_closed=why,
            expires=None if why else self._expires(gate, attempt),
            waits_for=waits_for,
            undone=bool(self._rolled_back(gate, attempt)),
        )

    def _never(self, gate: Gate) -> str:
        latest = self.history.latest(gate.marker)
        if latest is None:
            return "it has not been run"
        if latest.alone:
            return "it was only judged alone, which opens nothing"
        return f"its run that began {_show(latest.began)} never ended"

    def _why_closed(self, gate: Gate, attempt: Attempt) -> str:
        """Return why `attempt` does not open `gate`, whatever the gates before it say; "" when it does."""
        verdict = attempt.verdict_at(self.now)
        if not verdict.opens:
            items = f" (nobody has attested {', '.join(attempt.open_items)})" if attempt.open_items else ""
            return f"its last run says {verdict}{items}{self._lapsed(attempt)}"
        return (
            self._damaged(attempt)
            or self._rolled_back(gate, attempt)
            or self._changed(gate, attempt)
            or self._too_old(gate, attempt)
        )

    def _lapsed(self, attempt: Attempt) -> str:
        """Return which waivers would have helped and no longer count; "" where there are none."""
        over = [
            f"{check} by {result.waived_by.by} until {result.waived_by.until}"
            for check, result in attempt.results.items()
            if result.waived_by and result.verdict.can_be_waived and not result.waived_by.counts_at(self.now)
        ]
        return f" (no longer waived: {', '.join(over)})" if over else ""

    def _damaged(self, attempt: Attempt) -> str:
        for problem in self.history.problems:
            if problem.line >= attempt.began_seq:
                return f"its evidence does not hold together ({problem})"
        return ""

    def _rolled_back(self, gate: Gate, attempt: Attempt) -> str:
        order = [each.marker for each in self.gates if each.marker != ROLLBACK]
        for back in self.history.attempts(ROLLBACK):
            first = _RETURNS_BEFORE.get(str(back.start.get("rollback")), "backend")
            undone = order[order.index(first) :] if first in order else []
            if gate.marker in undone and _passed(back, self.now) and back.began_seq > attempt.began_seq:
                return f"the rollback that passed {_show(_end(back))} went back behind it"
        return ""

    def _changed(self, gate: Gate, attempt: Attempt) -> str:
        explained = self._may_have_changed(gate, attempt)
        for bond, value in self.seen.items():
            before = attempt.bonds.get(bond)
            if before is not None and before != value and bond not in explained:
                said = f"the {bond} has changed since ({_brief(before)}, now {_brief(value)}) and no step explains it"
                return said + (_AT_START if bond == Bond.CATALOG and gate.marker in ("preflight", "backup") else "")
        return ""

    def _may_have_changed(self, gate: Gate, attempt: Attempt) -> frozenset[Bond]:
        """Return what the step after `gate` may change, and the steps after every later gate judged since."""
        since = [later for later in self._after(gate) if self._was_judged(later, attempt.began_seq)]
        return gate.may_change.union(*(later.may_change for later in since))

    def _was_judged(self, gate: Gate, since_seq: int) -> bool:
        attempt = self.history.latest_closed(gate.marker)
        return attempt is not None and attempt.began_seq > since_seq and attempt.verdict is not Verdict.BLOCKED

    def _after(self, gate: Gate) -> list[Gate]:
        """Return every gate that requires `gate`, directly or through others."""
        reached = {gate.marker}
        found = []
        for other in self.gates:  # the list is in the order of the runbook: what is required comes first
            if reached & set(other.requires):
                reached.add(other.marker)
                found.append(other)
        return found

    def _too_old(self, gate: Gate, attempt: Attempt) -> str:
        expires = self._expires(gate, attempt)
        if expires is None or self.now < expires:
            return ""
        return f"it has expired: it ended {_show(_end(attempt))} and counted until {_show(expires)}"

    def _expires(self, gate: Gate, attempt: Attempt) -> datetime | None:
        """Return when `attempt` stops counting: its age or its first waiver; None once it was used in time."""
        waived = [one.waived_by for one in attempt.results.values() if one.verdict_at(self.now) is Verdict.WAIVED]
        ends = [waiver.ends for waiver in waived if waiver and waiver.ends]
        age = [] if self._was_used(gate, attempt) else [_end(attempt) + gate.max_age]
        return min([*age, *ends], default=None)

    def _was_used(self, gate: Gate, attempt: Attempt) -> bool:
        """Whether a gate that requires `gate` has passed, begun while `attempt` still counted."""
        used_by = [other.marker for other in self.gates if gate.marker in other.requires]
        return any(
            attempt.began_seq < later.began_seq and later.began < _end(attempt) + gate.max_age
            for marker in used_by
            for later in self.history.attempts(marker)
            if _passed(later, self.now)
        )


def _passed(attempt: Attempt, now: datetime) -> bool:
    return attempt.ended is not None and not attempt.alone and attempt.verdict_at(now).opens


def _end(attempt: Attempt) -> datetime:
    return attempt.ended or attempt.began


def _show(moment: datetime) -> str:
    return f"{moment.astimezone(UTC):%Y-%m-%d %H:%M} UTC"


def _brief(value: str) -> str:
    return value if len(value) <= 40 else f"{value[:12]}…"
