"""What a database was asked meanwhile: calls and times of statements, and rows read without an index."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

_SHOWN: Final = 10  # statements that evidence keeps, of each order


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """One statement in its normalised text (constants taken out): how often it ran, and for how many ms in all."""

    text: str
    calls: int
    total_ms: float

    @property
    def mean_ms(self) -> float:
        """How long one call took."""
        return self.total_ms / self.calls if self.calls else 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Activity:
    """What the server counted, since ever or between two looks.

    `statements` by the server's id; `scans` are table -> rows that were read one after the other, without an index.
    `unavailable` says why the statements are not known, "" where they are. `hidden` counts those that the role may
    not see.
    """

    statements: Mapping[str, Statement] = field(default_factory=dict)
    scans: Mapping[str, int] = field(default_factory=dict)
    hidden: int = 0
    unavailable: str = ""

    def since(self, before: Activity) -> Activity:
        """Return what was added since `before`; where the counters began anew meanwhile, why it cannot be told."""
        unavailable = self.unavailable or before.unavailable
        added = {}
        for key, now in self.statements.items():
            then = before.statements.get(key, Statement(text=now.text, calls=0, total_ms=0.0))
            if now.calls < then.calls:
                unavailable = unavailable or "somebody reset pg_stat_statements meanwhile"
            elif now.calls > then.calls:
                calls, total_ms = now.calls - then.calls, now.total_ms - then.total_ms
                added[key] = Statement(text=now.text, calls=calls, total_ms=total_ms)
        scans = {table: rows - before.scans.get(table, 0) for table, rows in self.scans.items()}
        return Activity(
            statements=added,
            scans={table: rows for table, rows in scans.items() if rows > 0},
            hidden=self.hidden,
            unavailable=unavailable,
        )

    def shown(self, requests: int) -> dict[str, Any]:
        """Return what evidence keeps: the slowest by mean and by total, and what `requests` requests asked each for."""
        by_mean = sorted(self.statements.values(), key=lambda one: one.mean_ms, reverse=True)[:_SHOWN]
        by_total = sorted(self.statements.values(), key=lambda one: one.total_ms, reverse=True)[:_SHOWN]
        by_calls = sorted(self.statements.values(), key=lambda one: one.calls, reverse=True)[:_SHOWN]
        return {
            "unavailable": self.unavailable,
            "hidden": self.hidden,
            "requests": requests,
            "slowest_by_mean": [_row(one, requests) for one in by_mean],
            "slowest_in_all": [_row(one, requests) for one in by_total],
            "most_called": [_row(one, requests) for one in by_calls],
            "rows_scanned_per_request": {table: _per(rows, requests) for table, rows in self.scans.items()},
        }


def _row(statement: Statement, requests: int) -> dict[str, Any]:
    return {
        "text": statement.text,
        "calls": statement.calls,
        "calls_per_request": _per(statement.calls, requests),
        "mean_ms": round(statement.mean_ms, 3),
        "total_ms": round(statement.total_ms, 1),
    }


def _per(number: float, requests: int) -> float:
    return round(number / requests, 2) if requests else 0.0
