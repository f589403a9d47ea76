"""What a watch is judged against, gathered from the change file and from what earlier gates recorded."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import Any

import pytest

from releasegate.change.models import Change, Item
from releasegate.change.models import Rule as PromisedRule
from releasegate.checks.latency import Limit
from releasegate.checks.watch import Before, Rule, Watch, WatchPromise, known_shapes
from releasegate.checks.watch.success import Asked, Criterion
from releasegate.core import Measurement, UsageError, Verdict
from releasegate.core.durations import parse_duration
from releasegate.core.facts.latency import Sample
from releasegate.core.facts.watch import Round, recorded_rounds
from releasegate.evidence.history import ROUNDS, History
from releasegate.files import Promise
from releasegate.plugin.subject import Subject

Recorded = Callable[[str], list[dict[str, Any]]]

BASELINE = "preflight/signals-on-record"
_MARKED = ("backend", "frontend", "rollback")  # what a plot marks: the deploys, and a way back


def recorded_in(history: History) -> Recorded:
    """Return `recorded(check)`: the measures that the latest closed attempt of that check's gate kept, or [].

    What `gate watch` saw belongs to no attempt; `monitoring/rounds` are the rounds of the latest watch.
    """

    def recorded(check: str) -> list[dict[str, Any]]:
        if check == ROUNDS:
            return [dict(event.payload) for event in history.latest_watch]
        attempt = history.latest_closed(check.partition("/")[0])
        result = attempt.results.get(check) if attempt else None
        return [dict(measure) for measure in result.measures] if result else []

    return recorded


@pytest.fixture(scope="module")
def watch(run: Any, recorded: Recorded) -> Watch:
    """Return the latest watch on this deployment, with everything that it is judged against."""
    return watch_of(run.subject, recorded)


@pytest.fixture(scope="module")
def shown(watch: Watch, history: History) -> Callable[..., Measurement[Any]]:
    """Return `shown(*names)`: the signals called so as a measurement, from which the report draws them."""
    marks = {
        gate: attempt.began for gate in _MARKED if (attempt := history.latest_closed(gate)) is not None
    }  # fmt: skip

    def shown(*names: str) -> Measurement[Any]:
        value = {"timeline": watch.timeline(names, marks)} if watch.rounds else {}
        return Measurement(
            value=value, unit="rounds", rows=len(watch.rounds), query="./gate watch", duration_s=0.0
        )  # fmt: skip

    return shown


@pytest.fixture(scope="module")
def criteria(run: Any, history: History) -> list[Criterion]:
    """Return the boxes of the monitoring gate that rest on checks of earlier gates, with their verdicts."""
    return list(criteria_of(run.subject, history))


@pytest.fixture(scope="module")
def asked(run: Any, history: History) -> list[Asked]:
    """Return the boxes of the monitoring gate that only people know, with when they were attested."""
    items = (item for item in run.subject.change.checklist if item.gate == "monitoring" and item.manual)
    return [
        Asked(item=item.id, text=item.text.en, source=item.source, at=event.moment if event else None)
        for item in items
        if item.required
        for event in [history.attested(item.id)]
    ]


def watch_of(subject: Subject, recorded: Recorded) -> Watch:
    """Return the latest watch. Raises UsageError where the change promises none."""
    change = subject.change
    return Watch(
        rounds=recorded_rounds(recorded(ROUNDS)),
        promise=promise_of(change),
        before=before_of(subject, recorded),
        endpoints=change.latency.endpoints if change.latency else (),
    )


def promise_of(change: Change) -> WatchPromise:
    """Return what the change promises of a watch. Raises UsageError where it promises none."""
    monitoring, latency, health = change.monitoring, change.latency, change.api.health
    if monitoring is None:
        raise UsageError(f"{change.id} promises no [monitoring]; there is nothing to watch for")
    page = change.interface.page if change.interface else None
    return WatchPromise(
        watch_s=_seconds(monitoring.watch),
        least_coverage=monitoring.least_coverage,
        longest_gap_s=_seconds(monitoring.longest_gap),
        source=monitoring.source,
        misses=monitoring.misses,
        misses_share=monitoring.misses_share,
        health_status=health.status if health else 200,
        limit=Limit(ms=latency.limit_ms, percentile=latency.percentile, source=latency.source) if latency else None,
        error_share=latency.error_share if latency else 0.0,
        slower_factor=monitoring.slower_factor,
        error_lines_per_minute=monitoring.error_lines_per_minute,
        rules=tuple(map(_rule, monitoring.rules)),
        services_source=_source(change.services, monitoring),
        page_source=_source(page, monitoring),
        rows_source=_source(change.backfill, monitoring),
        queries_source=monitoring.source,
    )


def before_of(subject: Subject, recorded: Recorded) -> Before:
    """Return what earlier gates saw."""
    page = [measure["value"] for measure in recorded("preflight/page-baseline")]
    shapes = [set(value["shapes"]) for value in page if isinstance(value, dict) and "shapes" in value]
    perf: list[Mapping[str, Any]] = [measure["value"] for measure in recorded("perf/below-limit")]
    return Before(
        rounds=_with_latency(recorded_rounds(recorded(BASELINE)), recorded),
        log_shapes=known_shapes(recorded("preflight/log-shapes")),
        page_shapes=frozenset().union(*shapes) if shapes else None,
        perf=next((value for value in perf if "endpoints" in value), {}),
        allowed=tuple((one.pattern, one.reason) for one in subject.target.allow),
    )


def _with_latency(rounds: tuple[Round, ...], recorded: Recorded) -> tuple[Round, ...]:
    """Return preflight's look with the requests that its latency baseline sent to the old release."""
    kept = [measure["value"] for measure in recorded("preflight/latency-baseline")]
    times = (one["samples"].items() for one in kept if isinstance(one, dict) and isinstance(one.get("samples"), dict))
    samples = tuple(Sample(name, 0.0, 0.0, ms, 200, 0) for found in times for name, some in found for ms in some)
    return tuple(replace(one, samples=samples) for one in rounds)


