"""Who runs the two services: plain processes, Docker or PM2; one module each, the same few verbs.

The runbook's options A and B for real. The engine and the daemon are this deployment's own: started with it, ended
with it by recorded id, reached through a socket that nobody else has.
"""

from pathlib import Path
from typing import Final, Protocol

from reference_inbox.errors import unknown
from reference_inbox.managers import docker, plain, pm2
from reference_inbox.state import State


class Manager(Protocol):
    """What each of the modules offers."""

    def require(self) -> None:
        """Raise ReferenceFailed, with what brings it, where this machine cannot run the manager."""

    def prepare(self, state: State) -> None:
        """Begin the manager itself."""

    def start(self, state: State, service: str, tree: Path | None = None) -> None:
        """Start the build in the service's checkout, or in another TREE; returns before it answers."""

    def stop(self, state: State, service: str) -> bool:
        """Stop a service; tell whether it ran."""

    def has_ended(self, state: State, service: str) -> bool:
        """Tell whether a service that is being started is known to have ended; no costly look."""

    def close(self, state: State) -> bool:
        """End the manager and all that it runs; tell whether there was one to end."""

    def variables(self, state: State) -> dict[str, str]:
        """Return the variables with which the manager's own commands find it."""

    def command(self, state: State, verb: str, service: str) -> list[str]:
        """Return the runbook's command that does `start`, `stop` or `restart`."""

    def section(self, state: State) -> str:
        """Return [services] and [host] of the target file."""


EVERY: Final[dict[str, Manager]] = {"process": plain, "docker": docker, "pm2": pm2}


def named(name: str) -> Manager:
    """Return the manager of this name. Raises WrongUsage."""
    if name not in EVERY:
        raise unknown("manager of services", name, EVERY)
    return EVERY[name]


def of(state: State) -> Manager:
    """Return the manager of a deployment."""
    return EVERY[state.read().services]
