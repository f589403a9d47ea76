"""Faults of the address: another server or database than the one that is meant."""

import subprocess
import tomllib
from pathlib import Path
from typing import Final

from reference_inbox import moments, processes
from reference_inbox.errors import ReferenceFailed
from reference_inbox.faults.backup import dumps_with, newest
from reference_inbox.faults.fault import Fault
from reference_inbox.faults.kept import keep_file, place, put_files_back, replace_text
from reference_inbox.state import ADMIN, DATABASE, OWNER, State
from reference_inbox.steps import Steps

STAGING: Final = f"{DATABASE}_staging"
ELSEWHERE: Final = "1234567890123456789"  # the identifier of a cluster that was never made


def run(state: State, *command: str) -> None:
    """Run one of PostgreSQL's programs as the administrator. Raises ReferenceFailed with its own words."""
    record = state.read()
    done = subprocess.run(
        [f"{record.bin}/{command[0]}", *command[1:]],
        check=False,
        capture_output=True,
        text=True,
        env=processes.environment(state, Steps(state, record).database() | {"PGUSER": ADMIN}),
    )
    if done.returncode:
        raise ReferenceFailed(f"{command[0]} failed: {done.stderr.strip()}")


def make_staging(state: State, fault: str) -> None:
    """Make a second database in the cluster that holds the same."""
    copy = str(place(state, fault) / "copy")
    run(state, "pg_dump", "-F", "c", "-f", copy)
    run(state, "createdb", "-O", OWNER, "-T", "template0", STAGING)
    run(state, "pg_restore", "--exit-on-error", "-d", STAGING, copy)


def drop_staging(state: State) -> None:
    """Drop it, whoever is still connected."""
    run(state, "dropdb", "--force", STAGING)


def target_file(state: State) -> Path:
    """Return the target's file."""
    return state.folder / "target.toml"


def pin_another_server(state: State) -> None:
    """Leave a target file that was written for another cluster."""
    pinned = tomllib.loads(target_file(state).read_text("utf-8"))["fingerprint"]["system_identifier"]
    replace_text(state, "wrong-server", target_file(state), pinned, ELSEWHERE)


def aim_at_staging(state: State) -> None:
    """Let the target's address lead to the second database."""
    make_staging(state, "second-database")
    replace_text(state, "second-database", target_file(state), f"/{DATABASE}?", f"/{STAGING}?")


def aim_back(state: State) -> None:
    """Let it lead to the first again."""
    put_files_back(state, "second-database")
    drop_staging(state)


def dump_staging(state: State) -> None:
    """Put a dump of the second database in the place of the newest."""
    dump = newest(state)
    keep_file(state, "dump-of-staging", dump)
    make_staging(state, "dump-of-staging")
    dumps_with("-d", STAGING)(state, dump)


def return_dump(state: State) -> None:
    """Put the dump back and drop the second database."""
    put_files_back(state, "dump-of-staging")
    drop_staging(state)


FAULTS: Final = (
    Fault(
        "wrong-server",
        moments.BEFORE,
        "preflight",
        "the target file was written for another cluster than the one that answers",
        ("preflight/right-server",),
        pin_another_server,
        lambda state: put_files_back(state, "wrong-server"),
    ),
    Fault(
        "second-database",
        moments.BEFORE,
        "preflight",
        "the target's address leads to a second database of the cluster that holds the same",
        ("preflight/right-server",),
        aim_at_staging,
        aim_back,
    ),
    Fault(
        "dump-of-staging",
        moments.BACKED_UP,
        "backup",
        "the dump is of a second database that holds the same",
        ("backup/dump-fresh", "backup/dump-unchanged"),
        dump_staging,
        return_dump,
    ),
)
