"""In which zone the lines of a log tell the time, where they do not say it: an application may have its own."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from itertools import pairwise
from statistics import median
from typing import Final

from releasegate.core.log_text import time_of

_MOST_LINES: Final = 400  # the last ones tell as much as all
_PREFERRED: Final = timedelta(minutes=2)  # an earlier zone wins unless a later one is nearer by this much
_FITS: Final = timedelta(minutes=10)  # between two lines of a service that is used
_AT_ONCE: Final = timedelta(seconds=5)  # between two lines about one request, or a line and the file's own time
_STEP: Final = timedelta(minutes=30)  # zones differ by whole or half hours, with very few exceptions
_FARTHEST: Final = timedelta(hours=14)
_EAST: Final = timezone(timedelta(hours=1))


@dataclass(frozen=True, slots=True)
class _Pair:
    """What a line without a zone says, read as UTC, and a moment at which it was written or next to which it stands."""

    said: datetime
    moment: datetime

    def off(self, zone: tzinfo) -> timedelta:
        return abs(self.said.replace(tzinfo=zone) - self.moment)


def zone_in(texts: Sequence[str], written: datetime, zones: Sequence[tzinfo]) -> tzinfo:
    """Return the zone in which lines without one are to be read.

    `written` is the file's own time: that of its last line. A line that says its zone (an access log's) tells of its
    neighbours. `zones` are tried in order; where none of them fits, the whole or half hours that fit to the second.
    UTC where no line has a time.
    """
    timed = [line for text in texts[-_MOST_LINES:] if (line := _timed(text, written))]
    if not timed:
        return UTC
    pairs = list(_pairs(timed, written))
    if not pairs:  # every line says its zone
        return zones[0]
    best, distance = zones[0], _distance(pairs, zones[0])
    for zone in zones[1:]:
        here = _distance(pairs, zone)
        if here + _PREFERRED < distance:
            best, distance = zone, here
    return best if distance <= _FITS else _guessed(pairs) or best


def _timed(text: str, written: datetime) -> tuple[datetime, bool] | None:
    """Return the time of a line, read as UTC, and whether it says its zone; None where it has no time."""
    said = time_of(text, UTC, now=written)
    return None if said is None else (said, time_of(text, _EAST, now=written) == said)


def _pairs(timed: Sequence[tuple[datetime, bool]], written: datetime) -> Iterable[_Pair]:
    for (at, is_zoned), (later, is_later_zoned) in pairwise(timed):
        if is_zoned != is_later_zoned:
            yield _Pair(later, at) if is_zoned else _Pair(at, later)
    last, is_zoned = timed[-1]
    if not is_zoned:
        yield _Pair(last, written)


def _distance(pairs: Iterable[_Pair], zone: tzinfo) -> timedelta:
    return timedelta(seconds=median(pair.off(zone).total_seconds() for pair in pairs))


def _guessed(pairs: Sequence[_Pair]) -> tzinfo | None:
    """Return the zone that most pairs agree on, where one of them fits to the second: a file may have been touched."""
    steps = Counter(round((pair.said - pair.moment) / _STEP) for pair in pairs)
    offset = steps.most_common(1)[0][0] * _STEP
    if abs(offset) > _FARTHEST:
        return None
    zone = timezone(offset)
    return zone if min(pair.off(zone) for pair in pairs) <= _AT_ONCE else None
