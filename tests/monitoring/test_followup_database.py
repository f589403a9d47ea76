"""Indexes, tables and use after a day and after a week. Runbook after 24 hours, after 1 week."""

import pytest

from releasegate.checks import followup as checks
from releasegate.core.facts.watch import recorded_rounds
from releasegate.probes import followup as probe

pytestmark = pytest.mark.followup


@pytest.fixture
def after_week(options):
    return options.after == "7d"


@pytest.mark.check("followup/indexes", promise=("schema.indexes", "monitoring"), target="database")
def test_the_indexes_of_the_release_are_valid_and_used(database, change, after_week, require):
    indexes = probe.index_use(database, change.db.tables)
    require(checks.indexes_are_used(indexes.value, change.db.indexes, after_week=after_week), indexes)


@pytest.mark.check("followup/table-growth", promise=("schema", "monitoring"), target="database")
def test_the_tables_did_not_grow_beyond_their_rows(database, change, recorded, require):
    sizes = probe.table_sizes(database, change.db.tables)
    rounds = recorded_rounds(recorded("preflight/signals-on-record"))
    before = next((one.database.tables for one in rounds if one.database), {})
    require(checks.tables_stayed_lean(sizes.value, before), sizes)


@pytest.mark.check("followup/feature-used", promise=("schema.columns", "backfill"), target="database")
def test_people_use_what_the_release_brought(database, change, opened_at, deploy_began, after_week, require):
    since = opened_at("frontend") or deploy_began
    if not (after_week and since):
        require(checks.new_columns_are_used(None, after_week=False))
        return
    usage = probe.usage(database, change.backfill, change.db.columns, since)
    require(checks.new_columns_are_used(usage.value, after_week=True), usage)


@pytest.mark.check("followup/old-column-readers", promise=("schema", "backfill"), target="database")
def test_it_is_known_who_reads_the_old_column(database, change, after_week, require):
    if not after_week:
        require(checks.old_column_readers(None, source=change.backfill.source, after_week=False))
        return
    readers = probe.readers(database, change.backfill)
    require(checks.old_column_readers(readers.value, source=change.backfill.source, after_week=True), readers)
