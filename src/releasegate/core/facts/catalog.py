"""What the catalog says about tables, in words that do not change with the server's version."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class ColumnFacts:
    """One column; `type` as format_type prints it, `default` as the server prints the expression."""

    table: str
    name: str
    type: str
    nullable: bool
    default: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ForeignKeyFacts:
    """One foreign key; `is_valid` False means that rows from before it was made were never compared.

    `references_table` is named as the change file names it, or else as the server prints it; where the change file
    has several names for it, the key stands once under each.
    """

    name: str
    table: str
    columns: tuple[str, ...]
    references_table: str
    references_columns: tuple[str, ...]
    on_delete: str
    is_valid: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class IndexFacts:
    """One index. `columns` hold expressions where it has them; `is_valid` and `is_ready` as pg_index says."""

    name: str
    table: str
    method: str
    columns: tuple[str, ...]
    predicate: str | None
    is_valid: bool
    is_ready: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class SchemaFacts:
    """The change's tables as they are. `tables` maps a name of the change file to the qualified one found."""

    tables: dict[str, str]
    columns: tuple[ColumnFacts, ...] = ()
    foreign_keys: tuple[ForeignKeyFacts, ...] = ()
    indexes: tuple[IndexFacts, ...] = ()

    def column(self, table: str, name: str) -> ColumnFacts | None:
        """Return the column, None where the table has none of that name."""
        return next((one for one in self.columns if (one.table, one.name) == (table, name)), None)

    def index(self, name: str) -> IndexFacts | None:
        """Return the index by its name, wherever it stands."""
        return next((one for one in self.indexes if one.name == name), None)


Catalog = dict[str, str]
"""Every object of the database's own schemas -> its definition: "column public.messages.id" -> "uuid not null"."""

Deparsed = dict[tuple[str, str], str]
"""(table of the change file, expression as somebody wrote it) -> how the server writes it, in a form to compare."""

DETAILS, OWNER = "details of ", "owner of "
"""How the names of entries begin that say more of another object: how it is stored, and whose it is.

An older baseline holds none of them.
"""

CATALOG_UNIT = "objects of the catalog"
"""The unit by which a recorded catalog is recognised among the measures of a check."""


def recorded_catalog(payloads: Iterable[dict[str, Any]]) -> Catalog | None:
    """Return the catalog among a check's recorded measures, None where there is none."""
    return next((dict(payload["value"]) for payload in payloads if payload.get("unit") == CATALOG_UNIT), None)
