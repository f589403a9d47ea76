"""Option B of the runbook: PM2 with a home and a daemon of this deployment's own."""

import json
import sys
from pathlib import Path
from typing import Any, Final

from reference_inbox import processes
from reference_inbox.managers import environments, homes
from reference_inbox.managers.commands import answer, program, ran
from reference_inbox.state import State

DAEMON: Final = "pm2"
PACKAGE: Final = "npm install -g pm2"


def require() -> None:
    """Raise ReferenceFailed without PM2."""
    program("pm2", PACKAGE)


def prepare(state: State) -> None:
    """Start the daemon."""
    home = homes.make(state, "pm2")
    answer(state, ["pm2", "ping"], variables(state))
    processes.note(state, DAEMON, int((home / "pm2.pid").read_text()))


def variables(state: State) -> dict[str, str]:
    """Name the daemon by its home."""
    return {"PM2_HOME": str(homes.of(state))}


def start(state: State, service: str, tree: Path | None = None) -> None:
    """Have PM2 run the build of the service's checkout, or of another TREE, in the place of what it ran so far."""
    bring_up(state, service, tree, {})


def bring_up(state: State, service: str, tree: Path | None, differs: dict[str, Any]) -> None:
    """Start a service, with some entries of its declaration replaced."""
    record = state.read()
    app = {
        "name": service,
        "script": sys.executable,
        "args": ["-m", environments.MODULES[service]],
        "interpreter": "none",
        "cwd": str(state.repository(service)),
        "env": environments.of(state, record, service, tree),
        "out_file": record.logs[service],
        "error_file": record.logs[service],
        **differs,
    }
    file = homes.of(state) / f"{service}.config.json"
    file.write_text(json.dumps({"apps": [app]}, indent=2), "utf-8")
    ran(state, ["pm2", "delete", service], variables(state))  # what is not there cannot be deleted, and need not be
    answer(state, ["pm2", "start", str(file)], variables(state))


def stop(state: State, service: str) -> bool:
    """Stop a service; PM2 keeps it, stopped."""
    return ran(state, ["pm2", "stop", service], variables(state)).returncode == 0


def has_ended(state: State, service: str) -> bool:  # noqa: ARG001  every manager is asked the same
    """PM2 would start it again: no end is final."""
    return False


def close(state: State) -> bool:
    """End the daemon and what it runs."""
    if not state.exists or state.read().services != "pm2" or not state.read().manager_home:
        return False
    found = processes.running(state, DAEMON) is not None
    if found:
        ran(state, ["pm2", "kill"], variables(state))
    found |= processes.stop(state, DAEMON)
    homes.remove(state)
    return found


def command(state: State, verb: str, service: str) -> list[str]:  # noqa: ARG001  every manager is asked the same
    """Return the runbook's command."""
    return ["pm2", verb, service]


def section(state: State) -> str:
    """Know the services by their names, and PM2 by its home."""
    home = json.dumps(str(homes.of(state)))
    return (
        '[services]\nmanager = "pm2"\nbackend = { name = "backend" }\nfrontend = { name = "frontend" }\n\n'
        f'[host]\naddress = "local"\nenvironment = {{ PM2_HOME = {home} }}\n'
    )
