"""`gate doctor`: what this machine has and lacks, each with the command that gets it, and how a target is reached."""

from __future__ import annotations

import os
import platform
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import click
from rich.text import Text

from releasegate.cli.places import PROJECT, subject_of
from releasegate.cli.show import console
from releasegate.core import CannotMeasure, ExitCode
from releasegate.core.gate import Bond
from releasegate.plugin.subject import Subject
from releasegate.target.models import Database, Host

_TOOLS = {
    "git": ("the commits of backend and frontend are read with it", "apt-get install git"),
    "ssh": ("targets with [host] address = ssh://…", "apt-get install openssh-client"),
    "docker": ('targets with [services] manager = "docker"', "apt-get install docker.io"),
    "pm2": ('targets with [services] manager = "pm2"', "npm install -g pm2"),
    "systemctl": ('targets with [services] manager = "systemd"', "apt-get install systemd"),
}
_NAME = 17  # columns: the longest name is "backfilled column"
_LEAST_FREE_BYTES = 2 * 10**9  # the environment, a Chromium and a reference with 20 000 messages


@dataclass(frozen=True, slots=True)
class Fact:
    """One thing looked at. `fix` is the command that gets it; `is_needed` when nothing works without it."""

    name: str
    is_there: bool
    text: str
    fix: str = ""
    is_needed: bool = False
    otherwise: str = "missing"


@click.command()
@click.option("--target", "target_path", type=click.Path(path_type=Path), help="Also try to reach this deployment.")
@click.option("--change", "change_path", type=click.Path(path_type=Path), help="What the release promises.")
def doctor(target_path: Path | None, change_path: Path | None) -> int:
    """Say what is missing on this machine, and with --target whether that deployment can be reached and pinned."""
    facts = list(_machine())
    if target_path:
        facts += _target(subject_of(target_path, change_path))
    screen = console()
    for fact in facts:
        mark = (
            Text("ok     ", "green")
            if fact.is_there
            else Text(f"{fact.otherwise:<7}", "red" if fact.is_needed else "yellow")
        )
        screen.print(mark, Text(f" {fact.name:<{_NAME}} {fact.text}"))
        if not fact.is_there and fact.fix:
            screen.print(Text(f"{'':{_NAME + 9}}{fact.fix}", "dim"))
    lacks = [fact.name for fact in facts if fact.is_needed and not fact.is_there]
    screen.print(f"missing: {', '.join(lacks)}" if lacks else "everything that is needed is here")
    return ExitCode.CANNOT_TELL if lacks else ExitCode.GO


def _machine() -> Iterator[Fact]:
    yield Fact("python", is_there=True, text=f"{platform.python_version()}, {platform.platform()}")
    free = shutil.disk_usage(PROJECT).free
    yield Fact("disk", free > _LEAST_FREE_BYTES, f"{free / 1e9:.1f} GB free below {PROJECT}", is_needed=True)
    yield Fact("memory", is_there=True, text=f"{_memory_gb():.1f} GB, {os.cpu_count()} processors")
    yield _chromium()
    for tool, (use, fix) in _TOOLS.items():
        path = shutil.which(tool)
        yield Fact(tool, path is not None, path or f"only for {use}", fix, is_needed=tool == "git")


def _chromium() -> Fact:
    command = [sys.executable, "-m", "releasegate.probes.browser.executable"]
    found = subprocess.run(command, capture_output=True, text=True, check=False)
    text = found.stdout.strip() or found.stderr.strip()
    return Fact("chromium", found.returncode == 0, text, "apt-get install chromium-headless-shell", is_needed=True)


def _memory_gb() -> float:
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1e9


def _target(subject: Subject) -> Iterator[Fact]:
    """Try to reach what the target names; nothing is judged, and nothing but reading is done."""
    from releasegate.plugin.bonds import look

    machine = list(_host(subject.target.host)) if subject.target.host else []
    yield from machine
    seen = look(subject)
    for bond, value in seen.bonds.items():
        yield Fact(str(bond), is_there=True, text=value)
    for bond, reason in seen.unseen.items():
        yield Fact(str(bond), is_there=False, text=reason, otherwise="unknown")
    if Bond.SERVER in seen.bonds:
        system, _, database = seen.bonds[Bond.SERVER].partition("/")
        lines = ["[fingerprint]", f'system_identifier = "{system}"', f'database = "{database}"']
        lines += [f'address = "{address}"' for address in _address(subject.target.database)] + _pins(machine)
        for line in lines:
            yield Fact("pin it with", is_there=True, text=line)


def _address(database: Database | None) -> Iterator[str]:
    """Tell where the database server answers."""
    from releasegate.probes.database import server
    from releasegate.probes.postgres import open_session

    if database is not None:
        with suppress(CannotMeasure), open_session(database) as session:
            yield server(session).value.address


def _host(host: Host) -> Iterator[Fact]:
    """Tell which machine answers: its name, its id, and how far its clock is off."""
    from releasegate.probes.host import open_machine

    try:
        with open_machine(host) as machine:
            found, clock = machine.identity, machine.clock()
    except CannotMeasure as error:
        yield Fact("host", is_there=False, text=str(error))
        return
    yield Fact("host", is_there=True, text=found.hostname)
    yield Fact("machine id", is_there=bool(found.machine_id), text=found.machine_id or "no /etc/machine-id there")
    yield Fact("clock", is_there=True, text=f"{clock.ahead_s:+.1f} s from this machine's")


def _pins(machine: Sequence[Fact]) -> list[str]:
    """Return the lines that pin the machine, of what it told of itself."""
    keys = {"host": "host", "machine id": "machine_id"}
    return [f'{keys[fact.name]} = "{fact.text}"' for fact in machine if fact.is_there and fact.name in keys]
