"""How a target reads the deployment differently from the change file, which never changes what must be true."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from releasegate.change.models import Change, VersionEndpoint
from releasegate.core import UsageError
from releasegate.files import Model, validate
from releasegate.files.loader import did_you_mean, show_value
from releasegate.files.shape import Location, keys_at

_LIST = ("path", "query", "list", "id", "page_size", "page_length", "offset", "page", "cursor", "next")

READABLE: Final[dict[str, tuple[str, ...]]] = {
    "release": ("commit",),
    "schema": ("files", "bookkeeping"),
    "backfill": ("created", "conversation", "deleted", "kinds", "preview_column"),
    "api.health": ("path", "query"),
    "api.version": ("path", "query", "at", "headers"),
    "api.conversations": _LIST,
    "api.messages": _LIST,
    "api.fields": ("attachments", "attachment_url", "media_url"),
    "interface.page": ("path",),
    "interface.old_media": ("text",),
    "interface.reply": ("text",),
    "interface.deleted_original": ("text",),
    "interface.fallback": ("text",),
    "logs": ("started", "fatal", "errors"),
    "steps.ITEM": ("success", "failure", "warning"),
}
"""The tables of the change file, and their keys that say how to read; ITEM is the `item` of one of [[steps]]."""


@dataclass(frozen=True, slots=True)
class Deviation:
    """One key that this target reads differently; both values as a TOML file writes them."""

    key: str
    promised: str
    here: str

    def __str__(self) -> str:
        return f"{self.key}: the change file says {self.promised}, this target reads {self.here}"


Place = tuple[str, ...]


def with_reading(change: Change, reading: Mapping[str, Any], where: Path) -> tuple[Change, tuple[Deviation, ...]]:
    """Return `change` as the target file `where` reads it in `reading`, and where that differs.

    Only api.version may be added; it is nobody's promise, but shows which build is running. Raises UsageError that
    lists every key that says what must be true, that nobody knows, or whose value is none that it can have.
    """
    problems: list[str] = []
    deviations: list[Deviation] = []
    for place, given in _tables(reading, (), where, problems):
        try:
            promised = _table_at(change, place)
            read = _read(promised, given, where, place)
        except UsageError as error:
            problems.append(str(error))
            continue
        deviations += _deviations(place, promised, read, given)
        change = _put(change, place, read)
    if problems:
        raise UsageError("\n".join(problems))
    return change, tuple(deviations)


def _tables(
    reading: Mapping[str, Any], within: Place, where: Path, problems: list[str]
) -> Iterator[tuple[Place, dict[str, Any]]]:
    """Yield the tables of READABLE that `reading` holds, with only their readable keys; `within` is where it stands."""
    own = {key: value for key, value in reading.items() if key in READABLE.get(_kind(within), ())}
    if own:
        yield within, own
    for key, value in reading.items():
        if key in own:
            continue
        if not _leads_to_readable((*within, key)):
            problems.append(f"{where}: {_refusal(within, key)}")
        elif isinstance(value, dict):
            yield from _tables(value, (*within, key), where, problems)
        else:
            problems.append(f"{where}: {_shown(within, key)}: {show_value(value)} was given; accepted: a table")


def _kind(place: Place) -> str:
    """Return `place` as READABLE writes it."""
    return ".".join(("steps", "ITEM", *place[2:]) if place[:1] == ("steps",) and len(place) > 1 else place)


def _leads_to_readable(place: Place) -> bool:
    return any(f"{known}.".startswith(f"{_kind(place)}.") for known in READABLE)


def _refusal(within: Place, key: str) -> str:
    """Return why `key` of the table `within` cannot stand in [reading]."""
    accepted = _accepted(within)
    in_change: Location = ("steps", 0) if within[:1] == ("steps",) else within
    if key in keys_at(Change, in_change):
        return (
            f"{_shown(within, key)}: says what must be true, which a target cannot change; it can say how to read: "
            f"{', '.join(accepted)}"
        )
    return f"{_shown(within, key)}: unknown key{did_you_mean(key, accepted)}; accepted here: {', '.join(accepted)}"


def _accepted(within: Place) -> list[str]:
    """Return the keys that [reading] takes in the table `within`."""
    prefix = f"{_kind(within)}." if within else ""
    tables = {known[len(prefix) :].partition(".")[0] for known in READABLE if known.startswith(prefix)}
    return sorted({*READABLE.get(_kind(within), ()), *tables})


def _table_at(change: Change, place: Place) -> Model | None:
    """Return the table of the change that is read differently, None where it is not there."""
    head, *rest = place
    if head == "steps":
        return next((step for step in change.steps if step.item == rest[0]), None)
    table: Model | None = getattr(change, _attribute(head))
    inner: Model | None = getattr(table, rest[0], None) if rest else table
    return inner


def _read(promised: Model | None, given: dict[str, Any], where: Path, place: Place) -> Model:
    if promised is not None:
        return validate(type(promised), promised.model_dump(by_alias=True) | given, where, within=_shown(place))
    if place != ("api", "version"):
        raise UsageError(f"{where}: {_shown(place)}: the change promises nothing there, so there is nothing to read")
    return validate(VersionEndpoint, {"source": f"{where.name} [reading]"} | given, where, within=_shown(place))


def _deviations(place: Place, promised: Model | None, read: Model, given: dict[str, Any]) -> list[Deviation]:
    pairs = [(key, getattr(promised, key, None), getattr(read, key)) for key in given]
    return [
        Deviation(".".join((*place, key)), _written(before), _written(here))
        for key, before, here in pairs
        if before != here
    ]


def _put(change: Change, place: Place, table: Model) -> Change:
    """Return `change` with the table at `place` replaced."""
    head, *rest = place
    if head == "steps":
        steps = tuple(table if step.item == rest[0] else step for step in change.steps)
        return change.model_copy(update={"steps": steps})
    whole = getattr(change, _attribute(head)).model_copy(update={rest[0]: table}) if rest else table
    return change.model_copy(update={_attribute(head): whole})


def _attribute(section: str) -> str:
    return next(name for name, field in Change.model_fields.items() if section in (name, field.alias))


def _shown(place: Place, *key: str) -> str:
    return ".".join(("reading", *place, *key))


def _written(value: Any) -> str:
    return "nothing" if value is None else json.dumps(value, ensure_ascii=False)
