"""What a gate is: a question, what must be open before it, and what the step after it may change."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum


class Bond(StrEnum):
    """One thing that a gate's result is bound to; the result no longer counts when it changes unexplained."""

    SERVER = "server"
    CHANGE = "change file"
    BACKEND = "backend commit"
    CATALOG = "catalog"
    BACKFILLED = "backfilled column"
    FRONTEND = "frontend commit"


@dataclass(frozen=True, slots=True, kw_only=True)
class Gate:
    """One gate of the release.

    `marker` is its name everywhere; `phase` its folder under tests/; `requires` the gates that must be open;
    `may_change` what the runbook's next step changes, so that it does not close this gate; `max_age` how long a
    result counts; `runbook` the step it stands behind; `is_released` says that the new frontend is out by then, so
    that a FAIL means the way back (runbook, step 6: see emergency rollback); `workers` how many processes its tests are
    spread over, file by file, where the command line (`-n`) does not say.
    """

    marker: str
    phase: str
    question: str
    runbook: str
    requires: tuple[str, ...] = ()
    may_change: frozenset[Bond] = frozenset()
    max_age: timedelta = timedelta(hours=12)
    is_released: bool = False
    workers: int = 1
