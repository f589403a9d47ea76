"""What a plot may be drawn from: what the chain and its blobs hold, and what the change file promises."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from releasegate.change.models import Change
from releasegate.evidence.attempt import Attempt
from releasegate.evidence.history import History
from releasegate.report.languages import Language
from releasegate.report.views import Plot

ReadBlob = Callable[[str], bytes | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class OfMeasure:
    """One measure of a check: its payload, its blobs (name to path) and how to read one (None when it is missing)."""

    check: str
    payload: Mapping[str, Any]
    blobs: Mapping[str, str]
    read: ReadBlob
    change: Change
    language: Language

    @property
    def value(self) -> Any:
        """What was measured."""
        return self.payload.get("value")


@dataclass(frozen=True, slots=True, kw_only=True)
class OfGate:
    """The latest attempt of one gate, and the whole history (the watch's rounds belong to no attempt)."""

    attempt: Attempt
    history: History
    read: ReadBlob
    change: Change
    language: Language

    @property
    def gate(self) -> str:
        """The gate's marker."""
        return self.attempt.gate


MeasurePlot = Callable[[OfMeasure], Iterator[Plot]]
GatePlot = Callable[[OfGate], Iterator[Plot]]
