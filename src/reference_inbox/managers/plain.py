"""Plain processes, each noted by its id: what the reference has where no manager was asked for."""

import sys
from pathlib import Path

from reference_inbox import processes
from reference_inbox.managers import environments
from reference_inbox.state import State

SECTION = """\
[services]
manager = "process"
steady_for = "2s" # what starts again here does so every second
backend = { name = "backend", pid_file = "run/backend.pid", log = "logs/backend.log" }
frontend = { name = "frontend", pid_file = "run/frontend.pid", log = "logs/frontend.log" }

[host]
address = "local"
"""


def require() -> None:
    """Raise nothing: every machine has processes."""


def prepare(state: State) -> None:
    """Nothing has to run first."""


def start(state: State, service: str, tree: Path | None = None) -> None:
    """Start a service in a session of its own."""
    record = state.read()
    processes.launch(
        state,
        service,
        [sys.executable, "-m", environments.MODULES[service]],
        log=Path(record.logs[service]),
        env=environments.of(state, record, service, tree),
        cwd=state.repository(service),
    )


def stop(state: State, service: str) -> bool:
    """Interrupt a service and wait until it is gone."""
    return processes.stop(state, service)


def has_ended(state: State, service: str) -> bool:
    """Tell whether its process is gone."""
    return processes.running(state, service) is None


def close(state: State) -> bool:
    """End both services, the pages first."""
    stopped = [processes.stop(state, service) for service in ("frontend", "backend")]
    return any(stopped)


def variables(state: State) -> dict[str, str]:  # noqa: ARG001  every manager is asked the same
    """Nothing is needed."""
    return {}


def command(state: State, verb: str, service: str) -> list[str]:
    """Return the reference's own command: there is no manager to give one to."""
    return processes.ourselves(verb, "--state", str(state.folder), service)


def section(state: State) -> str:  # noqa: ARG001  every manager is asked the same
    """Know the services by their pid files."""
    return SECTION
