"""When the rounds of a watch are held: by a clock that nobody can set, with missed rounds left out."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Final, Protocol

from releasegate.core import Measurement
from releasegate.core.facts.watch import Round
from releasegate.probes.watch.rounds import Watched, hold

_NAP_S: Final = 5.0  # at most so long in one go: a machine that was suspended meanwhile notices when it wakes up
_STEADY: Final = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)  # Linux: counts suspended time too
MADE_UP: Final = 3  # rounds; one that is begun later than that belongs to no watch any more


class Clock(Protocol):
    """The time, passed in, so that two hours can be tried in a moment."""

    def now(self) -> datetime:
        """Return the wall clock's time in UTC; people and time servers set it."""
        ...

    def steady_s(self) -> float:
        """Return seconds that only ever go forward, those of a suspended machine included."""
        ...

    def sleep(self, seconds: float) -> None:
        """Let so many seconds pass."""
        ...


class SystemClock:
    """This machine's clock."""

    def now(self) -> datetime:
        """Return the time in UTC."""
        return datetime.now(UTC)

    def steady_s(self) -> float:
        """Return seconds since some moment in the past."""
        return time.clock_gettime(_STEADY)

    def sleep(self, seconds: float) -> None:
        """Wait."""
        time.sleep(seconds)


def watch(
    watched: Watched,
    *,
    rounds: int,
    every_s: float,
    clock: Clock,
    began: datetime | None = None,
    is_held: int = -1,
) -> Iterator[Measurement[Round]]:
    """Hold up to `rounds` rounds, one every `every_s` seconds, and yield each when it is over.

    A round whose time has passed is not made up for, so a stopped watch shows as a gap. Only the last may begin later,
    by MADE_UP rounds: what few rounds look at could be compared with nothing without it. To resume a watch, give the
    moment it `began` and the number of the last round that `is_held`: what came between is told by the wall clock,
    the only one that outlives a process; from then on only the steady clock counts.
    """
    here = clock.now()
    began = began or here
    offset_s = max(0.0, (here - began).total_seconds()) - clock.steady_s()
    for number in range(is_held + 1, rounds):
        due_s, is_last = number * every_s, number == rounds - 1
        over_s = due_s + every_s * (1 + MADE_UP * is_last)
        if clock.steady_s() + offset_s >= over_s:
            continue
        while (left_s := due_s - clock.steady_s() - offset_s) > 0:
            clock.sleep(min(left_s, _NAP_S))
        elapsed_s, at = clock.steady_s() + offset_s, clock.now()
        blank = Round(
            number=number, planned=rounds, every_s=every_s, due_s=due_s, elapsed_s=round(elapsed_s, 3), at=at,
            clock_off_s=round((at - began).total_seconds() - elapsed_s, 1),
        )  # fmt: skip
        if elapsed_s < over_s:  # else the machine slept on
            yield hold(watched, blank, is_last=is_last)
