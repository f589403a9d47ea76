"""What is known about a machine, its disks, its clock and its files."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class HostFacts:
    """Which machine answered, and as whom.

    `machine_id` is a hash of /etc/machine-id, which systemd asks to keep to oneself; "" where there is none. `load`
    is that of the last minute, `memory_free_bytes` what programs could still have; None where nothing tells them.
    """

    address: str
    hostname: str
    user: str
    system: str
    machine_id: str = ""
    processors: int | None = None
    load: float | None = None
    memory_bytes: int | None = None
    memory_free_bytes: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class FileFacts:
    """One file or folder, links followed. `modified` in UTC, `mode` in octal ("640")."""

    path: str
    size_bytes: int
    modified: datetime
    mode: str
    owner: str
    is_folder: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class DiskFacts:
    """The file system below `path`.

    `looked_at` is the nearest folder above `path` that exists. Free space is what an ordinary user may still
    write; `free_inodes` is None on a file system without a fixed number of them. `is_read_only` says that nobody may
    write there, however much is free.
    """

    path: str
    looked_at: str
    mount: str
    total_bytes: int
    free_bytes: int
    free_inodes: int | None = None
    is_read_only: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ClockFacts:
    """How far another clock is ahead of the operator's (behind: negative), in seconds.

    `uncertainty_s` is half the round trip plus the resolution of the answer: less than that is no skew.
    """

    whose: str
    ahead_s: float
    uncertainty_s: float
