"""Processes that outlive the command that starts them, ended later by recorded id and start time."""

import json
import os
import pwd
import subprocess
import sys
import time
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Final

import psutil  # type: ignore[import-untyped]

from reference_inbox.errors import ReferenceFailed
from reference_inbox.state import State, write_private
from reference_inbox.waiting import POLL_S

MARK: Final = "REFERENCE_INBOX_STATE"  # in the environment of everything started here: finds what a killed `up` left
STOP_BUDGET_S: Final = 10.0  # PostgreSQL's fast shutdown writes a checkpoint; measured 0.1 s at 1 000 000 rows
SAME_START_S: Final = 0.05  # start times are read from the kernel in hundredths of a second


LAUNCHED: Final[list[subprocess.Popen[bytes]]] = []
"""The children of this very process. They are to outlive it; kept, so that those that end sooner are collected."""


def environment(state: State, extra: Mapping[str, str]) -> dict[str, str]:
    """Build a child's environment: a few plain variables of ours, the mark of this deployment, then EXTRA."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG", "TMPDIR") if name in os.environ}
    return kept | {MARK: str(state.folder), "PYTHONDONTWRITEBYTECODE": "1"} | dict(extra)


def python_path() -> str:
    """Name the folder this package is imported from, for children that run it too."""
    return str(Path(__file__).resolve().parent.parent)


def ourselves(*arguments: str) -> list[str]:
    """Build the argv of a command of this package."""
    return [sys.executable, "-m", "reference_inbox", *arguments]


def launch(
    state: State,
    name: str,
    command: Sequence[str],
    *,
    log: Path,
    env: Mapping[str, str],
    cwd: Path,
    user: str | None = None,
) -> int:
    """Start COMMAND in a session of its own, output appended to LOG, and note its id and start time.

    USER is the account it runs as (only root may name one). Returns the process id.
    """
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("ab") as output:
        child = subprocess.Popen(
            list(command),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            env=environment(state, env),
            cwd=cwd,
            start_new_session=True,
            user=user,
            group=group_of(user),
            extra_groups=[] if user else None,
        )
    LAUNCHED.append(child)
    note(state, name, child.pid)
    return child.pid


def group_of(user: str | None) -> int | None:
    """Return the primary group of an account, None for none."""
    return pwd.getpwnam(user).pw_gid if user else None


def note(state: State, name: str, pid: int) -> None:
    """Remember a process in DIR/run: its id and, so that a reused id is never mistaken for it, its start time."""
    started = psutil.Process(pid).create_time()
    write_private(state.run / f"{name}.json", json.dumps({"pid": pid, "started": started}) + "\n")
    (state.run / f"{name}.pid").write_text(f"{pid}\n")
    if state.exists:
        state.note_pid(name, pid)


def running(state: State, name: str) -> psutil.Process | None:
    """Return the noted process when it still is that process and alive."""
    try:
        noted = json.loads((state.run / f"{name}.json").read_text())
        process = psutil.Process(noted["pid"])
        same = abs(process.create_time() - noted["started"]) < SAME_START_S
        return process if same and is_alive(process) else None
    except (OSError, ValueError, KeyError, psutil.Error):
        return None


def started_at(state: State, name: str) -> float:
    """Return when a noted process began, in seconds since 1970. Raises ReferenceFailed when it does not run."""
    process = running(state, name)
    if process is None:
        raise ReferenceFailed(f"{name} does not run")
    return float(process.create_time())


def stop(state: State, name: str) -> bool:
    """End the noted process and its children; tell whether there was one to end."""
    process = running(state, name)
    if process is not None:
        end([process])
    for leftover in (state.run / f"{name}.json", state.run / f"{name}.pid"):
        leftover.unlink(missing_ok=True)
    if state.exists:
        state.note_pid(name, None)
    return process is not None


def end(processes: Iterable[psutil.Process]) -> None:
    """Interrupt processes and, once the budget is over, kill those that stayed, with their children.

    SIGINT is PostgreSQL's fast shutdown and uvicorn's orderly one.
    """
    asked = list(processes)
    family = [child for process in asked for child in children(process)]
    for process in asked:
        signal_quietly(process, 2)
    for process in remaining(asked + family):
        signal_quietly(process, 9)
    remaining(asked + family)
    for child in LAUNCHED:
        child.poll()


def remaining(processes: Iterable[psutil.Process]) -> list[psutil.Process]:
    """Wait until processes are gone and return those that are still there once the budget is over.

    A zombie is gone: its parent, often the init of a container, may take seconds to collect it.
    """
    end_at = time.monotonic() + STOP_BUDGET_S
    left = list(processes)
    while (left := [process for process in left if is_alive(process)]) and time.monotonic() < end_at:
        time.sleep(POLL_S)
    return left


def is_alive(process: psutil.Process) -> bool:
    """Tell whether a process still runs code."""
    try:
        return bool(process.is_running() and process.status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False


def children(process: psutil.Process) -> list[psutil.Process]:
    """List the descendants of a process; none when it is gone."""
    try:
        return list(process.children(recursive=True))
    except psutil.Error:
        return []


def signal_quietly(process: psutil.Process, number: int) -> None:
    """Send a signal; a process that ended meanwhile is what was wanted."""
    try:
        process.send_signal(number)
    except psutil.NoSuchProcess:
        return


def strays(state: State, folders: Sequence[Path]) -> list[psutil.Process]:
    """Find processes of this deployment that nobody noted: by the mark, or by one of its folders in the argv.

    A killed `up` can leave such ones in the instant between start and note. PostgreSQL overwrites the memory
    its environment was in, so its data folder in the argv tells instead. This process and its parents are left out.
    """
    own = {os.getpid(), *(parent.pid for parent in psutil.Process().parents())}
    return [
        process
        for process in psutil.process_iter()
        if process.pid not in own and belongs(process, str(state.folder), [str(folder) for folder in folders])
    ]


def belongs(process: psutil.Process, folder: str, named: Sequence[str]) -> bool:
    """Tell whether a process carries the mark of FOLDER or has one of the NAMED folders as an argument."""
    try:
        if process.environ().get(MARK) == folder:
            return True
        return any(argument in named for argument in process.cmdline())
    except psutil.Error:
        return False
