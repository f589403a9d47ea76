"""Whether the release before could still write rows, once the schema of the new one is there."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from releasegate.core import Finding, Severity
from releasegate.core.facts.catalog import Catalog

_COLUMN: Final = "column "
_DEMANDED: Final = " not null"  # a default, an identity and an expression stand behind it


def demanded_columns(now: Catalog, before: Catalog) -> Iterator[str]:
    """Yield the new columns of tables from before, as the catalog names them, that no row can do without.

    They are NOT NULL and have no default: Django and other frameworks take the default away once the column is there.
    """
    tables = {name.rpartition(".")[0] for name in before if name.startswith(_COLUMN)}
    for name, definition in now.items():
        is_new = name.startswith(_COLUMN) and name not in before and name.rpartition(".")[0] in tables
        if is_new and definition.endswith(_DEMANDED):
            yield name


def way_to_write(name: str) -> str:
    """Return the statement that lets a row do without the column that the catalog calls `name`."""
    table, _, column = name.removeprefix(_COLUMN).rpartition(".")
    return f'psql -c "ALTER TABLE {table} ALTER COLUMN {column} DROP NOT NULL"'


def old_release_could_not_write(
    check: str, now: Catalog, before: Catalog | None, *, source: str
) -> tuple[Finding, ...]:
    """Return the new columns without which the release before writes no row: a way back of the code stops everybody."""
    return tuple(
        Finding(
            check=check,
            subject=name,
            want=f"the old release can write beside the new schema, as after {source} (nobody's promise; worth a look)",
            have=f"{now[name]}, without a default",
            why="after such a rollback nobody can write: the old release does not fill this column",
            fix=f"give it a default now, or say this with the way back of the code: {way_to_write(name)}",
            severity=Severity.WARNING,
        )
        for name in sorted(demanded_columns(now, before or {}))
    )
