"""What a fault puts aside in DIR/faults to put back when it is mended: files, and rows of the messages table."""

import json
import os
import shutil
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import psycopg
from psycopg.types.json import Jsonb

from reference_inbox.errors import ReferenceFailed
from reference_inbox.state import State

COLUMNS = ("attachments", "updated_at")  # all that faults change in rows that stay


def place(state: State, fault: str) -> Path:
    """Return the folder in which a fault keeps things, made when it is not there."""
    folder = state.faults / fault
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def forget(state: State, fault: str) -> None:
    """Remove what a fault kept, once it is put back."""
    shutil.rmtree(state.faults / fault, ignore_errors=True)


def replace_text(state: State, fault: str, path: Path, old: str, new: str) -> None:
    """Replace the one occurrence of OLD in a file, keeping the file as it was.

    The file's time stays: a build whose files are younger than its process would be another fault.
    Raises ReferenceFailed when OLD is not there exactly once.
    """
    text = path.read_text("utf-8")
    if text.count(old) != 1:
        raise ReferenceFailed(f"fault {fault}: {path} holds its text {text.count(old)} times, once is needed: {old!r}")
    keep_file(state, fault, path)
    write_at_same_time(path, text.replace(old, new).encode())


def keep_file(state: State, fault: str, path: Path) -> None:
    """Keep a copy of a file and where it belongs."""
    folder = place(state, fault)
    number = len(list(folder.glob("*.file")))
    shutil.copy2(path, folder / f"{number}.file")
    (folder / f"{number}.path").write_text(str(path))


def put_files_back(state: State, fault: str) -> None:
    """Put kept files back, the last kept first, with their times; a folder that is gone meanwhile needs none."""
    for kept in sorted((state.faults / fault).glob("*.file"), reverse=True):
        target = Path(kept.with_suffix(".path").read_text())
        if target.parent.is_dir():
            shutil.copy2(kept, target)
    forget(state, fault)


def write_at_same_time(path: Path, content: bytes) -> None:
    """Write a file and leave its time as it was."""
    seen = path.stat()
    path.write_bytes(content)
    os.utime(path, ns=(seen.st_atime_ns, seen.st_mtime_ns))


def keep_log_size(state: State, fault: str, service: str) -> None:
    """Note how long a service's log is, so that what the fault writes into it can be taken out again."""
    log = Path(state.read().logs[service])
    keep_text(state, fault, "log-size", str(log.stat().st_size if log.exists() else 0))


def cut_log_back(state: State, fault: str, service: str) -> None:
    """Take what was written since the fault struck out of a stopped service's log, where it would be an old error."""
    log = Path(state.read().logs[service])
    if log.exists():  # Docker keeps a log with its container, and each start here is a new one
        os.truncate(log, min(log.stat().st_size, int(kept_text(state, fault, "log-size"))))


def execute(state: State, *statements: str) -> None:
    """Run statements as the administrator, in one transaction."""
    with psycopg.connect(state.read().admin_dsn) as database:
        for statement in statements:
            database.execute(statement.encode())


def change_rows(state: State, fault: str, select: str, change: Callable[[Any, int], Any]) -> None:
    """Change the attachments of the messages whose ids SELECT returns, keeping them as they were.

    CHANGE gets a row's attachments and its place from 0. Raises ReferenceFailed when SELECT finds no row.
    """
    with psycopg.connect(state.read().admin_dsn) as database:
        ids = [row[0] for row in database.execute(select.encode()).fetchall()]
        if not ids:
            raise ReferenceFailed(f"fault {fault}: no message is of the kind that it breaks")
        found = database.execute(
            "SELECT id::text, attachments, updated_at::text FROM messages WHERE id = ANY (%s) ORDER BY id", (ids,)
        ).fetchall()
        (place(state, fault) / "rows.json").write_text(json.dumps(found))
        update(database, [(message, change(value, at), None) for at, (message, value, _) in enumerate(found)])


def put_rows_back(state: State, fault: str) -> None:
    """Put changed rows back as they were."""
    rows = json.loads((state.faults / fault / "rows.json").read_text())
    with psycopg.connect(state.read().admin_dsn) as database:
        update(database, rows)
    forget(state, fault)


def update(database: psycopg.Connection, rows: Sequence[Sequence[Any]]) -> None:
    """Write attachments, and the time of the last change where one is given."""
    with database.cursor() as cursor:
        cursor.executemany(
            "UPDATE messages SET attachments = %s, updated_at = coalesce(%s::timestamptz, updated_at) WHERE id = %s",
            [(Jsonb(value), at, message) for message, value, at in rows],
        )


def definition(state: State, query: str) -> str:
    """Return the text that one catalog query answers. Raises ReferenceFailed when there is none."""
    with psycopg.connect(state.read().admin_dsn) as database:
        row = database.execute(query.encode()).fetchone()
    if row is None or row[0] is None:
        raise ReferenceFailed(f"the catalog does not hold what {query!r} asks for")
    return str(row[0])


def keep_text(state: State, fault: str, name: str, text: str) -> None:
    """Keep a text by name."""
    (place(state, fault) / name).write_text(text)


def kept_text(state: State, fault: str, name: str) -> str:
    """Return a kept text."""
    return (state.faults / fault / name).read_text()


def move_rows_out(state: State, fault: str, select: str) -> None:
    """Delete the messages whose ids SELECT returns, and keep them whole in a file."""
    with psycopg.connect(state.read().admin_dsn) as database:
        database.execute(f"CREATE TEMP TABLE gone AS SELECT * FROM messages WHERE id IN ({select})".encode())
        with (
            (place(state, fault) / "rows.copy").open("wb") as kept,
            database.cursor().copy("COPY gone TO STDOUT (FORMAT binary)") as copy,
        ):
            for block in copy:
                kept.write(block)
        database.execute("DELETE FROM messages WHERE id IN (SELECT id FROM gone)")


def move_rows_in(state: State, fault: str) -> None:
    """Put deleted messages back."""
    with (
        psycopg.connect(state.read().admin_dsn) as database,
        database.cursor().copy("COPY messages FROM STDIN (FORMAT binary)") as copy,
    ):
        copy.write((state.faults / fault / "rows.copy").read_bytes())
    forget(state, fault)
