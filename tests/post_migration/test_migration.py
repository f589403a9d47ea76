"""What the migration made of the catalog. Runbook 3."""

from dataclasses import replace

import pytest

from releasegate.checks import activity as activity_checks
from releasegate.checks import database as database_checks
from releasegate.checks import migrations as migration_checks
from releasegate.checks import plans as plan_checks
from releasegate.checks import rollback as rollback_checks
from releasegate.checks import rows as row_checks
from releasegate.checks import schema as checks
from releasegate.checks.planned import planned_words
from releasegate.checks.steps import commands_did_as_promised
from releasegate.checks.writable import old_release_could_not_write
from releasegate.core.facts.catalog import recorded_catalog
from releasegate.core.facts.rows import recorded_checksums
from releasegate.core.facts.steps import StepRun
from releasegate.probes import activity, catalog, migrations, own_rows, plans, rows
from releasegate.probes import database as database_probe
from releasegate.probes.columns import as_found
from releasegate.probes.row_sql import Moments

pytestmark = pytest.mark.migration


@pytest.fixture
def schema(database, change):
    return catalog.schema(
        database, change.db.tables, references=[key.references_table for key in change.db.foreign_keys]
    )


@pytest.fixture
def deparsed(database, schema, change):
    """Return how the server writes what the change file and the catalog write differently."""
    return catalog.deparsed(database, checks.to_deparse(schema.value, change.db.columns, change.db.indexes))


@pytest.fixture
def objects(database):
    return catalog.objects(database)


@pytest.fixture
def planned(schema, change):
    """Return the words of what the change names."""
    db = change.db
    return planned_words(schema.value.tables, db.columns, db.foreign_keys, db.indexes)


@pytest.fixture
def before(recorded):
    """Return the catalog as it was before the release, None where nobody recorded it."""
    return recorded_catalog(recorded("preflight/baseline"))


@pytest.mark.check("migration/columns", promise="schema.columns", target="database")
def test_every_new_column_is_there_with_its_type(schema, deparsed, change, require):
    require(checks.columns_exist(schema.value, change.db.columns, deparsed.value), schema, deparsed)


@pytest.mark.check("migration/foreign-keys", promise="schema.foreign_keys", target="database")
def test_every_new_foreign_key_holds(schema, change, require):
    require(checks.foreign_keys_hold(schema.value, change.db.foreign_keys), schema)


@pytest.mark.check("migration/indexes", promise="schema.indexes", target="database")
def test_every_new_index_can_be_used(schema, deparsed, change, require):
    require(checks.indexes_work(schema.value, change.db.indexes, deparsed.value), schema, deparsed)


@pytest.mark.check("migration/indexes-usable", promise="schema.indexes", target="database")
def test_the_new_indexes_serve_what_they_were_made_for(database, schema, change, require):
    planned = plans.index_plans(database, change)
    require(plan_checks.indexes_serve(planned.value, schema.value), planned)


@pytest.mark.check("migration/survivors", promise="schema.survivors", target="database")
def test_the_old_columns_are_still_there(schema, before, change, require):
    names = [(one.table, column) for one in change.db.survivors for column in one.columns]
    types = checks.types_before(before, [(table, schema.value.tables.get(table, ""), name) for table, name in names])
    require(checks.survivors_are_there(schema.value, change.db.survivors, types), schema)


@pytest.mark.check("migration/nothing-unplanned", promise="schema", target="database", baseline=True)
def test_nothing_else_has_changed(objects, before, planned, require):
    require(checks.nothing_unplanned(objects.value, before, planned), objects)


@pytest.mark.check("migration/leftovers", promise="schema", target="database")
def test_nothing_half_done_is_left(objects, schema, before, planned, require):
    tables = list(schema.value.tables.values())
    require(checks.no_leftovers(objects.value, before, planned, tables), objects)


@pytest.mark.check("migration/rollback-plans", promise="rollback", target="database")
def test_every_statement_of_the_way_back_can_run_now(database, objects, before, change, require):
    check, source = "migration/rollback-plans", change.rollback[0].source
    statements = database_probe.rollback_plans(database, change.rollback)
    judged = database_checks.statements_plan(check, statements.value)
    odd = old_release_could_not_write(check, objects.value, before, source=source)
    require(replace(judged, findings=(*judged.findings, *odd)), statements, objects)


@pytest.mark.check("migration/bookkeeping", promise="schema.files", target="database")
def test_the_runner_s_table_lists_the_migration(request, database, change, target, require):
    files = migrations.not_looked_for(change.db.files)
    if target.host and target.paths.backend:
        machine = request.getfixturevalue("machine")
        files = migrations.migration_files(machine, target.paths.backend, change.db.files, None)
    booked = migrations.bookkeeping(database, change.db.bookkeeping)
    require(migration_checks.is_written_down(files.value, booked.value), files, booked)


@pytest.mark.check("migration/nobody-waits", promise="schema", target="database")
def test_nobody_waits_for_the_tables(database, change, require):
    looked = activity.activity(database, change.db.tables)
    require(activity_checks.nobody_waits(looked.value), looked)


@pytest.mark.check("migration/step-output", promise=("schema", "steps"))
def test_the_migration_ran_without_errors(change, step_records, require):
    promised = change.steps_judged_by("migration/step-output")
    ran = [(step, StepRun.last(step.item, step_records(step.item))) for step in promised]
    require(commands_did_as_promised("migration/step-output", ran))


@pytest.mark.check("migration/rows-on-record", promise="backfill", target="database")
def test_the_rows_before_the_backfill_are_on_record(database, change, recorded, passes, require):
    backfill = as_found(database, change.backfill)
    before = recorded_checksums(recorded("preflight/baseline")).get(backfill.table)
    moments = Moments(old_until=before.until if before else "")
    counts = rows.every_row(database, backfill, moments, kept_in=passes)
    sets = row_checks.own_flags(counts.value)
    own = own_rows.listed(database, backfill, moments, sets, total=counts.value.where(lambda one: one in sets))
    require(rollback_checks.rows_on_record(counts.value), counts, own)
