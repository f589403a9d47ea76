"""Whether the catalog holds what the release promised, what it had before, and nothing else."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from typing import Protocol

from releasegate.checks.planned import differences, is_planned
from releasegate.checks.spelling import same_literal, same_text
from releasegate.checks.words import number, some
from releasegate.core import Finding, Judgement, Severity
from releasegate.core.facts.catalog import (
    OWNER,
    Catalog,
    ColumnFacts,
    Deparsed,
    ForeignKeyFacts,
    IndexFacts,
    SchemaFacts,
)
from releasegate.core.figures import count

OURS = "releasegate"  # who promises what no release document does
_RUN_AGAIN = "run the migration again and read its whole output (psql goes on after an error), then this gate"


class Column(Protocol):
    """A promised column, as the change file has it."""

    table: str
    name: str
    type: str
    nullable: bool | None
    default: str | None
    source: str


class ForeignKey(Protocol):
    """A promised foreign key, as the change file has it."""

    table: str
    column: str
    references_table: str
    references_column: str
    source: str

    @property
    def on_delete(self) -> str | None: ...  # noqa: D102  a property: the model's type is narrower than str


class Index(Protocol):
    """A promised index, as the change file has it."""

    table: str
    name: str
    method: str | None
    columns: tuple[str, ...] | None
    predicate: str | None
    source: str


class Survivors(Protocol):
    """Columns that the release leaves as they were, as the change file has them."""

    table: str
    columns: tuple[str, ...]
    source: str


def to_deparse(schema: SchemaFacts, columns: Sequence[Column], indexes: Sequence[Index]) -> list[tuple[str, str]]:
    """Return what only the server can compare: (table, expression) where promise and catalog are written differently.

    Pairs of types, defaults, index columns and predicates whose texts are the same need nobody.
    """
    pairs = [(index.table, pair) for index in indexes for pair in _index_pairs(schema, index)]
    pairs += [(column.table, pair) for column in columns for pair in _column_pairs(schema, column)]
    return [(table, text) for table, (want, have) in pairs if not same_text(want, have) for text in (want, have)]


def _column_pairs(schema: SchemaFacts, column: Column) -> list[tuple[str, str]]:
    found = schema.column(column.table, column.name)
    if found is None:
        return []
    pairs = [(f"NULL::{column.type}", f"NULL::{found.type}")]
    if column.default is not None and found.default is not None:
        pairs.append((f"({column.default})::{found.type}", f"({found.default})::{found.type}"))
    return pairs


def _index_pairs(schema: SchemaFacts, index: Index) -> list[tuple[str, str]]:
    found = schema.index(index.name)
    if found is None:
        return []
    predicates = [(index.predicate, found.predicate)] if index.predicate and found.predicate else []
    return _index_columns(schema, index, found) + predicates


def _index_columns(schema: SchemaFacts, index: Index, found: IndexFacts) -> list[tuple[str, str]]:
    pairs = zip(index.columns or (), found.columns, strict=False)
    return [(_as_sql(schema, index.table, want), _as_sql(schema, index.table, have)) for want, have in pairs]


def _as_sql(schema: SchemaFacts, table: str, text: str) -> str:
    """Return an index's column as SQL: a column's name in quotes, an expression as it is."""
    return f'"{text}"' if schema.column(table, text) else text


def _same(table: str, want: str, have: str, deparsed: Deparsed) -> bool:
    """Whether two expressions are the same: as they are written, or as the server writes both."""
    told = deparsed.get((table, want))
    return same_text(want, have) or (told is not None and told == deparsed.get((table, have)))


def columns_exist(schema: SchemaFacts, promised: Sequence[Column], deparsed: Deparsed) -> Judgement:
    """Every promised column exists with its type; nullability and default only where they are promised."""
    findings = [finding for column in promised for finding in _column(schema, column, deparsed)]
    names = some([f"{one.table}.{one.name}" for one in promised])
    holds = f"{count(len(promised), 'promised column')} there: {names}"
    return Judgement(seen=len(promised), unit="columns", holds=holds, findings=tuple(findings))


def _column(schema: SchemaFacts, column: Column, deparsed: Deparsed) -> list[Finding]:
    found = schema.column(column.table, column.name)
    if found is None:
        have = "no such column" if column.table in schema.tables else f"no table {column.table}"
        return [_wrong_column(column, f"{column.type}", have)]
    wrong = []
    if not _same(column.table, f"NULL::{column.type}", f"NULL::{found.type}", deparsed):
        wrong.append(_wrong_column(column, column.type, found.type))
    if column.nullable is not None and found.nullable is not column.nullable:
        wrong.append(_wrong_column(column, _nullable(column.nullable), _nullable(found.nullable)))
    if column.default is not None and not _same_default(column, found, deparsed):
        wrong.append(_wrong_column(column, f"default {column.default}", f"default {found.default or 'none'}"))
    return wrong


def _wrong_column(column: Column, want: str, have: str) -> Finding:
    return Finding(
        check="migration/columns",
        subject=f"{column.table}.{column.name}",
        want=f"{want} ({column.source})",
        have=have,
        why="the new backend reads and writes this column as promised, and fails on anything else",
        fix=_RUN_AGAIN,
        run=f"psql -c '\\d {column.table}'",
    )


def foreign_keys_hold(schema: SchemaFacts, promised: Sequence[ForeignKey]) -> Judgement:
    """Every promised foreign key exists and is validated; what happens on delete only where it is promised."""
    findings = tuple(finding for key in promised if (finding := _foreign_key(schema, key)))
    holds = f"{count(len(promised), 'foreign key')} there and validated"
    return Judgement(seen=len(promised), unit="foreign keys", holds=holds, findings=findings)


def _foreign_key(schema: SchemaFacts, key: ForeignKey) -> Finding | None:
    found = next((one for one in schema.foreign_keys if is_same_key(one, key)), None)
    if found is None:
        have = "no such foreign key"
    elif not found.is_valid:
        have = f"{found.name} is NOT VALID: older rows were never compared"
    elif key.on_delete is not None and found.on_delete != key.on_delete:
        have = f"ON DELETE {found.on_delete}"
    else:
        return None
    rule = f" ON DELETE {key.on_delete}" if key.on_delete else ""
    return Finding(
        check="migration/foreign-keys",
        subject=f"{key.table}.{key.column}",
        want=f"a validated reference to {key.references_table} ({key.references_column}){rule} ({key.source})",
        have=have,
        why="without it a row can point at one that does not exist, or a delete does something else",
        fix=_RUN_AGAIN,
        run=f"psql -c '\\d {key.table}'",
    )


def is_same_key(found: ForeignKeyFacts, key: ForeignKey) -> bool:
    """Whether it is the promised key, on the same columns and to the same table, whatever it does on delete."""
    return (found.table, found.columns, found.references_table, found.references_columns) == (
        key.table,
        (key.column,),
        key.references_table,
        (key.references_column,),
    )


def indexes_work(schema: SchemaFacts, promised: Sequence[Index], deparsed: Deparsed) -> Judgement:
    """Every promised index exists, valid and ready; method, columns and predicate only where they are promised."""
    findings = tuple(finding for index in promised if (finding := _index(schema, index, deparsed)))
    holds = f"{count(len(promised), 'index', 'indexes')} there, valid and ready"
    return Judgement(seen=len(promised), unit="indexes", holds=holds, findings=findings)


def _index(schema: SchemaFacts, index: Index, deparsed: Deparsed) -> Finding | None:
    found = schema.index(index.name)
    have = "no such index" if found is None else _index_trouble(schema, found, index, deparsed)
    if not have:
        return None
    is_broken = found is not None and not (found.is_valid and found.is_ready)
    again = f"DROP INDEX {index.name}, then run the migration again" if is_broken else _RUN_AGAIN
    details = [index.method or "", f"({', '.join(index.columns)})" if index.columns else "", index.predicate or ""]
    wanted = " ".join(detail for detail in details if detail)
    return Finding(
        check="migration/indexes",
        subject=index.name,
        want=f"an index on {index.table} that is valid and ready{', ' + wanted if wanted else ''} ({index.source})",
        have=have,
        why="PostgreSQL does not use it: lookups read the whole table, and IF NOT EXISTS would report success",
        fix=again,
        run=f"psql -c '\\d {index.name}'",
    )


def _index_trouble(schema: SchemaFacts, found: IndexFacts, index: Index, deparsed: Deparsed) -> str:
    if found.table != index.table:
        return f"it is an index on {found.table}"
    if not (found.is_valid and found.is_ready):
        return "it exists but is INVALID" if found.is_ready else "it exists but is not ready"
    if index.method and found.method != index.method:
        return f"method {found.method}"
    columns = _index_columns(schema, index, found)
    are_same = all(_same(index.table, *pair, deparsed) for pair in columns)
    if index.columns and not (are_same and len(found.columns) == len(index.columns)):
        return f"columns ({', '.join(found.columns)})"
    if index.predicate and not (found.predicate and _same(index.table, index.predicate, found.predicate, deparsed)):
        return f"predicate {found.predicate or 'none'}"
    return ""


def survivors_are_there(
    schema: SchemaFacts, promised: Sequence[Survivors], before: Mapping[tuple[str, str], str]
) -> Judgement:
    """Every surviving column is still there, with the type it had where `before` knows it: (table, column) -> type."""
    names = [(survivors, column) for survivors in promised for column in survivors.columns]
    findings = tuple(
        finding
        for survivors, column in names
        if (finding := _survivor(survivors, column, schema, before.get((survivors.table, column))))
    )
    known = sum(1 for survivors, column in names if (survivors.table, column) in before)
    types = "with the type they had" if known == len(names) else f"types known before of {number(known)}"
    return Judgement(
        seen=len(names),
        unit="columns",
        holds=f"{count(len(names), 'column')} still there, {types}",
        findings=findings,
    )


def _survivor(survivors: Survivors, column: str, schema: SchemaFacts, before: str | None) -> Finding | None:
    found = schema.column(survivors.table, column)
    if found is not None and before in (None, found.type):
        return None
    return Finding(
        check="migration/survivors",
        subject=f"{survivors.table}.{column}",
        want=f"{before or 'the column'} as before the release ({survivors.source})",
        have=found.type if found else "it is gone",
        why="the old release and the way back read this column",
        fix="stop here: restore it from the backup before anything else is written",
        run=f"psql -c '\\d {survivors.table}'",
    )


def nothing_unplanned(now: Catalog, before: Catalog | None, planned: Collection[str]) -> Judgement:
    """Every difference to the catalog before the release is one that the change file names.

    `planned` are words of objects that may differ (`public.messages.attachments`, an index's name). What differs
    besides is nobody's promise, so it is a warning.
    """
    if before is None:
        return Judgement(seen=0, unit="objects compared", holds="", undecided="no baseline: preflight recorded none")
    found = [one for one in differences(now, before) if not is_planned(one[0], one[2], planned)]
    findings = tuple(
        Finding(
            check="migration/nothing-unplanned",
            subject=name,
            want="as it was before the release (change file [schema] does not name it)",
            have=f"{what}: {definition}" if definition else what,
            why="somebody or something changed the database beside the release",
            fix="find out who did; add it to the change file if the release means it",
            severity=Severity.WARNING,
        )
        for name, what, definition in found
    )
    holds = f"{count(len(now), 'object')} compared: only what the release names has changed"
    return Judgement(seen=len(now), unit="objects compared", holds=holds, findings=findings)


def no_leftovers(now: Catalog, before: Catalog | None, planned: Collection[str], tables: Sequence[str]) -> Judgement:
    """Nothing half-done stays: invalid indexes, those of a failed REINDEX, NOT VALID constraints, disabled triggers.

    What was there before the release is nobody's news, and what the change names is judged by its own check. Without
    a baseline only objects of `tables` (qualified names) are looked at. Warnings: no document promises their absence.
    """
    findings = tuple(
        Finding(
            check="migration/leftovers",
            subject=name,
            want=f"nothing half-done is left ({OURS})",
            have=left + ("" if before is not None else " (whether it was there before is not known)"),
            why=_LEFT_BECAUSE[left],
            fix="find out which command left it, finish it or drop it, then run this gate again",
            run=f"psql -c '\\d {name.partition(' ')[2]}'",
            severity=Severity.WARNING,
        )
        for name, definition in sorted(now.items())
        if (left := _left(name, definition))
        and _is_news(name, definition, before, tables)
        and not is_planned(name, definition, planned)
    )
    holds = f"{count(len(now), 'object')} looked at: nothing half-done is left"
    return Judgement(seen=len(now), unit="objects of the catalog", holds=holds, findings=findings)


INVALID, REINDEXED, NOT_VALID, DISABLED = (
    "an invalid index", "what a REINDEX CONCURRENTLY left", "a constraint that is NOT VALID", "a trigger that is off",
)  # fmt: skip
_LEFT_BECAUSE = {
    INVALID: "no query uses it, every write keeps it up to date, and IF NOT EXISTS takes it for done",
    REINDEXED: "no query uses it, and every write keeps it up to date",
    NOT_VALID: "rows from before were never compared with it, so it promises nothing about them",
    DISABLED: "what it keeps in step (a counter, a search text, a foreign key) drifts apart with every write",
}


def _left(name: str, definition: str) -> str:
    """Return what half-done thing an object of the catalog is, "" for a whole one."""
    kind = name.partition(" ")[0]
    if kind == "index" and re.search(r"_cc(new|old)\d*\"?$", name):
        return REINDEXED
    if kind == "index" and definition.endswith(" (invalid)"):
        return INVALID
    if kind == "constraint" and definition.endswith(" NOT VALID"):
        return NOT_VALID
    return DISABLED if kind == "trigger" and definition.endswith(" (disabled)") else ""


def _is_news(name: str, definition: str, before: Catalog | None, tables: Sequence[str]) -> bool:
    if before is not None:
        return before.get(name) != definition
    text = f"{name} {definition}".replace('"', "")
    return any(re.search(rf"(?<![\w.]){re.escape(table)}(?!\w)", text) for table in tables)


def catalog_is_back(now: Catalog, before: Catalog | None) -> Judgement:
    """After a restore every object is as it was before the release."""
    if before is None:
        return Judgement(seen=0, unit="objects compared", holds="", undecided="no baseline: preflight recorded none")
    findings = tuple(
        Finding(
            check="rollback/catalog-is-back",
            subject=name,
            want="as it was before the release (runbook emergency rollback)",
            have=f"{what}: {definition}" if definition else what,
            why="the restore did not bring back the whole database",
            fix="restore into an empty database (pg_restore -c stops at objects newer than the dump), then this gate",
            # A restore by another role (--no-owner) is a whole one, whose owner somebody may have chosen.
            severity=Severity.WARNING if name.startswith(OWNER) else Severity.ERROR,
        )
        for name, what, definition in differences(now, before)
    )
    holds = f"{count(len(now), 'object')} of the catalog are as before the release"
    return Judgement(seen=len(now), unit="objects compared", holds=holds, findings=findings)


def _same_default(column: Column, found: ColumnFacts, deparsed: Deparsed) -> bool:
    """Whether two defaults are the same, with or without the cast that the server adds."""
    want, have = column.default, found.default
    if want is None or have is None:
        return want is have
    if same_literal(want, have):
        return True
    return _same(column.table, f"({want})::{found.type}", f"({have})::{found.type}", deparsed)


def _nullable(nullable: bool) -> str:  # noqa: FBT001  the fact itself
    return "may be NULL" if nullable else "NOT NULL"


def types_before(catalog: Catalog | None, columns: Sequence[tuple[str, str, str]]) -> dict[tuple[str, str], str]:
    """Return the types that a recorded catalog knows, for (table of the change file, qualified name, column)."""
    known = {name.replace('"', ""): definition for name, definition in (catalog or {}).items()}
    found = {(table, column): known.get(f"column {qualified}.{column}") for table, qualified, column in columns}
    return {place: _type_in(definition) for place, definition in found.items() if definition}


def _type_in(definition: str) -> str:
    return re.split(r" (?:not null|default |identity )", definition, maxsplit=1)[0]
