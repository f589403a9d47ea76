"""What a restore brought back and what it took, and what else differs from before. Runbook emergency rollback."""

from dataclasses import replace

import pytest

from releasegate.checks import apart, lost
from releasegate.checks import rollback as checks
from releasegate.checks.planned import planned_words
from releasegate.core.facts.back import recorded_heads, recorded_rows
from releasegate.core.facts.catalog import recorded_catalog
from releasegate.probes import catalog, copies, git, migrations
from releasegate.probes import replaced as probe

pytestmark = pytest.mark.rollback

SOURCE = "runbook emergency rollback"


@pytest.mark.check("rollback/rows-are-back", promise="backup", target="database", baseline=True)
def test_every_row_of_the_dump_is_there(database, change, dump, options, require):
    if options.kind != "restore":
        require(checks.not_on_this_way(options.kind, "the rows are those that were there"))
        return
    now = copies.rows_now(database, dump)
    own = change.db.tables if change.db else change.backup.tables
    require(lost.rows_are_back(now.value, dump, own, source=SOURCE), now)


@pytest.mark.check("rollback/lost-rows", promise="backup", target="database", baseline=True)
def test_what_was_written_since_the_dump_is_counted(
    database, target, change, dump, dumped, counted, written, options, require
):
    if options.kind != "restore":
        require(checks.not_on_this_way(options.kind, "nothing that people wrote is lost"))
        return
    replaced = probe.replaced(target, database, change.backfill, dump, dumped)
    booked = migrations.bookkeeping(database, change.db.bookkeeping if change.db else None)
    judgement = lost.lost_rows_are_listed(
        replaced.value,
        dumped,
        source=SOURCE,
        counted=counted,
        dump=dump,
        looks=written,
        own=change.db.tables if change.db else (),
        book=booked.value.table,
    )
    require(judgement, replaced, booked)


@pytest.mark.check("rollback/differences", promise="schema", target="database", baseline=True)
def test_what_is_different_is_what_this_way_leaves(
    database, target, change, objects, sums_before, sums_now, rewritten, dump, recorded, options, request, require
):
    kind, baseline = options.kind, recorded("preflight/baseline")
    known, counted = recorded_catalog(baseline), recorded_rows(baseline)
    heads = recorded_heads(recorded("backup/way-back-saved"))
    if known is None:
        require(apart.differences_are_explained(None, kind, 0, source=SOURCE))
        return
    db = change.db
    schema, counts = catalog.schema(database, db.tables), catalog.row_counts(database, counted)
    planned = planned_words(schema.value.tables, db.columns, db.foreign_keys, db.indexes)
    commits = {}
    if heads and target.host:
        machine = request.getfixturevalue("machine")
        commits = {path: str(git.code(machine, "", path).value.head) for path in heads}
    found = [*apart.of_catalog(objects.value, known, kind, planned), *apart.of_code(commits, heads, kind)]
    for table, before in counted.items():
        found += apart.of_rows(table, counts.value.get(table, 0), before)
    in_dump = copies.rows_now(database, dump)
    for table, rows in in_dump.value.items():
        found += apart.of_rows(f"{table} in all", rows, dump[table].rows, because=apart.COME_AND_GO)
    for table, one in sums_now.items():
        found += apart.of_rows(table, one.value.rows, sums_before[table].rows, because=apart.JUDGED)
        found += apart.of_columns(one.value, sums_before[table], rewritten)
    columns = sum(len(one.columns) for one in sums_before.values())
    compared = len(known) + len(commits) + len(counted) + len(dump) + len(sums_now) + columns
    listed = replace(objects, value=tuple(found), unit="differences from before the release", rows=len(found))
    looks = (counts, in_dump, *sums_now.values())
    require(apart.differences_are_explained(found, kind, compared, source=SOURCE), listed, *looks)
