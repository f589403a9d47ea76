"""How long the API takes, for one user and for many. Runbook 6.5."""

import pytest

from releasegate.checks import http as http_checks
from releasegate.checks import latency as checks
from releasegate.probes.load import aim as probe
from releasegate.probes.load.health import when_settled
from releasegate.probes.load.run import plan_for, run

pytestmark = pytest.mark.perf


@pytest.fixture(scope="module")
def limit(change):
    promised = change.latency
    return checks.Limit(ms=promised.limit_ms, percentile=promised.percentile, source=promised.source)


@pytest.fixture(scope="module")
def aim(api, change):
    return probe.aim_at(api, change.latency)


@pytest.fixture(scope="module")
def runs(api, aim):
    """Return the command that asks again, endpoint by endpoint."""
    return {name: api.curl(urls[0]) if urls else "" for name, urls in aim.value.urls.items()}


@pytest.fixture(scope="module")
def load(api, aim, limit, target):
    """Send the load once; what it showed is judged by several tests."""
    return run(api, aim.value, plan_for(aim.value, target.load), limit_ms=limit.ms)


@pytest.mark.check("perf/single-user", promise="latency", target=("backend", "load"))
def test_one_user_waits_less_than_the_limit(api, aim, limit, runs, target, require):
    asked = probe.one_by_one(api, aim.value, target.load)
    require(checks.median_below("perf/single-user", asked.value, limit, runs), aim, asked)


@pytest.mark.check("perf/generator-kept-up", promise="latency", target=("backend", "load"))
def test_the_load_was_sent_as_planned(load, limit, require):
    require(checks.generator_kept_up(load.value, limit), load)


@pytest.mark.check("perf/below-limit", promise="latency", target=("backend", "load"))
def test_nearly_everybody_waits_less_than_the_limit(load, limit, runs, require):
    trouble = checks.own_trouble(load.value, limit)
    require(checks.percentile_below("perf/below-limit", load.value.series, limit, runs, trouble=trouble), load)


@pytest.mark.check("perf/error-rate", promise="latency", target=("backend", "load"))
def test_nobody_sees_an_error_under_load(api, load, aim, runs, change, require):
    check, promised = "perf/error-rate", change.latency
    series = load.value.series_with_warm_up
    require(checks.error_share_low(check, series, promised.error_share, source=promised.source, runs=runs), load)
    listing, conversations = aim.value.listing, change.api.conversations
    if listing is not None:
        answered = http_checks.answers_as_promised(
            check, listing, conversations.status, source=conversations.source, run=api.curl(listing.url)
        )
        require(answered, aim)


@pytest.mark.check("perf/healthy-after-load", promise=("latency", "api.health"), target=("backend", "load"))
@pytest.mark.usefixtures("load")
def test_the_backend_is_well_after_the_load(api, aim, change, require):
    for name, answer in when_settled(api, aim.value):
        promise = change.api.health if name == "health" else aim.value.promises[name]
        require(
            http_checks.answers_as_promised(
                "perf/healthy-after-load", answer.value, promise.status, source=promise.source, run=answer.query
            ),
            answer,
        )
