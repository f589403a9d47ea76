"""What the backfill made of the rows: how many of each type, and how long it took beside the runbook's table."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final, TypeGuard

from markupsafe import Markup

from releasegate.change.models import Duration
from releasegate.core.durations import show_duration
from releasegate.core.figures import count
from releasegate.report.plots import svg
from releasegate.report.plots.recorded import OfMeasure
from releasegate.report.views import Plot

_BAR_PX: Final = 26
_MOST_BARS: Final = 12

Bar = tuple[str, float, str]
"""What a bar stands for, how long it is, and what is written at its end."""


def of_measure(seen: OfMeasure) -> Iterator[Plot]:
    """Yield the types of backfill/every-row, and the duration of backfill/duration beside the change's table."""
    value = seen.value if isinstance(seen.value, dict) else {}
    if seen.check == "backfill/every-row":
        yield from _types(value.get("types"), seen)
    if seen.check == "backfill/duration":
        yield from _durations(value, seen)


def _types(types: Any, seen: OfMeasure) -> Iterator[Plot]:
    t = seen.language.t
    figures = {str(name): rows for name, rows in types.items() if _is_number(rows)} if isinstance(types, dict) else {}
    if figures:
        title = t("filled rows by the type that they say they hold")
        bars = [(name or t("other"), rows, count(int(rows), "", " ").strip()) for name, rows in _largest(figures)]
        yield Plot(title=title, drawing=_bars(bars, title))


def _largest(figures: Mapping[str, float]) -> list[tuple[str, float]]:
    return sorted(figures.items(), key=lambda pair: (-pair[1], pair[0]))[:_MOST_BARS]


def _durations(value: Mapping[str, Any], seen: OfMeasure) -> Iterator[Plot]:
    took, rows, backfill = value.get("took_s"), value.get("rows"), seen.change.backfill
    if not (_is_number(took) and _is_number(rows)) or backfill is None or not backfill.durations:
        return
    t = seen.language.t
    title = t("how long the backfill took, beside the table of the release document")
    bars = [(t("{rows} rows, measured", rows=_number(rows)), took, show_duration(took))]
    bars += [(_line(line, seen), line.seconds, show_duration(line.seconds)) for line in backfill.durations]
    yield Plot(title=title, drawing=_bars(bars[:_MOST_BARS], title, first_apart=True))


def _line(line: Duration, seen: OfMeasure) -> str:
    if line.up_to_rows is None:
        return seen.language.t("more rows")
    return seen.language.t("up to {rows} rows", rows=_number(line.up_to_rows))


def _bars(bars: Sequence[Bar], title: str, *, first_apart: bool = False) -> Markup:
    """Return bars from left to right, each with its name before it and its figure behind it."""
    frame = svg.Frame(height=_BAR_PX * len(bars) + 12, left=170, right=90, top=6, bottom=6)
    longest = max((value for _, value, _ in bars), default=0) or 1
    drawn = []
    for place, (name, value, figure) in enumerate(bars):
        top, end = frame.top + place * _BAR_PX, frame.across(value / longest)
        colour = svg.colour(2 if first_apart and place == 0 else 1)
        drawn.append(svg.label("legend", frame.left - 8, top + 17, name, anchor="end"))
        drawn.append(
            Markup('<rect class="key c{0}" x="{1}" y="{2}" width="{3}" height="{4}"/>').format(
                colour, frame.left, top + 4, max(round(end - frame.left, 1), 1), _BAR_PX - 8
            )
        )
        drawn.append(svg.label("tick", end + 6, top + 17, figure, anchor="start"))
    return svg.drawing(frame, title, drawn)


def _number(figure: float) -> str:
    return count(int(figure), "", " ").strip()


def _is_number(value: Any) -> TypeGuard[float]:
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value < float("inf")
