"""One run of one of the runbook's own commands, as `gate step` recorded it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class StepRun:
    """A command that ended: what was typed, its exit code, how long it took in seconds, and what it printed."""

    item: str
    command: str
    exit_code: int
    duration_s: float
    output: str

    @classmethod
    def last(cls, item: str, records: Sequence[Mapping[str, Any]]) -> StepRun | None:
        """Return the newest of the runs of `item` that the evidence holds, oldest first; None where it was not run."""
        if not records:
            return None
        kept = {name: records[-1][name] for name in ("command", "exit_code", "duration_s", "output")}
        return cls(item=item, **kept)
