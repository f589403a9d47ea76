"""The watch that is going on: begun, gone on with after a break, or asked for one round by a scheduler."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final

from releasegate.checks.watch.timeline import GAP
from releasegate.core import UsageError
from releasegate.core.durations import show_duration
from releasegate.core.facts.watch import Round, recorded_rounds
from releasegate.core.figures import moment
from releasegate.evidence.chain import Chain, read
from releasegate.evidence.events import Kind
from releasegate.evidence.folder import Folder
from releasegate.evidence.history import WATCH, History

Plan = tuple[float, float]
"""How long a watch is to be and how often it looks, in seconds, where nobody says."""
MOST_KEPT: Final = 1000
"""Rounds that are kept in memory to be judged while the watch goes on: eight hours of one every 30 s."""


@dataclass(slots=True, kw_only=True)
class Ongoing:
    """One watch: when it began, how it was planned (seconds), and what its rounds said so far.

    `is_held` is the number of the last round, -1 before the first.
    """

    began: datetime
    watch_s: float
    every_s: float
    rounds: deque[Round] = field(default_factory=lambda: deque(maxlen=MOST_KEPT))
    is_held: int = -1

    @property
    def planned(self) -> int:
        """How many rounds there are to be."""
        return max(1, round(self.watch_s / self.every_s))

    @property
    def ends(self) -> datetime:
        """When the last round is over."""
        return self.began + timedelta(seconds=self.watch_s)

    @property
    def positions(self) -> Mapping[str, Mapping[str, str]]:
        """Where each log was read to."""
        return self.rounds[-1].positions if self.rounds else {}

    @property
    def new_since(self) -> str | None:
        """From where new rows are counted; None until a round found it."""
        looks = (one.database.new_rows for one in reversed(self.rounds) if one.database)
        return next((look.since for look in looks if look), None)

    def due_at(self, now: datetime) -> int:
        """Return the number of the round whose time `now` is."""
        return int((now - self.began).total_seconds() // self.every_s)

    def add(self, one: Round) -> None:
        """Take a round that was held."""
        self.rounds.append(one)
        self.is_held = one.number


def begin(folder: Folder, now: datetime, watch_s: float, every_s: float) -> Ongoing:
    """Begin a watch, and write down how it is planned before its first round."""
    plan = {"began": now.isoformat(), "watch_s": watch_s, "every_s": every_s}
    with Chain.open(folder) as chain:
        chain.append(
            Kind.MEASURE, "monitoring", WATCH, value=plan, unit="watches", rows=1, query="gate watch", duration_s=0.0
        )
    return Ongoing(began=now, watch_s=watch_s, every_s=every_s)


def latest(history: History) -> Ongoing | None:
    """Return the watch that was begun last, with its rounds; None where none was, or a new release came after it."""
    begun = history.measures(WATCH)
    if not begun:
        return None
    plan: dict[str, Any] = begun[-1].payload["value"]
    found = Ongoing(
        began=datetime.fromisoformat(plan["began"]), watch_s=plan["watch_s"], every_s=plan["every_s"]
    )  # fmt: skip
    released = history.latest_closed("frontend")
    if released is not None and released.began > found.began:
        return None
    for one in recorded_rounds(event.payload for event in history.latest_watch):
        found.add(one)
    return found


def go_on(folder: Folder, now: datetime, length: float | None, every_s: float | None) -> Ongoing | None:
    """Go on with the latest watch as it was planned; the time without a look is written down. None where it is over.

    Raises UsageError where there is none, and where `length` or `every_s` says something else than it was begun with.
    """
    found = latest(read(folder))
    if found is None:
        raise UsageError("--resume: no watch was begun on this release; leave --resume out")
    _refuse_another_plan(found, length, every_s)
    if now >= found.ends:
        return None
    _note_gap(folder, found, now)
    return found


def for_one_round(folder: Folder, now: datetime, length: float | None, every_s: float | None, plan: Plan) -> (
    Ongoing | None
):  # fmt: skip
    """Return the watch of which a scheduler asks the next round; None where it is over.

    The first call begins it, and so does the first after another release; `plan` is for what it does not say. Calls
    that did not come are written down as the time without a look that they are. Raises UsageError where `length` or
    `every_s` says something else than the watch was begun with.
    """
    found = latest(read(folder))
    if found is None:
        return begin(folder, now, length or plan[0], every_s or plan[1])
    if now >= found.ends:
        return None
    _refuse_another_plan(found, length, every_s)
    last = found.rounds[-1].at if found.rounds else found.began
    if (now - last).total_seconds() > GAP * found.every_s:
        _note_gap(folder, found, now)
    return found


def _refuse_another_plan(found: Ongoing, length: float | None, every_s: float | None) -> None:
    for option, given, was in (("--for", length, found.watch_s), ("--every", every_s, found.every_s)):
        if given is not None and given != was:
            raise UsageError(
                f"{option} {show_duration(given)}: the watch that is going on was begun with {show_duration(was)}; "
                f"give that, or leave {option} out"
            )


def _note_gap(folder: Folder, found: Ongoing, now: datetime) -> None:
    last = found.rounds[-1].at if found.rounds else found.began
    gap_s = (now - last).total_seconds()
    sentence = f"the watch was interrupted: nobody looked for {show_duration(max(gap_s, 0.0))} after {moment(last)}"
    with Chain.open(folder) as chain:
        chain.append(Kind.GAP, "monitoring", WATCH, sentence=sentence, gap_s=round(gap_s, 1), since=last.isoformat())
        chain.append(Kind.RESUME, "monitoring", WATCH, round=found.is_held + 1)
