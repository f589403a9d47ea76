"""How long the API takes, for one user and for many. Runbook 6.5."""

from dataclasses import replace

import pytest

from releasegate.checks import after_load, endpoints, generator, regression, stall
from releasegate.checks import http as http_checks
from releasegate.checks import latency as checks
from releasegate.checks import logs as log_checks
from releasegate.checks import statements as statement_checks
from releasegate.core import CannotMeasure
from releasegate.probes.load import aim as probe
from releasegate.probes.load import statements as statement_probe
from releasegate.probes.load.health import memory_of, when_settled
from releasegate.probes.load.plan import plan_for
from releasegate.probes.load.sending import send

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
    """Return the command that asks again, judged endpoint by judged endpoint."""
    urls = aim.value.urls
    return {name: api.curl(urls[name][0]) if urls[name] else "" for name in aim.value.judged}


@pytest.fixture(scope="module")
def before(recorded):
    """Return what preflight measured of the old release: the requests of one user, and what they cost the database."""
    kept = [measure["value"] for measure in recorded("preflight/latency-baseline")]
    return {key: value for one in kept if isinstance(one, dict) for key, value in one.items()}


@pytest.fixture(scope="module")
def one_user(api, aim, target, before):
    """Ask as one user, at the addresses that preflight asked on the old release, where there is a record."""
    return probe.one_by_one(api, aim.value.at(before.get("urls", {}), api.backend.url), target.load)


@pytest.fixture(scope="module")
def database_side(request, target):
    """Return how to see what the database has counted so far; None where the target names no database."""
    return statement_probe.Look(request.getfixturevalue("database") if target.database else None)


@pytest.fixture(scope="module")
def memory(request, target):
    """Return how to see how much memory the backend takes."""
    return memory_of(request.getfixturevalue("services") if target.services and target.host else None)


@pytest.fixture(scope="module")
def sent(api, aim, one_user, limit, target, database_side, memory, live, say):  # noqa: ARG001 - one user is asked first
    """Send the load once, with a look at the database and at the backend's memory before and after it."""
    plan = plan_for(aim.value, target.load, limit_ms=limit.ms)
    activity, size = database_side.begin(), memory()
    load = send(
        api, aim.value, plan, target.load, limit_ms=limit.ms, say=say,
        watcher=lambda run, sent_s: live(endpoints.so_far(run, sent_s, limit)),
    )  # fmt: skip
    live("")
    return load, activity.end(len(load.value.samples)), (size, memory)


@pytest.fixture(scope="module")
def load(sent, limit):
    """Return the load with one line of numbers per endpoint, and everything as JSON beside the raw samples."""
    found = sent[0]
    numbers = endpoints.rows(found.value.series, limit)
    document = endpoints.as_json(found.value, numbers, endpoints.blocks(found.value, limit), limit)
    return replace(
        found, shown={**found.shown, "endpoints": numbers}, blobs={**found.blobs, "latency.json": document}
    )  # fmt: skip


@pytest.fixture(scope="module")
def trusted(load, limit):
    """Return the load, unless the generator itself was in trouble: then nothing was measured."""
    trouble = generator.own_trouble(load.value, limit)
    if trouble:
        raise CannotMeasure(f"no verdict without a generator that keeps up: {trouble}")
    return load


@pytest.mark.check("perf/single-user", promise="latency", target=("backend", "load"))
def test_one_user_waits_less_than_the_limit(one_user, aim, limit, runs, require):
    require(checks.median_below("perf/single-user", one_user.value, limit, runs), aim, one_user)


@pytest.mark.check(
    "perf/not-slower", promise=("latency", "latency.regression"), target=("backend", "load"), baseline=True
)
def test_one_user_waits_no_longer_than_before(one_user, before, change, limit, runs, require):
    promised = change.latency.regression
    allowed = regression.Allowed(
        share=promised.allowed, noticeable_ms=promised.noticeable_ms, source=promised.source
    )  # fmt: skip
    judgement = regression.not_slower(
        "perf/not-slower", before, one_user.value, limit=limit, allowed=allowed, runs=runs
    )
    require(judgement, replace(one_user, shown=regression.shown(before, one_user.value, runs)))


@pytest.mark.check("perf/generator-kept-up", promise="latency", target=("backend", "load"))
def test_the_load_was_sent_as_planned(load, limit, require):
    kept = replace(load, shown=generator.shown(load.value), blobs={})
    require(generator.generator_kept_up(load.value, limit), kept)
    trouble = generator.own_trouble(load.value, limit)
    if trouble:
        raise CannotMeasure(trouble)


@pytest.mark.check("perf/below-limit", promise="latency", target=("backend", "load"))
def test_nearly_everybody_waits_less_than_the_limit(trusted, limit, runs, require):
    require(checks.percentile_below("perf/below-limit", trusted.value.series, limit, runs, is_load=True), trusted)


@pytest.mark.check("perf/no-stall", promise="latency", target=("backend", "load"))
def test_the_api_never_stands_still(trusted, limit, runs, require):
    kept = replace(trusted, shown={"limit_ms": limit.ms, "blocks": endpoints.blocks(trusted.value, limit)}, blobs={})
    require(stall.no_block_above("perf/no-stall", trusted.value, limit, runs), kept)


@pytest.mark.check("perf/error-rate", promise="latency", target=("backend", "load"))
def test_nobody_sees_an_error_under_load(api, load, aim, runs, change, require):
    check, promised = "perf/error-rate", change.latency
    series = load.value.series_with_warm_up
    kept = replace(load, shown={name: one.errors for name, one in series.items()}, blobs={})
    require(checks.error_share_low(check, series, promised.error_share, source=promised.source, runs=runs), kept)
    listing, conversations = aim.value.listing, change.api.conversations
    if listing is not None:
        answered = http_checks.answers_as_promised(
            check, listing, conversations.status, source=conversations.source, run=api.curl(listing.url)
        )
        require(answered, aim)


@pytest.mark.check("perf/healthy-after-load", promise=("latency", "api.health"), target=("backend", "load"))
def test_the_backend_is_well_after_the_load(api, sent, aim, change, require):
    check, (size, memory) = "perf/healthy-after-load", sent[2]
    for name, answer in when_settled(api, aim.value):
        promise = change.api.health if name == "health" else aim.value.promises[name]
        require(
            http_checks.answers_as_promised(
                check, answer.value, promise.status, source=promise.source, run=answer.query
            ),
            answer,
        )  # fmt: skip
    now = memory()
    require(after_load.memory_stayed(check, size.value, now.value, run=now.query), size, now)


@pytest.mark.check("perf/database-side", promise="latency", target=("backend", "load"), baseline=False)
def test_a_request_costs_the_database_no_more_than_before(sent, before, change, require):
    activity = sent[1]
    judgement = statement_checks.nothing_new_per_request(
        "perf/database-side",
        activity.value,
        activity.rows,
        before.get("database"),
        most_calls=change.latency.calls_per_request,
        run=activity.query,
    )
    require(judgement, activity)


@pytest.mark.check("perf/log-clean", promise=("latency", "logs"), target=("backend", "load"), baseline=True)
def test_the_load_left_no_error_in_the_log_that_is_new(sent, log_since, recorded, change, require):  # noqa: ARG001 - the log is read after the load
    log, since = log_since("backend", "frontend")
    shapes = recorded("preflight/log-shapes")
    judgement = log_checks.log_stayed_clean("perf/log-clean", log and log.value, since, change.logs, shapes)
    require(judgement, log)
