"""Whether somebody looked all the time; never a verdict on the release itself."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Final

from releasegate.checks.watch.promise import WatchPromise
from releasegate.core import Judgement
from releasegate.core.durations import show_duration
from releasegate.core.facts.watch import Round
from releasegate.core.figures import count, moment

_LATE: Final = 0.5  # of the time to the next round: a round that begins later than this is late
_CLOCK_MOVED_S: Final = 5.0  # time servers move a clock by less, and slowly


@dataclass(frozen=True, slots=True, kw_only=True)
class Gap:
    """A time in which nobody looked, in seconds since the watch began, and when that was."""

    begin_s: float
    end_s: float
    at: datetime

    @property
    def length_s(self) -> float:
        """How long it was."""
        return self.end_s - self.begin_s


def watched_long_enough(rounds: Sequence[Round], promise: WatchPromise) -> Judgement:
    """Judge that enough rounds were held over the whole time, without a long gap.

    What is too little is INCONCLUSIVE: nobody looked, so nobody knows.
    """
    if not rounds:
        return Judgement(seen=0, unit="rounds", holds="", undecided="no round was held: run ./gate watch")
    every_s = rounds[0].every_s
    planned = max(1, round(promise.watch_s / every_s))
    needed = math.ceil(planned * promise.least_coverage)
    longest = max(gaps(rounds, promise.watch_s), key=lambda gap: gap.length_s)
    why = ""
    if len(rounds) < needed:
        why = (
            f"{held_text(rounds, planned)}; {needed} are needed to cover {promise.least_coverage:.0%} of "
            f"{show_duration(promise.watch_s)}"
        )
    elif longest.length_s > promise.longest_gap_s:
        allowed = show_duration(promise.longest_gap_s)
        why = (
            f"nobody looked for {show_duration(longest.length_s)} after {moment(longest.at)}; the longest gap allowed "
            f"is {allowed}"
        )
    return Judgement(
        seen=len(rounds),
        least=max(1, needed),
        unit="rounds",
        holds=f"{held_text(rounds, planned)}, longest gap {show_duration(longest.length_s)}; {cost_text(rounds)}",
        undecided=f"{why} ({promise.source}); {_next(rounds[-1])}" if why else "",
    )


def _next(last: Round) -> str:
    """Return what makes up for it: a watch whose last round was held is over, and none can be resumed."""
    if last.number >= last.planned - 1:
        return "that watch is over: begin another with ./gate watch"
    return "run ./gate watch --resume, or ./gate watch once its time is over"


def held_text(rounds: Sequence[Round], planned: int) -> str:
    """Return how many rounds were held, missed and late, and whether the wall clock was set meanwhile."""
    every_s = rounds[0].every_s
    late = sum(one.late_s > _LATE * every_s for one in rounds)
    missed = max(0, planned - len(rounds))
    held = f"{len(rounds)} of {count(planned, 'round')} held"
    if len(rounds) > planned:  # somebody watched for longer than was promised
        held = f"{count(len(rounds), 'round')} held, {planned} promised"
    text = f"{held}, one every {show_duration(every_s)}"
    text += f", {missed} missed" if missed else ""
    text += f", {late} late" if late else ""
    moved = clock_moves(rounds)
    return text + (f", the clock was set by {', '.join(f'{by:+.0f} s' for by in moved)}" if moved else "")


def clock_moves(rounds: Sequence[Round]) -> list[float]:
    """Return by how many seconds the wall clock was set, each time it was."""
    moves = (now.clock_off_s - before.clock_off_s for before, now in pairwise(rounds))
    return [move for move in moves if abs(move) > _CLOCK_MOVED_S]


def cost_text(rounds: Sequence[Round]) -> str:
    """Return what the watch cost the deployment: requests per second, the database's time and page loads.

    The time is what the watch waited for the database, of which the server worked a part.
    """
    span_s = len(rounds) * rounds[0].every_s
    looks = [one.database.took_ms for one in rounds if one.database]
    parts = [f"{sum(one.requests for one in rounds) / span_s:.2f} requests a second"]
    parts += [f"{sum(looks) / len(looks):.0f} ms of the database a round, {max(looks):.0f} at most"] if looks else []
    loads = sum(one.page is not None for one in rounds)
    parts += [f"{count(loads, 'load')} of the page"] if loads else []
    return "cost: " + ", ".join(parts)


def gaps(rounds: Sequence[Round], watch_s: float) -> Iterator[Gap]:
    """Yield the time between each two looks; beginning and end of the watch count too."""
    first, last = rounds[0], rounds[-1]
    began = first.at - timedelta(seconds=first.elapsed_s)
    end_s = max(last.elapsed_s, watch_s - last.every_s)
    looks = [(0.0, began), *((one.elapsed_s, one.at) for one in rounds), (end_s, last.at)]
    for (begin_s, at), (next_s, _) in pairwise(looks):
        yield Gap(begin_s=begin_s, end_s=next_s, at=at)
