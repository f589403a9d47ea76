"""How a change file that extends another says more than it, or something else.

Tables are merged key by key. A list of tables whose entries have an identity (a column has table and name) is merged
entry by entry, new ones at the end; of any other list of tables the child's are added at the end. Every other value
of the child replaces the parent's. Who changes a promise says so: a table with a `source` that the child touches
needs one of its own; where the child only adds keys, both sources stand in it.
"""

from __future__ import annotations

from typing import Any, Final

from releasegate.files.shape import Location, show_key

Table = dict[str, Any]

IDENTITY: Final[dict[str, tuple[str, ...]]] = {
    "schema.columns": ("table", "name"),
    "schema.foreign_keys": ("table", "column"),
    "schema.indexes": ("table", "name"),
    "backfill.durations": ("up_to_rows",),
    "timetable": ("gates",),
    "steps": ("item",),
    "checklist": ("id",),
}
"""The keys that tell the entries of a list of tables apart."""


class Merging:
    """Merges a child's data into its parent's; `problems` are the promises that the child changes without a source."""

    def __init__(self) -> None:
        self.problems: list[str] = []

    def table(self, parent: Table, child: Table, place: Location = ()) -> Table:
        """Return both tables as one; neither is changed."""
        merged = parent | {key: self._value(parent.get(key), value, (*place, key)) for key, value in child.items()}
        if "source" in parent:
            merged["source"] = self._source(parent, child, place)
        return merged

    def _value(self, parent: Any, child: Any, place: Location) -> Any:
        if isinstance(parent, dict) and isinstance(child, dict):
            return self.table(parent, child, place)
        if _is_list_of_tables(parent) and _is_list_of_tables(child):
            return self._list(parent, child, place)
        return child

    def _list(self, parent: list[Table], child: list[Table], place: Location) -> list[Table]:
        identity = IDENTITY.get(show_key(place))
        if identity is None:
            return parent + child
        merged = {_identity(entry, identity): entry for entry in parent}
        for number, entry in enumerate(child):
            key = _identity(entry, identity)
            merged[key] = self.table(merged[key], entry, (*place, number)) if key in merged else entry
        return list(merged.values())

    def _source(self, parent: Table, child: Table, place: Location) -> str:
        """Return who promises the merged table: the child alone where it changes a value, both where it adds some."""
        said = {key: value for key, value in child.items() if key != "source" and not _has_tables(value)}
        changes = any(key in parent and parent[key] != value for key, value in said.items())
        own, inherited = child.get("source"), str(parent["source"])
        if own is None and any(parent.get(key) != value for key, value in said.items()):
            self.problems.append(
                f"{show_key(place)}.source: is missing; who says more than {inherited!r} promises says who promises it"
            )
        if own is None or own == inherited:
            return inherited
        return str(own) if changes else f"{inherited}; {own}"


def _identity(entry: Table, keys: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(repr(entry.get(key)) for key in keys)  # a list has no hash


def _has_tables(value: Any) -> bool:
    """Whether the value is a table or a list of some, which speak for themselves."""
    return isinstance(value, dict) or (bool(value) and _is_list_of_tables(value))


def _is_list_of_tables(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(entry, dict) for entry in value)
