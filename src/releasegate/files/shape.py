"""What a model's file looks like: which keys a table takes, what they hold, and which tables are inside."""

from __future__ import annotations

import functools
import types
import typing
from collections.abc import Callable, Iterator
from typing import Any, TypeGuard

from pydantic import BaseModel

Location = tuple[int | str, ...]


@functools.cache
def hints(model: type[BaseModel]) -> dict[str, Any]:
    """Return the keys of the table that `model` describes, as the file writes them, with their type hints."""
    typed = typing.get_type_hints(model, include_extras=True)
    return {field.alias or name: typed[name] for name, field in model.model_fields.items()}


def inside(hint: Any, part: int | str) -> Any:
    """Return the type hint of `part` (a key, or a place in a list) of what `hint` describes; None: there is none."""
    plain = _plain(hint)
    origin, arguments = typing.get_origin(plain), typing.get_args(plain)
    if isinstance(part, int):
        return arguments[0] if origin is tuple else None
    if origin is dict:
        return arguments[1]
    return hints(plain).get(part) if is_model(plain) else None


def hint_at(model: type[BaseModel], place: Location) -> Any:
    """Return the type hint of what stands at `place`, None where the file has no such place."""
    return functools.reduce(inside, place, model)


def keys_at(model: type[BaseModel], place: Location) -> list[str]:
    """Return the keys that the table at `place` accepts, in alphabetical order."""
    table = _plain(hint_at(model, place))
    return sorted(hints(table)) if is_model(table) else []


def parts(hint: Any) -> Iterator[Any]:
    """Yield `hint` and everything it is put together from, the marks of an Annotated included."""
    yield hint
    for part in (*typing.get_args(hint), *getattr(hint, "__metadata__", ())):
        yield from parts(part)


def is_model(hint: Any) -> TypeGuard[type[BaseModel]]:
    """Whether `hint` is a table with known keys."""
    return isinstance(hint, type) and issubclass(hint, BaseModel)


def map_texts(hint: Any, data: Any, replace: Callable[[Location, Any, str], str], place: Location = ()) -> Any:
    """Return `data` with every text in it given to `replace(place, hint, text)`; texts at unknown keys stay."""
    if isinstance(data, dict):
        return {key: map_texts(inside(hint, key), value, replace, (*place, key)) for key, value in data.items()}
    if isinstance(data, list | tuple):
        return [map_texts(inside(hint, at), value, replace, (*place, at)) for at, value in enumerate(data)]
    return replace(place, hint, data) if isinstance(data, str) and hint is not None else data


def show_key(place: Location) -> str:
    """Return a place in the file as one writes it in TOML, items of a list counted from 0: `backfill.types[2]`."""
    text = ""
    for part in place:
        text += f"[{part}]" if isinstance(part, int) else f".{part}" if text else str(part)
    return text


def _plain(hint: Any) -> Any:
    """Return `hint` without `| None` and without the marks of an Annotated."""
    if typing.get_origin(hint) in (typing.Union, types.UnionType):
        return _plain(next(part for part in typing.get_args(hint) if part is not types.NoneType))
    return _plain(typing.get_args(hint)[0]) if typing.get_origin(hint) is typing.Annotated else hint
