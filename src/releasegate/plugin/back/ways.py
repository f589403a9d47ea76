"""Which ways back are left at a moment, what each loses, how long it takes, and until when it can be decided on."""

from __future__ import annotations

import shlex
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import get_args

from releasegate.change.models import RollbackKind
from releasegate.core.durations import parse_duration, show_duration
from releasegate.core.figures import moment
from releasegate.core.settings import command_name
from releasegate.evidence import ways_back as evidence
from releasegate.evidence.history import History
from releasegate.plugin.back.commands import commands
from releasegate.plugin.back.known import Known, known
from releasegate.plugin.gates import GATES
from releasegate.plugin.subject import Subject
from releasegate.probes.postgres import reached_by

KINDS: tuple[RollbackKind, ...] = get_args(RollbackKind)


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """One way back. `why_not` says why it is not possible, "" where it is; `decide_by` None where no window is set."""

    kind: RollbackKind
    loses: str
    takes_s: float | None
    commands: tuple[str, ...]
    decide_by: datetime | None = None
    why_not: str = ""

    def head(self, now: datetime) -> str:
        """Return the line above its commands."""
        if self.why_not:
            return f"{self.kind}: not possible: {self.why_not}"
        takes = f"; about {show_duration(self.takes_s)}" if self.takes_s else ""
        return f"{self.kind}: {self.loses}{takes}{_until(self.decide_by, now)}"


def _until(decide_by: datetime | None, now: datetime) -> str:
    if decide_by is None:
        return ""
    left = (decide_by - now).total_seconds()
    late = f"{int(-left // 60)} min ago: the window is too short for it now"
    said = late if left < 0 else f"{int(left // 60)} min from now"
    return f"; decide by {moment(decide_by)} ({said})"


def ways_back(subject: Subject, history: History) -> tuple[Way, ...]:
    """Return every way back once something of the release is out, () before that."""
    reached = evidence.reached(history, GATES)
    if evidence.FIRST not in reached:
        return ()
    return tuple(_way(kind, subject, history, reached) for kind in KINDS)


def _way(kind: RollbackKind, subject: Subject, history: History, reached: Collection[str]) -> Way:
    possible = evidence.possible(history, has_statement=any(one.kind == "data" for one in subject.change.rollback))
    facts, ends = known(history), _window_ends(subject, history)
    connection = reached_by(subject.target.database) if subject.target.database else "dbname=DATABASE"
    takes_s = _takes(kind, subject, facts)
    judged = _words("run", "rollback", "--kind", kind, "--target", str(subject.target_path))
    return Way(
        kind=kind,
        loses=_loses(kind, facts, reached),
        takes_s=takes_s,
        commands=(*commands(kind, subject.target, subject.change, facts, connection), judged),
        decide_by=ends - timedelta(seconds=takes_s or 0) if ends else None,
        why_not=possible.why_not(kind, reached),
    )


def _words(*words: str) -> str:
    return " ".join((command_name(), *map(shlex.quote, words)))


def _takes(kind: RollbackKind, subject: Subject, facts: Known) -> float | None:
    """Return how long it takes, in seconds: what the document gives it, and no less than a restore was measured."""
    promised = subject.change.restore
    planned = parse_duration(promised.within, where="restore.within").total_seconds() if promised else None
    measured = facts.restore_s if kind == "restore" else None
    return max((one for one in (planned, measured) if one is not None), default=None)


def _loses(kind: RollbackKind, facts: Known, reached: Collection[str]) -> str:
    if kind != "restore":
        return evidence.loses(kind, reached)
    since = f"since {moment(facts.dumped)}" if facts.dumped else "since the dump"
    measured = f" (a restore took {show_duration(facts.restore_s)} when it was tried)" if facts.restore_s else ""
    return f"everything written {since} is lost{measured}"


def _window_ends(subject: Subject, history: History) -> datetime | None:
    """Return when the maintenance window ends: its length after preflight began."""
    began = history.latest_closed("preflight")
    if subject.change.window is None or began is None:
        return None
    return began.began + parse_duration(subject.change.window.length, where="window.length")


def point_of_no_return(history: History) -> str:
    """Return whether the moment has passed from which a way back to the old data takes from people."""
    out = evidence.reached(history, GATES).get(evidence.FRONTEND)
    if out is None:
        return "not reached: nobody can write with the new frontend yet"
    return f"passed {moment(out)}, when the new frontend was out: a restore loses what people wrote with it"


def shown(subject: Subject, history: History, now: datetime, *, kinds: Sequence[RollbackKind] = KINDS) -> Iterator[str]:
    """Yield the lines that say which ways back are left, each with its commands in order, ready to paste."""
    ways = ways_back(subject, history)
    if not ways:
        yield "none is needed: nothing of the release is out yet"
        return
    yield f"point of no return: {point_of_no_return(history)}"
    for way in ways:
        if way.kind in kinds:
            yield way.head(now)
            yield from (f"    {line}" for line in (() if way.why_not else way.commands))
