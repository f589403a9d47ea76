"""The two services, API and pages: started from the builds in dist/ by their manager, waited for, stopped."""

from pathlib import Path
from typing import Final

from reference_inbox import managers, network
from reference_inbox.errors import ReferenceFailed, unknown
from reference_inbox.managers import docker, environments
from reference_inbox.state import Record, State
from reference_inbox.waiting import wait_until

START_BUDGET_S: Final = 20.0  # 0.4 s as a rule; generous for a machine that does other things too
HEALTH_BUDGET_S: Final = 40.0  # of a container: its first look comes after 3 s, and it may look three times


def start(state: State, service: str, tree: Path | None = None) -> None:
    """Start a service, from another TREE than its checkout where one is given, and return once it answers."""
    managers.of(state).start(state, checked(service), tree)
    wait_for_answer(state, service)


def wait_for_answer(state: State, service: str) -> None:
    """Return once a service answers HTTP, with whatever status: judging it is another's task."""
    record = state.read()
    url = record.backend_url + "/version" if service == "backend" else record.frontend_url + "/build.json"
    wait_until(f"the {service} answering at {url}", lambda: silence(state, service, url), START_BUDGET_S)
    if record.services == "docker":
        wait_until(f"the {service}'s health check", lambda: unchecked(state, service), HEALTH_BUDGET_S)


def silence(state: State, service: str, url: str) -> str | None:
    """Say why a service does not answer yet, or None when it does. Raises ReferenceFailed when its process ended."""
    if managers.of(state).has_ended(state, service):
        raise ReferenceFailed(f"the {service} ended while starting; its log is {state.read().logs[service]}")
    answer = network.status(url)
    return answer if isinstance(answer, str) else None


def unchecked(state: State, service: str) -> str | None:
    """Return Docker's word for a health check that has not come to a result, or None."""
    health = docker.health(state, service)
    return health if health == "starting" else None


def stop(state: State, service: str) -> bool:
    """Stop a service; tell whether it ran."""
    return managers.of(state).stop(state, checked(service))


def restart(state: State, service: str) -> None:
    """Stop a service, if it runs, and start what is in its dist/ now."""
    stop(state, service)
    start(state, service)


def wait_for_health(state: State) -> None:
    """Return once the API reports health and the pages are served. Raises ReferenceFailed with the last answers."""
    record = state.read()
    for url in (f"{record.backend_url}/health", f"{record.frontend_url}/"):
        wait_until(f"200 from {url}", lambda url=url: ill(url), START_BUDGET_S)  # type: ignore[misc]


def ill(url: str) -> str | None:
    """Return the answer of a URL unless it is 200."""
    answer = network.status(url)
    return None if answer == 200 else str(answer)


def environment(state: State, record: Record, service: str) -> dict[str, str]:
    """Build the variables of a service."""
    return environments.of(state, record, service)


def checked(service: str) -> str:
    """Return the service's name when it is one. Raises WrongUsage."""
    if service not in environments.MODULES:
        raise unknown("service", service, environments.MODULES)
    return service
