"""Raw latencies from a measure, whichever of the usual shapes they were kept in."""

from __future__ import annotations

import csv
import gzip
import io
import json
import zlib
from collections.abc import Iterator, Mapping
from typing import Any

_NAMES = ("ms", "latency_ms", "elapsed_ms", "response_ms", "duration_ms")
_LONGEST_MS = 1e9
_GZIP = b"\x1f\x8b"
_LARGEST_BYTES = 20_000_000
FEWEST = 5
"""Samples below which a curve would show nothing."""


def samples_in(value: Any) -> dict[str, list[float]]:
    """Return latencies in ms by endpoint from `{"samples": ...}`; {} when `value` says nothing of samples.

    Samples are `{endpoint: [ms, ...]}`, or a list of objects that name an `endpoint` and a time (`ms`,
    `latency_ms`, `elapsed_ms`, ...).
    """
    return _by_endpoint(value["samples"]) if isinstance(value, dict) and "samples" in value else {}


def samples_in_file(data: bytes) -> dict[str, list[float]]:
    """Return latencies in ms by endpoint from JSON, JSON lines or CSV, gzipped or not."""
    content = _content(_unpacked(data))
    return samples_in(content) or _by_endpoint(content)


def _unpacked(data: bytes) -> bytes:
    """Return what a gzipped file holds, up to the size that a report may read, and any other file as it is."""
    if not data.startswith(_GZIP):
        return data
    try:
        with gzip.open(io.BytesIO(data)) as file:
            return file.read(_LARGEST_BYTES)
    except (OSError, EOFError, zlib.error):
        return b""


def _content(data: bytes) -> Any:
    if data.partition(b"\n")[0].startswith(b"endpoint,"):
        return [_row(row) for row in csv.DictReader(io.StringIO(data.decode("utf-8", "replace"))) if _counts(row)]
    try:
        return json.loads(data)
    except (ValueError, RecursionError):
        return [_object(line) for line in data.splitlines()]


def _row(row: Mapping[str, str]) -> dict[str, Any]:
    return {name: _object(text.encode()) if name in _NAMES else text for name, text in row.items() if text is not None}


def _counts(row: Mapping[str, str]) -> bool:
    """Whether a request counts: those of the warm-up are kept beside the others, and dropped."""
    return row.get("is_warm_up") != "True"


def _by_endpoint(samples: Any) -> dict[str, list[float]]:
    found: dict[str, list[float]] = {}
    for endpoint, elapsed in _pairs(samples):
        found.setdefault(endpoint, []).append(elapsed)
    return {endpoint: elapsed for endpoint, elapsed in found.items() if len(elapsed) >= FEWEST}


def _object(line: bytes) -> Any:
    try:
        return json.loads(line)
    except (ValueError, RecursionError):
        return None


def _pairs(value: Any) -> Iterator[tuple[str, float]]:
    if isinstance(value, Mapping):
        for endpoint, series in value.items():
            if isinstance(series, list):
                yield from ((str(endpoint), float(one)) for one in series if _is_number(one))
    elif isinstance(value, list):
        for item in value:
            if isinstance(item, Mapping) and "endpoint" in item:
                times = (float(item[name]) for name in _NAMES if _is_number(item.get(name)))
                yield from ((str(item["endpoint"]), elapsed) for elapsed in times)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value < _LONGEST_MS
