"""The dump that the way back needs. Runbook 1.1."""

import pytest

from releasegate.checks import backup as checks
from releasegate.core import CannotMeasure
from releasegate.probes import backup as probe
from releasegate.probes import catalog
from releasegate.probes import database as database_probe

pytestmark = pytest.mark.backup

NEEDS = ("host", "paths.dump")


@pytest.fixture(scope="module")  # two looks with a pause between them, to see whether it still grows
def file(machine, target):
    return probe.newest(machine, target.paths.dump)


@pytest.fixture(scope="module")
def path(file):
    if not file.value.path:
        raise CannotMeasure(f"no file fits {file.value.pattern} (see backup/dump-exists)")
    return file.value.path


@pytest.fixture(scope="module")
def listing(machine, target, path):
    return probe.listing(machine, path, target.paths.postgres_bin)


@pytest.mark.check("backup/dump-exists", promise="backup", target=NEEDS)
def test_there_is_a_finished_dump(file, change, require):
    require(checks.dump_exists(file.value, source=change.backup.source), file)


@pytest.mark.check("backup/dump-listed", promise="backup", target=NEEDS)
def test_it_lists_its_tables_without_errors(listing, change, require):
    require(checks.dump_is_listed(listing.value, source=change.backup.source), listing)


@pytest.mark.check("backup/dump-complete", promise="backup", target=(*NEEDS, "database"))
def test_the_rows_of_every_table_are_in_it(file, listing, database, change, require):
    tables, size = catalog.stored_tables(database), catalog.size(database)
    judgement = checks.dump_is_complete(
        listing.value,
        tables.value,
        source=change.backup.source,
        size_bytes=file.value.size_bytes,
        least_bytes=(change.backup.least_ratio or 0) * size.value,
    )
    require(judgement, listing, tables, size)


@pytest.mark.check("backup/dump-readable-through", promise="backup", target=NEEDS)
def test_it_can_be_read_to_its_last_byte(machine, target, path, change, require):
    read = probe.read_through(machine, path, target.paths.postgres_bin)
    require(checks.dump_reads_to_its_end(read.value, source=change.backup.source), read)


@pytest.mark.check("backup/dump-fresh", promise="backup", target=(*NEEDS, "database"))
def test_it_is_of_this_database_and_of_now(file, listing, machine, database, deploy_began, change, require):
    server, clock = database_probe.server(database), machine.clock()
    judgement = checks.dump_is_fresh(
        listing.value,
        modified=file.value.modified,
        database=server.value.database,
        deploy_began=deploy_began,
        clock_ahead_s=clock.ahead_s,
        source=change.backup.source,
    )
    require(judgement, listing, file, server)
