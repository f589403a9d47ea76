"""What differs between two looks at the catalog, and what of it the change file names."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Final, Protocol

from releasegate.core.facts.catalog import DETAILS, OWNER, Catalog

_KEY: Final = re.compile(r"FOREIGN KEY \(([^)]*)\)")


class OfTable(Protocol):
    """Something that the change promises of a table, as the change file has it."""

    @property
    def table(self) -> str: ...  # noqa: D102


class Named(OfTable, Protocol):
    """A promised column or index."""

    @property
    def name(self) -> str: ...  # noqa: D102


class Key(OfTable, Protocol):
    """A promised foreign key."""

    @property
    def column(self) -> str: ...  # noqa: D102


def differences(now: Catalog, before: Catalog) -> list[tuple[str, str, str]]:
    """Return (object, new / gone / changed, definition now) for everything that differs, in order of name.

    An older baseline recorded no details and no owners: these are then not compared. What is new or gone is said
    once, and not again for its details and its owner.
    """
    kinds = tuple(kind for kind in (DETAILS, OWNER) if not any(name.startswith(kind) for name in before))
    found = [one for name in sorted(now.keys() | before.keys()) if (one := _difference(name, now, before))]
    plain = {name for name, _, _ in found}
    return [one for one in found if not (kinds and one[0].startswith(kinds)) and _is_about(one[0]) not in plain]


def _difference(name: str, now: Catalog, before: Catalog) -> tuple[str, str, str] | None:
    if name not in before:
        return name, "new", now[name]
    if name not in now:
        return name, "gone", ""
    return (name, f"changed from {before[name]}", now[name]) if now[name] != before[name] else None


def _is_about(name: str) -> str:
    """Return the object whose details or owner `name` is, "" for an object itself."""
    kind = next((kind for kind in (DETAILS, OWNER) if name.startswith(kind)), "")
    return name.removeprefix(kind) if kind else ""


def planned_words(
    tables: Mapping[str, str], columns: Sequence[Named], keys: Sequence[Key], indexes: Sequence[Named]
) -> set[str]:
    """Return what the change names, as the catalog writes it, each with the qualified name of its table."""

    def words() -> Iterator[str]:
        for column in columns:
            table = tables.get(column.table, column.table)
            yield f"column {table}.{column.name}"
            # A column that references another table is written with its key in one clause: the key belongs to it.
            yield f"foreign key {table} ({column.name})"
        for key in keys:
            yield f"foreign key {tables.get(key.table, key.table)} ({key.column})"
        for index in indexes:  # an index stands in its table's schema
            table = tables.get(index.table, index.table)
            yield f"index {table.rpartition('.')[0]}.{index.name} on {table}"

    return set(words())


def is_planned(name: str, definition: str, planned: Collection[str]) -> bool:
    """Whether an object of the catalog is one that the change names; `planned` are its words."""
    plain, text = (_is_about(name) or name).replace('"', ""), definition.replace('"', "")
    kind, _, rest = plain.partition(" ")
    if kind == "index":
        on = re.search(r" ON (?:ONLY )?(\S+) USING ", text)
        # One that is gone has no definition any more.
        return f"{plain} on {on[1]}" in planned if on else any(word.startswith(f"{plain} on ") for word in planned)
    if kind == "constraint":
        key = _KEY.match(text)
        return key is not None and f"foreign key {rest.rpartition('.')[0]} ({key[1]})" in planned
    return plain in planned
