"""Whether it is the right machine, with room enough, and a clock that tells the time the evidence says."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby

from releasegate.core import Finding, Judgement, Severity
from releasegate.core.durations import show_duration
from releasegate.core.facts.host import ClockFacts, DiskFacts, HostFacts
from releasegate.core.figures import count, gigabytes

LARGEST_SKEW_S = 5.0  # steps of a runbook are minutes apart; what began after what stays true within seconds
_FEWEST_INODES = 1_000  # below this a build or a dump ends with "No space left" on a disk that has room


def machine_answers(
    check: str, host: HostFacts, expected_name: str | None, expected_id: str | None = None
) -> Judgement:
    """Judge that a command ran on the machine, and that it is the one the target pinned, where it pinned one.

    `expected_id` is compared with `machine_id`; a machine without one cannot be told from another of its name.
    """
    named = _another(check, host, f"called {expected_name}", f"called {host.hostname}", "host")
    told = _another(check, host, f"with the id {expected_id}", f"with the id {host.machine_id}", "machine_id")
    is_named_otherwise = expected_name is not None and expected_name != host.hostname
    is_another = bool(host.machine_id) and expected_id is not None and expected_id != host.machine_id
    no_id = "it has no /etc/machine-id that this user may read, so [fingerprint] machine_id cannot be compared"
    return Judgement(
        seen=int(bool(host.hostname)),
        unit="machines that answered",
        holds=f"{host.hostname} ({host.system}) answers as {host.user}{_busy(host)}",
        findings=(*([named] if is_named_otherwise else []), *([told] if is_another else [])),
        undecided=no_id if expected_id is not None and not host.machine_id else "",
    )


def _another(check: str, host: HostFacts, want: str, have: str, key: str) -> Finding:
    return Finding(
        check=check,
        subject=host.address,
        want=f"the machine {want} (target [fingerprint] {key})",
        have=f"a machine {have} answers",
        why="the gate would look at another deployment than the one that is released",
        fix=f"correct [host] address, or [fingerprint] {key} where the machine was renamed or made anew",
    )


def _busy(host: HostFacts) -> str:
    """Return how busy the machine is, as facts; nobody promises anything about it."""
    if host.load is None or host.memory_bytes is None or host.memory_free_bytes is None:
        return ""
    memory = f"{gigabytes(host.memory_free_bytes)} of {gigabytes(host.memory_bytes)} memory free"
    return f"; load {host.load:.1f} on {count(host.processors or 1, 'processor')}, {memory}"


def disks_have_room(check: str, disks: Sequence[DiskFacts], least_gb: float, source: str) -> Judgement:
    """Judge that every file system named has `least_gb` GB free, room for new files, and may be written to.

    Each is judged once.
    """
    by_mount = sorted(disks, key=lambda disk: disk.mount)
    each = [next(group) for _, group in groupby(by_mount, key=lambda disk: disk.mount)]
    findings = [_too_full(check, disk, least_gb, source) for disk in each if disk.free_bytes < least_gb * 1e9]
    findings += [
        _no_inodes(check, disk, source)
        for disk in each
        if disk.free_inodes is not None and disk.free_inodes < _FEWEST_INODES
    ]
    findings += [_read_only(check, disk, source) for disk in each if disk.is_read_only]
    room = ", ".join(f"{disk.mount} {gigabytes(disk.free_bytes)}" for disk in each)
    return Judgement(seen=len(each), unit="disks", holds=f"free: {room}", findings=tuple(findings))


def _read_only(check: str, disk: DiskFacts, source: str) -> Finding:
    return Finding(
        check=check,
        subject=f"{disk.mount} (for {disk.path})",
        want=f"a file system that can be written to ({source})",
        have="it is mounted read-only",
        why="no dump, build or index can be written there, however much is free",
        fix="read the kernel's log first: a file system that turns read-only is often a failing disk",
        run=f"grep ' {disk.mount} ' /proc/mounts",
    )


def _too_full(check: str, disk: DiskFacts, least_gb: float, source: str) -> Finding:
    return Finding(
        check=check,
        subject=f"{disk.mount} (for {disk.path})",
        want=f"at least {least_gb:.1f} GB free ({source})",
        have=f"{gigabytes(disk.free_bytes)} free",
        why="a dump, a build or an index that finds no room stops half way, and a full disk stops the database",
        fix="make room (old dumps, images, logs), or name the disk where the release really writes in [paths] disk",
        run=f"df -h {disk.mount}",
    )


def _no_inodes(check: str, disk: DiskFacts, source: str) -> Finding:
    return Finding(
        check=check,
        subject=f"{disk.mount} (for {disk.path})",
        want=f"room for at least {count(_FEWEST_INODES, 'new file')} ({source})",
        have=f"room for {count(disk.free_inodes or 0, 'new file')}",
        why="no file can be written although space is free: dump, install and build stop half way",
        fix="remove folders with very many small files (caches, sessions), then run this gate again",
        run=f"df -i {disk.mount}",
    )


def clocks_agree(check: str, clocks: Sequence[ClockFacts]) -> Judgement:
    """Judge that each clock is within 5 s of the operator's; more is a warning, as no release document asks.

    No clock at all is that of a target which names neither a machine nor a database.
    """
    off = [clock for clock in clocks if abs(clock.ahead_s) - clock.uncertainty_s > LARGEST_SKEW_S]
    worst = max((abs(clock.ahead_s) for clock in clocks), default=0.0)
    return Judgement(
        seen=len(clocks),
        unit="clocks",
        holds=f"{count(len(clocks), 'clock')} within {worst:.1f} s of the operator's",
        findings=tuple(_off(check, clock) for clock in off),
        not_applicable="" if clocks else "0 clocks: the target names neither [host] nor [database]",
    )


def _off(check: str, clock: ClockFacts) -> Finding:
    side = "ahead of" if clock.ahead_s > 0 else "behind"
    return Finding(
        check=check,
        subject=f"clock of {clock.whose}",
        want=f"at most {LARGEST_SKEW_S:.0f} s away from the operator's clock (releasegate: evidence compares times)",
        have=f"{show_duration(abs(clock.ahead_s))} {side} the operator's clock",
        why="what began after what (a restart, an error in the log) is read from both clocks",
        fix="synchronise the clocks (chrony, systemd-timesyncd) on both machines",
        run="date -u",
        severity=Severity.WARNING,
    )
