"""The release's own files on a copy of this very database, before anything live is touched."""

from collections.abc import Iterator

import pytest

from releasegate.checks import dress as checks
from releasegate.checks import rollback as rollback_checks
from releasegate.checks import rows as row_checks
from releasegate.checks import schema as schema_checks
from releasegate.checks import survival
from releasegate.core import Judgement
from releasegate.probes import catalog, checksums, dress, rows
from releasegate.probes.columns import as_found
from releasegate.probes.row_sql import Moments

pytestmark = pytest.mark.backup

NEEDS = ("host", "paths.dump", "database", "backup")


@pytest.mark.check("backup/dress-rehearsal", promise="files", target=NEEDS)
def test_the_release_s_own_files_work_on_the_copy(copy, machine, target, change, require):
    if copy is None:
        require(checks.no_copy())
        return
    restored = copy.restored.value
    whole = checks.copy_is_whole(restored.lacking, restored.errors)
    require(whole)
    if whole.undecided:
        return
    dress.analyse(copy)
    stage = Stage(copy, change)
    source = change.files[0].source
    for step, judged in (("migration", stage.migrated), ("backfill", stage.backfilled), ("rollback", stage.back)):
        runs = dress.run_step(copy, machine, change, target, step)
        if not runs.value:
            continue
        require(checks.files_ran(step, runs.value, source=source), runs)
        if not all(run.ran_well for run in runs.value):
            return  # what comes after rests on it
        for judgement in judged():
            require(checks.on_the_copy(step, judgement))


class Stage:
    """The copy between one step and the next, judged by the checks of the gates that come after those steps."""

    def __init__(self, copy, change):
        self.copy, self.change = copy, change
        self.counts = None
        with copy.session() as session:
            db, backfill = change.db, change.backfill
            survivors = checksums.of_survivors(session, db.survivors if db else (), backfill)
            self.before = {one.value.table: one.value for one in survivors}

    def migrated(self) -> Iterator[Judgement]:
        """Judge what the migration gate judges, where it is promised; count the rows before the backfill."""
        db, backfill = self.change.db, self.change.backfill
        if backfill:
            dress.attach_own(self.copy, backfill)
        with self.copy.session() as session:
            if db:
                schema = catalog.schema(session, db.tables).value
                texts = schema_checks.to_deparse(schema, db.columns, db.indexes)
                deparsed = catalog.deparsed(session, texts).value
                if db.columns:
                    yield schema_checks.columns_exist(schema, db.columns, deparsed)
                if db.foreign_keys:
                    yield schema_checks.foreign_keys_hold(schema, db.foreign_keys)
                if db.indexes:
                    yield schema_checks.indexes_work(schema, db.indexes, deparsed)
            if backfill:
                self.counts = rows.every_row(session, as_found(session, backfill), self.moments).value

    def backfilled(self) -> Iterator[Judgement]:
        """Judge every row, as the backfill gate does."""
        if self.change.backfill is None:
            return
        with self.copy.session() as session:
            backfill = as_found(session, self.change.backfill)
            counts = rows.every_row(session, backfill, self.moments).value
            examples = rows.examples(session, backfill, self.moments, row_checks.suspects(counts)).value
            yield row_checks.every_row_backfilled(
                counts, examples, source=backfill.source, least=backfill.least_rows, command=""
            )

    def back(self) -> Iterator[Judgement]:
        """Judge what the rollback gate judges after a rollback of the data."""
        promised = self.change.backfill
        if promised is None:
            return
        with self.copy.session() as session:
            counts = rows.every_row(session, as_found(session, promised), self.moments).value
            if promised.marker:
                yield rollback_checks.nothing_left_behind(counts, source=promised.marker.source)
            if promised.marker and self.counts:
                kept = "backup/dress-rehearsal"
                yield rollback_checks.own_data_kept(kept, counts, self.counts, source=promised.source)
            before = self.before.get(promised.table)
            if before:
                statements = [one.sql for one in self.change.rollback if one.kind == "data"]
                yield survival.source_unchanged(
                    "backup/dress-rehearsal",
                    checksums.again(session, before, promised).value,
                    before,
                    source=promised.source,
                    allowed=survival.Allowance(
                        strict=(promised.from_column,),
                        all_rows=True,
                        rewritten=rollback_checks.columns_set_by(statements, before.columns),
                    ),
                )

    @property
    def moments(self) -> Moments:
        """Every row of the copy is from before the release."""
        before = self.before.get(self.change.backfill.table)
        return Moments(old_until=before.until if before else "")
