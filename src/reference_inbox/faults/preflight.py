"""Faults that are there before the release begins."""

import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Final

import psycopg

from reference_inbox import moments, mounts, processes, services
from reference_inbox.errors import ReferenceFailed
from reference_inbox.faults.fault import Change, Fault
from reference_inbox.faults.kept import execute, forget, keep_file, place, put_files_back, replace_text
from reference_inbox.managers.commands import program
from reference_inbox.state import DATABASE, GATE_ROLE, OWNER, State
from reference_inbox.steps import Steps
from reference_inbox.waiting import wait_until

HOLDER: Final = "lock-holder"
HELD_S: Final = 61  # a gate that names the holders of a table does so from a minute on
HOLD: Final = "BEGIN; LOCK TABLE messages IN ACCESS SHARE MODE; SELECT pg_sleep(3600)"
LARGE_RELEASE: Final = """

[host]
min_free_disk_gb = 1_000_000
source = "reference, a release that is too large"
"""
MISSPELT: Final = """

[[rollback]]
kind = "data"
sql = "UPDATE messages SET media_uri = NULL WHERE media_url = ''"
source = "reference, a slip of the pen"
"""
NOT_THERE: Final = """

[[schema.survivors]]
table = "messages"
columns = ["sender_nmae"]
source = "reference, a slip of the pen"
"""
HELD: Final = "SELECT extract(epoch FROM now() - xact_start) FROM pg_stat_activity WHERE query = %s"


def does(statement: str) -> Change:
    """Make a change that is one statement of the administrator."""
    return lambda state: execute(state, statement)


def stops(service: str) -> Change:
    """Make a change that stops a service."""

    def stop(state: State) -> None:
        services.stop(state, service)

    return stop


def starts(service: str) -> Change:
    """Make a change that starts a service."""
    return lambda state: services.start(state, service)


def hold_the_table(state: State) -> None:
    """Leave a transaction open that holds the messages, and return when it is a minute old."""
    record = state.read()
    command, env = [f"{record.bin}/psql", "-X", "-c", HOLD], Steps(state, record).database()
    processes.launch(state, HOLDER, command, log=state.logs / f"{HOLDER}.log", env=env, cwd=state.folder)
    with psycopg.connect(record.admin_dsn, autocommit=True) as database:

        def too_young() -> str | None:
            row = database.execute(HELD.encode(), (HOLD,)).fetchone()
            return None if row and row[0] > HELD_S else f"open for {row[0] if row else 0:.0f} s"

        wait_until("a transaction of a minute", too_young, 2 * HELD_S)


def let_the_table_go(state: State) -> None:
    """End the transaction."""
    processes.stop(state, HOLDER)
    (state.logs / f"{HOLDER}.log").unlink(missing_ok=True)


def leave_few_connections(state: State) -> None:
    """Let the database take four connections more than it has now."""
    with psycopg.connect(state.read().admin_dsn, autocommit=True) as database:
        counted = "SELECT numbackends + 4 FROM pg_stat_database WHERE datname = %s"
        row = database.execute(counted, (DATABASE,)).fetchone()
        assert row
        database.execute(f"ALTER DATABASE {DATABASE} CONNECTION LIMIT {row[0]:d}".encode())


def surprise(state: State) -> Path:
    """Return where a migration lies that nobody announced."""
    return state.repository("backend") / "migrations" / "041-drop-old-media.sql"


def leave_another_migration(state: State) -> None:
    """Leave it there."""
    surprise(state).write_text("ALTER TABLE messages DROP COLUMN media_url;\n", "utf-8")


def misspell_the_way_back(state: State) -> None:
    """Promise one more statement of the way back, with a slip in it."""
    promises = state.folder / "change.toml"
    keep_file(state, "way-back-cannot-run", promises)
    promises.write_text(promises.read_text("utf-8") + MISSPELT, "utf-8")


def misspell_a_survivor(state: State) -> None:
    """Promise that a column survives which no release has."""
    promises = state.folder / "change.toml"
    keep_file(state, "survivor-not-there", promises)
    promises.write_text(promises.read_text("utf-8") + NOT_THERE, "utf-8")


