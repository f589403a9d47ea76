"""The machine before anything is touched. Runbook prerequisites 1, 3 and 4."""

from dataclasses import replace

import pytest

from releasegate.checks import host as checks
from releasegate.checks import logs as log_checks
from releasegate.checks import services as service_checks
from releasegate.probes import host as probe
from releasegate.probes.logs import LogReader, is_kept, shown

pytestmark = pytest.mark.preflight


@pytest.mark.check("preflight/host-reachable", promise="host", target="host")
def test_the_machine_lets_us_in(machine, target, require):
    host = probe.host_facts(machine)
    pinned = target.fingerprint
    name, identity = (pinned.host, pinned.machine_id) if pinned else (None, None)
    require(checks.machine_answers("preflight/host-reachable", host.value, name, identity), host)


@pytest.mark.check("preflight/free-disk", promise="host", target=("host", "paths.disk"))
def test_there_is_room_for_what_the_release_writes(machine, change, target, require):
    disks = probe.disks(machine, target.paths.disk)
    promised = change.host
    require(
        checks.disks_have_room("preflight/free-disk", disks.value, promised.min_free_disk_gb, promised.source), disks
    )


@pytest.mark.check("preflight/services-up", promise="services", target=("host", "services"))
def test_the_services_run_before_the_release(services, change, require):
    looks = [services.look(part) for part in change.services.parts]
    facts = [look.value for look in looks]
    require(service_checks.services_are_up("preflight/services-up", facts, change.services.source), *looks)


@pytest.mark.check("preflight/log-shapes", promise="logs", target=("host", "services"))
def test_the_errors_of_today_are_known(machine, change, target, services, require):
    kept_by = [part for part in services.names() if is_kept(target.services, part)]
    if not kept_by and target.services.manager == "none":
        require(log_checks.nobody_keeps_a_log(target.services.reason))
        return
    reads = [LogReader(target.services, part, machine).read() for part in kept_by]
    shapes = {read.value.part: log_checks.error_shapes(read.value.lines, change.logs) for read in reads}
    kept = [replace(read, shown={**shown(read.value), "shapes": shapes[read.value.part]}) for read in reads]
    require(log_checks.logs_can_be_read(shapes, sum(read.rows for read in reads)), *kept)
