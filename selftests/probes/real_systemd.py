"""A real systemd that can hurt nobody: a user's instance, in namespaces where only its own folder can be written.

Never boot the system's instance in a test, not even in namespaces of its own: its `systemd-tmpfiles` empties /tmp,
which is shared. This one is started with only the units that a test names, without root's rights, on a root file
system that is mounted read-only for it.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest

from .conftest import until

USER = "games"  # Debian has it, and nobody runs anything under it
PROGRAM = "/lib/systemd/systemd"
UNIT = """
[Unit]
DefaultDependencies=no
StartLimitIntervalSec=0
[Service]
"""
_ENTER = 'echo $$ >"$0" && exec unshare --pid --mount --cgroup --fork --kill-child --mount-proc "$@"'
_SETUP = """
set -e
mount --make-rprivate /
mount -t tmpfs -o mode=755 tmpfs /run
mkdir -p /run/systemd/system /run/own/runtime
cp -r "$1" /run/own/units
chown -R "$2" /run/own
mount -t cgroup2 cgroup2 /sys/fs/cgroup
mount -o remount,ro,bind /
setpriv --reuid="$2" --clear-groups --no-new-privs --bounding-set=-all env -i PATH=/usr/bin:/bin HOME=/run/own \
  XDG_RUNTIME_DIR=/run/own/runtime SYSTEMD_UNIT_PATH=/run/own/units "$3" --user --unit=nothing.target --log-level=err
"""
_ASK = """#!/bin/sh
exec nsenter --target {pid} --pid --mount setpriv --reuid={user} --clear-groups \
  env XDG_RUNTIME_DIR=/run/own/runtime {systemctl} --user "$@"
"""


@contextmanager
def running(folder: Path, services: dict[str, str]) -> Iterator[Path]:
    """Run a systemd that knows `services` (name -> the lines of its [Service]); yield a folder with its `systemctl`.

    Skips the test, with the reason, where a machine cannot have one.
    """
    systemctl = _required()
    units = folder / "units"
    units.mkdir()
    (units / "nothing.target").write_text("[Unit]\nDefaultDependencies=no\n")
    for name, lines in services.items():
        (units / f"{name}.service").write_text(f"{UNIT}{lines}\n")
    with _cgroup(f"releasegate-{os.getpid()}") as group, (folder / "log").open("wb") as log:
        process = subprocess.Popen(
            ["sh", "-c", _ENTER, group / "cgroup.procs", "sh", "-c", _SETUP, "sh", units, USER, PROGRAM],
            stdout=log, stderr=log,
        )  # fmt: skip
        try:
            yield _client(folder / "bin", process, systemctl)
        finally:
            process.kill()  # and with it everything in its namespace
            process.wait()


def _required() -> str:
    missing = [name for name in (PROGRAM, "systemctl", "unshare", "nsenter", "setpriv") if not shutil.which(name)]
    if missing or os.getuid() != 0:
        lacks = f"no {', '.join(missing)}: install systemd, util-linux" if missing else "this is not root"
        pytest.skip(f"no real systemd here ({lacks}): what one printed elsewhere is read instead")
    return str(shutil.which("systemctl"))


@contextmanager
def _cgroup(name: str) -> Iterator[Path]:
    """Yield a control group of its own that USER may divide further; systemd runs nowhere without one."""
    mounts = [line.split() for line in Path("/proc/mounts").read_text().splitlines()]
    place = next((mount[1] for mount in mounts if mount[2] == "cgroup2"), "/cgroup2 is not mounted")
    group = Path(place) / name
    try:
        group.mkdir()
    except OSError as error:
        pytest.skip(f"no real systemd here ({error}): what one printed elsewhere is read instead")
    for file in (group, group / "cgroup.procs", group / "cgroup.subtree_control"):
        shutil.chown(file, USER)
    try:
        yield group
    finally:
        until(lambda: "populated 0" in (group / "cgroup.events").read_text(), "the end of systemd's processes")
        for child in sorted(group.glob("**/"), reverse=True):  # a group is removed as an empty folder, deepest first
            child.rmdir()


def _client(folder: Path, process: subprocess.Popen[bytes], systemctl: str) -> Path:
    """Write a `systemctl` that asks this instance, from inside its namespaces."""
    found: list[int] = []

    def has_begun() -> bool:
        found[:] = [one.pid for one in psutil.Process(process.pid).children(recursive=True) if _is_ready(one)]
        return bool(found)

    until(has_begun, f"systemd (its log: {folder.parent / 'log'})")
    folder.mkdir()
    (folder / "systemctl").write_text(_ASK.format(pid=found[0], user=USER, systemctl=systemctl))
    (folder / "systemctl").chmod(0o755)
    return folder


def _is_ready(one: psutil.Process) -> bool:
    try:
        inside = Path("/proc") / str(one.pid) / "root"
        return one.name() == "systemd" and (inside / "run/own/runtime/systemd/private").exists()
    except psutil.NoSuchProcess:
        return False
