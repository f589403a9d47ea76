"""All known faults, by name; breaking and mending keep the record true."""

import json
import logging
from typing import Final

import psycopg

from reference_inbox import moments
from reference_inbox.errors import WrongUsage, unknown
from reference_inbox.faults import (
    after,
    backend,
    backup,
    databases,
    deploy,
    dumps,
    files,
    in_use,
    load,
    managed,
    page,
    preflight,
    restored,
    rollback,
    rows,
    schema,
    watched,
)
from reference_inbox.faults.fault import Fault
from reference_inbox.state import State

log = logging.getLogger(__name__)

EVERY: Final = sorted(
    (
        *preflight.FAULTS,
        *databases.FAULTS,
        *backup.FAULTS,
        *dumps.FAULTS,
        *files.FAULTS,
        *deploy.FAULTS,
        *backend.FAULTS,
        *managed.FAULTS,
        *schema.FAULTS,
        *rows.FAULTS,
        *page.FAULTS,
        *in_use.FAULTS,
        *load.FAULTS,
        *after.FAULTS,
        *watched.FAULTS,
        *rollback.FAULTS,
        *restored.FAULTS,
    ),
    key=lambda fault: moments.ALL.index(fault.at),
)
BY_NAME: Final = {fault.name: fault for fault in EVERY}


def named(name: str) -> Fault:
    """Return the fault of this name. Raises WrongUsage."""
    if name not in BY_NAME:
        raise unknown("fault", name, BY_NAME)
    return BY_NAME[name]


def fitting(fault: Fault, services: str) -> Fault:
    """Return a fault that can strike where the services run under SERVICES. Raises WrongUsage for one that cannot."""
    if services not in fault.services:
        needed = " or ".join(f"--services {name}" for name in fault.services)
        raise WrongUsage(f"{fault.name} needs a reference with {needed}; this one's run under {services}")
    return fault


def strike(state: State, fault: Fault) -> None:
    """Break the deployment, now. Raises WrongUsage when the fault's moment has not come."""
    record = state.read()
    if fault.name in record.faults:
        log.info("%s is already active", fault.name)
        return
    if not moments.has_passed(record.moment, fault.at):
        raise WrongUsage(
            f"{fault.name} strikes at {fault.at} and the deployment stands at {record.moment}; "
            f"advance it to {fault.at} first"
        )
    fitting(fault, record.services)
    fault.strike(state)
    if not fault.leaves_dead_rows:
        _clear_up(state, fault)
    active = state.read()
    state.change(faults=[*active.faults, fault.name], planned=[name for name in active.planned if name != fault.name])
    log.info("%s: %s", fault.name, fault.what)


def strike_planned(state: State, moment: str) -> None:
    """Break what was planned for a moment when the deployment arrives there."""
    for name in state.read().planned:
        if BY_NAME[name].at == moment:
            strike(state, BY_NAME[name])


def mend(state: State, fault: Fault) -> None:
    """Put back what a fault broke. Raises WrongUsage when it is not active."""
    active = state.read().faults
    if fault.name not in active:
        raise WrongUsage(f"{fault.name} is not active here; active: {', '.join(active) or 'none'}")
    fault.mend(state)
    _clear_up(state, fault)
    state.change(faults=[name for name in state.read().faults if name != fault.name])
    log.info("%s is mended", fault.name)


def _clear_up(state: State, fault: Fault) -> None:
    """Take away what rewriting rows leaves behind, as autovacuum would at a time of its own: it is judged there."""
    if fault.gate == "backfill":
        with psycopg.connect(state.read().admin_dsn, autocommit=True) as database:
            database.execute("VACUUM (ANALYZE) messages")


def as_json() -> str:
    """Show the catalogue as JSON: a list in the order of the moments."""
    return json.dumps(
        [
            {
                "name": fault.name,
                "at": fault.at,
                "gate": fault.gate,
                "what": fault.what,
                "trips": list(fault.trips),
                "services": list(fault.services),
            }
            for fault in EVERY
        ],
        indent=2,
        ensure_ascii=False,
    )


def as_table() -> str:
    """Show the catalogue as an aligned table: name, moment, gate, what."""
    rows_ = [("FAULT", "AT", "GATE", "WHAT"), *((one.name, one.at, one.gate, one.what) for one in EVERY)]
    widths = [max(len(row[column]) for row in rows_) for column in range(3)]
    return "\n".join(
        "  ".join([*(cell.ljust(width) for cell, width in zip(row, widths, strict=False)), row[3]]) for row in rows_
    )
