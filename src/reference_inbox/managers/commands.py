"""Running a manager's command line, and asking for one that is missing."""

import shutil
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

from reference_inbox import processes
from reference_inbox.errors import ReferenceFailed
from reference_inbox.state import State


def program(name: str, package: str) -> str:
    """Return the path of a program. Raises ReferenceFailed with what brings it."""
    path = shutil.which(name) or shutil.which(name, path="/usr/sbin:/sbin")
    if path is None:
        raise ReferenceFailed(f"there is no {name} on this machine; get it with: {package}")
    return path


def ran(
    state: State, command: Sequence[str], variables: Mapping[str, str], cwd: Path | None = None
) -> subprocess.CompletedProcess[str]:
    """Run a command of this deployment to its end, whatever its exit code."""
    return subprocess.run(
        list(command),
        check=False,
        cwd=cwd or state.folder,
        env=processes.environment(state, variables),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
    )


def answer(state: State, command: Sequence[str], variables: Mapping[str, str]) -> str:
    """Run a command and return what it printed. Raises ReferenceFailed with its last line unless it ended with 0."""
    done = ran(state, command, variables)
    if done.returncode:
        said = (done.stderr or done.stdout).strip().splitlines() or ["no output"]
        raise ReferenceFailed(f"{' '.join(command[:3])} ended with {done.returncode}: {said[-1]}")
    return done.stdout.strip()
