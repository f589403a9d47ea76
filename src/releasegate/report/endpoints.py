"""The table of a load: one line per endpoint, with the bounds of its verdict."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from releasegate.report.languages import Language
from releasegate.report.views import Table

_TIMES: Final = ("p50", "p90", "p95", "p99", "max")
_NEEDED: Final = ("n", "slow", "passes_up_to", "fails_from", "verdict", *_TIMES)


def table_in(value: Any, language: Language) -> Table | None:
    """Return the endpoints of a recorded load as a table, or its blocks; None where `value` is no load."""
    if not isinstance(value, dict):
        return None
    t = language.t
    rows = list(_rows(value.get("endpoints"), language))
    head = [t("endpoint")]
    if not rows and isinstance(value.get("blocks"), list):
        head = [t("block and endpoint")]
        rows = [
            (f"{number}: {name}", *rest)
            for number, block in enumerate(value["blocks"], start=1)
            for name, *rest in _rows(block, language)
        ]
    if not rows:
        return None
    columns = [*head, "n", *(f"{time} (ms)" for time in _TIMES), t("slow"), t("passes up to, fails from"), t("verdict")]
    return Table(columns=tuple(columns), rows=tuple(rows), note=_note(value, language))


def _rows(endpoints: Any, language: Language) -> list[tuple[str, ...]]:
    """Return a line for each endpoint that holds what a verdict is made of; [] where anything else stands there."""
    if not isinstance(endpoints, dict) or not endpoints or not all(map(_is_row, endpoints.values())):
        return []
    return [_row(str(name), row, language) for name, row in endpoints.items()]


def _is_row(row: Any) -> bool:
    return isinstance(row, Mapping) and set(_NEEDED) <= set(row)


def _row(name: str, row: Mapping[str, Any], language: Language) -> tuple[str, ...]:
    times = ("-" if row[time] is None else str(row[time]) for time in _TIMES)
    bounds = f"{row['passes_up_to']}, {row['fails_from']}"
    words = {"below": language.t("below"), "above": language.t("above"), "cannot tell": language.t("cannot tell")}
    verdict = words.get(str(row["verdict"]), str(row["verdict"]))
    return (name, str(row["n"]), *times, str(row["slow"]), bounds, verdict)


def _note(value: Mapping[str, Any], language: Language) -> str:
    limit_ms = value.get("limit_ms")
    return language.t("slow: not below {ms:g} ms, or wrong, or not sent", ms=limit_ms) if limit_ms else ""
