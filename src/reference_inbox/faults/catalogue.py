"""The list of known faults."""

from typing import NoReturn

from reference_inbox.errors import unknown
from reference_inbox.state import State


def named(name: str) -> NoReturn:
    """Find a fault. Raises WrongUsage."""
    raise unknown("fault", name, [])


def strike(state: State, fault: object) -> None:
    """Break."""


def mend(state: State, fault: object) -> None:
    """Repair."""


def as_json() -> str:
    """Show as JSON."""
    return "[]"


def as_table() -> str:
    """Show as a table."""
    return "none yet"
