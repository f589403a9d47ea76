"""What a watch is judged against: what the change promises, what was there before, and limits of our own."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from releasegate.checks.latency import Limit
from releasegate.core.facts.watch import Round

OURS: Final = "releasegate"  # who promises what no release document does: such a rule only warns


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """What one signal must keep to; the fields are those of the change file's `[[monitoring.rules]]`, in seconds."""

    signal: str
    source: str
    most: float | None = None
    least: float | None = None
    rise: float | None = None
    misses: int = 1
    share: float | None = None
    grows: float | None = None
    lasts_s: float | None = None
    within_s: float | None = None

    @property
    def is_promised(self) -> bool:
        """Whether somebody's document says so; our own limits only warn."""
        return self.source != OURS


DEFAULTS: Final = (
    Rule(signal="restarts", most=0, source=OURS),
    Rule(signal="memory", grows=0.5, source=OURS),
    Rule(signal="connections", most=0.9, grows=1.0, source=OURS),
    Rule(signal="waiting", most=0, misses=3, source=OURS),
    Rule(signal="longest-transaction", most=60, rise=2, misses=3, source=OURS),
    Rule(signal="rollbacks", most=0.05, rise=2, misses=3, source=OURS),
    Rule(signal="deadlocks", most=0, source=OURS),
    Rule(signal="disk", lasts_s=86_400, source=OURS),
)
"""What is held against signals that no document speaks of: crashes, leaks, queues and full disks of the usual kind."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WatchPromise:
    """How long a release is to be watched, how closely, and what must hold; lengths in seconds, shares from 0 to 1."""

    watch_s: float
    least_coverage: float
    longest_gap_s: float
    source: str
    misses: int = 2
    misses_share: float = 0.05
    health_status: int = 200
    limit: Limit | None = None
    error_share: float = 0.01
    slower_factor: float = 1.5
    error_lines_per_minute: float = 0
    rules: tuple[Rule, ...] = ()
    services_source: str = ""
    page_source: str = ""
    rows_source: str = ""
    queries_source: str = ""

    def rules_for(self, signal: str) -> tuple[Rule, ...]:
        """Return the change's rules for `signal`, else our own."""
        promised = tuple(rule for rule in self.rules if rule.signal == signal)
        return promised or tuple(rule for rule in DEFAULTS if rule.signal == signal)


@dataclass(frozen=True, slots=True, kw_only=True)
class Before:
    """What is known from before the watch.

    `rounds` are the looks that preflight recorded, none where it did not. `log_shapes` and `page_shapes` are the
    errors that were there already, None where nobody looked. `perf` is the value that perf/below-limit recorded.
    `allowed` are pattern and reason of what the target allows on the page.
    """

    rounds: Sequence[Round] = ()
    log_shapes: Collection[str] | None = None
    page_shapes: Collection[str] | None = None
    perf: Mapping[str, Any] = field(default_factory=dict)
    allowed: Sequence[tuple[str, str]] = ()
