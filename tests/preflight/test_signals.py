"""What the watch will be compared with. Runbook prerequisites (active monitoring), 7.2."""

import pytest

from releasegate.checks.watch.record import signals_recorded
from releasegate.probes.watch import before_release

pytestmark = pytest.mark.preflight


@pytest.mark.check(
    "preflight/signals-on-record", promise="monitoring", target=("backend", "host", "services")
)  # fmt: skip
def test_the_signals_of_the_old_release_are_on_record(target, change, api, machine, services, require):
    look = before_release(target, change, api, machine, services)
    require(signals_recorded(look.value), look)
