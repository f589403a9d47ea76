"""Restoring a dump into an empty database of a scratch server, from wherever the dump lies, through streams."""

from __future__ import annotations

import re
import subprocess
import tarfile
import tempfile
import threading
import time
from collections.abc import Callable, Collection, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Final

from releasegate.core import CannotMeasure, Measurement
from releasegate.core.facts.backup import DumpListing, Restored
from releasegate.core.redaction import redactor
from releasegate.probes import dump_text, scratch
from releasegate.probes.host import Machine
from releasegate.probes.scratch_databases import Databases

Progress = Callable[[int, int], None]
"""Told how many of how many entries are restored."""

LONGEST_ERROR: Final = 300  # characters shown of one complaint
MOST_ERRORS: Final = 50
# Nothing is made that could reach another server, and nobody's rights: the roles are not the deployment's.
OPTIONS: Final = ("--no-owner", "--no-privileges", "--no-publications", "--no-subscriptions", "--verbose")
_ENTRY: Final = ("pg_restore: creating ", "pg_restore: processing data for ", "pg_restore: executing ")
_ERROR = re.compile(r"^pg_restore: error: |^psql:.*?: ERROR:  |^psql: error: |^ERROR:  |^pg_restore: \[")
_COMMAND: Final = "Command was: "
_TOO_NEW: Final = "unsupported version"
# What the scratch server does not have; the group names it.
_LACKING: Final = (
    re.compile(r'extension "([^"]+)" is not available'),
    re.compile(r'could not open extension control file "[^"]*/([^/"]+)\.control"'),
    re.compile(r'(collation "[^"]+").* does not exist'),
    re.compile(r"(compression method \S+|LZ4|lz4|zstd) .*not supported|not (?:built|compiled) with (\S+) support"),
    re.compile(r'(access method "[^"]+") does not exist'),
)
# Settings that a newer pg_dump writes and an older server does not know: nothing of the database is in them.
_HARMLESS = re.compile(
    r'unrecognized configuration parameter|schema "public" already exists|invalid command \\\w*restrict'
)


def restore(
    databases: Databases,
    machine: Machine,
    dump: DumpListing,
    *,
    encoding: str = "UTF8",
    roles: Collection[str] = (),
    progress: Progress | None = None,
) -> Measurement[Restored]:
    """Restore `dump`, which lies on `machine`, into a new database; what went wrong is in the answer.

    `roles` are made first, so that what names them can be restored. Raises CannotMeasure where no program here can
    read the dump, or the machine stops sending it.
    """
    databases.add_roles(roles)
    restoring = _Restoring(databases, machine, dump, databases.create(encoding=encoding), progress or _unseen)
    began = time.monotonic()
    errors = restoring.from_text() if dump.format == "plain" else restoring.from_archive()
    took = time.monotonic() - began
    shown = "psql -f" if dump.format == "plain" else f"pg_restore {' '.join(OPTIONS[:2])} -d"
    value = Restored(
        path=dump.path,
        database=restoring.database,
        server=f"PostgreSQL {databases.server.major}",
        duration_s=round(took, 3),
        entries=dump.entries,
        errors=tuple(error for error in errors if not _HARMLESS.search(error))[:MOST_ERRORS],
        lacking=_lacking(databases, dump, errors),
        command=f"{shown} EMPTY_DATABASE {dump.path}",
    )
    return Measurement(value=value, unit="entries restored", rows=dump.entries, query=value.command, duration_s=took)


def _unseen(_done: int, _total: int) -> None:
    return


def _lacking(databases: Databases, dump: DumpListing, errors: Iterable[str]) -> tuple[str, ...]:
    named = {f"extension {name}" for name in databases.lacking(dump.extensions)}
    for error in errors:
        for pattern in _LACKING:
            match = pattern.search(error)
            if match:
                name = next(group for group in match.groups() if group)
                named.add(f"extension {name}" if "extension" in pattern.pattern else name)
    return tuple(sorted(named))


