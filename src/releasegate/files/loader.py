"""TOML to model, with errors an operator can act on: file, key, what was given, what is accepted, nearest key."""

from __future__ import annotations

import difflib
import tomllib
import types
import typing
from collections.abc import Iterable
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from releasegate.core import UsageError

M = TypeVar("M", bound=BaseModel)
Location = tuple[int | str, ...]


def read_toml(path: Path) -> dict[str, Any]:
    """Return the file's content. Raises UsageError when it cannot be read or is no TOML, naming the line."""
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else f"not UTF-8 ({error.reason})"
        raise UsageError(f"{path}: cannot be read: {reason}; give the path of a TOML file") from error
    except tomllib.TOMLDecodeError as error:
        raise UsageError(f"{path}: is no TOML: {error}") from error


def load_model(model: type[M], path: Path) -> M:
    """Return the file as a `model`. Raises UsageError that lists every wrong key at once."""
    return validate(model, read_toml(path), path)


def validate(model: type[M], data: dict[str, Any], path: Path) -> M:
    """Return `data`, which came from `path`, as a `model`. Raises UsageError that lists every wrong key."""
    try:
        return model.model_validate(data)
    except ValidationError as error:
        lines = [_explain(model, detail) for detail in error.errors()]
        raise UsageError("\n".join(f"{path}: {line}" for line in lines)) from error


def _explain(model: type[BaseModel], detail: ErrorDetails) -> str:
    place = detail["loc"]
    key = show_key(place)
    if detail["type"] == "extra_forbidden":
        accepted = sorted(_keys_at(model, place[:-1]))
        return f"{key}: unknown key{_did_you_mean(str(place[-1]), accepted)}; accepted here: {', '.join(accepted)}"
    if detail["type"] == "missing":
        return f"{key}: is missing; it must be given"
    expected = detail["msg"].removeprefix("Value error, ").removeprefix("Input should be ")
    return f"{key}: {_show(detail['input'])} was given; accepted: {expected}"


def show_key(place: Location) -> str:
    """Return a place in the file as one writes it in TOML: `backfill.types[2].endings`."""
    text = ""
    for part in place:
        text += f"[{part}]" if isinstance(part, int) else f".{part}" if text else str(part)
    return text


def _did_you_mean(given: str, accepted: Iterable[str]) -> str:
    nearest = difflib.get_close_matches(given, list(accepted), n=1)
    return f" (did you mean {nearest[0]!r}?)" if nearest else ""


def _show(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 80 else text[:77] + "..."


def _keys_at(model: type[BaseModel], place: Location) -> set[str]:
    """Return the keys that the table at `place` of `model` accepts."""
    kind: Any = model
    for part in place:
        if isinstance(kind, type) and issubclass(kind, BaseModel):
            kind = _model_in(_field_of(kind, str(part)))
    if not (isinstance(kind, type) and issubclass(kind, BaseModel)):
        return set()
    return {field.alias or name for name, field in kind.model_fields.items()}


def _field_of(model: type[BaseModel], key: str) -> Any:
    for name, field in model.model_fields.items():
        if key in (name, field.alias):
            return field.annotation
    return None


def _model_in(annotation: Any) -> Any:
    """Return the model inside `X | None`, `tuple[X, ...]` or `dict[str, X]`, and anything else as it is."""
    if typing.get_origin(annotation) in (typing.Union, types.UnionType, tuple, dict):
        inner = [_model_in(part) for part in typing.get_args(annotation)]
        return next((part for part in inner if isinstance(part, type) and issubclass(part, BaseModel)), annotation)
    return annotation
