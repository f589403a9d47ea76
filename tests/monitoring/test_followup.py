"""How the release is after a day and after a week. Runbook after 24 hours, after 1 week."""

from datetime import UTC, datetime

import pytest

from releasegate.checks import followup as followup_checks
from releasegate.checks import http as http_checks
from releasegate.checks import latency as checks
from releasegate.checks import watch as watch_checks
from releasegate.checks.watch import latency as watch_latency
from releasegate.core.facts.latency import series_of
from releasegate.probes.load import aim as probe
from releasegate.probes.logs import LogReader
from releasegate.probes.watch import look_back

pytestmark = pytest.mark.followup

REQUESTS = 100  # of one user to each endpoint: a p95 can pass from 59 on
MORE = f"{REQUESTS} are sent where [load] total allows it; gate run perf sends more"


@pytest.mark.check("followup/time-passed", promise="monitoring")
def test_as_much_time_has_passed_as_was_said(released_s, after_week, require):
    require(followup_checks.time_has_passed(released_s, after_week=after_week))


@pytest.mark.check("followup/health", promise="api.health", target="backend")
def test_the_backend_is_still_healthy(api, change, require):
    health = change.api.health
    answer = api.ask(health, with_token=False)
    require(
        http_checks.answers_as_promised(
            "followup/health", answer.value, health.status, source=health.source, run=answer.query
        ),
        answer,
    )


@pytest.mark.check(
    "followup/latency-not-worse", promise=("latency", "monitoring"), target=("backend", "load"), baseline=True
)
def test_the_api_is_as_fast_as_when_it_was_released(api, change, target, watch, require):
    check, promised = "followup/latency-not-worse", change.latency
    limit = checks.Limit(ms=promised.limit_ms, percentile=promised.percentile, source=promised.source)
    aim = probe.aim_at(api, promised)
    allowed = target.load.total // max(1, len(aim.value.names))
    asked = probe.one_by_one(api, aim.value, target.load, count=min(REQUESTS, allowed))
    series = series_of(asked.value)
    runs = {name: api.curl(aim.value.urls[name][0]) for name in aim.value.names}
    require(checks.percentile_below(check, series, limit, runs, more=MORE), aim, asked)
    for judgement in watch_latency.not_worse_than_released(check, series, watch, limit, runs):
        require(judgement)


@pytest.mark.check(
    "followup/errors-in-logs", promise=("logs", "monitoring"), target=("host", "services"), baseline=True
)
def test_no_error_came_with_the_release(machine, services, target, released, change, recorded, require):
    check = "followup/errors-in-logs"
    if released is None:
        require(watch_checks.no_errors_in_logs(check, (), None, most_per_minute=0, source=change.logs.source))
        return
    logs = [LogReader(target.services, part, machine) for part in services.names()]
    look = look_back(logs, change.logs, since=released, now=datetime.now(UTC))
    judgement = watch_checks.no_errors_in_logs(
        check,
        (look.value,),
        watch_checks.known_shapes(recorded("preflight/log-shapes")),
        most_per_minute=change.monitoring.error_lines_per_minute,
        source=change.logs.source,
    )
    require(judgement, look)
