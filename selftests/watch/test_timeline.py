"""What a watch looks like over time: in the evidence as numbers, in the dossier as a drawing."""

from __future__ import annotations

import json
import xml.etree.ElementTree as ET
from datetime import timedelta

import pytest

from releasegate.report.languages import language as language_named
from releasegate.report.plots import OfMeasure, of_measure

from .histories import BEGAN, CHANGE, good, watch


def plots(value):
    seen = OfMeasure(
        check="monitoring/latency-stayed-good", payload={"value": value}, blobs={}, read=lambda _: None,
        change=CHANGE, language=language_named("en"),
    )  # fmt: skip
    return list(of_measure(seen))


def recorded(rounds, *names):
    marks = {
        "rollback": BEGAN + timedelta(minutes=1), "frontend": BEGAN - timedelta(minutes=20),
        "backend": BEGAN - timedelta(minutes=61),
    }  # fmt: skip
    return json.loads(json.dumps({"timeline": watch(rounds).timeline(names, marks)}))


def test_each_signal_is_drawn():
    """With its baseline, its limit and the deploys around the watch; every drawing is well-formed."""
    drawn = plots(recorded(good(1), "latency", "memory", "disk"))
    assert [plot.title for plot in drawn] == [
        "latency messages (ms)", "memory backend (MB)", "memory frontend (MB)", "disk / (GB free)",
    ]  # fmt: skip
    for plot in drawn:
        ET.fromstring(plot.drawing)  # noqa: S314  our own
        assert "band: the first 5 min 00 s of the watch; preflight recorded none" in plot.note
        assert plot.drawing.count('class="mark"') == 2
        assert [f">{name}<" in plot.drawing for name in ("rollback", "frontend", "backend")] == [True, True, False]


def test_a_drawing_begins_with_the_deploy_that_is_watched():
    """Not with one that lies longer before the watch than half of its length."""
    assert recorded(good(1), "latency")["timeline"]["begin_s"] == -1200


def test_a_gap_is_shaded_and_no_line_leads_over_it():
    """Nobody looked there, so nothing is drawn."""
    held = [one for one in good(1) if not 100 <= one.number < 140]
    (plot,) = plots(recorded(held, "latency"))
    assert plot.drawing.count('class="gap"') == 1
    assert plot.drawing.count("<polyline") == 2
    assert "shaded: nobody looked" in plot.note


def test_a_long_watch_stays_a_small_drawing():
    """At most 240 points, and the highest of those put together is kept."""
    (signal,) = recorded(good(1, rounds=2000), "latency")["timeline"]["signals"]
    assert len(signal["points"]) <= 240


@pytest.mark.parametrize(
    "value",
    [
        None, 7, {}, {"timeline": 7}, {"timeline": {}}, {"timeline": {"began": "x", "end_s": 1, "signals": []}},
        {"timeline": {"began": BEGAN.isoformat(), "end_s": 9, "signals": [7]}},
        {"timeline": {"began": BEGAN.isoformat(), "end_s": 9, "signals": [{"points": [["a", 1]]}]}},
        {"timeline": {"began": BEGAN.isoformat(), "end_s": None, "signals": [{"points": [[0, 1]]}]}},
    ],
)  # fmt: skip
def test_what_is_no_timeline_draws_nothing(value):
    """And raises nothing."""
    assert plots(value) == []


def test_one_point_is_a_dot():
    """A single load of the page is seen."""
    value = {"timeline": {"began": BEGAN.isoformat(), "end_s": 9, "signals": [{"points": [[3, 1.0]], "limit": None}]}}
    assert 'class="dot"' in plots(value)[0].drawing
