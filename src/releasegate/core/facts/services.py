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
    `unmanaged` is the target's reason when nobody manages it.
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
    instances: int = 1
    nearest: tuple[str, ...] = ()
    unmanaged: str = ""
    seen_with: str = ""
