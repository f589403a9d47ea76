"""The rounds that `gate watch` recorded. Runbook 7, success criteria."""

import pytest

from releasegate.checks.watch.success import criteria_met

pytestmark = pytest.mark.monitoring


@pytest.mark.check("monitoring/coverage", promise="monitoring")
def test_somebody_looked_all_the_time(watch, require):
    require(watch.coverage())


@pytest.mark.check("monitoring/health-stayed-good", promise=("monitoring", "api.health"), target="backend")
def test_the_backend_stayed_healthy(watch, api, change, shown, require):
    health = change.api.health
    run = api.curl(api.url(health.path, health.query), with_token=False)
    require(watch.health(run), shown("health", "database"))


@pytest.mark.check("monitoring/latency-stayed-good", promise=("monitoring", "latency"))
def test_the_api_stayed_fast(watch, shown, require):
    measured = [shown("latency")]
    for judgement in watch.latency():
        require(judgement, *measured)
        measured = []


@pytest.mark.check("monitoring/error-rate", promise=("monitoring", "latency"))
def test_the_error_rate_stayed_low(watch, shown, require):
    measured = [shown("api-errors")]
    for judgement in watch.error_rate():
        require(judgement, *measured)
        measured = []


@pytest.mark.check("monitoring/errors-in-logs", promise=("monitoring", "logs"))
def test_the_logs_brought_no_new_error(watch, shown, require):
    require(watch.logs(), shown("log-errors"))


@pytest.mark.check("monitoring/page-stayed-good", promise=("monitoring", "interface.page"), target="frontend")
def test_the_page_loaded_every_time(watch, shown, require):
    require(watch.page(), shown("page"))


@pytest.mark.check("monitoring/services-stayed-up", promise=("monitoring", "services"), target=("host", "services"))
def test_the_services_ran_all_the_time_and_did_not_grow(watch, shown, require):
    require(watch.services(), shown("restarts", "memory"))


@pytest.mark.check("monitoring/disk-stayed-free", promise=("monitoring", "host"), target=("host", "paths.disk"))
def test_no_disk_fills_up(watch, shown, require):
    require(watch.disk(), shown("disk"))


@pytest.mark.check("monitoring/database-stayed-well", promise=("monitoring", "schema"), target="database")
def test_the_database_stayed_well(watch, shown, require):
    require(
        watch.database(), shown("connections", "waiting", "longest-transaction", "rollbacks", "deadlocks")
    )  # fmt: skip


@pytest.mark.check("monitoring/slow-queries", promise=("monitoring", "schema"), target="database")
def test_the_queries_stayed_fast(watch, require):
    require(watch.statements())


@pytest.mark.check("monitoring/new-rows-in-new-form", promise=("monitoring", "backfill"), target="database")
def test_new_messages_are_written_in_the_new_form(watch, require):
    require(watch.new_rows())


@pytest.mark.check("monitoring/success-criteria", promise="monitoring", baseline=True)
def test_what_else_success_rests_on_was_judged_good(criteria, asked, watch, require):
    require(criteria_met(criteria, asked, until=watch.until))
