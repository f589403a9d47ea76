"""What is known about one service, in the same words whoever manages it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceFacts:
    """One service as its manager tells it.

    `state` is the manager's own word ("exited", "online", "active (running)"). `since` (UTC) is when the process
    that runs now began, of several instances the one that began first; `restarts` counts those that nobody
    asked for; both None where the manager does not know. `health` is "" where no health check is set up.
    `version` names the image or the version the manager knows, `built` (UTC) when that image was made.
    `pid` is the process, of several instances (`instances`) the first that runs, `siblings` the others.
    `unmanaged` is the target's reason when nobody manages it; `project` is the compose project of a container.
    """

    part: str
    name: str
    manager: str
    state: str
    is_there: bool
    is_running: bool
    since: datetime | None = None
    restarts: int | None = None
    health: str = ""
    version: str = ""
    built: datetime | None = None
    pid: int | None = None
    memory_bytes: int | None = None
    siblings: tuple[int, ...] = ()
    instances: int = 1
    project: str = ""
    nearest: tuple[str, ...] = ()
    unmanaged: str = ""
    seen_with: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceStay:
    """Two looks at one service, `apart_s` seconds between them: what restarts in between is no service that stays."""

    first: ServiceFacts
    second: ServiceFacts
    apart_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Listener:
    """Something that listens on a TCP port; its process id and name are None and "" where one may not see them."""

    port: int
    pid: int | None = None
    command: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class PortFacts:
    """Who listens on the machine, and which processes are the service's: its own, what began it, what it began.

    `port` is where the service is to be found; `is_told` says that the target names it as the service's own, so that
    it is not the port of something in front of it.
    """

    part: str
    port: int
    is_told: bool
    listeners: tuple[Listener, ...]
    family: frozenset[int]
    seen_with: str = ""
