"""What the chain says, read from its events and from nothing else."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property

from releasegate.evidence.attempt import Attempt, Result, Waiver
from releasegate.evidence.events import NOTHING_BEFORE, Event, Kind
from releasegate.evidence.grouping import attempt, group
from releasegate.evidence.lines import Problem

__all__ = ["Attempt", "History", "Result", "Waiver"]

WATCH = "monitoring/watch"
ROUNDS = "monitoring/rounds"


@dataclass(frozen=True, kw_only=True)
class History:
    """Every event in order; `problems` are lines that do not hold together, `cut_bytes` follow the last whole line."""

    events: tuple[Event, ...] = ()
    problems: tuple[Problem, ...] = ()
    cut_bytes: int = 0

    @property
    def head(self) -> tuple[int, str]:
        """Number and hash of the last event; 0 and zeros where there is none."""
        return (self.events[-1].seq, self.events[-1].digest) if self.events else (0, NOTHING_BEFORE)

    @property
    def as_of(self) -> datetime:
        """When the last event was written: the moment for which everything derived from the chain is true."""
        return self.events[-1].moment if self.events else datetime.min.replace(tzinfo=UTC)

    @property
    def gates(self) -> tuple[str, ...]:
        """Every gate that was begun, in the order of its first attempt."""
        return tuple(self._by_gate)

    def until(self, seq: int) -> History:
        """Return the history as it was after event number `seq`."""
        return History(events=tuple(event for event in self.events if event.seq <= seq))

    def attempts(self, gate: str) -> tuple[Attempt, ...]:
        """Return every attempt at `gate`, the oldest first."""
        return self._by_gate.get(gate, ())

    def latest(self, gate: str) -> Attempt | None:
        """Return the newest attempt at `gate`, ended or not, alone or not."""
        return next(reversed(self.attempts(gate)), None)

    def latest_closed(self, gate: str) -> Attempt | None:
        """Return the newest attempt at `gate` that counts: it ended and was not judged alone."""
        return next((one for one in reversed(self.attempts(gate)) if one.ended and not one.alone), None)

    @cached_property
    def all_attempts(self) -> tuple[Attempt, ...]:
        """Every attempt at every gate, in the order they began."""
        counted: dict[str, int] = {}
        found = []
        for events in group(self.events):
            gate = events[0].gate
            counted[gate] = counted.get(gate, 0) + 1
            found.append(attempt(events, number=counted[gate], waivers=self.waivers, attested=self._attested))
        return tuple(found)

    def measures(self, check: str) -> tuple[Event, ...]:
        """Return every measure event of `check`, those outside a run too (`gate watch`)."""
        return tuple(event for event in self.events if event.kind is Kind.MEASURE and event.check == check)

    @property
    def latest_watch(self) -> tuple[Event, ...]:
        """The rounds of the watch that was begun last; an interrupted one that was resumed is one watch."""
        begun = max((event.seq for event in self.measures(WATCH)), default=0)
        return tuple(event for event in self.measures(ROUNDS) if event.seq > begun)

    def attested(self, item: str) -> Event | None:
        """Return the newest event in which somebody attested the manual `item`."""
        return self._attested.get(item)

    def steps(self, item: str) -> tuple[Event, ...]:
        """Return what `gate step` recorded for `item`, the oldest first."""
        return tuple(event for event in self.events if event.kind is Kind.STEP and event.payload.get("item") == item)

    @property
    def every_step(self) -> tuple[Event, ...]:
        """What `gate step` recorded, of every item, the oldest first."""
        return tuple(event for event in self.events if event.kind is Kind.STEP)

    @cached_property
    def waivers(self) -> Mapping[str, Waiver]:
        """The newest waiver of each check, in force or not."""
        return {waiver.check: waiver for waiver in map(_waiver, self.events) if waiver}

    @cached_property
    def _attested(self) -> dict[str, Event]:
        return {str(event.payload.get("item", "")): event for event in self.events if event.kind is Kind.ATTEST}

    @cached_property
    def _by_gate(self) -> dict[str, tuple[Attempt, ...]]:
        found: dict[str, tuple[Attempt, ...]] = {}
        for one in self.all_attempts:
            found[one.gate] = (*found.get(one.gate, ()), one)
        return found


def _waiver(event: Event) -> Waiver | None:
    if event.kind is not Kind.WAIVER:
        return None
    by, reason, until = (str(event.payload.get(key) or "") for key in ("by", "reason", "until"))
    check = str(event.payload.get("check") or event.check)
    return Waiver(check=check, by=by, reason=reason, until=until, seq=event.seq, time=event.time)
