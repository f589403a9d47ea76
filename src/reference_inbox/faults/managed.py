"""Faults of what runs the services: containers that restart, are ill or old; PM2 processes that end again and again."""

import sys
from typing import Any, Final

from reference_inbox import moments, services
from reference_inbox.faults.fault import Change, Fault
from reference_inbox.managers import docker, pm2
from reference_inbox.managers.commands import answer
from reference_inbox.state import State
from reference_inbox.waiting import wait_until

DIES: Final = "raise SystemExit(3)"
EVERYTHING_IT_SAYS: Final = (
    "backend/health",
    "backend/conversations",
    "backend/messages",
    "backend/stranger-refused",
    "backend/right-build",
    "backend/service-up",
    "backend/started-line",
    "backend/log-clean",
    "backend/service-stays",
)  # nothing answers, so nothing can be heard of it either
GIVES_UP: Final = {"max_restarts": 2, "min_uptime": 60_000}  # ms: what ends sooner counts, however slow the machine is
BUDGET_S: Final = 40.0  # a manager tries again after 0.1 s, 0.2 s, 0.4 s …


def backend_differs(differs: dict[str, Any], becomes: str) -> Change:
    """Make a change that runs the backend's container with other entries, and returns when Docker says BECOMES."""

    def strike(state: State) -> None:
        docker.bring_up(state, "backend", differs)
        wait_until(f"the container {becomes}", lambda: is_not(state, becomes), BUDGET_S)

    return strike


def is_not(state: State, becomes: str) -> str | None:
    """Return the container's state and health, unless one of the two is BECOMES."""
    ask = ["docker", "ps", "-a", *docker.labelled("backend"), "--format", "{{.Status}}"]
    status = answer(state, ask, docker.variables(state))
    return None if f"{becomes} " in f"{status} ".lower().replace("(", "").replace(")", "") else status


def starts_again(state: State) -> None:
    """Run the backend as its manager should."""
    services.restart(state, "backend")


def give_up(state: State) -> None:
    """Have PM2 run a backend that ends at once, and return when it has given up."""
    differs = {"args": ["-c", DIES], **GIVES_UP}
    pm2.bring_up(state, "backend", None, differs)
    wait_until("PM2 giving up", lambda: not_errored(state), BUDGET_S)


def not_errored(state: State) -> str | None:
    """Return what PM2 says of the backend, unless it is errored."""
    told = answer(state, ["pm2", "describe", "backend"], pm2.variables(state))
    return None if "errored" in told else "not errored yet"


def run_a_second_one(state: State) -> None:
    """Have PM2 run the backend twice: one finds the port taken and ends; returns when PM2 has given it up."""
    pm2.bring_up(state, "backend", None, {"instances": 2, "exec_mode": "fork", **GIVES_UP})
    services.wait_for_answer(state, "backend")
    wait_until("PM2 giving one of them up", lambda: not_errored(state), BUDGET_S)


FAULTS: Final = (
    Fault(
        "container-restarting",
        moments.BACKEND,
        "backend",
        "the backend's container ends at once and is started again and again",
        (*EVERYTHING_IT_SAYS, "backend/writes-go-on"),
        backend_differs({"entrypoint": [sys.executable, "-S", "-c", DIES]}, "restarting"),
        starts_again,
        ("docker",),
    ),
    Fault(
        "container-unhealthy",
        moments.BACKEND,
        "backend",
        "the health check of the backend's container fails, whatever its endpoint says",
        ("backend/service-up",),
        backend_differs(
            {"healthcheck": {"test": ["CMD", sys.executable, "-S", "-c", DIES], "interval": "1s", "retries": 1}},
            "unhealthy",
        ),
        starts_again,
        ("docker",),
    ),
    Fault(
        "pm2-errored",
        moments.BACKEND,
        "backend",
        "the backend ended as often as PM2 starts it again",
        EVERYTHING_IT_SAYS,
        give_up,
        starts_again,
        ("pm2",),
    ),
    Fault(
        "pm2-two-instances",
        moments.BACKEND,
        "backend",
        "PM2 runs the backend twice, and one ended as often as PM2 starts it again: the port is taken",
        ("backend/service-up", "backend/service-stays", "backend/started-line", "backend/log-clean"),
        run_a_second_one,
        starts_again,
        ("pm2",),
    ),
)
