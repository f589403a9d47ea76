"""The two services, API and pages: started from the builds in dist/, waited for, stopped."""

import sys
from pathlib import Path
from typing import Final

from reference_inbox import network, processes
from reference_inbox.errors import ReferenceFailed, unknown
from reference_inbox.state import Record, State
from reference_inbox.waiting import wait_until

MODULES: Final = {"backend": "inbox_api", "frontend": "inbox_web"}
START_BUDGET_S: Final = 20.0  # 0.4 s as a rule; generous for a machine that does other things too


def environment(state: State, record: Record, service: str) -> dict[str, str]:
    """Build the variables of a service; secrets stay in the files that they name."""
    port = {
        "INBOX_PORT": str(record.ports[service]),
        "PYTHONPATH": str(state.repository(service) / "dist"),
        "PYTHONSAFEPATH": "1",
    }  # the build is run, not the sources in the folder it is started in
    if service == "frontend":
        return port | {"INBOX_API": record.backend_url}
    return port | {
        "INBOX_DATABASE": record.owner_dsn,
        "INBOX_MEDIA": record.media,
        "INBOX_SECRETS": str(state.secrets),
        "INBOX_FRONTEND_ORIGIN": record.frontend_url,
    }


def start(state: State, service: str, extra: dict[str, str] | None = None) -> None:
    """Start a service and return once it answers HTTP, with whatever status: judging it is another's task."""
    checked(service)
    record = state.read()
    processes.launch(
        state,
        service,
        [sys.executable, "-m", MODULES[service]],
        log=Path(record.logs[service]),
        env=environment(state, record, service) | (extra or {}),
        cwd=state.repository(service),
    )
    url = record.backend_url + "/version" if service == "backend" else record.frontend_url + "/build.json"
    wait_until(f"the {service} answering at {url}", lambda: silence(state, service, url), START_BUDGET_S)


def silence(state: State, service: str, url: str) -> str | None:
    """Say why a service does not answer yet, or None when it does. Raises ReferenceFailed when its process ended."""
    if processes.running(state, service) is None:
        raise ReferenceFailed(f"the {service} ended while starting; its log is {state.read().logs[service]}")
    answer = network.status(url)
    return answer if isinstance(answer, str) else None


def stop(state: State, service: str) -> bool:
    """Stop a service; tell whether it ran."""
    return processes.stop(state, checked(service))


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


def checked(service: str) -> str:
    """Return the service's name when it is one. Raises WrongUsage."""
    if service not in MODULES:
        raise unknown("service", service, MODULES)
    return service
