"""The course of a load: how long the slowest answers took at each moment, with the limit and the blocks."""

from __future__ import annotations

import csv
import gzip
import io
import zlib
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from markupsafe import Markup

from releasegate.report.languages import Language
from releasegate.report.plots import svg
from releasegate.report.plots.recorded import OfMeasure
from releasegate.report.views import Plot

Point = tuple[float, float]
"""A moment of the load in seconds, and a latency in ms."""

SAMPLES: Final = "samples.csv.gz"
_FRAME: Final = svg.Frame()
_STEPS: Final = 150  # moments that can be told apart on 572 pixels; of each the slowest answer is drawn
_LARGEST_BYTES: Final = 20_000_000
_BLOCK_S: Final = 10.0


def of_measure(seen: OfMeasure) -> Iterator[Plot]:
    """Yield the course of a load whose samples were kept; of any other measure nothing."""
    path = seen.blobs.get(SAMPLES)
    course = _course(seen.read(path) or b"") if path else {}
    if course:
        limit_ms = seen.change.latency.limit_ms if seen.change.latency else None
        title = seen.language.t("the slowest answer at each moment of the load, by endpoint")
        drawing = _drawing(course, _warm_up_s(seen.value), limit_ms, title, seen.language)
        yield Plot(title=title, drawing=drawing, note=_note(seen.value, seen.language))


def _drawing(
    course: Mapping[str, Sequence[Point]], warm_up_s: float, limit_ms: float | None, title: str, language: Language
) -> Markup:
    every = [point for points in course.values() for point in points]
    end_s = max(second for second, _ in every)
    slowest = max(*(ms for _, ms in every), limit_ms or 0, 1.0)
    time, height = svg.Linear(0, end_s or 1), svg.Log(1.0, slowest * 1.3)
    parts = [
        svg.rows(_FRAME, ((height.share(tick), f"{tick:g}") for tick in height.ticks())),
        svg.columns(_FRAME, ((time.share(tick), f"{tick:g} s") for tick in time.ticks())),
        _blocks(time, warm_up_s, end_s),
        _limit(height, limit_ms) if limit_ms else Markup(),
        *(
            svg.curve(_FRAME, ((time.share(second), height.share(ms)) for second, ms in points), number)
            for number, points in enumerate(course.values(), start=1)
        ),
        svg.legend(_FRAME, list(course)),
        svg.axis_title(_FRAME, language.t("seconds of the load; milliseconds on the left (log scale)")),
    ]
    return svg.drawing(_FRAME, title, parts)


def _blocks(time: svg.Linear, warm_up_s: float, end_s: float) -> Markup:
    """Return a line where the warm-up ends and at the beginning of every block after it."""
    count = max(1, int((end_s - warm_up_s) / _BLOCK_S + 0.1))  # the last arrival is a little before the end
    line = Markup('<line class="grid" x1="{0}" x2="{0}" y1="{1}" y2="{2}"/>')
    begins = (warm_up_s + number * _BLOCK_S for number in range(count))
    drawn = [line.format(_FRAME.across(time.share(begin)), _FRAME.up(1), _FRAME.up(0)) for begin in begins]
    return Markup("").join(drawn)


def _limit(height: svg.Log, limit_ms: float) -> Markup:
    at = _FRAME.up(height.share(limit_ms))
    line = Markup('<line class="limit" x1="{0}" x2="{1}" y1="{2}" y2="{2}"/>')
    drawn = line.format(_FRAME.across(0), _FRAME.across(1), at)
    return drawn + svg.label("limit-label", _FRAME.across(1) - 4, at - 5, f"{limit_ms:g} ms", anchor="end")


def _course(data: bytes) -> dict[str, list[Point]]:
    """Return for each endpoint the slowest answer of each step of the load, in order."""
    points: dict[str, list[Point]] = {}
    for row in _rows(data):
        try:
            point = float(row["intended_s"]), float(row["latency_ms"])
            points.setdefault(row["endpoint"], []).append(point)
        except (KeyError, TypeError, ValueError):
            continue
    end_s = max((second for some in points.values() for second, _ in some), default=0.0)
    return {endpoint: _slowest(some, (end_s or 1) / _STEPS) for endpoint, some in points.items()}


def _rows(data: bytes) -> Iterator[dict[str, str]]:
    try:
        with gzip.open(io.BytesIO(data)) as file:
            text = file.read(_LARGEST_BYTES).decode("utf-8", "replace")
    except (OSError, EOFError, zlib.error):
        return
    yield from csv.DictReader(io.StringIO(text))


def _slowest(points: Sequence[Point], step_s: float) -> list[Point]:
    steps: dict[int, Point] = {}
    for second, ms in points:
        step = int(second / step_s)
        if step not in steps or ms > steps[step][1]:
            steps[step] = (second, ms)
    return [steps[step] for step in sorted(steps)]


def _warm_up_s(value: Any) -> float:
    plan = value.get("plan") if isinstance(value, dict) else None
    if not isinstance(plan, dict):
        return 0.0
    warm_up, rate = plan.get("warm_up"), plan.get("rate")
    are_numbers = isinstance(warm_up, int | float) and isinstance(rate, int | float)
    return warm_up / rate if are_numbers and rate else 0.0


def _note(value: Any, language: Language) -> str:
    stopped = value.get("stopped") if isinstance(value, dict) else ""
    return language.t("the load ended early: {why}", why=stopped) if stopped else ""
