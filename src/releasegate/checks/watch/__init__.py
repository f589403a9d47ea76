"""Whether the release stayed well while it was watched, judged from the recorded rounds alone.

The monitoring gate asks one question after the other of a `Watch`; `gate watch --fail-fast` asks all of them after
each round.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from releasegate.checks.watch.coverage import watched_long_enough
from releasegate.checks.watch.database import database_stayed_well, new_rows_in_new_form, statements_stayed_fast
from releasegate.checks.watch.health import health_stayed_good
from releasegate.checks.watch.latency import errors_stayed_few, latency_stayed_good
from releasegate.checks.watch.logs import errors_stayed_away, known_shapes, no_errors_in_logs
from releasegate.checks.watch.page import page_stayed_good
from releasegate.checks.watch.promise import Before, Rule, WatchPromise
from releasegate.checks.watch.services import disk_stayed_free, services_stayed_up
from releasegate.checks.watch.timeline import timeline
from releasegate.core import Judgement
from releasegate.core.facts.watch import Round


@dataclass(frozen=True, slots=True, kw_only=True)
class Watch:
    """The rounds of one watch, what is promised of them, and what was there before; each method is one check.

    `endpoints` are those whose latency is promised.
    """

    rounds: Sequence[Round]
    promise: WatchPromise
    before: Before
    endpoints: Sequence[str] = ()

    @property
    def until(self) -> datetime | None:
        """When the last round that is promised was due; None before the first."""
        if not self.rounds:
            return None
        first = self.rounds[0]
        return first.at + timedelta(seconds=self.promise.watch_s - first.every_s - first.elapsed_s)

    def coverage(self) -> Judgement:
        """Judge monitoring/coverage."""
        return watched_long_enough(self.rounds, self.promise)

    def health(self, run: str = "") -> Judgement:
        """Judge monitoring/health-stayed-good."""
        return health_stayed_good(self.rounds, self.promise, run=run)

    def latency(self) -> tuple[Judgement, ...]:
        """Judge monitoring/latency-stayed-good."""
        return latency_stayed_good(self.rounds, self.promise, self.before, self.endpoints)

    def error_rate(self) -> tuple[Judgement, ...]:
        """Judge monitoring/error-rate."""
        return errors_stayed_few(self.rounds, self.promise, self.before, self.endpoints)

    def logs(self) -> Judgement:
        """Judge monitoring/errors-in-logs."""
        return errors_stayed_away(self.rounds, self.promise, self.before)

    def page(self) -> Judgement:
        """Judge monitoring/page-stayed-good."""
        return page_stayed_good(self.rounds, self.promise, self.before)

    def services(self) -> Judgement:
        """Judge monitoring/services-stayed-up."""
        return services_stayed_up(self.rounds, self.promise, self.before)

    def disk(self) -> Judgement:
        """Judge monitoring/disk-stayed-free."""
        return disk_stayed_free(self.rounds, self.promise, self.before)

    def database(self) -> Judgement:
        """Judge monitoring/database-stayed-well."""
        return database_stayed_well(self.rounds, self.promise, self.before)

    def statements(self) -> Judgement:
        """Judge monitoring/slow-queries."""
        return statements_stayed_fast(self.rounds, self.promise, self.before)

    def new_rows(self) -> Judgement:
        """Judge monitoring/new-rows-in-new-form."""
        return new_rows_in_new_form(self.rounds, self.promise)

    def timeline(self, names: Sequence[str], marks: Mapping[str, datetime]) -> dict[str, Any]:
        """Return the signals called `names` for a plot."""
        return timeline(names, self.rounds, self.promise, self.before, marks)

    def _without_worst(self, limit_ms: float) -> Watch:
        """Return the watch without the round that had most slow requests: early on, one blip would decide it all."""
        worst = max(self.rounds, key=lambda one: sum(sample.is_slow(limit_ms) for sample in one.samples), default=None)
        return replace(self, rounds=[one for one in self.rounds if one is not worst])

    def so_far(self) -> dict[str, tuple[Judgement, ...]]:
        """Return every judgement that the rounds carry by now, by check; what was not looked at is left out."""
        judged: dict[str, tuple[Judgement, ...]] = {
            "monitoring/health-stayed-good": (self.health(),),
            "monitoring/errors-in-logs": (self.logs(),),
            "monitoring/page-stayed-good": (self.page(),),
            "monitoring/services-stayed-up": (self.services(),),
            "monitoring/disk-stayed-free": (self.disk(),),
            "monitoring/database-stayed-well": (self.database(),),
            "monitoring/slow-queries": (self.statements(),),
            "monitoring/new-rows-in-new-form": (self.new_rows(),),
        }
        if self.promise.limit is not None:
            steady = self._without_worst(self.promise.limit.ms)
            judged["monitoring/latency-stayed-good"] = steady.latency()
            judged["monitoring/error-rate"] = steady.error_rate()
        return {check: some for check, some in judged.items() if any(one.seen or one.findings for one in some)}


__all__ = ["Before", "Rule", "Watch", "WatchPromise", "known_shapes", "no_errors_in_logs"]
