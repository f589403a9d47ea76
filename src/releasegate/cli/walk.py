"""The way through the runbook on the reference: which moments in which order, and which gates stand at each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

FORWARD = ("before", "backed-up", "backend", "migrated", "backfilled", "released")
GATES_AT = {
    "before": ("preflight",),
    "backed-up": ("backup",),
    "backend": ("backend",),
    "migrated": ("migration",),
    "backfilled": ("backfill",),
    "released": ("frontend", "smoke", "perf", "monitoring", "followup"),
    "rolled-back-code": ("rollback",),
    "rolled-back-data": ("rollback",),
    "rolled-back-restore": ("rollback",),
}
_BACK_TO = {"data": "migrated", "code": "backed-up", "restore": "backed-up"}
"""Where each way back returns to: the moment whose next step comes again."""


@dataclass(frozen=True, slots=True)
class Leg:
    """One moment of the walk: its steps are done, then its gates run. `kind` is the way back taken, "" forward."""

    moment: str
    kind: str = ""

    @property
    def gates(self) -> tuple[str, ...]:
        """The gates that stand behind this moment's steps."""
        return GATES_AT[self.moment]


def legs(rollback: str) -> tuple[Leg, ...]:
    """Return the walk forward with a drill of one way back in it, and forward again; "none" leaves the drill out.

    The data is taken back before the new frontend is out, code and database after it: the latest moment at which
    each way back is still the one to take.
    """
    forward = [Leg(moment) for moment in FORWARD]
    if rollback == "none":
        return tuple(forward)
    turn = FORWARD.index("backfilled" if rollback == "data" else "released") + 1
    again = FORWARD.index(_BACK_TO[rollback]) + 1
    return (*forward[:turn], Leg(f"rolled-back-{rollback}", rollback), *forward[again:])


def drill_for(moments: Sequence[str], asked: str | None) -> str:
    """Return the way back to rehearse: the one asked for, else the one at which a fault strikes, else the data's."""
    struck = [moment.removeprefix("rolled-back-") for moment in moments if moment.startswith("rolled-back-")]
    return asked or next(iter(struck), "data")
