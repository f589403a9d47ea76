"""Docker: what `docker inspect` says about a container, found by its name or by its compose service."""

from __future__ import annotations

from typing import Any

from releasegate.core import CannotMeasure
from releasegate.core.facts.services import ServiceFacts
from releasegate.probes.host import Machine
from releasegate.probes.services.manager import cannot_ask, memory_of, not_there, parse_json, parse_utc
from releasegate.target.models import Service

# Only these: a container's environment holds its secrets, so it is never even asked for.
_ASKED = (
    '{"name":{{json .Name}},"state":{{json .State}},"restarts":{{json .RestartCount}},'
    '"image":{{json .Image}},"tag":{{json .Config.Image}},'
    '"project":{{json (index .Config.Labels "com.docker.compose.project")}}}'
)
_UNKNOWN = "No such (container|object)"
TROUBLES = {
    "permission denied": "this user may not use Docker's socket: it is not in the group docker",
    "Cannot connect to the Docker daemon|daemon running": "the Docker daemon does not run",
}


def look_up(machine: Machine, part: str, service: Service) -> ServiceFacts:
    """Return the facts about the container that is, or whose compose service is, `service.name`.

    Raises CannotMeasure without Docker, without its daemon or its permission, and when several containers
    carry the compose service's name.
    """
    container = container_of(machine, service)
    argv = _inspect(container or service.name)
    if container is None:
        names = machine.read(["docker", "ps", "--all", "--format", "{{.Names}}"]).split()
        return not_there(part, service, "docker", names, machine.by_hand(argv))
    return _facts(machine, part, service, parse_json(machine, machine.read(argv), argv))


def container_of(machine: Machine, service: Service) -> str | None:
    """Return the container called as the service is, or the one whose compose service is; None for neither."""
    if service.project:
        return _container_of_compose(machine, service)
    name = service.name
    argv = ["docker", "inspect", "--type", "container", "--format", "{{.Name}}", "--", name]
    ran = machine.run(argv)
    if ran.exit_code == 0:
        return ran.stdout.strip().removeprefix("/")
    if "No such" not in ran.stderr:
        raise cannot_ask(machine, argv, ran, TROUBLES)
    return _container_of_compose(machine, service)


def _container_of_compose(machine: Machine, service: Service) -> str | None:
    label, name = "label=com.docker.compose", service.name
    wanted = ["--filter", f"{label}.service={name}"]
    wanted += ["--filter", f"{label}.project={service.project}"] if service.project else []
    argv = ["docker", "ps", "--all", *wanted, "--format", "{{.Names}}"]
    found = machine.read(argv).split()
    if len(found) > 1:
        listed = ", ".join(sorted(found))
        raise CannotMeasure(
            f"{machine.address}: {len(found)} containers are of the compose service {name!r} ({listed}); "
            "name one of them in [services], or their project",
            run=machine.by_hand(argv),
        )
    return found[0] if found else None


def _inspect(name: str) -> list[str]:
    return ["docker", "inspect", "--type", "container", "--format", _ASKED, "--", name]


def _facts(machine: Machine, part: str, service: Service, said: dict[str, Any]) -> ServiceFacts:
    state = said["state"]
    pid = state.get("Pid") or None
    return ServiceFacts(
        part=part,
        name=service.name,
        manager="docker",
        state=state["Status"],
        is_there=True,
        # a restarting container says Running: true between two of its crashes
        is_running=state["Status"] == "running" and bool(state.get("Running")),
        since=parse_utc(state.get("StartedAt", "")),
        restarts=said["restarts"],
        health=(state.get("Health") or {}).get("Status", "").replace("none", ""),
        version=f"{said['tag']} ({said['image'].removeprefix('sha256:')[:12]})",
        built=_built(machine, said["image"]),
        pid=pid,
        memory_bytes=memory_of(machine, pid) if pid else None,
        project=said["project"] or "",
        seen_with=machine.by_hand(["docker", "ps", "--all", "--filter", f"name={said['name'].removeprefix('/')}"]),
    )


def _built(machine: Machine, image: str) -> Any:
    ran = machine.run(["docker", "inspect", "--type", "image", "--format", "{{.Created}}", "--", image])
    return parse_utc(ran.stdout) if ran.exit_code == 0 else None  # an image may be removed below its container
