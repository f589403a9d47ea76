"""Measure events as the page shows them: query, rows, value, pictures and plots."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from markupsafe import Markup

from releasegate.change.models import Change
from releasegate.core.durations import show_duration
from releasegate.core.figures import count
from releasegate.report import values
from releasegate.report.blobs import Album
from releasegate.report.languages import Language
from releasegate.report.plot import Limit, distribution
from releasegate.report.samples import samples_in, samples_in_file
from releasegate.report.views import MeasureView, Picture, Table

Payload = Mapping[str, Any]


class Measures:
    """Turns payloads into views; one per page, because pictures share a budget."""

    def __init__(self, change: Change, language: Language, album: Album) -> None:
        self._language, self._album = language, album
        self._limit = _limit_of(change, language)

    def view(self, payload: Payload) -> MeasureView:
        """Return one measure as the page shows it."""
        blobs = payload.get("blobs")
        files = {str(name): str(path) for name, path in blobs.items()} if isinstance(blobs, dict) else {}
        pictures = tuple(filter(None, (self._album.picture(name, path) for name, path in files.items())))
        plots = self._plots(payload.get("value"), files)
        text, table = ("", None) if plots and samples_in(payload.get("value")) else self._value(payload)
        return MeasureView(
            query=str(payload.get("query") or ""),
            rows=seen(payload.get("rows"), payload.get("unit")),
            took=took(payload.get("duration_s")),
            text=text,
            table=table,
            pictures=pictures,
            plots=plots,
            files=_other_files(files, pictures),
        )

    def _value(self, payload: Payload) -> tuple[str, Table | None]:
        return values.shown(payload.get("value"), self._language)

    def _plots(self, value: Any, files: Mapping[str, str]) -> tuple[Markup, ...]:
        series = samples_in(value)
        for name, path in files.items():
            if not series and "sample" in name.lower():
                series = samples_in_file(self._album.read(path) or b"")
        if not series:
            return ()
        title = self._language.t("share of the answers that came within a time, by endpoint")
        return (distribution(series, self._limit, title=title, axis=self._language.t("milliseconds (log scale)")),)


def seen(rows: Any, unit: Any) -> str:
    """Return how much was looked at, `500 000 rows`; "" where the event does not say."""
    return count(rows, str(unit or ""), str(unit or "")).strip() if isinstance(rows, int) else ""


def took(duration_s: Any) -> str:
    """Return a duration for people; "" where the event does not say."""
    return show_duration(duration_s) if isinstance(duration_s, int | float) and duration_s else ""


def _other_files(files: Mapping[str, str], pictures: tuple[Picture, ...]) -> tuple[str, ...]:
    shown = {picture.name for picture in pictures}
    return tuple(f"{name}: {path}" for name, path in files.items() if name not in shown)


def _limit_of(change: Change, language: Language) -> Limit | None:
    promised = change.latency
    if promised is None:
        return None
    label = language.t(
        "limit: {percentile:g} % below {ms:g} ms ({source})",
        percentile=promised.percentile, ms=promised.limit_ms, source=promised.source,
    )  # fmt: skip
    return Limit(ms=promised.limit_ms, percentile=promised.percentile, label=label)
