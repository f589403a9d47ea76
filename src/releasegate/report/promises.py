"""What a check measures against, read from the change file by the dotted place that the check names."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from pydantic import BaseModel

from releasegate.change.models import Change

_MOST = 6


def promised(change: Change, places: Iterable[str]) -> tuple[tuple[str, str], ...]:
    """Return what the change file says at each of `places`, and who said it: (text, source)."""
    found = [pair for place in places for pair in _said(_at(change, place))]
    kept = found[:_MOST]
    return tuple(kept if len(found) <= _MOST else [*kept, (f"… + {len(found) - _MOST}", "")])


def _at(change: Change, place: str) -> Any:
    value: Any = change
    for key in place.split("."):
        if not isinstance(value, BaseModel):
            return None
        names = {field.alias or name: name for name, field in type(value).model_fields.items()}
        value = getattr(value, names.get(key, key), None)
    return value


def _said(value: Any) -> Iterator[tuple[str, str]]:
    """Yield what a model says in plain values with its source, then what the models in it say."""
    if isinstance(value, tuple):
        for item in value:
            yield from _said(item)
    elif isinstance(value, BaseModel):
        own = value.model_dump(by_alias=True, exclude_defaults=True, exclude={"source"})
        simple = [f"{key} = {_short(item)}" for key, item in own.items() if not _is_nested(item)]
        if simple:
            yield ", ".join(simple), str(getattr(value, "source", ""))
        for name in type(value).model_fields:
            yield from _said(getattr(value, name))


def _is_nested(value: Any) -> bool:
    items = value if isinstance(value, list | tuple) else [value]
    return any(isinstance(item, dict) for item in items)


def _short(value: Any) -> str:
    return " | ".join(map(str, value)) if isinstance(value, list | tuple) else str(value)
