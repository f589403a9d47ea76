"""Raw latencies are found in every shape in which a probe keeps them."""

from __future__ import annotations

import gzip
import json

import pytest

from releasegate.core.facts.latency import Sample, as_csv_gz
from releasegate.report.plots.samples import samples_in_file

TIMES = [10.5, 20.0, 30.0, 40.0, 700.25]


def sample(latency_ms, *, is_warm_up=False):
    return Sample(
        endpoint="messages", intended_s=0.0, lag_ms=0.1, latency_ms=latency_ms, status=200, size_bytes=1,
        is_warm_up=is_warm_up,
    )  # fmt: skip


SHAPES = {
    "a load's file, without its warm-up": as_csv_gz([sample(9_999.0, is_warm_up=True), *map(sample, TIMES)]),
    "json": json.dumps({"samples": {"messages": TIMES}}).encode(),
    "a line each": "\n".join(json.dumps({"endpoint": "messages", "ms": time}) for time in TIMES).encode(),
    "gzipped json": gzip.compress(json.dumps({"messages": TIMES}).encode()),
}


@pytest.mark.parametrize("shape", SHAPES)
def test_samples_are_read_from(shape):
    """The same series, whatever the file's form."""
    assert samples_in_file(SHAPES[shape]) == {"messages": TIMES}


@pytest.mark.parametrize("data", [b"", b"\x1f\x8bnot gzip", b"endpoint,\n", b"{", b"\xff\xfe"])
def test_what_holds_no_samples_gives_none(data):
    """A damaged file is no reason for the report to break."""
    assert samples_in_file(data) == {}
