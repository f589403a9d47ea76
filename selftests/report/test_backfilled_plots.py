"""The charts of the backfill: its types, and its duration beside the runbook's table."""

from __future__ import annotations

import xml.etree.ElementTree as ET

import pytest

from releasegate.change.models import Backfill, Duration
from releasegate.report.languages import language
from releasegate.report.plots import backfilled
from releasegate.report.plots.recorded import OfMeasure

TABLE = (Duration(up_to_rows=10_000, seconds=3), Duration(seconds=600))


def drawn(change, check, value, lang="en"):
    promised = Backfill(
        source="runbook 4", table="m", from_column="u", to_column="a", url=("/0/url",), durations=TABLE
    )  # fmt: skip
    seen = OfMeasure(
        check=check, payload={"value": value}, blobs={}, read=lambda _: None,
        change=change.model_copy(update={"backfill": promised}), language=language(lang),
    )  # fmt: skip
    return [(plot.title, texts(plot.drawing)) for plot in backfilled.of_measure(seen)]


def texts(drawing):
    root = ET.fromstring(str(drawing))  # noqa: S314  our own drawing
    width, height = map(float, root.attrib["viewBox"].split()[2:])
    for bar in root.iter("rect"):
        assert 0 < float(bar.attrib["width"]) + float(bar.attrib["x"]) < width
        assert 0 < float(bar.attrib["y"]) + float(bar.attrib["height"]) <= height
    return [text.text for text in root.iter("text")]


def test_the_types_are_drawn_the_most_frequent_first(change):
    """A type that the change file does not name is `other`; a name from the deployment is escaped."""
    value = {"types": {"video": 7, "": 2, "image": 1200, "<b>": 1}}
    assert drawn(change, "backfill/every-row", value) == [
        ("filled rows by the type that they say they hold",
         ["image", "1 200", "video", "7", "other", "2", "<b>", "1"]),
    ]  # fmt: skip


def test_the_duration_stands_beside_the_table_in_the_reader_s_language(change):
    """The first bar is what was measured."""
    found = drawn(change, "backfill/duration", {"took_s": 4.5, "rows": 7000.0}, lang="pt-BR")
    assert found == [
        ("quanto o backfill demorou, ao lado da tabela do documento da release",
         ["7 000 linhas, medido", "4.5 s", "até 10 000 linhas", "3.0 s", "mais linhas", "10 min 00 s"]),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("check", "value"),
    [
        ("backfill/every-row", None),
        ("backfill/every-row", {"types": {}}),
        ("backfill/every-row", {"types": [1]}),
        ("backfill/every-row", {"types": {"image": "many", "video": float("nan")}}),
        ("backfill/duration", {}),
        ("backfill/duration", {"took_s": "long", "rows": 3}),
        ("backfill/coverage", {"types": {"image": 1}}),
    ],
)
def test_what_is_no_such_measure_is_not_drawn(change, check, value):
    """Nothing recorded breaks the report."""
    assert drawn(change, check, value) == []
