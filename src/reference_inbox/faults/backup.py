"""Faults of the backup: files that are there and would not bring anything back."""

import os
import shutil
import subprocess
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from reference_inbox import moments, processes
from reference_inbox.errors import ReferenceFailed
from reference_inbox.faults.fault import Change, Fault
from reference_inbox.faults.kept import forget, keep_file, place, put_files_back
from reference_inbox.state import State
from reference_inbox.steps import Steps

PATTERN: Final = "db_backup_*.dump"
STALE_BY: Final = timedelta(days=3)

# The head of a custom-format archive: "PGDMP", version (3 bytes), sizes of integer and offset, format, compression
# (one byte each), then the time as seven integers, a sign byte before each (src/bin/pg_dump/pg_backup_archiver.c).
TIME_AT: Final = 12
INTEGER: Final = 5


def newest(state: State) -> Path:
    """Return the newest dump. Raises ReferenceFailed when there is none."""
    dumps = sorted(state.dumps.glob(PATTERN), key=lambda dump: dump.stat().st_mtime)
    if not dumps:
        raise ReferenceFailed(f"there is no dump in {state.dumps}; go to {moments.BACKED_UP} first")
    return dumps[-1]


def spoils(fault: str, how: Callable[[State, Path], None]) -> Change:
    """Make a change that keeps the newest dump and then spoils it in its place."""

    def spoil(state: State) -> None:
        dump = newest(state)
        keep_file(state, fault, dump)
        how(state, dump)

    return spoil


def puts_back(fault: str) -> Change:
    """Make a change that puts the kept files back."""
    return lambda state: put_files_back(state, fault)


def cut(_: State, dump: Path) -> None:
    """Cut a dump off after three fifths, as a full disk does."""
    os.truncate(dump, dump.stat().st_size * 3 // 5)


def behead(_: State, dump: Path) -> None:
    """Write zeros over a dump's head."""
    with dump.open("r+b") as archive:
        archive.write(bytes(TIME_AT))


def lose(_: State, dump: Path) -> None:
    """Remove a dump."""
    dump.unlink()


def dumps_with(*options: str) -> Callable[[State, Path], None]:
    """Make a way to spoil: pg_dump run again with these options."""

    def dump_again(state: State, dump: Path) -> None:
        record = state.read()
        done = subprocess.run(
            [f"{record.bin}/pg_dump", "-F", "c", *options, "-f", str(dump)],
            check=False,
            capture_output=True,
            text=True,
            env=processes.environment(state, Steps(state, record).database()),
        )
        if done.returncode:
            raise ReferenceFailed(f"pg_dump failed: {done.stderr.strip()}")

    return dump_again


def age(state: State) -> None:
    """Leave only a dump of three days ago, by name, by its own head and by the file's time."""
    dump, then = newest(state), datetime.now(UTC) - STALE_BY
    shutil.move(dump, place(state, "dump-stale") / dump.name)
    old = state.dumps / f"db_backup_{then:%Y%m%d_%H%M%S}.dump"
    content = bytearray((place(state, "dump-stale") / dump.name).read_bytes())
    for number, value in enumerate((then.second, then.minute, then.hour, then.day, then.month - 1, then.year - 1900)):
        at = TIME_AT + number * INTEGER
        content[at : at + INTEGER] = bytes([0]) + value.to_bytes(INTEGER - 1, "little")
    old.write_bytes(content)
    os.utime(old, (then.timestamp(), then.timestamp()))


def renew(state: State) -> None:
    """Put the newest dump back and remove the old one."""
    kept = next(place(state, "dump-stale").glob(PATTERN))
    for old in state.dumps.glob(PATTERN):
        if old.stat().st_mtime < kept.stat().st_mtime - STALE_BY.total_seconds() / 2:
            old.unlink()
    shutil.move(kept, state.dumps / kept.name)
    forget(state, "dump-stale")


def lose_commits(state: State) -> None:
    """Remove the file with the commits to go back to."""
    keep_file(state, "commits-missing", state.dumps / "current_commit.txt")
    (state.dumps / "current_commit.txt").unlink()


FAULTS: Final = (
    Fault(
        "dump-missing",
        moments.BACKED_UP,
        "backup",
        "there is no dump in the folder of dumps",
        (
            "backup/dump-exists",
            "backup/dump-listed",
            "backup/dump-complete",
            "backup/dump-readable-through",
            "backup/dump-unchanged",
            "backup/dump-fresh",
            "backup/restored",
            "backup/restored-rows",
            "backup/dress-rehearsal",
        ),
        spoils("dump-missing", lose),
        puts_back("dump-missing"),
    ),
    Fault(
        "dump-beheaded",
        moments.BACKED_UP,
        "backup",
        "the dump begins with zeros",
        (
            "backup/dump-listed",
            "backup/dump-complete",
            "backup/dump-readable-through",
            "backup/dump-unchanged",
            "backup/restored",
            "backup/restored-rows",
            "backup/dress-rehearsal",
        ),
        spoils("dump-beheaded", behead),
        puts_back("dump-beheaded"),
    ),
    Fault(
        "dump-truncated",
        moments.BACKED_UP,
        "backup",
        "the dump ends after three fifths of its bytes",
        (
            "backup/dump-readable-through",
            "backup/dump-unchanged",
            "backup/restored",
            "backup/restored-rows",
            "backup/dress-rehearsal",
        ),
        spoils("dump-truncated", cut),
        puts_back("dump-truncated"),
    ),
    Fault(
        "dump-without-messages",
        moments.BACKED_UP,
        "backup",
        "the dump was made without the messages table",
        (
            "backup/dump-complete",
            "backup/dump-unchanged",
            "backup/restored",
            "backup/restored-rows",
            "backup/dress-rehearsal",
        ),
        spoils("dump-without-messages", dumps_with("-T", "messages")),
        puts_back("dump-without-messages"),
    ),
    Fault(
        "dump-schema-only",
        moments.BACKED_UP,
        "backup",
        "the dump holds the schema and no rows",
        (
            "backup/dump-complete",
            "backup/dump-unchanged",
            "backup/restored",
            "backup/restored-rows",
            "backup/dress-rehearsal",
        ),
        spoils("dump-schema-only", dumps_with("-s")),
        puts_back("dump-schema-only"),
    ),
    Fault(
        "dump-stale",
        moments.BACKED_UP,
        "backup",
        "the only dump is three days old",
        ("backup/dump-fresh",),
        age,
        renew,
    ),
    Fault(
        "commits-missing",
        moments.BACKED_UP,
        "backup",
        "nobody wrote down which commits to go back to",
        ("backup/way-back-saved",),
        lose_commits,
        puts_back("commits-missing"),
    ),
)
