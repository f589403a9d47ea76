"""Faults that are there before the release begins."""

from typing import Final

from reference_inbox import moments, services
from reference_inbox.faults.fault import Change, Fault
from reference_inbox.faults.kept import execute
from reference_inbox.state import GATE_ROLE, OWNER, State


def does(statement: str) -> Change:
    """Make a change that is one statement of the administrator."""
    return lambda state: execute(state, statement)


def stops(service: str) -> Change:
    """Make a change that stops a service."""

    def stop(state: State) -> None:
        services.stop(state, service)

    return stop


def starts(service: str) -> Change:
    """Make a change that starts a service."""
    return lambda state: services.start(state, service)


FAULTS: Final = (
    Fault(
        "frontend-down",
        moments.BEFORE,
        "preflight",
        "the frontend's process is not running",
        ("preflight/services-up",),
        stops("frontend"),
        starts("frontend"),
    ),
    Fault(
        "backend-down",
        moments.BEFORE,
        "preflight",
        "the backend's process is not running",
        ("preflight/services-up",),
        stops("backend"),
        starts("backend"),
    ),
    Fault(
        "no-read-right",
        moments.BEFORE,
        "preflight",
        "the gate's role may not read the messages",
        ("preflight/can-read",),
        does(f"REVOKE SELECT ON messages FROM {GATE_ROLE}"),
        does(f"SET ROLE {OWNER}; GRANT SELECT ON messages TO {GATE_ROLE}"),
    ),
    Fault(
        "superuser-gate",
        moments.BEFORE,
        "preflight",
        "the gate's role is a superuser",
        ("preflight/role-is-safe",),
        does(f"ALTER ROLE {GATE_ROLE} SUPERUSER"),
        does(f"ALTER ROLE {GATE_ROLE} NOSUPERUSER"),
    ),
)