@dataclass(frozen=True, slots=True)
class _Restoring:
    """One restore of `dump` into the empty `database`."""

    databases: Databases
    machine: Machine
    dump: DumpListing
    database: str
    progress: Progress

    def from_archive(self) -> list[str]:
        """Restore with the first pg_restore that knows the archive's version; return its complaints."""
        for program in self._programs():
            errors = self._restored_by(program)
            if not any(_TOO_NEW in error for error in errors):
                return errors
        raise CannotMeasure(
            f"this machine has no pg_restore that can read {self.dump.path}, made by pg_dump "
            f"{self.dump.tool_version or 'of unknown version'}; install PostgreSQL's client of that version"
        )

    def _programs(self) -> Iterator[Path]:
        folders = dict.fromkeys([self.databases.server.bin, *scratch.installed()])
        yield from (folder / "pg_restore" for folder in folders if (folder / "pg_restore").exists())

    def _restored_by(self, program: Path) -> list[str]:
        argv = [str(program), *OPTIONS, "-d", self.database]
        with _source(self.machine, self.dump) as fed:
            child = subprocess.Popen(
                [*argv, str(fed)] if isinstance(fed, Path) else argv,
                env=self.databases.environment(self.database),
                stdin=subprocess.DEVNULL if isinstance(fed, Path) else fed,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.PIPE,
                text=True,
                errors="replace",
            )
            with _ended(child):
                assert child.stderr is not None
                errors = list(_complaints(_counted(child.stderr, self.dump.entries, self.progress)))
        if child.returncode and not errors:
            errors.append(f"pg_restore ended with {child.returncode}")
        return errors

    def from_text(self) -> list[str]:
        """Restore with psql, to which the text is passed on; return its complaints."""
        unpack = [*dump_text.UNPACK[self.dump.compression], "--", self.dump.path]
        argv = [str(self.databases.server.bin / "psql"), "-X", "-q", "-v", "VERBOSITY=terse", "-f", "-"]
        errors: list[str] = []
        with _sent(self.machine, unpack) as content:
            child = subprocess.Popen(
                argv,
                env=self.databases.environment(self.database),
                stdin=subprocess.PIPE,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.PIPE,
            )
            with _ended(child):
                assert child.stdin is not None
                reader = threading.Thread(target=_collect, args=(child, errors), daemon=True)
                reader.start()
                with suppress(BrokenPipeError):  # psql says itself why it ended early
                    child.stdin.writelines(dump_text.statements(content))
                    child.stdin.close()
                reader.join()
        return errors


@contextmanager
def _ended(child: subprocess.Popen[str] | subprocess.Popen[bytes]) -> Iterator[None]:
    """Wait for a child that ended by itself; one that is still at work when something else went wrong is ended."""
    try:
        yield
        child.wait()
    finally:
        if child.poll() is None:
            child.kill()
            child.wait()
        for pipe in (child.stdin, child.stdout, child.stderr):
            with suppress(BrokenPipeError):
                if pipe is not None:
                    pipe.close()


@contextmanager
def _source(machine: Machine, dump: DumpListing) -> Iterator[Path | IO[bytes]]:
    """Give the dump where it lies on this very machine, else what the other machine sends of it."""
    if machine.is_here:
        yield Path(dump.path)
    elif dump.format == "directory":
        with tempfile.TemporaryDirectory(prefix="releasegate-dump-") as folder:
            send = _sent(machine, ["tar", "-C", dump.path, "-cf", "-", "."])
            with send as packed, tarfile.open(fileobj=packed, mode="r|") as files:
                files.extractall(folder, filter="data")
            yield Path(folder)
    else:
        with _sent(machine, ["cat", "--", dump.path]) as content:
            yield content


@contextmanager
def _sent(machine: Machine, argv: list[str]) -> Iterator[IO[bytes]]:
    """Give what a command on `machine` prints, as it comes. Raises CannotMeasure when it ended with an error."""
    with tempfile.TemporaryFile() as said:
        child = subprocess.Popen(machine.from_here(argv), stdout=subprocess.PIPE, stderr=said, stdin=subprocess.DEVNULL)
        with _ended(child):
            assert child.stdout is not None
            yield child.stdout
            child.stdout.close()  # whoever reads had enough, and says itself when that was too early
        said.seek(0)
        words = said.read().decode("utf-8", "replace").strip()
    if child.returncode > 0 and words:
        raise CannotMeasure(f"{machine.address}: {words.splitlines()[-1]}", run=machine.by_hand(argv))


def _collect(child: subprocess.Popen[bytes], errors: list[str]) -> None:
    assert child.stderr is not None
    errors += _complaints(line.decode("utf-8", "replace") for line in child.stderr)


def _counted(lines: Iterable[str], total: int, progress: Progress) -> Iterator[str]:
    done = 0
    for line in lines:
        if line.startswith(_ENTRY):
            done = min(total, done + 1)
            progress(done, total)
        yield line


def _complaints(lines: Iterable[str]) -> Iterator[str]:
    """Yield each complaint in one line, with the first line of the command that it is about."""
    error = ""
    for line in lines:
        if _ERROR.match(line):
            if error:
                yield _said(error)
            error = line.strip()
        elif error and line.startswith(_COMMAND):
            yield _said(f"{error} ({line.removeprefix(_COMMAND).strip()})")
            error = ""
    if error:
        yield _said(error)


def _said(error: str) -> str:
    return redactor.text(error)[:LONGEST_ERROR]
