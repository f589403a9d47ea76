"""Any value of a payload as JSON-ready data that is written the same way every time."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping
from datetime import date
from typing import Any

LONGEST_TEXT = 200_000
"""Characters kept of one text in an event; whatever is longer belongs in a blob."""


def plain(value: Any) -> Any:
    """Return `value` as dicts with text keys, lists, texts, whole and finite numbers, booleans and None.

    Dataclasses become dicts, sets sorted lists, dates ISO texts, bytes their length; NaN and infinity, which JSON
    does not have, become texts, and so does everything unknown.
    """
    if isinstance(value, str):
        return _whole_text(str(value))  # str() takes the text out of a StrEnum
    if value is None or isinstance(value, bool | int):
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else str(value)
    if isinstance(value, Mapping):
        return {_whole_text(str(key)): plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    return _unusual(value)


def _unusual(value: Any) -> Any:
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {field.name: plain(getattr(value, field.name)) for field in dataclasses.fields(value)}
    if isinstance(value, set | frozenset):
        return sorted((plain(item) for item in value), key=str)
    if isinstance(value, bytes | bytearray):
        return f"[{len(value)} bytes]"
    if isinstance(value, date):
        return value.isoformat()
    return _whole_text(str(value))


def _whole_text(text: str) -> str:
    """Return `text` with lone surrogates, which UTF-8 cannot write, replaced."""
    return text.encode("utf-8", "replace").decode("utf-8")


def shortened(value: Any) -> Any:
    """Return plain `value` with every text over LONGEST_TEXT characters cut, the cut stated."""
    if isinstance(value, str):
        return cut(value, LONGEST_TEXT)
    if isinstance(value, dict):
        return {key: shortened(item) for key, item in value.items()}
    if isinstance(value, list):
        return [shortened(item) for item in value]
    return value


def cut(text: str, longest: int) -> str:
    """Return `text` with at most `longest` characters, and how many there were where some are missing."""
    if len(text) <= longest:
        return text
    return f"{text[:longest]} … [cut: {longest} of {len(text)} characters are shown]"
