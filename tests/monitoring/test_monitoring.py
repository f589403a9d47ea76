"""The rounds that `gate watch` recorded. Runbook 7."""

import pytest

from releasegate.checks import latency as latency_checks
from releasegate.checks import watch as checks
from releasegate.core.durations import parse_duration
from releasegate.core.facts.watch import recorded_rounds

pytestmark = pytest.mark.monitoring


@pytest.fixture
def rounds(recorded):
    return recorded_rounds(recorded("monitoring/rounds"))


@pytest.fixture
def limit(change):
    promised = change.latency
    return latency_checks.Limit(ms=promised.limit_ms, percentile=promised.percentile, source=promised.source)


def seconds(text):
    return parse_duration(text, where="[monitoring]").total_seconds()


@pytest.mark.check("monitoring/coverage", promise="monitoring")
def test_somebody_looked_all_the_time(rounds, change, require):
    promised = change.monitoring
    promise = checks.WatchPromise(
        watch_s=seconds(promised.watch),
        least_coverage=promised.least_coverage,
        longest_gap_s=seconds(promised.longest_gap),
        source=promised.source,
    )
    require(checks.watched_long_enough(rounds, promise))


@pytest.mark.check("monitoring/health-stayed-good", promise=("monitoring", "api.health"), target="backend")
def test_the_backend_stayed_healthy(rounds, api, change, require):
    health = change.api.health
    run = api.curl(api.url(health.path, health.query), with_token=False)
    require(
        checks.health_stayed_good(
            "monitoring/health-stayed-good", rounds, health.status, source=change.monitoring.source, run=run
        )
    )


@pytest.mark.check("monitoring/latency-stayed-good", promise=("monitoring", "latency"))
def test_the_api_stayed_fast(rounds, change, limit, recorded, require):
    check, series = "monitoring/latency-stayed-good", checks.samples_of(rounds)
    runs = dict.fromkeys(change.latency.endpoints, "")
    require(latency_checks.percentile_below(check, series, limit, runs))
    for before in recorded("perf/below-limit"):
        factor, source = change.monitoring.slower_factor, change.monitoring.source
        rises = latency_checks.not_slower_than(before["value"], factor, limit, source=source)
        require(latency_checks.no_significant_rise(check, series, rises, runs))


@pytest.mark.check("monitoring/errors-in-logs", promise=("monitoring", "logs"))
def test_the_logs_brought_no_new_error(rounds, change, recorded, require):
    promised = change.monitoring
    known = checks.known_shapes(recorded("preflight/log-shapes"))
    require(
        checks.no_errors_in_logs(
            "monitoring/errors-in-logs",
            rounds,
            known,
            most_per_minute=promised.error_lines_per_minute,
            source=promised.source,
        )
    )
