"""The moments of the release, in the runbook's order, and which of them can follow which."""

from typing import Final

from reference_inbox.errors import WrongUsage, unknown

BEFORE: Final = "before"
BACKED_UP: Final = "backed-up"
BACKEND: Final = "backend"
MIGRATED: Final = "migrated"
BACKFILLED: Final = "backfilled"
RELEASED: Final = "released"
ROLLED_BACK_CODE: Final = "rolled-back-code"
ROLLED_BACK_DATA: Final = "rolled-back-data"
ROLLED_BACK_RESTORE: Final = "rolled-back-restore"

FORWARD: Final = (BEFORE, BACKED_UP, BACKEND, MIGRATED, BACKFILLED, RELEASED)
ROLLBACKS: Final = (ROLLED_BACK_CODE, ROLLED_BACK_DATA, ROLLED_BACK_RESTORE)
ALL: Final = FORWARD + ROLLBACKS


def between(here: str, there: str) -> tuple[str, ...]:
    """Name the moments to pass from HERE (excluded) to THERE (included); empty when both are the same.

    A rollback starts where one stands: it needs a backup, so the earliest moment it can follow is `backed-up`.
    After a rollback another, deeper one may follow, and nothing else: the way forward is a new `up`.
    Raises WrongUsage when THERE is no moment or cannot be reached from HERE.
    """
    if there not in ALL:
        raise unknown("moment", there, ALL)
    if here == there:
        return ()
    if there in ROLLBACKS:
        if here == BEFORE or (here in ROLLBACKS and ROLLBACKS.index(here) > ROLLBACKS.index(there)):
            raise WrongUsage(f"{there} cannot follow {here}; a rollback follows {BACKED_UP} or a later moment")
        return (there,)
    if here in ROLLBACKS or FORWARD.index(here) > FORWARD.index(there):
        raise WrongUsage(f"the deployment stands at {here} and cannot go back to {there}; "
                         f"go on to one of {', '.join(after(here)) or 'nothing'}, or start anew with down and up")
    return FORWARD[FORWARD.index(here) + 1 : FORWARD.index(there) + 1]


def after(here: str) -> tuple[str, ...]:
    """Name the moments that can still be reached from HERE."""
    if here in ROLLBACKS:
        return ROLLBACKS[ROLLBACKS.index(here) + 1 :]
    later = FORWARD[FORWARD.index(here) + 1 :]
    return later if here == BEFORE else later + ROLLBACKS


def has_passed(here: str, moment: str) -> bool:
    """Tell whether a deployment at HERE has been at MOMENT (a rollback has been nowhere it does not name)."""
    if moment in ROLLBACKS or here in ROLLBACKS:
        return here == moment
    return FORWARD.index(here) >= FORWARD.index(moment)
