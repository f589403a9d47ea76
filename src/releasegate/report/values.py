"""A measured value as something to read: a small table where it has rows, else text."""

from __future__ import annotations

import json
from typing import Any

from releasegate.report.languages import Language
from releasegate.report.views import Table

MOST_ROWS = 30
MOST_COLUMNS = 8
_LONGEST_CELL = 120


def shown(value: Any, language: Language) -> tuple[str, Table | None]:
    """Return `value` as text, or as a table (then the text is "")."""
    rows = _rows_in(value)
    if rows:
        return "", _table(rows, language)
    if isinstance(value, str):
        return value, None
    if value in (None, {}, []):
        return "", None
    if isinstance(value, dict) and all(not isinstance(item, dict | list) for item in value.values()):
        return "\n".join(f"{key}: {_cell(item)}" for key, item in value.items()), None
    return json.dumps(value, ensure_ascii=False, indent=2), None


def _rows_in(value: Any) -> list[dict[str, Any]]:
    """Return the rows of a list of objects, or of an object that holds exactly one such list beside plain values."""
    if isinstance(value, dict):
        lists = [item for item in value.values() if isinstance(item, dict | list) and item]
        return _rows_in(lists[0]) if len(lists) == 1 and len(value) == 1 and isinstance(lists[0], list) else []
    if isinstance(value, list) and value and all(isinstance(item, dict) for item in value):
        return value
    return []


def _table(rows: list[dict[str, Any]], language: Language) -> Table:
    columns = list(dict.fromkeys(key for row in rows for key in row))
    kept = columns[:MOST_COLUMNS]
    cut = []
    if len(rows) > MOST_ROWS:
        cut.append(language.t("{shown} of {all} rows are shown", shown=MOST_ROWS, all=len(rows)))
    if len(columns) > MOST_COLUMNS:
        cut.append(language.t("{shown} of {all} columns are shown", shown=MOST_COLUMNS, all=len(columns)))
    return Table(
        columns=tuple(kept),
        rows=tuple(tuple(_cell(row.get(column)) for column in kept) for row in rows[:MOST_ROWS]),
        note="; ".join(cut),
    )


def _cell(value: Any) -> str:
    text = "" if value is None else value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return text if len(text) <= _LONGEST_CELL else f"{text[:_LONGEST_CELL]}…"
