"""Faults of a restore and of the old code after it: a database that is neither the old one nor the new one."""

import subprocess
from typing import Final

import psycopg

from reference_inbox import moments, processes, services
from reference_inbox.faults.backup import newest
from reference_inbox.faults.dumps import RELEASE_FILES, run
from reference_inbox.faults.fault import Fault
from reference_inbox.faults.kept import execute, forget, keep_text, kept_text, move_rows_in, move_rows_out
from reference_inbox.faults.preflight import does
from reference_inbox.faults.rows import some
from reference_inbox.repositories import git
from reference_inbox.state import ADMIN, DATABASE, OWNER, State
from reference_inbox.steps import Steps

OVER: Final = "restore-over-newer-schema"
ASIDE, NEWER = f"{DATABASE}_aside", f"{DATABASE}_newer"
# What makes the runbook's `pg_restore -c` go wrong: the dump does not know this table, so the messages cannot be
# dropped, and what cannot be dropped is not made anew.
HANGS_ON: Final = "CREATE TABLE message_reactions (message_id uuid REFERENCES messages (id), emoji text NOT NULL)"
FORGOTTEN: Final = "restore-forgets-replaced"
REPLACED: Final = f"SELECT datname FROM pg_database WHERE datname ~ '^{DATABASE}_until_'"


def statements(state: State, *texts: str) -> list[str]:
    """Run statements on the server beside the database, each by itself; return the first column of the last one."""
    with psycopg.connect(state.dsn(ADMIN, state.read().ports["postgres"], ADMIN), autocommit=True) as server:
        cursor = server.cursor()
        for text in texts:
            cursor.execute(text.encode())
        return [str(row[0]) for row in cursor.fetchall()] if cursor.description else []


def restore_over_newer(state: State) -> None:
    """Have the database be one that was restored with -c over a newer schema, whose errors nobody read."""
    there = {"PGDATABASE": NEWER, "PGUSER": ADMIN}
    statements(state, f'CREATE DATABASE "{NEWER}" OWNER {OWNER} TEMPLATE template0')
    run(state, "pg_restore", "--exit-on-error", "-d", NEWER, str(newest(state)), env=there)
    record = state.read()
    for path in RELEASE_FILES:
        text = git(state.repository("backend"), "show", f"{record.commits['backend']['new']}:{path}")
        run(state, "psql", "-X", "-q", "-v", "ON_ERROR_STOP=1", "-c", text, env={"PGDATABASE": NEWER})
    run(state, "psql", "-X", "-q", "-v", "ON_ERROR_STOP=1", "-c", HANGS_ON, env={"PGDATABASE": NEWER})
    subprocess.run(  # its errors are what nobody read
        [f"{record.bin}/pg_restore", "-c", "-d", NEWER, str(newest(state))],
        check=False,
        capture_output=True,
        env=processes.environment(state, Steps(state, record).database() | there),
    )
    swap(state, ASIDE, NEWER)


def put_back(state: State) -> None:
    """Have the database be the one that was put aside."""
    swap(state, NEWER, ASIDE)
    statements(state, f'DROP DATABASE "{NEWER}"')


def swap(state: State, away: str, into_place: str) -> None:
    """Give the database another name and its own to another one, while nobody is connected."""
    services.stop(state, "backend")
    statements(
        state,
        f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname IN ('{DATABASE}', '{into_place}')",
        f'ALTER DATABASE "{DATABASE}" RENAME TO "{away}"',
        f'ALTER DATABASE "{into_place}" RENAME TO "{DATABASE}"',
    )
    services.start(state, "backend")


def forget_replaced(state: State) -> None:
    """Give the replaced databases names by which nobody finds them."""
    names = statements(state, REPLACED)
    keep_text(state, FORGOTTEN, "names", "\n".join(names))
    statements(state, *(f'ALTER DATABASE "{name}" RENAME TO "x_{name}"' for name in names))


def remember_replaced(state: State) -> None:
    """Give them their names back."""
    names = kept_text(state, FORGOTTEN, "names").split()
    statements(state, *(f'ALTER DATABASE "x_{name}" RENAME TO "{name}"' for name in names))
    forget(state, FORGOTTEN)


FAULTS: Final = (
    Fault(
        "restore-loses-rows",
        moments.ROLLED_BACK_RESTORE,
        "rollback",
        "twenty messages of the dump are not in the database",
        ("rollback/source-unchanged", "rollback/rows-are-back"),
        lambda state: move_rows_out(state, "restore-loses-rows", some("true", 20)),
        lambda state: move_rows_in(state, "restore-loses-rows"),
    ),
    Fault(
        OVER,
        moments.ROLLED_BACK_RESTORE,
        "rollback",
        "the dump was restored with -c over a newer schema, and nobody read its errors",
        ("rollback/catalog-is-back", "rollback/nothing-left-behind"),
        restore_over_newer,
        put_back,
    ),
    Fault(
        FORGOTTEN,
        moments.ROLLED_BACK_RESTORE,
        "rollback",
        "the database that was replaced is not kept under a name that tells",
        ("rollback/lost-rows",),
        forget_replaced,
        remember_replaced,
    ),
    Fault(
        "restore-leaves-column",
        moments.ROLLED_BACK_RESTORE,
        "rollback",
        "the restored table still has a column of the release",
        ("rollback/catalog-is-back",),
        does("ALTER TABLE messages ADD COLUMN replied_to_message_id uuid"),
        does("ALTER TABLE messages DROP COLUMN replied_to_message_id"),
    ),
    Fault(
        "old-code-without-old-field",
        moments.ROLLED_BACK_CODE,
        "rollback",
        "the old code runs on a schema that lacks the column it reads media from",
        ("rollback/old-media-shown", "rollback/source-unchanged", "rollback/differences"),
        lambda state: execute(state, "ALTER TABLE messages RENAME COLUMN media_url TO media_address"),
        lambda state: execute(state, "ALTER TABLE messages RENAME COLUMN media_address TO media_url"),
    ),
    Fault(
        "rollback-index-nobody-planned",
        moments.ROLLED_BACK_CODE,
        "rollback",
        "somebody made an index while the release was taken back",
        ("rollback/differences",),
        does("CREATE INDEX idx_messages_night ON messages (sender_name)"),
        does("DROP INDEX idx_messages_night"),
    ),
)
