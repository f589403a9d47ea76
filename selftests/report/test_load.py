"""A load in the report: the table of its endpoints, and its course."""

from __future__ import annotations

import re

import pytest

from releasegate.checks.endpoints import blocks, rows
from releasegate.checks.latency import Limit
from releasegate.core.facts.latency import Sample, as_csv_gz
from releasegate.core.facts.load import LoadRun, Plan, Stop
from releasegate.report.endpoints import table_in
from releasegate.report.languages import language
from releasegate.report.plots import course
from releasegate.report.plots.recorded import OfMeasure

LIMIT = Limit(ms=500, percentile=95, source="runbook 6.5")
PLAN = Plan(
    counts={"messages": 300}, rate=10, warm_up=20, concurrent=100, stop=Stop(error_share=0.2, latency_ms=5000)
)  # fmt: skip
RUN = LoadRun(
    plan=PLAN,
    samples=tuple(
        Sample("messages", at / 10, 1, 900 if at == 100 else 20, 200, 9, is_warm_up=at < 20) for at in range(320)
    ),
)


def recorded() -> dict:
    return {**RUN.shown(500), "endpoints": rows(RUN.series, LIMIT)}


def drawn(value, change, data: bytes | None) -> list:
    seen = OfMeasure(
        check="perf/below-limit", payload={"value": value}, blobs={"samples.csv.gz": "blobs/1"},
        read=lambda _: data, change=change, language=language("en"),
    )  # fmt: skip
    return list(course.of_measure(seen))


def test_every_endpoint_has_a_line_with_its_verdict():
    """n, percentiles, slow ones, the two bounds, and which side of the limit it lies on."""
    table = table_in(recorded(), language("en"))
    assert table.columns == (
        "endpoint", "n", "p50 (ms)", "p90 (ms)", "p95 (ms)", "p99 (ms)", "max (ms)", "slow",
        "passes up to, fails from", "verdict",
    )  # fmt: skip
    assert table.rows == (("messages", "300", "20", "20", "20", "20", "900", "1", "8, 22", "below"),)
    assert table.note == "slow: not below 500 ms, or wrong, or not sent"


def test_every_block_has_a_line_too():
    """Numbered from 1, in the language of the reader."""
    table = table_in({"limit_ms": 500, "blocks": blocks(RUN, LIMIT)}, language("pt-BR"))
    assert [row[0] for row in table.rows] == ["1: messages", "2: messages", "3: messages"]
    assert [row[-3:] for row in table.rows] == [
        ("1", "1, 10", "abaixo"),
        ("0", "1, 10", "abaixo"),
        ("0", "1, 10", "abaixo"),
    ]


@pytest.mark.parametrize(
    "value", [None, 7, "text", [], {}, {"endpoints": {}}, {"endpoints": {"a": {"n": 1}}}, {"blocks": 3}]
)
def test_what_is_no_load_has_no_such_table(value):
    """Any other measure is shown as it always was."""
    assert table_in(value, language("en")) is None


def test_the_course_shows_the_slowest_and_the_blocks(change):
    """The one slow answer stands above the limit; a line for the end of the warm-up and one for each block."""
    (plot,) = drawn(recorded(), change, as_csv_gz(RUN.samples))
    assert plot.drawing.count('<line class="limit"') == 1
    assert len(re.findall(r'<line class="grid" x1="([\d.]+)" x2="\1"', plot.drawing)) == 3
    heights = [float(y) for y in re.findall(r"[\d.]+,([\d.]+)", re.search(r'points="([^"]+)"', plot.drawing)[1])]
    limit = float(re.search(r'class="limit"[^>]*y1="([\d.]+)"', plot.drawing)[1])
    assert sum(height < limit for height in heights) == 1


def test_why_a_load_ended_early_stands_below_it(change):
    """The kill switch is said where the curve stops."""
    (plot,) = drawn({**recorded(), "stopped": "10 errors"}, change, as_csv_gz(RUN.samples))
    assert plot.note == "the load ended early: 10 errors"


@pytest.mark.parametrize("data", [None, b"", b"no gzip", as_csv_gz([])])
def test_what_cannot_be_read_is_not_drawn(change, data):
    """A missing, broken or empty file of samples draws nothing, and breaks nothing."""
    assert drawn(recorded(), change, data) == []
