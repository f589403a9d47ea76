"""TOML to model, with errors an operator can act on: file, key, what was given, what is accepted, nearest key."""

from __future__ import annotations

import difflib
import json
import tomllib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, SecretStr, ValidationError
from pydantic_core import ErrorDetails

from releasegate.core import UsageError
from releasegate.files.shape import Location, hint_at, keys_at, parts, show_key

M = TypeVar("M", bound=BaseModel)

_ACCEPTED = {
    "string_type": 'a text, in quotes: "..."',
    "string_too_short": "a text that is not empty",
    "too_short": "a list that is not empty",
    "int_type": "a whole number, without quotes",
    "int_from_float": "a whole number",
    "float_type": "a number, without quotes",
    "bool_type": "true or false",
    "tuple_type": "a list: [...]",
    "dict_type": "a table",
    "model_type": "a table",
}
"""What pydantic means by its error types, in the words of a TOML file."""


def read_toml(path: Path) -> dict[str, Any]:
    """Return the file's content. Raises UsageError when it cannot be read or is no TOML, naming the line."""
    return parse_toml(read_bytes(path), path)


def read_bytes(path: Path) -> bytes:
    """Return what is in the file. Raises UsageError when it cannot be read."""
    try:
        return path.read_bytes()
    except OSError as error:
        raise UsageError(f"{path}: cannot be read: {error.strerror}; give the path of a TOML file") from error


def parse_toml(content: bytes, path: Path) -> dict[str, Any]:
    """Return `content`, which came from `path`, as data. Raises UsageError when it is no TOML, naming the line."""
    try:
        return tomllib.loads(content.decode())
    except UnicodeDecodeError as error:
        raise UsageError(f"{path}: is not UTF-8 ({error.reason}); give the path of a TOML file") from error
    except tomllib.TOMLDecodeError as error:
        raise UsageError(f"{path}: is no TOML: {error}") from error


def load_model(model: type[M], path: Path) -> M:
    """Return the file as a `model`. Raises UsageError that lists every wrong key at once."""
    return validate(model, read_toml(path), path)


def validate(
    model: type[M],
    data: dict[str, Any],
    path: Path,
    *,
    also: Mapping[Location, str] | None = None,
    within: str = "",
) -> M:
    """Return `data`, which came from `path`, as a `model`.

    Raises UsageError that lists every wrong key, after those that were found before: `also`, key to what is wrong with
    it. `within` is the table of the file that `data` is the content of; "" means the whole file.
    """
    known = also or {}
    lines = [f"{show_key(place)}: {why}" for place, why in known.items()]
    try:
        checked = model.model_validate(_with_tuples(data), strict=True, by_alias=True, by_name=False)
    except ValidationError as error:
        lines += [explain(model, detail, within) for detail in error.errors() if detail["loc"] not in known]
    if lines:
        raise UsageError("\n".join(f"{path}: {line}" for line in lines))
    return checked


def require_known(model: type[BaseModel], data: dict[str, Any], path: Path) -> None:
    """Raise UsageError for every key of `data` that is wrong by itself; keys that are missing are fine here.

    For a file that is only a part of the whole.
    """
    try:
        model.model_validate(_with_tuples(data), strict=True, by_alias=True, by_name=False)
    except ValidationError as error:
        wrong = [detail for detail in error.errors() if detail["type"] != "missing"]
        if wrong:
            raise UsageError("\n".join(f"{path}: {explain(model, detail)}" for detail in wrong)) from error


def explain(model: type[BaseModel], detail: ErrorDetails, within: str = "") -> str:
    """Return one error of pydantic as `key: what was given; accepted: what is`."""
    place = detail["loc"]
    if detail["type"] == "extra_forbidden":
        return unknown_key(model, place, within)
    key = _key(place, within)
    if place and place[-1] == "[key]":  # a table whose names are a fixed set, which pydantic lists in quotes
        names = _accepted(detail).split("'")[1::2]
        nearest = did_you_mean(str(place[-2]), names)
        return f"{_key(place[:-1], within)}: unknown key{nearest}; accepted here: {', '.join(names)}"
    if detail["type"] == "missing":
        return f"{key}: is missing; it must be given"
    if detail["type"] == "value_error" and isinstance(detail["input"], dict):  # the table as a whole
        return f"{key}: {_accepted(detail)}" if key else _accepted(detail)
    return f"{key}: {_given(model, detail)} was given; accepted: {_accepted(detail)}"


def unknown_key(model: type[BaseModel], place: Location, within: str = "") -> str:
    """Return what to say about a key that `model` does not know."""
    accepted = keys_at(model, place[:-1])
    nearest = did_you_mean(str(place[-1]), accepted)
    return f"{_key(place, within)}: unknown key{nearest}; accepted here: {', '.join(accepted)}"


def did_you_mean(given: str, accepted: Iterable[str]) -> str:
    """Return ` (did you mean 'x'?)` for the nearest of `accepted`, "" when none is near."""
    nearest = difflib.get_close_matches(given, list(accepted), n=1)
    return f" (did you mean {nearest[0]!r}?)" if nearest else ""


def show_value(value: Any) -> str:
    """Return a value as a TOML file writes it, shortened to 80 characters; a table is only called one."""
    if isinstance(value, dict):
        return "a table"
    text = json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= 80 else text[:77] + "..."


def _key(place: Location, within: str) -> str:
    return show_key((within, *place) if within else place)


def _given(model: type[BaseModel], detail: ErrorDetails) -> str:
    is_secret = SecretStr in parts(hint_at(model, detail["loc"]))
    return "something else than a text" if is_secret else show_value(detail["input"])


def _accepted(detail: ErrorDetails) -> str:
    if detail["type"] == "too_long":
        return f"a list of at most {detail['ctx']['max_length']}"
    words = detail["msg"].removeprefix("Value error, ").removeprefix("Input should be ")
    return _ACCEPTED.get(detail["type"], words)


def _with_tuples(data: Any) -> Any:
    """Return `data` with lists as tuples, so that a strict model takes them."""
    if isinstance(data, dict):
        return {key: _with_tuples(value) for key, value in data.items()}
    return tuple(_with_tuples(value) for value in data) if isinstance(data, list | tuple) else data
