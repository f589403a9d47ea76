"""Faults of the new backend: the wrong build, wrong answers, and what its log says from the start on."""

import shutil
import time
from typing import Final

from reference_inbox import moments
from reference_inbox.faults.code import (
    Edit,
    patches_backend,
    restores_backend,
    serves_other_commit,
    serves_own_commit,
)
from reference_inbox.faults.fault import Fault
from reference_inbox.faults.kept import forget, place
from reference_inbox.state import State
from reference_inbox.waiting import wait_until

BROKEN_HEALTH: Final = ("health.py", "SELECT 1 FROM messages LIMIT 1", "SELECT 1 FROM message_health")
BROKEN_LIST: Final = ("conversations.py", "SELECT c.id, c.customer_name,", "SELECT c.id, c.display_name,")
SILENT_S: Final = 2.5
BUDGET_S: Final = 30.0
STARTED: Final = '    log.info("Application started version=%s commit=%s port=%d", '


def move_migrations_away(state: State) -> None:
    """Move the folder out of the checkout."""
    shutil.move(state.repository("backend") / "migrations", place(state, "migrations-left-out") / "migrations")


def put_migrations_back(state: State) -> None:
    """Put the folder back."""
    shutil.move(place(state, "migrations-left-out") / "migrations", state.repository("backend") / "migrations")
    forget(state, "migrations-left-out")


def logs_at_start(line: str) -> Edit:
    """Make an edit after which the backend logs an error once it has started."""
    return ("app.py", "    yield\n", f'    log.error("{line}")\n    yield\n')


def start_without_its_line(state: State) -> None:
    """Restart a backend that does not say so, once its log was silent for longer than a start's own lines may take.

    What was written less than 2 s before a process began may be its own, as clocks of logs are coarse: the line of a
    restart just before would be taken for this one's.
    """
    log = state.logs / "backend.log"

    def last_line() -> str | None:
        silent_s = time.time() - log.stat().st_mtime if log.is_file() else SILENT_S
        return None if silent_s >= SILENT_S else f"a line {silent_s:.1f} s ago"

    wait_until("a silent log of the backend", last_line, BUDGET_S)
    edit = ("app.py", STARTED, STARTED.replace("Application started", "Caches are warm"))
    patches_backend("no-start-line", edit)(state)


def patched(name: str, at: str, gate: str, what: str, trips: tuple[str, ...], *edits: Edit) -> Fault:
    """Make a fault of edits to the backend's build."""
    return Fault(name, at, gate, what, trips, patches_backend(name, *edits), restores_backend(name))


def wrong_build(*, name: str, at: str, gate: str, what: str, trips: tuple[str, ...], which: str) -> Fault:
    """Make a fault in which the process runs the build of another commit."""
    return Fault(
        name, at, gate, what, trips, serves_other_commit(name, "backend", which), serves_own_commit(name, "backend")
    )


FAULTS: Final = (
    wrong_build(
        name="old-backend-answers",
        at=moments.BACKEND,
        gate="backend",
        what="the checkout is new and the running process is the old build",
        trips=("backend/right-build",),
        which="old",
    ),
    patched(
        "health-503",
        moments.BACKEND,
        "backend",
        "the health endpoint answers 503: it asks for a table that is not there",
        ("backend/health", "backend/log-clean"),
        BROKEN_HEALTH,
    ),
    patched(
        "open-api",
        moments.BACKEND,
        "backend",
        "the list of conversations is answered without a token",
        ("backend/stranger-refused",),
        ("app.py", "signed_in(conversations.conversations)", "conversations.conversations"),
    ),
    patched(
        "conversations-500",
        moments.BACKEND,
        "backend",
        "the list of conversations is answered 500: it reads a column that is not there",
        ("backend/conversations", "backend/messages", "backend/log-clean"),
        BROKEN_LIST,
    ),
    patched(
        "messages-500",
        moments.BACKEND,
        "backend",
        "the messages of a conversation are answered 500: they are looked for in a table that is not there",
        ("backend/messages", "backend/log-clean"),
        ("messages.py", "AS here FROM conversations WHERE", "AS here FROM conversation WHERE"),
    ),
    patched(
        "fatal-line",
        moments.BACKEND,
        "backend",
        "the log says that something fatal happened at the start",
        ("backend/log-clean",),
        logs_at_start("FATAL: the cache of previews is out of memory"),
    ),
    patched(
        "new-error",
        moments.BACKEND,
        "backend",
        "the log has an error at the start that it never had, and it speaks of the new column",
        ("backend/log-clean", "backend/writes-go-on"),
        logs_at_start("reading replied_to_message_id failed for 3 messages"),
    ),
    Fault(
        "migrations-left-out",
        moments.BACKEND,
        "backend",
        "the deploy left the folder of the migrations out",
        ("backend/migration-files", "backend/checkout-clean"),
        move_migrations_away,
        put_migrations_back,
    ),
    Fault(
        "no-start-line",
        moments.BACKEND,
        "backend",
        "the log does not say that the backend is ready",
        ("backend/started-line",),
        start_without_its_line,
        restores_backend("no-start-line"),
    ),
    patched(
        "writes-fail",
        moments.MIGRATED,
        "migration",
        "the backend cannot store what comes in, although the new columns are there",
        ("migration/writes-go-on", "migration/log-clean"),
        logs_at_start("storing attachments failed for 2 messages"),
    ),
    patched(
        "writes-fail-later",
        moments.BACKFILLED,
        "backfill",
        "the backend cannot store what comes in since the backfill ran",
        ("backfill/writes-go-on", "backfill/log-clean"),
        logs_at_start("storing attachments failed for 5 messages"),
    ),
    patched(
        "fatal-beside-migration",
        moments.MIGRATED,
        "migration",
        "the backend's log has a fatal line since the backend was looked at",
        ("migration/log-clean",),
        logs_at_start("FATAL: the pool of connections is lost"),
    ),
    patched(
        "fatal-beside-backfill",
        moments.BACKFILLED,
        "backfill",
        "the backend's log has a fatal line since the migration was looked at",
        ("backfill/log-clean",),
        logs_at_start("FATAL: the queue of pictures is lost"),
    ),
)