def mark_as_failed(state: State) -> None:
    """Have the runner's table say, as Flyway's does, that the last migration began and was not done."""
    execute(
        state,
        f"SET LOCAL ROLE {OWNER}",
        "ALTER TABLE schema_migrations ADD COLUMN success boolean NOT NULL DEFAULT true",
        "UPDATE schema_migrations SET success = false WHERE name = (SELECT max(name) FROM schema_migrations)",
    )


def promise_more_room(state: State) -> None:
    """Promise more free disk than there is: a release that is too large for this machine."""
    promises = state.folder / "change.toml"
    keep_file(state, "disk-too-small", promises)
    promises.write_text(promises.read_text("utf-8") + LARGE_RELEASE, "utf-8")


def mount_small(state: State) -> None:
    """Mount a file system with hardly an inode left where the dumps go. Raises ReferenceFailed where one may not."""
    command = [program("mount", mounts.PACKAGE), "-t", "tmpfs", "-o", "size=1g,nr_inodes=20", "tmpfs", str(state.dumps)]
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    if done.returncode:
        raise ReferenceFailed(f"inodes-gone needs the right to mount: {done.stderr.strip()}")
    (state.dumps / "left-over.txt").write_text("of an earlier attempt\n")


def unmount_small(state: State) -> None:
    """Take it away again."""
    mounts.take_away(state.dumps)


def set_the_clock(state: State) -> None:
    """Have the machine's `date` tell five minutes more, for the commands of a gate alone."""
    folder = place(state, "clock-off") / "bin"
    folder.mkdir()
    (folder / "date").write_text("#!/bin/sh\nPATH=${PATH#*:} exec date -d '5 minutes' \"$@\"\n")
    (folder / "date").chmod(0o755)
    path = json.dumps(f"{folder}:{os.environ['PATH']}")
    here = 'address = "local"\n'
    target = state.folder / "target.toml"
    replace_text(state, "clock-off", target, here, f"{here}environment = {{ PATH = {path} }}\n")


def pin_another_machine(state: State) -> None:
    """Have the target expect another machine: the one that answers is not the one that is to be released."""
    pinned = "[fingerprint]\n"
    other = f'{pinned}machine_id = "{"0" * 16}"\n'
    replace_text(state, "wrong-machine", state.folder / "target.toml", pinned, other)


def log_of(state: State) -> Path:
    """Return the backend's log."""
    return Path(state.read().logs["backend"])


def move_log_away(state: State) -> None:
    """Move the backend's log out of its folder; the backend goes on writing to it."""
    shutil.move(log_of(state), place(state, "log-missing") / "log")


def put_log_back(state: State) -> None:
    """Put the log back."""
    shutil.move(place(state, "log-missing") / "log", log_of(state))
    forget(state, "log-missing")


