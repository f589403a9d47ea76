"""One machine, here or behind ssh: fixed, read-only commands, each of them kept for the evidence."""

from __future__ import annotations

import hashlib
import re
import shlex
import time
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import cached_property
from typing import Any, TypeVar

import testinfra  # type: ignore[import-untyped]  # it ships no types

from releasegate.core import CannotMeasure, Measurement
from releasegate.core.facts.host import ClockFacts, DiskFacts, FileFacts, HostFacts
from releasegate.probes import ssh
from releasegate.target.models import Host

Value = TypeVar("Value")

COMMAND_TIMEOUT_S = 60  # a look at a file, a service or a log; longer means that the machine hangs
_TIMED_OUT, _NOT_FOUND, _NO_ACCESS = 124, 127, 126  # exit codes of timeout(1) and of every POSIX shell

# `IFS=` switches word splitting off and leaves the pattern's own wildcards on, so a blank in a name stays in it.
_GLOB = 'IFS=; for found in $1; do if [ -e "$found" ]; then printf "%s\\0" "$found"; fi; done'
_NEAREST = 'p=$1; while [ ! -e "$p" ] && [ "$p" != / ] && [ "$p" != . ]; do p=$(dirname -- "$p"); done; printf %s "$p"'
_IDENTITY = "hostname 2>/dev/null || uname -n; id -un; uname -sr; cat /etc/machine-id 2>/dev/null || true"
_LOAD = "nproc; cat /proc/loadavg; grep -E '^(MemTotal|MemAvailable):' /proc/meminfo"
_DF_LINE = re.compile(r"^.*?\s+(\d+|-)\s+(?:\d+|-)\s+(\d+|-)\s+(?:\d+%|-)\s+(/.*)$")


@dataclass(frozen=True, slots=True, kw_only=True)
class Ran:
    """A command that ended: as one would paste it, its exit code, both outputs, and how long it took in seconds."""

    command: str
    exit_code: int
    stdout: str
    stderr: str
    duration_s: float

    @property
    def is_missing(self) -> bool:
        """Whether the machine has no such program."""
        return self.exit_code == _NOT_FOUND

    @property
    def complaint(self) -> str:
        """The last thing it said on its way out, shortened to one line."""
        lines = [line.strip() for line in (self.stderr or self.stdout).splitlines() if line.strip()]
        return lines[-1][:300] if lines else f"exit code {self.exit_code}, no output"


