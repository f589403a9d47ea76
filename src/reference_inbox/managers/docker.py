"""Option A of the runbook: a Docker Engine of this deployment's own, and its docker-compose.

There is no registry to pull a base image from, so an image holds the build alone; the interpreter and its packages
are this machine's, mounted read-only. Containers share the machine's network, so the engine needs no bridge.
"""

import json
import os
import socket
import subprocess
import sys
from contextlib import closing, suppress
from pathlib import Path
from typing import Any, Final

from reference_inbox import processes
from reference_inbox.errors import ReferenceFailed
from reference_inbox.managers import environments, homes
from reference_inbox.managers.commands import answer, program, ran
from reference_inbox.state import Record, State
from reference_inbox.waiting import wait_until

ENGINE: Final = "dockerd"
START_BUDGET_S: Final = 60.0  # 2 s as a rule; containerd starts first
PACKAGES: Final = "apt-get install docker.io docker-compose"
APP: Final = "/app"  # where the Dockerfile puts the build
SYSTEM: Final = ("/usr", "/lib", "/lib64", "/bin", "/etc/ld.so.cache")
"""What an interpreter of this machine needs besides its own folders; a bind mount follows links."""


def require() -> None:
    """Raise ReferenceFailed without the right or the packages."""
    if os.geteuid() != 0:
        raise ReferenceFailed("a Docker Engine of one's own needs root; run this as root, or without --services docker")
    for name in (ENGINE, "docker", "umount"):
        program(name, PACKAGES)
    compose()


def prepare(state: State) -> None:
    """Start the engine, and return when it answers."""
    home = homes.make(state, "docker")
    (home / "daemon.json").write_text("{}\n")  # the machine's own settings have no say here
    command = [
        program(ENGINE, PACKAGES), "--host", endpoint(state), "--config-file", str(home / "daemon.json"),
        "--data-root", str(home / "data"), "--exec-root", str(home / "exec"), "--pidfile", str(home / "pid"),
        "--iptables=false", "--ip6tables=false", "--bridge=none",
        # where the machine has a containerd of its own, the engine uses that one: then in a room of its own
        f"--containerd-namespace=inbox-{os.getpid()}", f"--containerd-plugins-namespace=inbox-plugins-{os.getpid()}",
    ]  # fmt: skip
    processes.launch(state, ENGINE, command, log=state.logs / f"{ENGINE}.log", env={}, cwd=home)
    wait_until("the Docker Engine answering", lambda: silence(state), START_BUDGET_S)


def silence(state: State) -> str | None:
    """Say why the engine does not answer yet. Raises ReferenceFailed when its process ended."""
    if processes.running(state, ENGINE) is None:
        lines = (state.logs / f"{ENGINE}.log").read_text("utf-8", errors="replace").strip().splitlines()
        raise ReferenceFailed(f"the Docker Engine ended while starting: {lines[-1] if lines else 'no output'}")
    try:
        with closing(socket.socket(socket.AF_UNIX)) as asked:
            asked.settimeout(5)
            asked.connect(str(homes.of(state) / "s.sock"))
            asked.sendall(b"GET /_ping HTTP/1.0\r\n\r\n")
            first = asked.recv(64).decode(errors="replace")
    except OSError as problem:
        return str(problem)
    return None if " 200 " in first else first.splitlines()[0] if first else "nothing"


def endpoint(state: State) -> str:
    """Return how the engine is reached."""
    return f"unix://{homes.of(state)}/s.sock"


def compose() -> list[str]:
    """Return the command of docker-compose, the program or the client's plugin. Raises ReferenceFailed for neither."""
    with suppress(ReferenceFailed):
        return [program("docker-compose", PACKAGES)]
    asks = [program("docker", PACKAGES), "compose", "version"]
    if subprocess.run(asks, check=False, capture_output=True).returncode == 0:
        return asks[:2]
    raise ReferenceFailed(f"there is no docker-compose on this machine; get it with: {PACKAGES}")


def variables(state: State) -> dict[str, str]:
    """Name the engine and the compose file; images are built without BuildKit, which Debian does not have."""
    return {
        "DOCKER_HOST": endpoint(state),
        "COMPOSE_FILE": str(homes.of(state) / "compose.json"),
        "COMPOSE_PROJECT_NAME": "inbox",
        "DOCKER_BUILDKIT": "0",
        "COMPOSE_DOCKER_CLI_BUILD": "0",
    }


def start(state: State, service: str, tree: Path | None = None) -> None:
    """Build the image from the service's checkout, or from another TREE, and have its container run it."""
    bring_up(state, service, {"build": {"context": str(tree)}} if tree else {})


def bring_up(state: State, service: str, differs: dict[str, Any]) -> None:
    """Build and start a service, with some of its entries in the compose file replaced."""
    write_compose_file(state, {service: differs})
    command = compose()
    answer(state, [*command, "build", service], variables(state))
    answer(state, [*command, "up", "-d", "--force-recreate", service], variables(state))


