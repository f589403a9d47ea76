"""The backend's log while the database is changed below it. Runbook 2.4."""

import pytest

from releasegate.checks import logs as checks


@pytest.fixture
def judged(log_since, recorded, change, require):
    """Return `judged(check, gate)`, which judges the lines since that gate; writes-go-on judges the release's names."""

    def judged(check, gate):
        log, since = log_since("backend", gate)
        lines, shapes = log and log.value, recorded("preflight/log-shapes")
        judgement = checks.log_stayed_clean(check, lines, since, change.logs, shapes, with_names=False)
        require(judgement, log)

    return judged


@pytest.mark.migration
@pytest.mark.check("migration/log-clean", promise="logs", baseline=True)
def test_the_backend_logged_no_error_that_is_new_beside_the_migration(judged):
    judged("migration/log-clean", "backend")


@pytest.mark.backfill
@pytest.mark.check("backfill/log-clean", promise="logs", baseline=True)
def test_the_backend_logged_no_error_that_is_new_beside_the_backfill(judged):
    judged("backfill/log-clean", "migration")