def criteria_of(subject: Subject, history: History) -> Iterator[Criterion]:
    """Yield the boxes of the monitoring gate that rest on checks of other gates."""
    for item in subject.change.checklist:
        if item.gate == "monitoring" and any(not check.startswith("monitoring/") for check in item.checks):
            yield Criterion(
                item=item.id, text=item.text.en, source=item.source, rests_on=dict(_rests_on(item, subject, history))
            )


def _rests_on(item: Item, subject: Subject, history: History) -> Iterator[tuple[str, Verdict | None]]:
    for check in item.checks:
        gate = check.partition("/")[0]
        if gate == "monitoring":
            continue
        if subject.excused(check):
            yield check, Verdict.NOT_APPLICABLE
            continue
        attempt = history.latest_closed(gate)
        named = [name for name in attempt.checks if name == check or name.startswith(f"{check}.")] if attempt else []
        if attempt is None or not named:
            yield check, None
            continue
        for name in named:
            result = attempt.results.get(name)
            yield name, result.verdict_at(history.as_of) if result else attempt.check_verdict(name)


def _rule(rule: PromisedRule) -> Rule:
    return Rule(
        signal=rule.signal, source=rule.source, most=rule.most, least=rule.least, rise=rule.rise, misses=rule.misses,
        share=rule.share, grows=rule.grows,
        lasts_s=_seconds(rule.lasts) if rule.lasts else None,
        within_s=_seconds(rule.within) if rule.within else None,
    )  # fmt: skip


def _source(promise: Promise | None, monitoring: Promise) -> str:
    return promise.source if promise else monitoring.source


def _seconds(length: str) -> float:
    return parse_duration(length, where="[monitoring]").total_seconds()
