"""The database before the release, and the way back into it. Runbook prerequisites, emergency rollback."""

import pytest

from releasegate.checks import activity as activity_checks
from releasegate.checks import beforehand
from releasegate.checks import capacity as capacity_checks
from releasegate.checks import database as checks
from releasegate.checks import migrations as migration_checks
from releasegate.probes import activity, arrivals, capacity, catalog, checksums, migrations
from releasegate.probes import database as probe
from releasegate.probes.columns import as_found

pytestmark = pytest.mark.preflight


@pytest.fixture
def files(request, change, target):
    """Return the migration's files, by name alone where the target has no machine to look at."""
    if target.host is None or target.paths.backend is None or not change.db.files:
        return migrations.not_looked_for(change.db.files)
    machine, release = request.getfixturevalue("machine"), change.release.commit if change.release else None
    return migrations.migration_files(machine, target.paths.backend, change.db.files, release)


@pytest.fixture
def booked(database, change):
    return migrations.bookkeeping(database, change.db.bookkeeping)


@pytest.mark.check("preflight/database-reachable", target="database")
def test_the_database_answers_with_its_version(database, require):
    server = probe.server(database)
    require(checks.answers(server.value, source="runbook prerequisites"), server)


@pytest.mark.check("preflight/right-server", target="database")
def test_it_is_the_database_that_the_target_means(database, target, require):
    server = probe.server(database)
    pinned = target.fingerprint and (target.fingerprint.system_identifier, target.fingerprint.database)
    address = target.fingerprint.address if target.fingerprint else None
    require(checks.is_the_pinned_one(server.value, pinned, address), server)


@pytest.mark.check("preflight/read-only", target="database")
def test_no_gate_can_write_to_it(database, require):
    refusal = probe.write_refused(database)
    require(checks.write_is_refused(refusal.value), refusal)


@pytest.mark.check("preflight/role-is-safe", promise="schema", target="database")
def test_the_role_may_read_and_nothing_else(database, change, require):
    role = probe.role(database, change.db.tables)
    require(checks.role_is_safe(role.value), role)


@pytest.mark.check("preflight/can-read", promise="schema", target="database")
def test_the_role_sees_every_row(database, change, require):
    role, access = probe.role(database, change.db.tables), probe.table_access(database, change.db.tables)
    require(checks.sees_the_rows(access.value, role.value.name), access)


@pytest.mark.check("preflight/statistics", promise="schema", target="database")
def test_what_later_gates_look_at_can_be_read(database, change, require):
    found = probe.statistics(database, change.db.tables)
    require(checks.statistics_are_readable(found.value), found)


@pytest.mark.check("preflight/server-ready", target="database")
def test_the_server_has_connections_and_time_left(database, target, require):
    state = capacity.server_state(database)
    require(capacity_checks.server_is_ready(state.value, target.database), state)


@pytest.mark.check("preflight/room-to-write", promise="schema", target="database")
def test_there_is_room_for_what_the_backfill_writes(request, database, change, target, require):
    sizes, backfill = capacity.sizes(database, change.db.tables), change.backfill
    due = capacity.rows_due(database, backfill) if backfill else None
    machine = request.getfixturevalue("machine") if target.host else None
    disk = capacity.data_disk(database, machine) if machine else None
    dump = capacity.dump_room(database, machine, target.paths.dump) if machine and target.paths.dump else None
    judgement = capacity_checks.there_is_room(
        sizes.value,
        due.value if due else None,
        disk.value[0] if disk else None,
        backfill.durations if backfill else (),
        dump=dump and dump.value,
        indexed=[index.table for index in change.db.indexes],
        source=backfill.source if backfill else "",
    )
    require(judgement, sizes, due, disk, dump)


@pytest.mark.check("preflight/rollback-plans", promise="rollback", target="database")
def test_every_statement_of_the_way_back_can_run(database, change, require):
    planned = probe.rollback_plans(database, change.rollback)
    later = [column.name for column in change.db.columns] if change.db else []
    require(checks.statements_plan("preflight/rollback-plans", planned.value, created_later=later), planned)


@pytest.mark.check("preflight/not-yet-migrated", promise="schema", target="database")
def test_no_earlier_attempt_left_anything_behind(database, files, booked, change, require):
    db = change.db
    schema = catalog.schema(database, db.tables, references=[key.references_table for key in db.foreign_keys])
    listed = migration_checks.already_listed(files.value, booked.value)
    judgement = beforehand.not_yet_migrated(schema.value, db.columns, listed, indexes=db.indexes, keys=db.foreign_keys)
    require(judgement, schema, booked)


@pytest.mark.check("preflight/migration-files", promise="schema.files", target="database")
def test_the_migration_s_files_are_known_and_nothing_else_would_run(files, booked, require):
    require(migration_checks.files_are_known(files.value, booked.value), files, booked)


@pytest.mark.check("preflight/can-migrate", promise="schema", target="database")
def test_nobody_is_in_the_migration_s_way(database, change, target, require):
    looked = activity.activity(database, change.db.tables)
    require(activity_checks.nobody_is_in_the_way(looked.value, longest_s=target.database.longest_s), looked)


@pytest.mark.check("preflight/baseline", promise="schema", target="database")
def test_the_state_before_the_release_is_on_record(database, change, require):
    survivors, tables = change.db.survivors, dict.fromkeys(change.db.tables)
    schema = catalog.schema(database, list(tables | dict.fromkeys(one.table for one in survivors)))
    objects = catalog.objects(database)
    absent = beforehand.baseline_lacks(schema.value, change.db.tables, survivors)
    if absent:  # it cannot be summed up
        require(beforehand.baseline_taken(objects.value, 0, absent), objects)
        return
    backfill = change.backfill and as_found(database, change.backfill)
    sums = checksums.of_survivors(database, survivors, backfill)
    summed = {one.table for one in survivors}
    others = catalog.row_counts(database, [table for table in schema.value.tables if table not in summed])
    seen = others.rows + sum(one.rows for one in sums)
    came = backfill and arrivals.arrivals(database, backfill)
    kept = [objects, *sums, others, *([came] if came else [])]
    require(beforehand.baseline_taken(objects.value, seen), *kept)
