"""One run of one of the runbook's own commands, as `gate step` recorded it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
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
    def from_record(cls, item: str, record: Mapping[str, Any]) -> StepRun:
        """Return the run that a `step` event of the evidence holds."""
        began, ended = (datetime.fromisoformat(record[key]) for key in ("began", "ended"))
        command = record["command"]
        return cls(
            item=item,
            command=command if isinstance(command, str) else " ".join(command),
            exit_code=int(record["exit_code"]),
            duration_s=(ended - began).total_seconds(),
            output=record.get("output", ""),
        )
