"""The backend's log meanwhile. Runbook checkpoint 6."""

import pytest

from releasegate.checks import logs as checks

pytestmark = pytest.mark.smoke


@pytest.mark.check("smoke/log-clean", promise="logs", baseline=True)
def test_the_backend_logged_no_error_that_is_new(log_since, recorded, change, require):
    log, since = log_since("backend", "frontend")
    shapes = recorded("preflight/log-shapes")
    judgement = checks.log_stayed_clean("smoke/log-clean", log and log.value, since, change.logs, shapes)
    require(judgement, log)
