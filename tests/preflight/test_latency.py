"""How long the old release takes to answer, for comparing the new one with it. Runbook 7.2."""

import pytest

from releasegate.checks import latency as checks
from releasegate.probes.load import aim as probe
from releasegate.probes.load.statements import Look

pytestmark = pytest.mark.preflight


@pytest.mark.check("preflight/latency-baseline", promise=("latency", "latency.regression"), target="backend")
def test_how_fast_the_old_release_is_is_known(request, api, change, target, require):
    if target.load is None:
        require(checks.baseline_not_allowed())
        return
    aim = probe.aim_at(api, change.latency)
    activity = Look(request.getfixturevalue("database") if target.database else None).begin()
    asked = probe.one_by_one(api, aim.value, target.load)
    database = activity.end(asked.rows)
    require(checks.baseline_recorded(asked.value, aim.value.judged, unknown=aim.value.unknown), asked, database)
