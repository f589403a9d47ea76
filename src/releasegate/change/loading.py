"""Reading a change file, with the files it extends."""

from __future__ import annotations

import functools
from dataclasses import dataclass
from pathlib import Path

from releasegate.change.chain import Link, read_chain, sha256
from releasegate.change.merging import Merging, Table
from releasegate.change.models import Change
from releasegate.core import UsageError
from releasegate.files.loader import require_known, validate


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadedChange:
    """A change and what a verdict about it is bound to.

    `paths` are the files it was read from, the root first and `path` last; `sha256` is in hex, over all of them.
    """

    change: Change
    path: Path
    paths: tuple[Path, ...]
    sha256: str


def load(path: Path) -> LoadedChange:
    """Read the change file at `path` and the files it extends.

    Raises UsageError that lists every wrong key with the file that has it; of several files, those of the first
    wrong one from the root.
    """
    links = read_chain(path)
    for link in links:
        require_known(Change, link.data, link.path)
    merged = functools.reduce(_merge, links[1:], links[0].data)
    return LoadedChange(
        change=validate(Change, merged, path),
        path=path,
        paths=tuple(link.path for link in links),
        sha256=sha256(links),
    )


def default_path(project: Path) -> Path:
    """Return the one change file in `project`/changes. Raises UsageError when there is none, or more than one."""
    found = sorted((project / "changes").glob("*.toml"))
    if not found:
        raise UsageError(f"--change: there is no change file in {project / 'changes'}; give --change FILE")
    if len(found) > 1:
        names = ", ".join(f"changes/{path.name}" for path in found)
        raise UsageError(f"--change: there are {len(found)} change files and none was named; give one of: {names}")
    return found[0]


def _merge(parent: Table, child: Link) -> Table:
    merging = Merging()
    merged = merging.table(parent, child.data)
    if merging.problems:
        raise UsageError("\n".join(f"{child.path}: {problem}" for problem in merging.problems))
    return merged
