"""Indexes, tables and use after a day and after a week. Runbook after 24 hours, after 1 week."""

import pytest

from releasegate.checks import bloat
from releasegate.checks import followup as checks
from releasegate.core.facts.watch import recorded_rounds
from releasegate.probes import followup as probe
from releasegate.probes.upkeep import upkeep

pytestmark = pytest.mark.followup


@pytest.mark.check("followup/indexes", promise=("schema.indexes", "monitoring"), target="database")
def test_the_indexes_of_the_release_are_valid_and_used(database, change, after_week, require):
    indexes = probe.index_use(database, change.db.tables)
    require(checks.indexes_are_used(indexes.value, change.db.indexes, after_week=after_week), indexes)


@pytest.mark.check("followup/table-growth", promise=("schema", "monitoring"), target="database")
def test_the_tables_did_not_grow_beyond_their_rows(database, change, recorded, released_s, require):
    sizes = probe.table_sizes(database, change.db.tables)
    kept = {name: upkeep(database, name) for name in sizes.value}
    rounds = recorded_rounds(recorded("preflight/signals-on-record"))
    before = next((one.database.tables for one in rounds if one.database), {})
    seen = {name: found.value for name, found in kept.items() if found.value}
    judgement = bloat.tables_stayed_lean(sizes.value, before, seen, released_s=released_s)
    require(judgement, sizes, *kept.values())


@pytest.mark.check("followup/feature-used", promise=("schema.columns", "backfill"), target="database")
def test_people_use_what_the_release_brought(database, change, released, after_week, require):
    if not (after_week and released):
        require(checks.new_columns_are_used(None, after_week=False))
        return
    usage = probe.usage(database, change.backfill, change.db.columns, released)
    require(checks.new_columns_are_used(usage.value, after_week=True), usage)


@pytest.mark.check("followup/old-column-readers", promise=("schema", "backfill"), target="database")
def test_it_is_known_who_reads_the_old_column(database, change, after_week, require):
    if not after_week:
        require(checks.old_column_readers(None, source=change.backfill.source, after_week=False))
        return
    readers = probe.readers(database, change.backfill)
    require(checks.old_column_readers(readers.value, source=change.backfill.source, after_week=True), readers)
