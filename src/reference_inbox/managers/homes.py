"""The folder of a manager that listens on sockets: below DIR, or elsewhere where the path would be too long."""

import shutil
import tempfile
from pathlib import Path
from typing import Final

from reference_inbox.state import State

LONGEST: Final = 107 - len("/exec/containerd/containerd.sock.ttrpc")  # sun_path holds 108 bytes, the last a NUL


def make(state: State, name: str) -> Path:
    """Make the manager's folder, note it in the record, and return it."""
    inside = state.folder / name
    if len(str(inside)) <= LONGEST:
        inside.mkdir()
        state.change(manager_home=str(inside))
        return inside
    outside = Path(tempfile.mkdtemp(prefix=f"inbox-{name}-", dir=short_folder()))
    state.change(manager_home=str(outside), outside=[*state.read().outside, str(outside)])
    return outside


def short_folder() -> str:
    """Return the temporary folder, or /tmp where that one is too long itself."""
    usual = tempfile.gettempdir()
    return usual if len(usual) + len("/inbox-docker-12345678") <= LONGEST else "/tmp"  # noqa: S108  mkdtemp makes a private folder in it


def of(state: State) -> Path:
    """Return the manager's folder."""
    return Path(state.read().manager_home)


def remove(state: State) -> None:
    """Remove the manager's folder, once all that used it has ended."""
    home = state.read().manager_home
    if home:
        shutil.rmtree(home, ignore_errors=True)
