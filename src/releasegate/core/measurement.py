"""What a probe brings back: a value and everything somebody else needs to measure it again."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

Value = TypeVar("Value")


@dataclass(frozen=True, slots=True, kw_only=True)
class Measurement(Generic[Value]):
    """One look at the deployment; it holds no opinion.

    `rows` counts what was looked at (rows, requests, files, polls) in `unit`; `query` is the exact SQL, request or
    command; `duration_s` is in seconds. `value` is a frozen dataclass or a plain JSON-ready value. `shown` is what
    evidence keeps of it where the value itself is too large or too private (defaults to the value). `blobs` are
    files to keep beside the evidence: name with suffix -> bytes (a screenshot, a plan, raw samples).
    """

    value: Value
    unit: str
    rows: int
    query: str
    duration_s: float
    shown: Any = None
    blobs: dict[str, bytes] = field(default_factory=dict)
