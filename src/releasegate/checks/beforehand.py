"""Whether the schema is as it should be before the release: nothing of it there yet, and all of the old on record."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from releasegate.checks.schema import Column, ForeignKey, Index, Survivors, is_same_key
from releasegate.core import Finding, Judgement, Severity
from releasegate.core.facts.catalog import Catalog, IndexFacts, SchemaFacts
from releasegate.core.figures import count

NOT_YET: Final = "preflight/not-yet-migrated"
BASELINE: Final = "preflight/baseline"


def not_yet_migrated(
    schema: SchemaFacts,
    columns: Sequence[Column],
    listed: Sequence[str] = (),
    *,
    indexes: Sequence[Index] = (),
    keys: Sequence[ForeignKey] = (),
) -> Judgement:
    """None of the release's columns, indexes and foreign keys is there before it: an earlier attempt shows here.

    `listed` are files of the release that a runner's table already lists: it would not run them again. A key that
    does something else on delete than is promised is an old one, which the release replaces.
    """
    promised = [
        named
        for many, named in (
            (len(columns), count(len(columns), "new column")),
            (len(indexes), count(len(indexes), "new index", "new indexes")),
            (len(keys), count(len(keys), "new foreign key")),
        )
        if many
    ]
    findings = (*_left(schema, columns, indexes, keys), *(_listed(path) for path in listed))
    return Judgement(
        seen=len(columns) + len(indexes) + len(keys) if schema.tables else 0,
        unit="columns, indexes and foreign keys",
        holds=f"none of {', '.join(promised)} is there yet",
        findings=findings,
        not_applicable="" if promised else "0 columns, indexes and foreign keys are promised",
    )


def _left(
    schema: SchemaFacts, columns: Sequence[Column], indexes: Sequence[Index], keys: Sequence[ForeignKey]
) -> Iterator[Finding]:
    for column in columns:
        if there := schema.column(column.table, column.name):
            yield _already(f"{column.table}.{column.name}", there.type)
    for index in indexes:
        if found := schema.index(index.name):
            yield _already(index.name, _as_it_is(found))
    for key in keys:
        same = [one for one in schema.foreign_keys if is_same_key(one, key)]
        if same and key.on_delete in (None, same[0].on_delete):
            yield _already(f"{key.table} ({key.column})", f"the foreign key {same[0].name}")


def _as_it_is(index: IndexFacts) -> str:
    whole = "an index" if index.is_valid and index.is_ready else "an index that is INVALID"
    return f"{whole} on {index.table} ({', '.join(index.columns)})"


def _already(subject: str, have: str) -> Finding:
    return Finding(
        check=NOT_YET,
        subject=subject,
        want="not there before the migration (releasegate)",
        have=f"already there: {have}",
        why="an earlier attempt left it: without IF NOT EXISTS the migration stops at it, with it it skips it",
        fix="find out what the earlier attempt did; drop what it left, or go on knowingly",
        severity=Severity.WARNING,
    )


def _listed(path: str) -> Finding:
    return Finding(
        check=NOT_YET,
        subject=path,
        want="not written down as done before the migration (releasegate)",
        have="the runner's table lists it",
        why="a runner skips it and says that all is well, and the columns are not made",
        fix="find out what the earlier attempt did; delete the row, or go on with psql knowingly",
        severity=Severity.WARNING,
    )


def baseline_lacks(schema: SchemaFacts, tables: Sequence[str], survivors: Sequence[Survivors]) -> tuple[Finding, ...]:
    """Return what the change file names as old and is not there: its tables, and the columns that survive."""
    named = dict.fromkeys((*tables, *(one.table for one in survivors)))
    return (
        *(_lacks_table(table) for table in named if table not in schema.tables),
        *(
            _lacks_column(one, column)
            for one in survivors
            if one.table in schema.tables
            for column in one.columns
            if schema.column(one.table, column) is None
        ),
    )


def baseline_taken(catalog: Catalog, rows: int, absent: tuple[Finding, ...] = ()) -> Judgement:
    """The change's tables and surviving columns are on record as they were, so that later gates can compare.

    `absent` is what `baseline_lacks` found.
    """
    holds = f"{count(len(catalog), 'object')} of the catalog and {count(rows, 'row')} are on record"
    return Judgement(seen=len(catalog), unit="objects of the catalog", holds=holds, findings=absent)


def _lacks_table(table: str) -> Finding:
    return Finding(
        check=BASELINE,
        subject=table,
        want="the table is there (change file [schema])",
        have="no such table on the search path",
        why="nothing of it can be compared after the release",
        fix="check database.dsn and the role's search_path",
    )


def _lacks_column(survivors: Survivors, column: str) -> Finding:
    return Finding(
        check=BASELINE,
        subject=f"{survivors.table}.{column}",
        want=f"the column is there before the release ({survivors.source})",
        have="no such column",
        why="nothing of it can be compared after the release",
        fix="correct the column's name in the change file, or look whether this is the right database",
        run=f"psql -c '\\d {survivors.table}'",
    )