class Machine:
    """The machine of a target. `ran` lists every command in order; none of them changes anything."""

    def __init__(self, host: Host, backend: Any) -> None:
        self.address = host.address
        self.ran: list[Ran] = []
        self._host = host
        self._backend = backend
        # One language for every message.
        self._environment = shlex.join(["env", *_assignments(host), "LC_ALL=C.UTF-8"])

    def run(self, argv: Sequence[str], *, longest_s: int = COMMAND_TIMEOUT_S) -> Ran:
        """Run a read-only command and return how it ended, whatever its exit code.

        Raises CannotMeasure when the connection breaks or the command takes more than `longest_s`.
        """
        command = shlex.join(argv)
        began = time.monotonic()
        try:
            # An end for every command; busybox and coreutils have timeout.
            ended = self._backend.run(f"{self._environment} timeout {longest_s} {command}")
        except RuntimeError as broken:  # testinfra's word for ssh's exit code 255
            raise ssh.trouble(self._host, _stderr_of(broken)) from broken
        ran = Ran(
            command=command,
            exit_code=ended.rc,
            stdout=_decoded(ended.stdout_bytes),
            stderr=_decoded(ended.stderr_bytes),
            duration_s=time.monotonic() - began,
        )
        self.ran.append(ran)
        if ran.exit_code == _TIMED_OUT:
            raise CannotMeasure(f"{self.address}: no answer within {longest_s} s", run=self.by_hand(argv))
        return ran

    def by_hand(self, argv: Sequence[str]) -> str:
        """Return the line that a person pastes to see the same: behind ssh where the machine is."""
        variables = _assignments(self._host)
        return ssh.by_hand(self._host, ["env", *variables, *argv] if variables else argv)

    @property
    def is_here(self) -> bool:
        """Whether it is this very machine, reached without a network."""
        return self.address == "local"

    def from_here(self, argv: Sequence[str]) -> list[str]:
        """Return what this very machine runs to get the output of a read-only command as a stream of its own."""
        return list(argv) if self.is_here else ssh.argv(self._host, argv)

    def read(self, argv: Sequence[str], *, longest_s: int = COMMAND_TIMEOUT_S) -> str:
        """Run a read-only command and return what it printed. Raises CannotMeasure unless it ended with 0."""
        ran = self.run(argv, longest_s=longest_s)
        if ran.exit_code == 0:
            return ran.stdout
        reason = f"there is no program {argv[0]!r}" if ran.is_missing else ran.complaint
        raise CannotMeasure(f"{self.address}: {reason}", run=self.by_hand(argv))

    @contextmanager
    def noting(self) -> Iterator[Noted]:
        """Note the commands that run inside, for the measurement that is made of them."""
        yield Noted(self)

    @cached_property
    def identity(self) -> HostFacts:
        """Which machine this is, asked once."""
        lines = [line.strip() for line in self.read(["sh", "-c", _IDENTITY]).splitlines()] + [""] * 4
        return HostFacts(
            address=self.address,
            hostname=lines[0],
            user=lines[1],
            system=lines[2],
            machine_id=hashlib.sha256(lines[3].encode()).hexdigest()[:16] if lines[3] else "",
        )

    @cached_property
    def ahead(self) -> timedelta:
        """How far its clock is ahead of the operator's, asked once; nothing where the round trip leaves it open."""
        clock = self.clock()
        return timedelta(seconds=clock.ahead_s if abs(clock.ahead_s) > clock.uncertainty_s else 0)

    def on_its_clock(self, moment: datetime | None) -> datetime | None:
        """Return a moment of the operator's clock as the machine's own clock told it: its logs and starts use that."""
        return moment + self.ahead if moment is not None else None

    @cached_property
    def home(self) -> str:
        """The home folder of whoever is logged in, for paths that begin with `~/`."""
        return self.read(["printenv", "HOME"]).removesuffix("\n")

    def path(self, path: str) -> str:
        """Return `path` with a leading `~` replaced, as the machine's own shell would."""
        return self.home + path[1:] if path == "~" or path.startswith("~/") else path

    def glob(self, pattern: str) -> list[str]:
        """Return the paths that exist and fit `pattern` (shell wildcards), in order of name."""
        found = self.read(["sh", "-c", _GLOB, "sh", self.path(pattern)])
        return sorted(found.split("\0")[:-1])

    def stat(self, path: str) -> FileFacts | None:
        """Return what is at `path`, or None when nothing is there. Raises CannotMeasure when one may not look."""
        where = self.path(path)
        argv = ["stat", "-L", "-c", "%s %Y %a %U %F", "--", where]
        ran = self.run(argv)
        if ran.exit_code == 0:
            size, modified, mode, owner, kind = ran.stdout.split(maxsplit=4)
            return FileFacts(
                path=where,
                size_bytes=int(size),
                modified=datetime.fromtimestamp(int(modified), UTC),
                mode=mode,
                owner=owner,
                is_folder=kind.startswith("directory"),
            )
        if "No such file" in ran.stderr or "Not a directory" in ran.stderr:
            return None
        raise CannotMeasure(f"{self.address}: {ran.complaint}", run=self.by_hand(argv))

    def free_disk(self, path: str) -> DiskFacts:
        """Return the room on the file system of `path`, or of its nearest folder that exists."""
        where = self.path(path)
        nearest = self.read(["sh", "-c", _NEAREST, "sh", where])
        total, free, mount = self._df(["df", "-P", "-k", "--", nearest])
        inodes, free_inodes, _ = self._df(["df", "-P", "-i", "--", nearest])
        return DiskFacts(
            path=where,
            looked_at=nearest,
            mount=mount,
            total_bytes=(total or 0) * 1024,
            free_bytes=(free or 0) * 1024,
            free_inodes=free_inodes if inodes else None,
            is_read_only=mount in self._read_only,
        )

    @cached_property
    def _read_only(self) -> frozenset[str]:
        """The mount points that nobody may write to; none where the machine does not list them (it is no Linux)."""
        mounts = (line.split() for line in self.run(["cat", "/proc/mounts"]).stdout.splitlines())
        options = {one[1]: one[3].split(",") for one in mounts if len(one) > 3}  # the last mount at a place counts
        return frozenset(_unescaped(place) for place, said in options.items() if "ro" in said)

    def load(self) -> dict[str, Any]:
        """Return processors, load and memory, as HostFacts names them; what the machine does not tell is left out."""
        lines = self.run(["sh", "-c", _LOAD]).stdout.splitlines()
        if len(lines) != 4 or not lines[0].strip().isdigit():
            return {}
        total, free = (int(line.split()[1]) * 1024 for line in lines[2:])
        return {
            "processors": int(lines[0]), "load": float(lines[1].split()[0]),
            "memory_bytes": total, "memory_free_bytes": free,
        }  # fmt: skip

    def _df(self, argv: Sequence[str]) -> tuple[int | None, int | None, str]:
        """Return total, free and mount point as df's last line says; None for its `-`."""
        lines = self.read(argv).splitlines()
        match = _DF_LINE.match(lines[-1]) if lines else None
        if match is None:
            raise CannotMeasure(f"{self.address}: df printed no line about a file system", run=self.by_hand(argv))
        total, free, mount = match.groups()
        return _number(total), _number(free), mount

    def clock(self) -> ClockFacts:
        """Return how far the machine's clock is ahead of the operator's."""
        before = time.time()
        printed = self.read(["date", "-u", "+%s.%N"]).strip()
        after = time.time()
        whole, _, nanoseconds = printed.partition(".")
        exact = nanoseconds.isdigit()  # busybox prints no %N: then the answer is up to a second old
        theirs = float(printed) if exact else float(whole) + 0.5
        return ClockFacts(
            whose=self.identity.hostname,
            ahead_s=round(theirs - (before + after) / 2, 3),
            uncertainty_s=round((after - before) / 2 + (0 if exact else 0.5), 3),
        )