def stop(state: State, service: str) -> bool:
    """Stop a container; it stays, exited."""
    ran_before = bool(answer(state, ["docker", "ps", "-q", *labelled(service)], variables(state)))
    answer(state, [*compose(), "stop", service], variables(state))
    return ran_before


def labelled(service: str) -> list[str]:
    """Return what finds the container of a service."""
    return ["--filter", f"label=com.docker.compose.service={service}"]


def has_ended(state: State, service: str) -> bool:  # noqa: ARG001  every manager is asked the same
    """A container's end is not looked for: a look costs more than the wait."""
    return False


def health(state: State, service: str) -> str:
    """Return what the container's health check says, in Docker's words; "" without one, or without a container."""
    name = answer(state, ["docker", "ps", "-aq", *labelled(service)], variables(state))
    ask = ["docker", "inspect", "--format", "{{if .State.Health}}{{.State.Health.Status}}{{end}}", name]
    return answer(state, ask, variables(state)) if name else ""


def close(state: State) -> bool:
    """Remove every container, end the engine, and take its mounts away so that its folder can be removed."""
    if not state.exists or state.read().services != "docker" or not state.read().manager_home:
        return False
    if processes.running(state, ENGINE):
        reach = {"DOCKER_HOST": endpoint(state)}
        names = ran(state, ["docker", "ps", "-aq"], reach).stdout.split()
        if names:
            ran(state, ["docker", "rm", "--force", *names], reach)
    found = processes.stop(state, ENGINE)
    processes.end(processes.strays(state, []))  # of an engine that was killed, the containers stay
    unmount_below(homes.of(state))
    homes.remove(state)
    return found


def unmount_below(home: Path) -> None:
    """Unmount what the engine left mounted below its folder, the innermost first."""
    umount = program("umount", "apt-get install mount")
    mounted = [line.split()[4] for line in Path("/proc/self/mountinfo").read_text("utf-8").splitlines()]
    for place in sorted((one for one in mounted if one.startswith(f"{home}/")), reverse=True):
        subprocess.run([umount, "--lazy", place], check=False, capture_output=True)


def command(state: State, verb: str, service: str) -> list[str]:  # noqa: ARG001  every manager is asked the same
    """Return the runbook's command. Its rollback leaves `build` out, and the new image would come up again."""
    words = " ".join(Path(word).name for word in compose())
    line = f"{words} stop {service}" if verb == "stop" else f"{words} build {service} && {words} up -d {service}"
    return ["sh", "-ec", line]


def section(state: State) -> str:
    """Know the services by their names in the compose file."""
    reach = json.dumps(endpoint(state))
    return (
        '[services]\nmanager = "docker"\nbackend = { name = "backend" }\nfrontend = { name = "frontend" }\n\n'
        f'[host]\naddress = "local"\nenvironment = {{ DOCKER_HOST = {reach} }}\n'
    )


def write_compose_file(state: State, differs: dict[str, dict[str, Any]]) -> None:
    """Write the compose file, as JSON, which is YAML too; $ would be read as the beginning of a variable."""
    record = state.read()
    services = {
        service: declared(state, record, service) | differs.get(service, {}) for service in environments.MODULES
    }
    text = json.dumps({"services": services}, indent=2).replace("$", "$$")
    (homes.of(state) / "compose.json").write_text(text, "utf-8")


def declared(state: State, record: Record, service: str) -> dict[str, Any]:
    """Return one service of the compose file."""
    variables = environments.of(state, record, service)
    page = f"{record.backend_url}/health" if service == "backend" else f"{record.frontend_url}/build.json"
    asks = f"import urllib.request as r; r.urlopen({page!r}, timeout=5)"
    return {
        "build": {"context": str(state.repository(service))},
        "image": f"inbox-{service}",
        "network_mode": "host",
        "restart": "unless-stopped",
        "working_dir": APP,
        "entrypoint": [sys.executable, "-m", environments.MODULES[service]],
        "environment": variables | {"PYTHONPATH": APP, processes.MARK: str(state.folder)},
        "volumes": [mount(path) for path in needed(state)],
        "healthcheck": {
            "test": ["CMD", sys.executable, "-S", "-c", asks],
            "interval": "3s",
            "timeout": "10s",
            "retries": 3,
        },
    }


def needed(state: State) -> list[str]:
    """List what is mounted: the interpreter, its packages and the system's libraries, the secrets and the media."""
    wanted = [*SYSTEM, sys.prefix, sys.base_prefix, str(state.secrets), str(state.media)]
    there = [path for path in wanted if Path(path).exists()]
    return [path for path in dict.fromkeys(there) if not any(path.startswith(f"{other}/") for other in there)]


def mount(path: str) -> dict[str, Any]:
    """Mount a path of this machine read-only at the same place."""
    return {"type": "bind", "source": path, "target": path, "read_only": True}
