"""Reading a target file: secrets filled in, paths made whole, every wrong key said at once."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from releasegate.files import Place, read_toml, validate
from releasegate.files.loader import show_value
from releasegate.files.shape import Location, map_texts, parts
from releasegate.target.models import Target
from releasegate.target.secrets import Filling


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadedTarget:
    """A target, the file it stands in, and what is worth saying before a run (a secret's file open to others)."""

    target: Target
    path: Path
    warnings: tuple[str, ...] = ()


def load(path: Path) -> LoadedTarget:
    """Read the target file at `path`; relative paths in it begin at its folder.

    Raises UsageError that lists every wrong key, each with file, key and what is accepted.
    """
    data = read_toml(path)
    filling = Filling(path.parent)
    anchoring = _Anchoring(path.parent.absolute(), is_remote=_is_remote(data))
    reading = data.pop("reading", {})  # patterns and pointers: they hold neither secrets nor paths
    filled = map_texts(Target, map_texts(Target, data, filling), anchoring)
    problems = filling.problems | anchoring.problems
    target = validate(Target, filled | {"reading": reading}, path, also=problems)
    return LoadedTarget(target=target, path=path, warnings=tuple(filling.warnings))


class _Anchoring:
    """Makes relative paths whole: with the file's folder on this machine, not at all on another."""

    def __init__(self, folder: Path, *, is_remote: bool) -> None:
        self._folder = folder
        self._is_remote = is_remote
        self.problems: dict[Location, str] = {}

    def __call__(self, place: Location, hint: Any, text: str) -> str:
        mark = next((part for part in parts(hint) if isinstance(part, Place)), None)
        if mark is None or text.startswith("/"):
            return text
        if not mark.on_host:
            return str(self._folder / Path(text).expanduser())
        if text.startswith("~/"):
            return text
        if self._is_remote:
            self.problems[place] = (
                f"{show_value(text)} was given; accepted on another machine: a path that begins with / or ~/"
            )
        return str(self._folder / text)


def _is_remote(data: dict[str, Any]) -> bool:
    host = data.get("host")
    return isinstance(host, dict) and str(host.get("address", "")).startswith("ssh://")
