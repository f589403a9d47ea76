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


RETURNS_TO: Final = {ROLLED_BACK_CODE: BACKED_UP, ROLLED_BACK_DATA: MIGRATED, ROLLED_BACK_RESTORE: BACKED_UP}
"""The moment whose next step comes again after each way back."""

NEEDS: Final = {ROLLED_BACK_CODE: BACKEND, ROLLED_BACK_DATA: MIGRATED, ROLLED_BACK_RESTORE: BACKED_UP}
"""The earliest moment at which each way back has something to take back, or to go back with."""


def position(here: str) -> int:
    """Count how far along the way forward HERE is: 0 for `before`."""
    return FORWARD.index(RETURNS_TO.get(here, here))


def between(here: str, there: str) -> tuple[str, ...]:
    """Name the moments to pass from HERE (excluded) to THERE (included); empty when both are the same.

    Raises WrongUsage when THERE is no moment, or cannot be reached from HERE.
    """
    if there not in ALL:
        raise unknown("moment", there, ALL)
    if here == there:
        return ()
    if there in ROLLBACKS:
        if position(here) < position(NEEDS[there]):
            raise WrongUsage(f"{there} cannot follow {here}: it needs {NEEDS[there]} first")
        return (there,)
    way = FORWARD[position(here) + 1 : position(there) + 1]
    if not way:
        raise WrongUsage(
            f"the deployment stands at {here} and cannot go back to {there}; "
            f"a way back is one of {', '.join(ROLLBACKS)}"
        )
    return way


def has_passed(here: str, moment: str) -> bool:
    """Tell whether what was done at MOMENT still stands in a deployment at HERE."""
    return here == moment or (moment in FORWARD and position(here) >= position(moment))
