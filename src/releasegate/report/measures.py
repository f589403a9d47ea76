"""Measure events as the page shows them: query, rows, value, pictures and plots."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from releasegate.change.models import Change
from releasegate.core.durations import show_duration
from releasegate.core.figures import count
from releasegate.report import endpoints, values
from releasegate.report.blobs import Album
from releasegate.report.languages import Language
from releasegate.report.plots import OfMeasure, of_measure
from releasegate.report.plots.samples import samples_in
from releasegate.report.plots.timeline import timeline_in
from releasegate.report.views import MeasureView, Picture, Table

Payload = Mapping[str, Any]


class Measures:
    """Turns payloads into views; one per page, because pictures share a budget."""

    def __init__(self, change: Change, language: Language, album: Album) -> None:
        self._change, self._language, self._album = change, language, album

    def view(self, check: str, payload: Payload) -> MeasureView:
        """Return one measure of `check` as the page shows it."""
        blobs = payload.get("blobs")
        files = {str(name): str(path) for name, path in blobs.items()} if isinstance(blobs, dict) else {}
        pictures = tuple(filter(None, (self._album.picture(name, path) for name, path in files.items())))
        plots = of_measure(
            OfMeasure(
                check=check,
                payload=payload,
                blobs=files,
                read=self._album.read,
                change=self._change,
                language=self._language,
            )
        )
        text, table = ("", None) if plots and _is_drawn(payload.get("value")) else self._value(payload)
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
        table = endpoints.table_in(payload.get("value"), self._language)
        return ("", table) if table else values.shown(payload.get("value"), self._language)


def _is_drawn(value: Any) -> bool:
    """Whether a value's plots show all of it, so that its numbers are not shown beside them."""
    return bool(samples_in(value)) or timeline_in(value) is not None


def seen(rows: Any, unit: Any) -> str:
    """Return how much was looked at, `500 000 rows`; "" where the event does not say."""
    return count(rows, str(unit or ""), str(unit or "")).strip() if isinstance(rows, int) else ""


def took(duration_s: Any) -> str:
    """Return a duration for people; "" where the event does not say."""
    return show_duration(duration_s) if isinstance(duration_s, int | float) and duration_s else ""


def _other_files(files: Mapping[str, str], pictures: tuple[Picture, ...]) -> tuple[str, ...]:
    shown = {picture.name for picture in pictures}
    return tuple(f"{name}: {path}" for name, path in files.items() if name not in shown)
