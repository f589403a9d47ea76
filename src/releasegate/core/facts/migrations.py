"""Files of a migration, and the table in which a runner writes down what it ran."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import PurePosixPath

_BACKWARD = re.compile(r"(^u\d+__|[._-](down|undo|rollback|revert)\b)", re.IGNORECASE)
_ENDINGS = re.compile(r"(\.(up|sql|ts|js|mjs|cjs|py|rb|php|xml|yaml|yml|json))+$", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class MigrationFile:
    """One file of the change, relative to the repository; `commit` is where it was found when not on the disk."""

    path: str
    sha256: str
    commit: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class MigrationFiles:
    """The files that the change names: `found`, patterns `missing`, and the `others` in the same folders."""

    repository: str
    found: tuple[MigrationFile, ...]
    missing: tuple[str, ...] = ()
    others: tuple[str, ...] = ()

    @property
    def names(self) -> tuple[str, ...]:
        """The files by their paths: those found, else those that the change names without a wildcard."""
        plain = tuple(pattern for pattern in self.missing if not re.search(r"[*?\[]", pattern))
        return tuple(file.path for file in self.found) or plain

    @property
    def on_disk(self) -> tuple[MigrationFile, ...]:
        """The files that lie where the backend is deployed."""
        return tuple(file for file in self.found if not file.commit)


@dataclass(frozen=True, slots=True, kw_only=True)
class Bookkeeping:
    """What a runner wrote down: `names` of `column` in `table`; `table` "" where no such table is known.

    `failed` are those that the runner itself marks as begun and not done; `grant` is what the role lacks to read it.
    `runs` is the ending of the files that it runs, where it runs no others.
    """

    table: str = ""
    column: str = ""
    names: tuple[str, ...] = ()
    failed: tuple[str, ...] = ()
    grant: str = ""
    runs: str = ""

    def takes(self, files: MigrationFiles) -> bool:
        """Whether the runner can be one that runs these files.

        Where it writes down numbers, one of theirs says nothing about a folder of which it ran no other file: a `077`
        of a folder of the release's own is not the `77` of Rails. A table with a single row (golang-migrate) holds the
        newest number alone.
        """
        if self.runs and not any(name.endswith(self.runs) for name in files.names):
            return False
        return not files.repository or self._may_have_run(files.others)

    def _may_have_run(self, beside: Iterable[str]) -> bool:
        """Whether the names can be those of files that lie beside `beside`."""
        if len(self.names) < 2 or not all(name.isdecimal() for name in self.names):
            return True
        return any(self.lists(path) for path in beside)

    def marks_as_failed(self, path: str) -> bool:
        """Whether the runner marks this file as failed."""
        return replace(self, names=self.failed).lists(path)

    def lists(self, path: str) -> bool:
        """Whether a file is written down: by its name, in any spelling, or by its number where only numbers are."""
        own = {_key(path), _key(str(PurePosixPath(path).parent))}
        numbers = {int(name) for name in self.names if name.isdecimal()}
        return bool(own & {_key(name) for name in self.names}) or _number(path) in numbers

    def pending(self, paths: Iterable[str]) -> tuple[str, ...]:
        """Return the files that a runner would still run: not written down, and neither is their number.

        Several migrations may have been put together into one file under the first one's number; ways back are none.
        """
        paths = tuple(path for path in paths if path.endswith(self.runs))
        numbers = {number for name in self.names if (number := _number(name)) is not None}
        return tuple(
            path
            for path in paths
            if numbers
            and self._may_have_run(paths)
            and not _BACKWARD.search(PurePosixPath(path).name)
            and (number := _number(path)) is not None
            and number not in numbers
            and not self.lists(path)
        )


def _key(name: str) -> tuple[str, str]:
    """Return digits and letters of a name: `039-add-reply.sql`, `039_add_reply` and `AddReply039` are one migration."""
    plain = _ENDINGS.sub("", PurePosixPath(name).name)
    return re.sub(r"\D", "", plain), re.sub(r"[^a-z]", "", plain.lower())


def _number(name: str) -> int | None:
    """Return the number that a file begins with, or its folder where the file's own name holds none (Prisma)."""
    path = PurePosixPath(name)
    match = re.match(r"[vV]?(\d+)", path.name if re.search(r"\d", path.name) else path.parent.name or path.name)
    return int(match.group(1)) if match else None
