"""The dump that the way back needs. Runbook 1.1."""

from datetime import datetime

import pytest

from releasegate.checks import backup as checks
from releasegate.checks import restore as restore_checks
from releasegate.core.durations import parse_duration
from releasegate.core.facts.backup import recorded_dumps
from releasegate.core.facts.catalog import recorded_catalog
from releasegate.core.facts.rows import recorded_checksums
from releasegate.probes import capacity, catalog, copies, restored
from releasegate.probes import database as database_probe
from releasegate.probes.columns import as_found

pytestmark = pytest.mark.backup

NEEDS = ("host", "paths.dump")
WRITES = ("migration/step-output", "backfill/step-output")  # the checks whose steps write to the database


@pytest.mark.check("backup/dump-exists", promise="backup", target=NEEDS)
def test_there_is_a_finished_dump(file, change, require):
    require(checks.dump_exists(file.value, source=change.backup.source), file)


@pytest.mark.check("backup/dump-listed", promise="backup", target=NEEDS)
def test_it_lists_its_tables_without_errors(listing, change, require):
    require(checks.dump_is_listed(listing.value, source=change.backup.source), listing)


@pytest.mark.check("backup/dump-complete", promise="backup", target=(*NEEDS, "database"))
def test_the_rows_of_every_table_are_in_it(file, listing, database, change, require):
    tables, size, items = catalog.stored_tables(database), catalog.size(database), catalog.dumped_items(database)
    judgement = checks.dump_is_complete(
        listing.value,
        tables.value,
        items.value,
        source=change.backup.source,
        size_bytes=file.value.size_bytes,
        least_bytes=(change.backup.least_ratio or 0) * size.value,
    )
    require(judgement, listing, tables, items, size)


@pytest.mark.check("backup/dump-readable-through", promise="backup", target=NEEDS)
def test_it_can_be_read_to_its_last_byte(read, change, require):
    require(checks.dump_reads_to_its_end(read.value, source=change.backup.source), read)


@pytest.mark.check("backup/dump-unchanged", promise="backup", target=NEEDS, baseline=True)
def test_it_is_what_its_command_made(read, path, history, change, require):
    made = recorded_dumps(event.payload for event in history.every_step).get(path)
    require(checks.dump_is_unchanged(read.value, made, source=change.backup.source), read)


@pytest.mark.check("backup/dump-fresh", promise="backup", target=(*NEEDS, "database"))
def test_it_is_of_this_database_and_of_now(
    file, listing, machine, database, deploy_began, change, step_records, require
):
    writing = [step for check in WRITES for step in change.steps_judged_by(check)]
    writes = [datetime.fromisoformat(record["began"]) for step in writing for record in step_records(step.item)]
    server, clock = database_probe.server(database), machine.clock()
    judgement = checks.dump_is_fresh(
        listing.value,
        modified=file.value.modified,
        database=server.value.database,
        deploy_began=deploy_began,
        clock_ahead_s=clock.ahead_s,
        source=change.backup.source,
        server_version=server.value.version,
        first_write=min((begun for begun in writes if deploy_began and begun > deploy_began), default=None),
    )
    require(judgement, listing, file, server)


@pytest.mark.check("backup/restored", promise="backup", target=(*NEEDS, "database", "backup"))
def test_it_can_be_restored(copy, database, change, recorded, require):
    if copy is None:
        require(restore_checks.not_allowed())
        return
    source, made = change.backup.source, copy.restored
    backfill = change.backfill and as_found(database, change.backfill)
    with copy.session() as session:
        tables, objects = copies.rows_of_tables(session, database, backfill), catalog.objects(session)
    require(restore_checks.dump_is_restored(made.value, tables.value, source=source), made, tables)
    if made.value.lacking:
        return  # what else differs says nothing about the dump
    before = recorded_catalog(recorded("preflight/baseline"))
    judgement = restore_checks.catalog_came_back(objects.value, before, same_major=copy.is_same_major, source=source)
    require(judgement, objects)
    if change.restore:
        within_s = parse_duration(change.restore.within, where="restore.within").total_seconds()
        require(restore_checks.restore_is_quick_enough(made.value, within_s, source=change.restore.source))


@pytest.mark.check("backup/room-to-restore", promise="backup", target=(*NEEDS, "database"))
def test_the_server_has_room_for_what_is_restored(machine, database, require):
    size, disk = catalog.size(database), capacity.data_disk(database, machine)
    require(restore_checks.there_is_room_to_restore(size.value, disk.value[0] if disk else None), size, disk)


@pytest.mark.check("backup/restored-rows", promise="backup", target=(*NEEDS, "database", "backup"), baseline=True)
def test_every_row_of_the_baseline_comes_back(copy, database, change, recorded, require):
    if copy is None:
        require(restore_checks.not_allowed())
        return
    before = recorded_checksums(recorded("preflight/baseline"))
    require(restore_checks.has_baseline(before))
    with copy.session() as session:
        for sums in before.values():
            looks = restored.compared(session, database, sums, change.backfill)
            judgement = restore_checks.rows_came_back(
                looks.copy.value,
                sums,
                looks.live.value if looks.live else None,
                source=change.backup.source,
                in_copy=looks.in_copy.value[sums.table],
            )
            require(judgement, *(look for look in (looks.copy, looks.live, looks.in_copy) if look))
