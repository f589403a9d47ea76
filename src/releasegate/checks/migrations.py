"""Whether the files of the migration are there, what else a runner would run, and what it wrote down."""

from __future__ import annotations

from releasegate.checks.words import some
from releasegate.core import Finding, Judgement, Severity
from releasegate.core.facts.migrations import Bookkeeping, MigrationFiles
from releasegate.core.figures import count

OURS = "releasegate"  # who promises what no release document does


def files_are_known(files: MigrationFiles, booked: Bookkeeping | None) -> Judgement:
    """The migration's files are on the machine or fetched, each with its hash, and nothing else would run with them.

    Before the code is pulled they need not be there: then there is nothing to judge, and the backend's gate looks
    again. The same where the target names no machine to look at. `booked` None: no database to ask.
    """
    nowhere = "the target names no [host] with paths.backend to look at" if not files.repository else ""
    not_yet = f"0 of {_wanted(files)} here or fetched yet: they come with the new code"
    findings = _would_run_too("preflight/migration-files", files, booked) if booked else ()
    return Judgement(
        seen=len(files.found) + len(findings),
        unit="migration files",
        holds=f"{_shown(files)}; {_besides(files, booked)}",
        findings=findings,
        not_applicable="" if files.found else nowhere or not_yet,
    )


def _would_run_too(check: str, files: MigrationFiles, booked: Bookkeeping) -> tuple[Finding, ...]:
    """Return what a runner would run beside the release's files, and what keeps it from running any."""
    waiting = tuple(
        Finding(
            check=check,
            subject=path,
            want=f"no other migration waits to be run ({OURS}; the change names {_named(files)})",
            have=f"{booked.table} does not list it",
            why="a runner (`npm run migrate:up:prod`) runs everything that is pending, not only this release's files",
            fix="find out whether it belongs to this release; run the release's own file with psql if not",
            severity=Severity.WARNING,
        )
        for path in booked.pending(files.others)
    )
    return waiting + tuple(_failed(check, name, booked) for name in booked.failed)


def _failed(check: str, name: str, booked: Bookkeeping) -> Finding:
    return Finding(
        check=check,
        subject=name,
        want=f"no migration that began and is not done ({OURS})",
        have=f"{booked.table} marks it as failed",
        why="a runner refuses to go on after it, or runs it once more",
        fix="look at what it did, mend that, and tell the runner (migrate resolve, repair, force)",
        severity=Severity.WARNING,
    )


def files_are_there(files: MigrationFiles, booked: Bookkeeping | None = None, *, source: str) -> Judgement:
    """The migration's files lie where the runbook runs them from; one of several that is not there is a warning.

    A release may leave the choice between a file and a script, so only the last one that is missing stops it. What
    else a runner would run is a warning too; `booked` None: no database to ask.
    """
    absent = [*files.missing, *(file.path for file in files.found if file.commit)]
    findings = tuple(
        Finding(
            check="backend/migration-files",
            subject=pattern,
            want=f"the file is there ({source})",
            have=f"no such file below {files.repository}",
            why="step 3 would run nothing, or what an older release left there",
            fix="check out the release's commit again, and look at what the deploy leaves out (.dockerignore)",
            run=f"ls {files.repository}/{pattern}",
            severity=Severity.WARNING if files.on_disk else Severity.ERROR,
        )
        for pattern in absent
    )
    findings += _would_run_too("backend/migration-files", files, booked) if booked else ()
    return Judgement(
        seen=len(files.on_disk) + len(absent),
        unit="migration files",
        holds=f"{_shown(files)}; {_besides(files, booked)}",
        findings=findings,
    )


def is_written_down(files: MigrationFiles, booked: Bookkeeping) -> Judgement:
    """The runner's table lists the migration, where there is such a table; psql writes no row, so it is a warning."""
    listed = [name for name in files.names if booked.lists(name)]
    failed = [name for name in files.names if booked.marks_as_failed(name) and name not in listed]
    findings = tuple(_failed("migration/bookkeeping", name, booked) for name in failed)
    findings += () if listed or failed else (_not_written_down(files, booked),)
    nothing = "" if booked.table else "0 tables in which a runner writes down its migrations ([schema] bookkeeping)"
    if booked.grant:
        nothing = f"0 names read: {_closed(booked)}"
    elif not booked.takes(files):
        nothing = f"0 names looked up: {booked.table} is of a runner of other files than {_names(files)}"
    if not files.names:
        nothing = f"0 of {_wanted(files)} found, so nobody knows what would be written down"
    return Judgement(
        seen=1 if booked.table else 0,  # an empty table is an answer too
        unit="tables of a runner",
        holds=f"{booked.table} lists {some(listed)}",
        findings=() if nothing else findings,
        not_applicable=nothing,
    )


def _not_written_down(files: MigrationFiles, booked: Bookkeeping) -> Finding:
    return Finding(
        check="migration/bookkeeping",
        subject=booked.table,
        want=f"{booked.column} lists the migration that ran ({OURS})",
        have=f"{count(len(booked.names), 'name')}, none of them {_names(files)}",
        why="psql writes no row: the runner runs the file again with the next release, or at the next start",
        fix="write the row as the runner would, or make sure that the file may run twice",
        severity=Severity.WARNING,
    )


def already_listed(files: MigrationFiles | None, booked: Bookkeeping | None) -> tuple[str, ...]:
    """Return the change's files that the runner's table already lists."""
    if not files or not booked or not booked.takes(files):
        return ()
    return tuple(name for name in files.names if booked.lists(name))


def _besides(files: MigrationFiles, booked: Bookkeeping | None) -> str:
    if booked is not None and booked.grant:
        return f"{count(len(files.others), 'other file')} beside; {_closed(booked)}"
    if booked is None or not booked.table:
        return f"{count(len(files.others), 'other file')} beside; which of them a runner would run nobody wrote down"
    if not files.others:
        return "no other file beside"
    return f"{booked.table} leaves none of {count(len(files.others), 'other file')} pending"


def _closed(booked: Bookkeeping) -> str:
    return f"{booked.table}, where a runner writes down what it ran, cannot be read: {booked.grant}"


def _shown(files: MigrationFiles) -> str:
    where = [f"{file.path} (sha256 {file.sha256[:12]}{_commit(file.commit)})" for file in files.found]
    return some(where)


def _commit(commit: str) -> str:
    return f", in commit {commit[:9]}" if commit else ""


def _names(files: MigrationFiles) -> str:
    return some([name.rpartition("/")[2] for name in files.names])


def _named(files: MigrationFiles) -> str:
    """Return the release's files; before they are there, the patterns that the change names them by."""
    return _names(files) if files.names else some(files.missing)


def _wanted(files: MigrationFiles) -> str:
    return count(len(files.found) + len(files.missing), "file")
