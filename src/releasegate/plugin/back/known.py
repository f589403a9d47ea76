"""What the evidence knows about the way back: the saved commits, the dump, and how long its restore took."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from releasegate.evidence.history import History
from releasegate.evidence.ways_back import restore_took

_CHECKS = ("backup/way-back-saved", "backup/dump-listed", "backup/dump-exists", "backup/dump-fresh")


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """The facts that a way back needs, each as the latest closed backup gate recorded it; empty where it did not.

    `commits` maps a part to its saved commit, `diff` says that uncommitted changes were saved beside the commits.
    `dump` is the file, `form` its format, `dumped` when it was begun; `restore_s` is the measured time of a restore.
    `made_with` is what makes an empty database like this one, behind its name; `has_own_settings` says that it has
    settings or rights of its own, which are in no dump.
    """

    commits: Mapping[str, str] = field(default_factory=dict)
    diff: bool = False
    dump: str = ""
    form: str = ""
    compression: str = ""
    dumped: datetime | None = None
    restore_s: float | None = None
    made_with: str = ""
    has_own_settings: bool = False


def known(history: History) -> Known:
    """Return what `history` holds."""
    measures = list(_measures(history))
    saved = _value(measures, "saved commits")
    heads = {str(one["path"]): str(one["head"]).partition(" ")[0] for one in _values(measures, "commits")}
    listing = _value(measures, "entries listed")
    server = _value(measures, "servers answered")
    commits = {part: hashes[0] for part, hashes in saved.get("known", {}).items() if hashes}
    return Known(
        commits=commits | {f"at {path}": head for path, head in heads.items()},
        diff=bool(saved.get("has_diff")),
        dump=str(listing.get("path") or ""),
        form=str(listing.get("format") or ""),
        compression=str(listing.get("compression") or ""),
        dumped=_moment(listing.get("created")),
        restore_s=restore_took(history),
        made_with=str(server.get("made_with") or ""),
        has_own_settings=bool(server.get("has_own_settings")),
    )


def _measures(history: History) -> Iterator[Mapping[str, Any]]:
    attempt = history.latest_closed("backup")
    for check in _CHECKS if attempt else ():
        result = attempt.results.get(check) if attempt else None
        yield from result.measures if result else ()


def _values(measures: list[Mapping[str, Any]], unit: str) -> Iterator[dict[str, Any]]:
    for measure in measures:
        if measure.get("unit") == unit and isinstance(measure.get("value"), dict):
            yield measure["value"]


def _value(measures: list[Mapping[str, Any]], unit: str) -> dict[str, Any]:
    return next(_values(measures, unit), {})


def _moment(text: object) -> datetime | None:
    try:
        return datetime.fromisoformat(str(text))
    except ValueError:
        return None