class Noted:
    """The commands of one look, from `Machine.noting`."""

    def __init__(self, machine: Machine) -> None:
        self._machine = machine
        self._first = len(machine.ran)

    def measurement(self, value: Value, *, rows: int, unit: str, shown: Any = None) -> Measurement[Value]:
        """Return `value` as a measurement by the commands noted so far, one per line."""
        ran = self._machine.ran[self._first :]
        return Measurement(
            value=value,
            rows=rows,
            unit=unit,
            query="\n".join(one.command for one in ran),
            duration_s=round(sum(one.duration_s for one in ran), 3),
            shown=shown,
        )


@contextmanager
def open_machine(host: Host) -> Iterator[Machine]:
    """Connect to the machine of a target, prove that a command runs there, and hang up at the end.

    Raises CannotMeasure with a sentence of its own for each trouble that ssh can have, and UsageError for an
    address that would show a password or that is no host's.
    """
    setup: AbstractContextManager[dict[str, Any]]
    is_local = host.address == "local"
    setup = nullcontext({}) if is_local else ssh.connection(host)
    with setup as settings:
        backend = testinfra.get_host("local://" if is_local else host.address, **settings)
        # testinfra would start a Python on the machine to ask; file names are bytes, and UTF-8 everywhere today
        backend.backend._encoding = "UTF-8"  # noqa: SLF001  it has no argument for it
        machine = Machine(host, backend)
        machine.read(["true"])
        yield machine


def host_facts(machine: Machine) -> Measurement[HostFacts]:
    """Measure which machine answers."""
    with machine.noting() as noted:
        ran = machine.run(["true"])
        facts = replace(machine.identity, **machine.load())
        return noted.measurement(facts, rows=int(ran.exit_code == 0), unit="commands answered")


def disks(machine: Machine, paths: Sequence[str]) -> Measurement[tuple[DiskFacts, ...]]:
    """Measure the free space below each of `paths`."""
    with machine.noting() as noted:
        found = tuple(machine.free_disk(path) for path in paths)
        return noted.measurement(found, rows=len(found), unit="disk paths")


def clock(machine: Machine) -> Measurement[ClockFacts]:
    """Measure the machine's clock against the operator's."""
    with machine.noting() as noted:
        return noted.measurement(machine.clock(), rows=1, unit="clocks")


def _assignments(host: Host) -> list[str]:
    return [f"{name}={value}" for name, value in host.environment.items()]


def _stderr_of(broken: RuntimeError) -> str:
    result = broken.args[0] if broken.args else ""
    return _decoded(result.stderr_bytes) if hasattr(result, "stderr_bytes") else str(result)


def _decoded(data: bytes) -> str:
    return data.decode("utf-8", errors="replace")


def _unescaped(place: str) -> str:
    """Return a mount point as df prints it; /proc/mounts writes blanks in octal."""
    return re.sub(r"\\([0-7]{3})", lambda match: chr(int(match[1], 8)), place)


def _number(text: str) -> int | None:
    return None if text == "-" else int(text)
