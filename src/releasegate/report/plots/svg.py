"""The few pieces that every plot is drawn with; colours and line styles are the page's (`dossier.css`, `.plot`)."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import count

from markupsafe import Markup

from releasegate.report.safe import finalize

COLOURS = 4
_LETTER_PX = 6  # of the plots' font, on average: nothing that draws a text measures it
_NICE = (1, 2, 5)
_NICE_S = (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 21_600, 43_200, 86_400)
_SECONDS_SHOWN_BELOW = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """The plotted area inside its margins, in pixels; shares (0 to 1) count from the lower left corner."""

    width: int = 640
    height: int = 260
    left: int = 52
    right: int = 16
    top: int = 32
    bottom: int = 40

    def across(self, share: float) -> float:
        """Return the x of `share`; what lies outside is drawn at the edge."""
        return round(self.left + min(max(share, 0), 1) * (self.width - self.left - self.right), 1)

    def up(self, share: float) -> float:
        """Return the y of `share`; what lies outside is drawn at the edge."""
        return round(self.top + (1 - min(max(share, 0), 1)) * (self.height - self.top - self.bottom), 1)


@dataclass(frozen=True, slots=True)
class Linear:
    """A scale on which equal steps are equal distances."""

    low: float
    high: float

    def share(self, value: float) -> float:
        """Return where `value` lies, 0 at `low` and 1 at `high`."""
        return (value - self.low) / ((self.high - self.low) or 1)

    def ticks(self, about: int = 5) -> list[float]:
        """Return round values, some `about` of them."""
        step = _round_up((self.high - self.low) / about or 1)
        first = math.ceil(self.low / step)
        return [number * step for number in range(first, math.floor(self.high / step) + 1)]


@dataclass(frozen=True, slots=True)
class Log:
    """A scale on which equal ratios are equal distances; `low` is above 0."""

    low: float
    high: float

    def share(self, value: float) -> float:
        """Return where `value` lies, 0 at `low` and below, 1 at `high`."""
        return (math.log(max(value, self.low)) - math.log(self.low)) / (math.log(self.high) - math.log(self.low))

    def ticks(self) -> list[float]:
        """Return 1, 2 and 5 times each power of ten in between."""
        found = []
        for power in count(math.floor(math.log10(self.low))):
            found += [nice * 10.0**power for nice in _NICE if self.low <= nice * 10.0**power <= self.high]
            if 10.0**power > self.high:
                return found
        return found


@dataclass(frozen=True, slots=True)
class Times:
    """A scale of moments in UTC."""

    began: datetime
    ended: datetime

    def share(self, moment: datetime) -> float:
        """Return where `moment` lies, 0 at the beginning and 1 at the end."""
        return (moment - self.began).total_seconds() / ((self.ended - self.began).total_seconds() or 1)

    def ticks(self, about: int = 6) -> list[tuple[datetime, str]]:
        """Return round moments, at most `about` of them, with what to write at each."""
        span = (self.ended - self.began).total_seconds()
        step = next((nice for nice in _NICE_S if span / nice <= about), math.ceil(span / about))
        first = math.ceil(self.began.timestamp() / step) * step
        moments = [
            datetime.fromtimestamp(first + number * step, self.began.tzinfo) for number in range(int(span // step) + 1)
        ]
        shown = "%H:%M:%S" if step < _SECONDS_SHOWN_BELOW else "%H:%M" if span <= _NICE_S[-1] else "%m-%d %H:%M"
        return [(moment, f"{moment:{shown}}") for moment in moments if moment <= self.ended + timedelta(seconds=1)]


def drawing(frame: Frame, title: str, parts: Iterable[Markup]) -> Markup:
    """Return the plot; `title` is read out to those who cannot see it."""
    inside = Markup("").join(parts)
    return Markup('<svg class="plot" viewBox="0 0 {0} {1}" role="img" aria-label="{2}">{3}</svg>').format(
        frame.width, frame.height, finalize(title), inside
    )


def label(kind: str, x: float, y: float, text: str, *, anchor: str = "middle") -> Markup:
    """Return a text in the plot; a name that came from the deployment is escaped and made visible."""
    return Markup('<text class="{0}" x="{1}" y="{2}" text-anchor="{3}">{4}</text>').format(
        kind, x, y, anchor, finalize(text)
    )


def axis_title(frame: Frame, text: str) -> Markup:
    """Return what the values below are, in the middle of the lower edge."""
    return label("axis", (frame.left + frame.width - frame.right) // 2, frame.height - 4, text)


def rows(frame: Frame, ticks: Iterable[tuple[float, str]]) -> Markup:
    """Return a line across the plot at each share, with its label on the left."""
    line = Markup('<line class="grid" x1="{0}" x2="{1}" y1="{2}" y2="{2}"/>')
    drawn = [
        line.format(frame.left, frame.width - frame.right, frame.up(share))
        + label("tick", frame.left - 8, frame.up(share) + 4, text, anchor="end")
        for share, text in ticks
    ]
    return Markup("").join(drawn)


def columns(frame: Frame, ticks: Iterable[tuple[float, str]]) -> Markup:
    """Return the label at each share of the lower edge; one that would reach out of the drawing ends at its edge."""
    below = frame.height - frame.bottom + 16
    drawn = []
    for share, text in ticks:
        x = frame.across(share)
        is_out = x + len(text) * _LETTER_PX / 2 > frame.width
        drawn.append(label("tick", frame.width if is_out else x, below, text, anchor="end" if is_out else "middle"))
    return Markup("").join(drawn)


def curve(frame: Frame, points: Iterable[tuple[float, float]], number: int) -> Markup:
    """Return the line through `points`, pairs of shares; curves are numbered from 1 and take their colour from it."""
    drawn = " ".join(f"{frame.across(x)},{frame.up(y)}" for x, y in points)
    return Markup('<polyline class="curve c{0}" points="{1}"/>').format(colour(number), drawn)


def legend(frame: Frame, names: Sequence[str]) -> Markup:
    """Return the names of the curves above the plot, each with its colour, in as many lines as they need."""
    bar = Markup('<rect class="key c{0}" x="{1}" y="{2}" width="14" height="3"/>')
    drawn = []
    x, y = frame.left, 12
    for number, name in enumerate(names, start=1):
        width = 20 + len(name) * _LETTER_PX
        if x > frame.left and x + width > frame.width:
            x, y = frame.left, y + 14
        drawn.append(bar.format(colour(number), x, y - 5))
        drawn.append(label("legend", x + 20, y, name, anchor="start"))
        x += width + 18
    return Markup("").join(drawn)


def colour(number: int) -> int:
    """Return the colour class of curve `number`: 1 to COLOURS, then again from 1."""
    return (number - 1) % COLOURS + 1


def _round_up(step: float) -> float:
    power = 10.0 ** math.floor(math.log10(step))
    return next(nice * power for nice in (*_NICE, 10) if nice * power >= step * (1 - 1e-9))
