"""The cumulative distribution of latencies as SVG: how many of the answers came within which time."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import count

from markupsafe import Markup

from releasegate.report.safe import finalize

_WIDTH, _HEIGHT = 640, 260
_LEFT, _RIGHT, _TOP, _BOTTOM = 52, 16, 14, 40
_POINTS = 240  # more could not be told apart on 572 pixels
_NICE = (1, 2, 5)


@dataclass(frozen=True, slots=True, kw_only=True)
class Limit:
    """The promise drawn into the plot: `percentile` of the answers below `ms`; `label` is its text."""

    ms: float
    percentile: float
    label: str


def distribution(series: Mapping[str, Sequence[float]], limit: Limit | None, *, title: str, axis: str) -> Markup:
    """Return the plot of `series` (endpoint -> ms), with a log axis from the fastest to the slowest answer.

    `title` is read out to those who cannot see it; `axis` names the unit below.
    """
    values = [value for each in series.values() for value in each]
    low, high = _span(values, limit)
    scale = _Scale(low, high)
    parts = [_grid(scale), _limit(scale, limit) if limit else Markup()]
    parts += [_curve(scale, sorted(each), number) for number, each in enumerate(series.values(), start=1)]
    parts += [_legend(name, each, number) for number, (name, each) in enumerate(series.items(), start=1)]
    inside = Markup("").join(parts)
    inside += _label("axis", (_LEFT + _WIDTH - _RIGHT) // 2, _HEIGHT - 4, axis)
    return Markup('<svg class="plot" viewBox="0 0 {0} {1}" role="img" aria-label="{2}">{3}</svg>').format(
        _WIDTH, _HEIGHT, finalize(title), inside
    )


@dataclass(frozen=True, slots=True)
class _Scale:
    low: float
    high: float

    def x(self, ms: float) -> float:
        share = (math.log(max(ms, self.low)) - math.log(self.low)) / (math.log(self.high) - math.log(self.low))
        return round(_LEFT + min(share, 1) * (_WIDTH - _LEFT - _RIGHT), 1)

    @staticmethod
    def y(share: float) -> float:
        return round(_TOP + (1 - share) * (_HEIGHT - _TOP - _BOTTOM), 1)


def _span(values: Sequence[float], limit: Limit | None) -> tuple[float, float]:
    marks = [value for value in values if value > 0] + ([limit.ms] if limit else [])
    low, high = min(marks, default=1.0), max(marks, default=10.0)
    return low * 0.9, max(high * 1.1, low * 2)


def _ticks(low: float, high: float) -> list[float]:
    found = []
    for power in count(math.floor(math.log10(low))):
        found += [nice * 10.0**power for nice in _NICE if low <= nice * 10.0**power <= high]
        if 10.0**power > high:
            return found
    return found


def _grid(scale: _Scale) -> Markup:
    lines = [
        Markup('<line class="grid" x1="{0}" x2="{1}" y1="{2}" y2="{2}"/>').format(_LEFT, _WIDTH - _RIGHT, height)
        + _label("tick", _LEFT - 8, height + 4, f"{share} %", anchor="end")
        for share, height in ((share, scale.y(share / 100)) for share in (0, 25, 50, 75, 100))
    ]
    below = _HEIGHT - _BOTTOM + 16
    lines += [_label("tick", scale.x(tick), below, f"{tick:g}") for tick in _ticks(scale.low, scale.high)]
    return Markup("").join(lines)


def _label(kind: str, x: float, y: float, text: str, *, anchor: str = "middle") -> Markup:
    """Return a text in the plot; a name that came from the deployment is escaped and made visible."""
    return Markup('<text class="{0}" x="{1}" y="{2}" text-anchor="{3}">{4}</text>').format(
        kind, x, y, anchor, finalize(text)
    )


def _limit(scale: _Scale, limit: Limit) -> Markup:
    at = scale.x(limit.ms)
    drawn = Markup(
        '<line class="limit" x1="{0}" x2="{0}" y1="{1}" y2="{2}"/><circle class="goal" cx="{0}" cy="{3}" r="4"/>'
    ).format(at, scale.y(1), scale.y(0), scale.y(limit.percentile / 100))
    return drawn + _label("limit-label", at - 8, scale.y(0) - 8, limit.label, anchor="end")


def _curve(scale: _Scale, values: Sequence[float], number: int) -> Markup:
    every = max(1, len(values) // _POINTS)
    picked = sorted({*range(0, len(values), every), len(values) - 1})
    points = " ".join(f"{scale.x(values[place])},{scale.y((place + 1) / len(values))}" for place in picked)
    return Markup('<polyline class="curve c{0}" points="{1}"/>').format(_colour(number), points)


def _legend(name: str, values: Sequence[float], number: int) -> Markup:
    top = _TOP + 18 * number
    bar = Markup('<rect class="key c{0}" x="{1}" y="{2}" width="14" height="3"/>')
    key = bar.format(_colour(number), _LEFT + 10, top - 8)
    return key + _label("legend", _LEFT + 30, top - 3, f"{name} ({len(values)})", anchor="start")


def _colour(number: int) -> int:
    return (number - 1) % 4 + 1
