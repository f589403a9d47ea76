"""Faults of the dump's contents: files that read well and would bring back another database, or open it to all."""

import shutil
import subprocess
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

import psycopg

from reference_inbox import moments, processes
from reference_inbox.errors import ReferenceFailed
from reference_inbox.faults.backup import dumps_with, newest, puts_back, spoils
from reference_inbox.faults.fault import Fault
from reference_inbox.faults.kept import definition, execute, keep_file, keep_text, kept_text, put_files_back
from reference_inbox.repositories import git
from reference_inbox.state import ADMIN, DATABASE, OWNER, State
from reference_inbox.steps import Steps

FLIP_AT: Final = 0.6  # of the file: among the rows of the messages, which are nearly all of it
OPEN: Final = "dump-readable-by-all"
INDEX: Final = "idx_messages_conversation"
RELEASE_FILES: Final = (
    "migrations/039-add-message-reply-and-attachments.sql",
    "migrations/040-backfill-attachments-from-mediaurl.sql",
)
UNDONE: Final = (
    "ALTER TABLE messages DROP COLUMN attachments, DROP COLUMN replied_to_message_id",
    "DELETE FROM schema_migrations WHERE name ~ '^0(39|40)-'",
)


def flip(_: State, dump: Path) -> None:
    """Flip every bit of one byte among the rows, as a bad disk does; the archive's list stays whole."""
    content = bytearray(dump.read_bytes())
    content[int(len(content) * FLIP_AT)] ^= 0xFF
    dump.write_bytes(content)


def open_to_all(state: State) -> None:
    """Let everybody read the newest dump: it lies in a folder open to all, and a link stands in its place."""
    dump = newest(state)
    keep_file(state, OPEN, dump)
    # open to all is the point
    folder = Path(tempfile.mkdtemp(prefix="reference-inbox-open-", dir="/tmp"))
    folder.chmod(0o755)
    keep_text(state, OPEN, "folder", str(folder))
    shutil.copy2(dump, folder / dump.name)
    (folder / dump.name).chmod(0o644)
    dump.unlink()
    dump.symlink_to(folder / dump.name)


def closed_again(state: State) -> None:
    """Put the dump back into its place."""
    newest(state).unlink()
    shutil.rmtree(kept_text(state, OPEN, "folder"))
    put_files_back(state, OPEN)


def of_another_database(state: State, dump: Path) -> None:
    """Replace a dump by one of a database beside it, which holds the same."""
    other = f"{DATABASE}_staging"
    there = {"PGDATABASE": other, "PGUSER": ADMIN}
    with psycopg.connect(state.dsn(ADMIN, state.read().ports["postgres"], ADMIN), autocommit=True) as server:
        server.execute(f'CREATE DATABASE "{other}" OWNER {OWNER}'.encode())
        try:
            run(state, "pg_restore", "--exit-on-error", "-d", other, str(dump), env=there)
            run(state, "pg_dump", "-F", "c", "-f", str(dump), env=there)
        finally:
            server.execute(f'DROP DATABASE "{other}"'.encode())


def before_the_last_migration(state: State, dump: Path) -> None:
    """Replace a dump by one that was begun before an index of the messages was made."""
    made = definition(state, f"SELECT pg_get_indexdef('{INDEX}'::regclass)")
    execute(state, f"DROP INDEX {INDEX}")
    try:
        dumps_with()(state, dump)
    finally:
        execute(state, f"SET ROLE {OWNER}", made)


def after_the_backfill(state: State, dump: Path) -> None:
    """Replace a dump by one that was begun when migration and backfill were done already; then undo both."""
    record = state.read()
    for path in RELEASE_FILES:
        text = git(state.repository("backend"), "show", f"{record.commits['backend']['new']}:{path}")
        run(state, "psql", "-X", "-q", "-v", "ON_ERROR_STOP=1", "-c", text)
    try:
        dumps_with()(state, dump)
    finally:
        execute(state, *UNDONE)


def run(state: State, program: str, *arguments: str, env: Mapping[str, str] | None = None) -> None:
    """Run one of PostgreSQL's programs on the deployment's server. Raises ReferenceFailed with its own words."""
    record = state.read()
    done = subprocess.run(
        [f"{record.bin}/{program}", *arguments],
        check=False,
        capture_output=True,
        text=True,
        env=processes.environment(state, Steps(state, record).database() | dict(env or {})),
    )
    if done.returncode:
        raise ReferenceFailed(f"{program} failed: {done.stderr.strip()}")


def spoilt(name: str, what: str, trips: tuple[str, ...], how: Callable[[State, Path], None]) -> Fault:
    """Make a fault that keeps the newest dump and spoils it in its place."""
    return Fault(name, moments.BACKED_UP, "backup", what, trips, spoils(name, how), puts_back(name))


FAULTS: Final = (
    spoilt(
        "dump-byte-flipped",
        "one byte in the middle of the dump is another one",
        (
            "backup/dump-readable-through",
            "backup/dump-unchanged",
            "backup/restored",
            "backup/restored-rows",
            "backup/dress-rehearsal",
        ),
        flip,
    ),
    Fault(
        OPEN,
        moments.BACKED_UP,
        "backup",
        "everybody on the machine can read the dump",
        ("backup/dump-exists",),
        open_to_all,
        closed_again,
    ),
    spoilt(
        "dump-of-another-database",
        "the dump was made of the database beside the one that is released",
        ("backup/dump-fresh", "backup/dump-unchanged"),
        of_another_database,
    ),
    spoilt(
        "dump-before-last-migration",
        "the dump was begun before the last migration made an index",
        ("backup/dump-complete", "backup/dump-unchanged", "backup/restored"),
        before_the_last_migration,
    ),
    spoilt(
        "dump-after-backfill",
        "somebody had run migration and backfill before the dump was begun",
        ("backup/dump-unchanged", "backup/restored"),
        after_the_backfill,
    ),
)
