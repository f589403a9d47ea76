"""How many rows people wrote in a stretch of time."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrivals:
    """Rows of `table` that the column `created` dates into the last `minutes`."""

    table: str
    created: str
    rows: int
    minutes: float

    @property
    def per_minute(self) -> float:
        """How many rows came in a minute."""
        return self.rows / self.minutes if self.minutes > 0 else 0.0


ARRIVALS_UNIT = "new rows"
"""The unit by which recorded arrivals are recognised among the measures of a check."""


def recorded_arrivals(payloads: Iterable[dict[str, Any]]) -> Arrivals | None:
    """Return the arrivals among a check's recorded measures, None where there are none."""
    found = (payload["value"] for payload in payloads if payload.get("unit") == ARRIVALS_UNIT)
    return next((Arrivals(**value) for value in found), None)
