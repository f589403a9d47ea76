"""What is known about a checkout, the folder that its build fills, and the commits saved to go back to."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Commit:
    """One commit: its full hash (of a saved one: as many digits as were saved), and its subject line."""

    hash: str
    subject: str

    def __str__(self) -> str:
        return f"{self.hash[:9]} {self.subject}".strip()


@dataclass(frozen=True, slots=True, kw_only=True)
class CodeFacts:
    """One checkout. `history` is HEAD and its ancestors, newest first, at most as many as the probe looks at.

    `branch` is "" when HEAD is detached; `changed` are tracked files that differ from HEAD, as git names them;
    `committed` (UTC) is HEAD's commit date, `checked_out` (UTC) when the checkout came to be at HEAD, None where
    git keeps no reflog. `upstream` is the branch that this one follows, "" for none, and `behind` how many of its
    commits, as far as they were fetched, are not in HEAD.
    """

    part: str
    path: str
    history: tuple[Commit, ...]
    branch: str
    changed: tuple[str, ...]
    committed: datetime
    checked_out: datetime | None = None
    upstream: str = ""
    behind: int = 0
    seen_with: str = ""

    @property
    def head(self) -> Commit:
        """The commit that is checked out."""
        return self.history[0]


@dataclass(frozen=True, slots=True, kw_only=True)
class BuildFacts:
    """The folder that a build fills: how many files it has, and when they were written (UTC).

    `newest` is when the last of them was, `middle` when half of them had been; both None, and `newest_path` "",
    for a folder that is empty or not there. `lacking` are the patterns of files that a whole build has and this one
    does not, or only empty ones.
    """

    part: str
    path: str
    is_there: bool
    files: int = 0
    newest_path: str = ""
    newest: datetime | None = None
    middle: datetime | None = None
    lacking: tuple[str, ...] = ()
    seen_with: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class InstalledFacts:
    """What a lock says and what is installed: `locked` packages, and those that `differ` as (place, want, have).

    `have` is "" where the package is not there, `want` "none" where it is not in the lock. `lock` is "" without a
    lock that can be read; `is_installed` says whether an installation was noted beside it, `install` what repeats it.
    """

    part: str
    lock: str
    is_installed: bool
    locked: int = 0
    differ: tuple[tuple[str, str, str], ...] = ()
    install: str = ""
    seen_with: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class WayBackFacts:
    """The commits that were saved to go back to; `saved` is None where the file is not there.

    `known` says for each part which of the saved commits its repository has; `has_diff` whether uncommitted
    changes were saved beside them.
    """

    path: str
    saved: tuple[Commit, ...] | None
    known: dict[str, tuple[str, ...]]
    has_diff: bool = False
    seen_with: str = ""
