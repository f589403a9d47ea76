"""Whether the database could be restored, now, from this file."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from releasegate.checks.words import number, some
from releasegate.core import Finding, Judgement, Severity
from releasegate.core.facts.backup import DumpFile, DumpListing, DumpMade, DumpRead
from releasegate.core.figures import count, gigabytes, moment

_AGAIN = "take the backup again (runbook step 1), then this gate; do not go on without it"
# pg_dump tells its beginning to the second, and clocks of two machines are a little apart.
_TOLERANCE = timedelta(seconds=2)


def dump_exists(file: DumpFile, *, source: str) -> Judgement:
    """There is a dump, it holds something, and nothing is writing to it any more."""
    check = "backup/dump-exists"
    if not file.path:
        have, why = f"no file fits {file.pattern}", "there is nothing to go back to"
    elif not file.size_bytes:
        have, why = "0 bytes", "pg_dump was stopped before it wrote anything"
    elif file.grew_bytes:
        have = f"{number(file.size_bytes)} bytes and growing: {number(file.grew_bytes)} more in {file.apart_s:.0f} s"
        why = "pg_dump is still writing: what is read now is half a backup"
    else:
        size = f"{number(file.size_bytes)} bytes"
        others = f", the newest of {number(file.fitting)}" if file.fitting > 1 else ""
        findings = (_readable_by_all(file, source),) if file.open_mode else ()
        return Judgement(seen=file.fitting, unit="files", holds=f"{file.path}, {size}{others}", findings=findings)
    finding = Finding(
        check=check,
        subject=file.path or file.pattern,
        want=f"a finished dump of more than 0 bytes ({source})",
        have=have,
        why=why,
        fix="wait until pg_dump has ended, then this gate" if file.grew_bytes else _AGAIN,
        run=f"ls -l {file.path or file.pattern}",
    )
    return Judgement(seen=1, unit="patterns", holds="", findings=(finding,))


def _readable_by_all(file: DumpFile, source: str) -> Finding:
    return Finding(
        check="backup/dump-exists",
        subject=file.path,
        want=f"a file that only who restores can read ({source})",
        have=f"everybody on this machine can, mode {file.open_mode}",
        why="it holds every row of the database, and so everything that people wrote",
        fix=f"chmod 600 {file.path}",
        run=f"ls -l {file.path}",
        severity=Severity.WARNING,
    )


def dump_is_listed(listing: DumpListing, *, source: str) -> Judgement:
    """The dump lists what is in it without errors."""
    findings: tuple[Finding, ...] = ()
    if listing.trouble or listing.format == "unknown" or not listing.entries:
        findings = (
            Finding(
                check="backup/dump-listed",
                subject=listing.path,
                want=f"a list of tables without errors ({source})",
                have=listing.trouble or f"{number(listing.entries)} entries",
                why="pg_restore cannot read it, so nothing can be restored from it",
                fix=_AGAIN,
                run=listing.command,
            ),
        )
    entries = count(listing.entries, "entry", "entries")
    holds = f"{listing.format} dump, {entries}, the rows of {count(len(listing.data), 'table')} among them"
    return Judgement(seen=max(listing.entries, len(findings)), unit="entries", holds=holds, findings=findings)


def dump_is_complete(
    listing: DumpListing,
    tables: Sequence[tuple[str, str]],
    items: Sequence[str] = (),
    *,
    source: str,
    size_bytes: int = 0,
    least_bytes: float = 0,
) -> Judgement:
    """The rows of every table of the database, (schema, table), are in the dump, and it is not suspiciously small.

    So is every one of `items`, "KIND schema name": tables, sequences, indexes, constraints.
    """
    missing = [f"{schema}.{table}" for schema, table in tables if not listing.holds_rows_of(schema, table)]
    unlisted = [item for item in items if item not in listing.items]
    findings = []
    if missing:
        findings.append(_misses(listing, missing, len(tables), source))
    if unlisted:
        findings.append(_lists_not(listing, unlisted, len(items), source))
    if least_bytes and size_bytes < least_bytes:
        findings.append(_too_small(listing, size_bytes, least_bytes, source))
    holds = f"the rows of all {count(len(tables), 'table')} of the database are in the dump"
    holds += f", and all {count(len(items), 'object')} around them" if items else ""
    return Judgement(seen=len(tables), unit="tables", holds=holds, findings=tuple(findings))


def _misses(listing: DumpListing, missing: Sequence[str], tables: int, source: str) -> Finding:
    return Finding(
        check="backup/dump-complete",
        subject=listing.path,
        want=f"the rows of all {count(tables, 'table')} of the database ({source})",
        have=f"{number(tables - len(missing))}; without {some(missing)}",
        why="a restore from this file would lose these tables" if listing.data else "it holds the schema and no rows",
        fix=_AGAIN,
        run=listing.command,
    )


def _lists_not(listing: DumpListing, unlisted: Sequence[str], of: int, source: str) -> Finding:
    return Finding(
        check="backup/dump-complete",
        subject=listing.path,
        want=f"all {number(of)} tables, sequences, indexes and constraints of the database ({source})",
        have=f"{number(of - len(unlisted))}; without {some(unlisted)}",
        why="a restore from this file would bring back another database",
        fix=_AGAIN,
        run=listing.command,
    )


def _too_small(listing: DumpListing, size_bytes: int, least_bytes: float, source: str) -> Finding:
    return Finding(
        check="backup/dump-complete",
        subject=listing.path,
        want=f"at least {gigabytes(round(least_bytes))} ({source})",
        have=gigabytes(size_bytes),
        why="a dump that small for this database lacks rows",
        fix=_AGAIN,
    )


def dump_reads_to_its_end(read: DumpRead, *, source: str) -> Judgement:
    """The whole file can be read, to the last byte of the last table."""
    findings: tuple[Finding, ...] = ()
    if read.trouble:
        findings = (
            Finding(
                check="backup/dump-readable-through",
                subject=read.path,
                want=f"pg_restore reads it to its end ({source})",
                have=read.trouble,
                why="the list at its beginning is fine, the rows behind it are not all there",
                fix=_AGAIN,
                run=read.command,
            ),
        )
    digest = f", sha256 {read.sha256[:12]}" if read.sha256 else ""
    holds = f"{number(read.size_bytes)} bytes read to the end{digest}"
    return Judgement(seen=read.size_bytes, unit="bytes", holds=holds, findings=findings)


def dump_is_unchanged(read: DumpRead, made: DumpMade | None, *, source: str) -> Judgement:
    """The dump is, byte for byte, what it was when the command that made it had ended; N/A where nobody noted that."""
    check = "backup/dump-unchanged"
    if made is None:
        nothing = "not made with `gate step`: no sha256 from then to compare with"
        return Judgement(seen=0, unit="bytes", holds="", not_applicable=nothing)
    if not read.sha256:
        undecided = "the machine has no sha256sum, so the dump cannot be compared with what was made"
        return Judgement(seen=0, unit="bytes", holds="", undecided=undecided)
    findings: tuple[Finding, ...] = ()
    if read.sha256 != made.sha256:
        findings = (
            Finding(
                check=check,
                subject=read.path,
                want=f"sha256 {made.sha256[:12]}, {number(made.size_bytes)} bytes, as {made.by} left it ({source})",
                have=f"sha256 {read.sha256[:12]}, {number(read.size_bytes)} bytes",
                why="a disk flipped bits in it, or somebody wrote another dump over it",
                fix=_AGAIN,
                run=f"sha256sum {read.path}",
            ),
        )
    holds = f"sha256 {read.sha256[:12]}, as when step {made.by} had made it"
    return Judgement(seen=read.size_bytes, unit="bytes", holds=holds, findings=findings)


def dump_is_fresh(
    listing: DumpListing,
    *,
    modified: datetime | None,
    database: str,
    deploy_began: datetime | None,
    clock_ahead_s: float,
    source: str,
    server_version: str = "",
    first_write: datetime | None = None,
) -> Judgement:
    """The dump is of this database and this server's version, begun after preflight opened, ended before `first_write`.

    `first_write` is when the first recorded step that writes began, None before any did.

    `clock_ahead_s` is how far the dump's machine is ahead of the operator's. A plain dump says neither when it
    began nor of which database it is: the end of writing counts, and its own tables must do.
    """
    findings = []
    if listing.database and listing.database != database:
        findings.append(_stale(listing.path, f"a dump of {database}", f"one of {listing.database}", source))
    taken = listing.created or modified
    if taken and deploy_began and taken - timedelta(seconds=clock_ahead_s) + _TOLERANCE < deploy_began:
        want = f"begun after preflight opened, {moment(deploy_began)}"
        findings.append(_stale(listing.path, want, f"begun {moment(taken)}", source))
    ended = modified and modified - timedelta(seconds=clock_ahead_s) - _TOLERANCE
    if ended and first_write and ended > first_write:
        want = f"ended before the first step that writes, {moment(first_write)}"
        findings.append(_stale(listing.path, want, f"written until {moment(ended)}", source))
    if server_version and listing.server_version and _major(listing.server_version) != _major(server_version):
        want, have = f"a dump of PostgreSQL {server_version}", f"one of PostgreSQL {listing.server_version}"
        findings.append(_stale(listing.path, want, have, source))
    when = f"begun {moment(taken)}" if taken else "of unknown age"
    after = "" if deploy_began else "; not compared with preflight, which is not on record"
    holds = f"of {listing.database or database}, {when}{after}"
    return Judgement(seen=1 if taken else 0, unit="dumps", holds=holds, findings=tuple(findings))


def _major(version: str) -> str:
    return version.partition(".")[0].partition(" ")[0]


def _stale(path: str, want: str, have: str, source: str) -> Finding:
    return Finding(
        check="backup/dump-fresh",
        subject=path,
        want=f"{want} ({source})",
        have=have,
        why="a restore would bring back another state than the one before this release",
        fix=_AGAIN,
        run=f"pg_restore --list {path} | head",
    )
