"""What people write meanwhile: the new code runs before the new schema is there. Runbook 2 and 3."""

from datetime import datetime

import pytest

from releasegate.checks import gap as checks
from releasegate.checks import logs as log_checks
from releasegate.core.facts.arrivals import recorded_arrivals
from releasegate.probes import arrivals as probe
from releasegate.probes.logs import LogReader, is_kept

NEEDS = ("host", "services")


@pytest.fixture
def judged(request, services, machine, change, target, recorded, require):
    """Return `judged(check)`, which judges the writes since the backend started."""

    def judged(check, migrated=None):
        service = services.look("backend")
        has_log = is_kept(target.services, "backend")
        log = LogReader(target.services, "backend", machine).read(since=service.value.since) if has_log else None
        found = log.value if log else None
        shapes = recorded("preflight/log-shapes")
        known = log_checks.known_errors(found, service.value.since, change.logs, shapes) if found else None
        came = None
        if target.database and change.backfill and service.value.since:
            database = request.getfixturevalue("database")
            came = probe.arrivals(database, change.backfill, since=service.value.since)
        judgement = checks.writes_go_on(
            check,
            found,
            service.value.since,
            change.logs,
            known,
            columns=[column.name for column in change.db.columns] if change.db else [],
            came=came.value if came else None,
            usual=recorded_arrivals(recorded("preflight/baseline")),
            migrated=migrated,
        )
        require(judgement, *(look for look in (service, log, came) if look))

    return judged


@pytest.mark.backend
@pytest.mark.check("backend/writes-go-on", promise="logs", target=NEEDS)
def test_people_s_writes_go_on_with_the_new_code_and_the_old_schema(judged):
    judged("backend/writes-go-on")


@pytest.fixture
def migrated(change, step_records):
    """Return when the last recorded step of the migration ended, None where none was recorded."""
    steps = [record for step in change.steps_judged_by("migration/step-output") for record in step_records(step.item)]
    return max((datetime.fromisoformat(record["ended"]) for record in steps if "ended" in record), default=None)


@pytest.mark.migration
@pytest.mark.check("migration/writes-go-on", promise="logs", target=NEEDS)
def test_people_s_writes_went_on_until_the_new_schema_was_there(judged, migrated):
    judged("migration/writes-go-on", migrated=migrated)


@pytest.mark.backfill
@pytest.mark.check("backfill/writes-go-on", promise="logs", target=NEEDS)
def test_people_s_writes_go_on_beside_the_backfill(judged, migrated):
    judged("backfill/writes-go-on", migrated=migrated)
