"""What the old release says of itself once it runs again. Runbook emergency rollback, 2.4."""

import pytest

from releasegate.checks import logs as log_checks
from releasegate.checks.rollback import not_on_this_way

pytestmark = pytest.mark.rollback


@pytest.mark.check("rollback/log-clean", promise="logs", baseline=True)
def test_the_old_release_logs_no_error_that_it_did_not_have(request, log_since, options, recorded, change, require):
    if options.kind == "data":
        require(not_on_this_way("data", "the services go on, with the log that led here"))
        return
    log, since = log_since("backend", "preflight")
    if log is None:
        require(log_checks.log_stayed_clean("rollback/log-clean", None, since, change.logs, ()))
        return
    service = request.getfixturevalue("services").look("backend")
    facts = service.value
    # what the release that was taken back logged is no baseline: the old one must not go on with it
    known = log_checks.known_errors(log.value, None, change.logs, recorded("preflight/log-shapes"))
    judgement = log_checks.of_a_service_that_runs(
        facts, lambda: log_checks.log_is_clean("rollback/log-clean", log.value, facts.since, change.logs, known)
    )
    require(judgement, service, log)
