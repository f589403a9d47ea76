"""Raw latencies from a measure, whichever of the usual shapes they were kept in."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

_NAMES = ("ms", "latency_ms", "elapsed_ms", "response_ms", "duration_ms")
_LONGEST_MS = 1e9
FEWEST = 5
"""Samples below which a curve would show nothing."""


def samples_in(value: Any) -> dict[str, list[float]]:
    """Return latencies in ms by endpoint from `{"samples": ...}`; {} when `value` says nothing of samples.

    Samples are `{endpoint: [ms, ...]}`, or a list of objects that name an `endpoint` and a time (`ms`,
    `latency_ms`, `elapsed_ms`, ...).
    """
    return _by_endpoint(value["samples"]) if isinstance(value, dict) and "samples" in value else {}


def samples_in_file(data: bytes) -> dict[str, list[float]]:
    """Return latencies in ms by endpoint from a JSON file of samples, or one with an object on every line."""
    try:
        content = json.loads(data)
    except (ValueError, RecursionError):
        content = [_object(line) for line in data.splitlines()]
    return samples_in(content) or _by_endpoint(content)


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
