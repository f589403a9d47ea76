"""The signals of a watch over time: baseline as a band, limit, gaps shaded, deploys and the way back marked."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from markupsafe import Markup

from releasegate.report.languages import Language
from releasegate.report.plots import svg
from releasegate.report.plots.recorded import OfMeasure
from releasegate.report.views import Plot

_FRAME = svg.Frame(height=190, top=22)
_BEYOND = 4.0  # a limit this many times above everything measured is said, not drawn: it would flatten the curve

Pairs = list[tuple[float, float]]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Timeline:
    """What all signals of one measure share; `at` are seconds since the watch began."""

    scale: svg.Times
    began: datetime
    gaps: Pairs
    marks: list[tuple[str, float]]

    def share(self, at: float) -> float:
        """Return where a moment lies, 0 to 1."""
        return self.scale.share(self.began + timedelta(seconds=at))


def of_measure(seen: OfMeasure) -> Iterator[Plot]:
    """Yield a plot for each signal of a watch that was measured at all; nothing for any other measure."""
    recorded = timeline_in(seen.value)
    if recorded is None:
        return
    try:
        began, end_s = datetime.fromisoformat(recorded["began"]), float(recorded["end_s"])
        begin_s = float(recorded.get("begin_s", 0.0))
        shared = _Timeline(
            scale=svg.Times(began + timedelta(seconds=begin_s), began + timedelta(seconds=max(end_s, 1.0))),
            began=began,
            gaps=_pairs(recorded.get("gaps")),
            marks=[(str(name), float(at)) for name, at in recorded.get("marks", ())],
        )  # fmt: skip
        signals = [signal for signal in recorded["signals"] if _pairs(signal.get("points"))]
    except (AttributeError, KeyError, TypeError, ValueError):  # recorded by nobody of ours
        return
    for signal in signals:
        yield _plot(signal, shared, seen.language)


def timeline_in(value: Any) -> dict[str, Any] | None:
    """Return the timeline that a measure recorded, None where it is another."""
    found = value.get("timeline") if isinstance(value, dict) else None
    return found if isinstance(found, dict) else None


def _plot(signal: dict[str, Any], shared: _Timeline, language: Language) -> Plot:
    t = language.t
    points, limit = _pairs(signal["points"]), _number(signal.get("limit"))
    band = next(iter(_pairs([signal.get("baseline")])), None)
    highest = max(value for _, value in points)
    drawn = limit if limit is not None and limit <= max(highest, 1e-9) * _BEYOND else None
    scale = svg.Linear(min(0.0, *(value for _, value in points)), _top(highest, drawn, band))
    title = f"{signal.get('label', '')} ({signal.get('unit', '')})"
    parts = [
        svg.rows(_FRAME, ((scale.share(tick), f"{tick:g}") for tick in scale.ticks(4))),
        svg.columns(_FRAME, ((shared.scale.share(at), text) for at, text in shared.scale.ticks())),
        _gaps(shared),
        _band(scale, band) if band else Markup(),
        _limit(scale, drawn, t("limit {limit:g}", limit=drawn)) if drawn is not None else Markup(),
        *(_mark(shared, name, at) for name, at in shared.marks),
        *_curves(points, shared, scale),
        svg.legend(_FRAME, [title]),
        svg.axis_title(_FRAME, t("time (UTC)")),
    ]
    return Plot(
        title=title, drawing=svg.drawing(_FRAME, title, parts), note=_note(signal, shared, limit, drawn, language)
    )


def _note(
    signal: dict[str, Any], shared: _Timeline, limit: float | None, drawn: float | None, language: Language
) -> str:
    t = language.t
    notes = []
    if signal.get("baseline_said"):
        said = str(signal["baseline_said"])
        notes.append(t("band: {what}", what=language.recorded(said) or said))
    if limit is not None and drawn is None:
        notes.append(t("the limit, {limit:g}, lies far above", limit=limit))
    if shared.gaps:
        notes.append(t("shaded: nobody looked"))
    return "; ".join(notes)


def _top(highest: float, limit: float | None, band: tuple[float, float] | None) -> float:
    return max(highest, limit or 0.0, band[1] if band else 0.0) * 1.15 or 1.0


def _curves(points: Pairs, shared: _Timeline, scale: svg.Linear) -> Iterator[Markup]:
    """Yield the curve in pieces: no line leads over a time in which nobody looked."""
    piece: Pairs = []
    for at, value in points:
        if piece and any(begin >= piece[-1][0] and end <= at for begin, end in shared.gaps):
            yield _curve(piece, shared, scale)
            piece = []
        piece.append((at, value))
    yield _curve(piece, shared, scale)


def _curve(piece: Pairs, shared: _Timeline, scale: svg.Linear) -> Markup:
    if len(piece) == 1:
        at, value = piece[0]
        dot = Markup('<circle class="dot" cx="{0}" cy="{1}" r="3"/>')
        return dot.format(_FRAME.across(shared.share(at)), _FRAME.up(scale.share(value)))
    return svg.curve(_FRAME, ((shared.share(at), scale.share(value)) for at, value in piece), 1)


def _gaps(shared: _Timeline) -> Markup:
    return Markup("").join(
        _area("gap", shared.share(begin), shared.share(end), 0.0, 1.0) for begin, end in shared.gaps
    )  # fmt: skip


def _band(scale: svg.Linear, band: tuple[float, float]) -> Markup:
    return _area("band", 0.0, 1.0, scale.share(band[0]), scale.share(band[1]))


def _area(kind: str, left: float, right: float, low: float, high: float) -> Markup:
    x, y = _FRAME.across(left), _FRAME.up(high)
    shape = Markup('<rect class="{0}" x="{1}" y="{2}" width="{3}" height="{4}"/>')
    width, height = round(_FRAME.across(right) - x, 1), round(_FRAME.up(low) - y, 1)
    return shape.format(kind, x, y, max(width, 1.0), max(height, 1.0))


def _limit(scale: svg.Linear, limit: float, text: str) -> Markup:
    y = _FRAME.up(scale.share(limit))
    line = Markup('<line class="limit" x1="{0}" x2="{1}" y1="{2}" y2="{2}"/>')
    drawn = line.format(_FRAME.left, _FRAME.width - _FRAME.right, y)
    return drawn + svg.label("limit-label", _FRAME.width - _FRAME.right - 4, y - 4, text, anchor="end")


def _mark(shared: _Timeline, name: str, at: float) -> Markup:
    x = _FRAME.across(shared.share(at))
    line = Markup('<line class="mark" x1="{0}" x2="{0}" y1="{1}" y2="{2}"/>')
    return line.format(x, _FRAME.up(1), _FRAME.up(0)) + svg.label("tick", x + 4, _FRAME.up(0) - 4, name, anchor="start")


def _pairs(value: Any) -> Pairs:
    """Return those items of a list that are two numbers."""
    if not isinstance(value, Sequence):
        return []
    found = [item for item in value if isinstance(item, Sequence) and len(item) == 2]
    return [(float(one), float(two)) for one, two in found if _number(one) is not None and _number(two) is not None]


def _number(value: Any) -> float | None:
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return float(value) if is_number else None