FAULTS: Final = (
    Fault(
        "frontend-down",
        moments.BEFORE,
        "preflight",
        "the frontend's process is not running",
        ("preflight/services-up", "preflight/page-baseline"),
        stops("frontend"),
        starts("frontend"),
    ),
    Fault(
        "backend-down",
        moments.BEFORE,
        "preflight",
        "the backend's process is not running",
        ("preflight/services-up", "preflight/latency-baseline", "preflight/signals-on-record"),
        stops("backend"),
        starts("backend"),
    ),
    Fault(
        "no-read-right",
        moments.BEFORE,
        "preflight",
        "the gate's role may not read the messages",
        ("preflight/can-read", "preflight/room-to-write", "preflight/baseline"),
        does(f"REVOKE SELECT ON messages FROM {GATE_ROLE}"),
        does(f"SET ROLE {OWNER}; GRANT SELECT ON messages TO {GATE_ROLE}"),
    ),
    Fault(
        "superuser-gate",
        moments.BEFORE,
        "preflight",
        "the gate's role is a superuser",
        ("preflight/role-is-safe",),
        does(f"ALTER ROLE {GATE_ROLE} SUPERUSER"),
        does(f"ALTER ROLE {GATE_ROLE} NOSUPERUSER"),
    ),
    Fault(
        "already-migrated",
        moments.BEFORE,
        "preflight",
        "an earlier attempt left the column attachments behind",
        ("preflight/not-yet-migrated",),
        does("ALTER TABLE messages ADD COLUMN attachments jsonb"),
        does("ALTER TABLE messages DROP COLUMN attachments"),
    ),
    Fault(
        "index-left-behind",
        moments.BEFORE,
        "preflight",
        "an earlier attempt left an index with the name of the one on replies, which IF NOT EXISTS takes for done",
        ("preflight/not-yet-migrated",),
        does("CREATE INDEX idx_messages_replied_to ON messages (created_at)"),
        does("DROP INDEX idx_messages_replied_to"),
    ),
    Fault(
        "survivor-not-there",
        moments.BEFORE,
        "preflight",
        "the change file names a column that is to survive, and there is none of that name",
        ("preflight/baseline",),
        misspell_a_survivor,
        lambda state: put_files_back(state, "survivor-not-there"),
    ),
    Fault(
        "migration-failed-before",
        moments.BEFORE,
        "preflight",
        "the runner's table says that the last migration began and was not done",
        ("preflight/migration-files",),
        mark_as_failed,
        does("ALTER TABLE schema_migrations DROP COLUMN success"),
    ),
    Fault(
        "way-back-cannot-run",
        moments.BEFORE,
        "preflight",
        "the way back has a statement that names a column which no release has",
        ("preflight/rollback-plans",),
        misspell_the_way_back,
        lambda state: put_files_back(state, "way-back-cannot-run"),
    ),
    Fault(
        "long-transaction",
        moments.BEFORE,
        "preflight",
        "a transaction has held the messages for a minute, and the migration would wait behind it",
        ("preflight/can-migrate",),
        hold_the_table,
        let_the_table_go,
    ),
    Fault(
        "statistics-hidden",
        moments.BEFORE,
        "preflight",
        "the gate's role may not see other roles' statements and sessions",
        ("preflight/statistics",),
        does(f"REVOKE pg_monitor FROM {GATE_ROLE}"),
        does(f"GRANT pg_monitor TO {GATE_ROLE}"),
    ),
    Fault(
        "connections-short",
        moments.BEFORE,
        "preflight",
        "the database takes only four connections more",
        ("preflight/server-ready",),
        leave_few_connections,
        does(f"ALTER DATABASE {DATABASE} CONNECTION LIMIT -1"),
    ),
    Fault(
        "migration-of-another",
        moments.BEFORE,
        "preflight",
        "another migration waits in the folder, and the runner would run it too",
        ("preflight/migration-files",),
        leave_another_migration,
        lambda state: surprise(state).unlink(),
    ),
    Fault(
        "disk-too-small",
        moments.BEFORE,
        "preflight",
        "the release needs more room than any disk here has",
        ("preflight/free-disk",),
        promise_more_room,
        lambda state: put_files_back(state, "disk-too-small"),
    ),
    Fault(
        "inodes-gone",
        moments.BEFORE,
        "preflight",
        "the file system that the dump goes to takes hardly a new file",
        ("preflight/free-disk",),
        mount_small,
        unmount_small,
    ),
    Fault(
        "wrong-machine",
        moments.BEFORE,
        "preflight",
        "another machine answers than the one that the target pins",
        ("preflight/host-reachable",),
        pin_another_machine,
        lambda state: put_files_back(state, "wrong-machine"),
    ),
    Fault(
        "clock-off",
        moments.BEFORE,
        "preflight",
        "the machine's clock is five minutes ahead",
        ("preflight/clock",),
        set_the_clock,
        lambda state: put_files_back(state, "clock-off"),
        ("process",),
    ),
    Fault(
        "log-missing",
        moments.BEFORE,
        "preflight",
        "the backend's log is not where the target says",
        ("preflight/log-shapes",),
        move_log_away,
        put_log_back,
        ("process", "pm2"),
    ),
)
