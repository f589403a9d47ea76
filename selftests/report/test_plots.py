"""A plot is a module, a list and a drawing that stays inside its frame."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from datetime import UTC, datetime, timedelta

import pytest
from markupsafe import Markup

from releasegate.evidence import Chain, Folder, Kind, read
from releasegate.plugin.gates import GATES
from releasegate.report import plots, render
from releasegate.report.plots import svg
from releasegate.report.views import Plot

BEGAN = datetime(2025, 11, 3, 2, 0, tzinfo=UTC)
DRAWN = Markup('<svg class="plot"><text>drawn here</text></svg>')


def test_a_plot_of_a_gate_stands_above_its_boxes(story, change, monkeypatch):
    """One function in the list is all it takes; it sees the attempt and the whole history."""
    seen = []

    def draw(gate):
        seen.append((gate.gate, len(gate.history.events) > 100))
        if gate.gate == "monitoring":
            yield Plot(title="a title", drawing=DRAWN, note="what it shows")

    monkeypatch.setattr(plots, "GATE_PLOTS", (draw,))
    html = render(read(story("released")), change, GATES, language="en")
    assert html.count("drawn here") == 1
    assert html.index('id="monitoring"') < html.index("drawn here") < html.index("what it shows")
    assert ("monitoring", True) in seen


def test_a_plot_of_a_measure_stands_in_its_check(tmp_path, change, monkeypatch):
    """It sees the check, the payload and the blobs, and may draw nothing."""

    def draw(measure):
        if measure.check == "backup/dump-listed":
            yield Plot(title="t", drawing=DRAWN, note=f"{measure.value} {measure.read(measure.blobs['a.json'])}")

    monkeypatch.setattr(plots, "MEASURE_PLOTS", (draw,))
    with Chain.open(Folder(tmp_path)) as chain:
        chain.append(Kind.START, "backup")
        kept = chain.keep(b"42", "a.json")
        chain.append(Kind.MEASURE, "backup", "backup/dump-listed", value=7, blobs={"a.json": kept})
        chain.append(Kind.VERDICT, "backup", "backup/dump-listed", verdict="PASS")
    html = render(read(Folder(tmp_path)), change, GATES, language="en", read_blob=lambda path: path[:5].encode())
    assert "7 b&#39;blobs&#39;" in html


@pytest.mark.parametrize(
    ("span", "ticks"),
    [
        ({"seconds": 6}, ["02:00:00", "02:00:01", "02:00:02"]),
        ({"minutes": 30}, ["02:00", "02:05", "02:10"]),
        ({"hours": 2}, ["02:00", "02:30", "03:00"]),
        ({"days": 8}, []),
    ],
)
def test_an_axis_of_time_has_a_few_round_moments(span, ticks):
    """Whatever the span, a few labels, none beyond the end."""
    scale = svg.Times(BEGAN, BEGAN + timedelta(**span))
    found = scale.ticks()
    assert [text for _, text in found[: len(ticks)]] == ticks
    assert 2 <= len(found) <= 8
    assert all(0 <= scale.share(moment) <= 1.2 for moment, _ in found)


@pytest.mark.parametrize(("low", "high"), [(0, 1), (0, 480), (3, 3), (0, 0.02), (95, 102_000)])
def test_a_linear_axis_has_a_few_round_values(low, high):
    """Also where nothing varies."""
    assert 1 <= len(svg.Linear(low, high).ticks()) <= 8


def test_what_lies_outside_is_drawn_at_the_edge():
    """A value that the scale did not expect never leaves the frame."""
    frame = svg.Frame()
    drawn = svg.curve(frame, [(-1, 2), (float(7), -3)], 5)
    assert re.findall(r"[\d.]+,[\d.]+", drawn) == ["52,32", "624,220"]
    assert 'class="curve c1"' in drawn


def test_a_name_of_the_deployment_is_text_in_a_plot():
    """A legend with markup in it is read, not drawn."""
    plot = svg.drawing(svg.Frame(), '"><script>', [svg.legend(svg.Frame(), ["<script>\u202e"])])
    assert "<script" not in plot
    assert ET.fromstring(plot).get("role") == "img"  # noqa: S314 - our own drawing
