"""The cumulative distribution of latencies: how many of the answers came within which time."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from markupsafe import Markup

from releasegate.change.models import Change
from releasegate.report.languages import Language
from releasegate.report.plots import svg
from releasegate.report.plots.recorded import OfMeasure
from releasegate.report.plots.samples import samples_in, samples_in_file
from releasegate.report.views import Plot

_FRAME = svg.Frame()
_POINTS = 240  # more could not be told apart on 572 pixels
_QUARTERS = tuple((share / 100, f"{share} %") for share in (0, 25, 50, 75, 100))


@dataclass(frozen=True, slots=True, kw_only=True)
class Limit:
    """The promise drawn into the plot: `percentile` of the answers below `ms`; `label` is its text."""

    ms: float
    percentile: float
    label: str


def of_measure(seen: OfMeasure) -> Iterator[Plot]:
    """Yield the distribution of a measure's samples: those in its value, else those in a file named `sample`."""
    series = samples_in(seen.value)
    for name, path in seen.blobs.items():
        if not series and "sample" in name.lower():
            series = samples_in_file(seen.read(path) or b"")
    if series:
        t = seen.language.t
        title = t("share of the answers that came within a time, by endpoint")
        axis = t("milliseconds (log scale)")
        yield Plot(title=title, drawing=distribution(series, _limit_of(seen.change, seen.language), title, axis))


def distribution(series: Mapping[str, Sequence[float]], limit: Limit | None, title: str, axis: str) -> Markup:
    """Return the plot of `series` (endpoint -> ms), with a log axis from the fastest to the slowest answer."""
    scale = _scale([value for each in series.values() for value in each], limit)
    parts = [
        svg.rows(_FRAME, _QUARTERS),
        svg.columns(_FRAME, ((scale.share(tick), f"{tick:g}") for tick in scale.ticks())),
        _limit(scale, limit) if limit else Markup(),
        *(svg.curve(_FRAME, _points(scale, sorted(each)), n) for n, each in enumerate(series.values(), start=1)),
        svg.legend(_FRAME, [f"{name} ({len(each)})" for name, each in series.items()]),
        svg.axis_title(_FRAME, axis),
    ]
    return svg.drawing(_FRAME, title, parts)


def _scale(values: Sequence[float], limit: Limit | None) -> svg.Log:
    marks = [value for value in values if value > 0] + ([limit.ms] if limit else [])
    low, high = min(marks, default=1.0), max(marks, default=10.0)
    return svg.Log(low * 0.9, max(high * 1.1, low * 2))


def _points(scale: svg.Log, values: Sequence[float]) -> Iterator[tuple[float, float]]:
    every = max(1, len(values) // _POINTS)
    for place in sorted({*range(0, len(values), every), len(values) - 1}):
        yield scale.share(values[place]), (place + 1) / len(values)


def _limit(scale: svg.Log, limit: Limit) -> Markup:
    at = _FRAME.across(scale.share(limit.ms))
    drawn = Markup(
        '<line class="limit" x1="{0}" x2="{0}" y1="{1}" y2="{2}"/><circle class="goal" cx="{0}" cy="{3}" r="4"/>'
    ).format(at, _FRAME.up(1), _FRAME.up(0), _FRAME.up(limit.percentile / 100))
    return drawn + svg.label("limit-label", at - 8, _FRAME.up(0) - 8, limit.label, anchor="end")


def _limit_of(change: Change, language: Language) -> Limit | None:
    promised = change.latency
    if promised is None:
        return None
    label = language.t(
        "limit: {percentile:g} % below {ms:g} ms ({source})",
        percentile=promised.percentile, ms=promised.limit_ms, source=promised.source,
    )  # fmt: skip
    return Limit(ms=promised.limit_ms, percentile=promised.percentile, label=label)
