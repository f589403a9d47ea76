"""A plain process, known by its pid file or by the port it listens on."""

from __future__ import annotations

import re
from datetime import UTC, datetime

from releasegate.core import CannotMeasure, UsageError
from releasegate.core.facts.services import ServiceFacts
from releasegate.probes.host import Machine
from releasegate.target.models import Service

_PID = re.compile(r"\bpid=(\d+)")


def look_up(machine: Machine, part: str, service: Service) -> ServiceFacts:
    """Return the facts about the process of the pid file, or of the port.

    Raises UsageError when the target names neither, CannotMeasure when the pid file holds no number.
    """
    if service.pid_file is None and service.port is None:
        raise UsageError(f'services.{part}: manager = "process" needs pid_file or port; neither was given')
    pid = _pid_in_file(machine, service.pid_file) if service.pid_file else _pid_on_port(machine, service.port or 0)
    where = service.pid_file or f"port {service.port}"
    if pid is None:
        return _absent(part, service, f"no process ({where})", machine.by_hand(["ps", "-e"]))
    return _facts(machine, part, service, pid)


def _pid_in_file(machine: Machine, path: str) -> int | None:
    if machine.stat(path) is None:
        return None
    argv = ["cat", "--", machine.path(path)]
    text = machine.read(argv).strip()
    if not text.isdigit():
        raise CannotMeasure(f"{machine.address}: {path} holds no process id", run=machine.by_hand(argv))
    return int(text)


def _pid_on_port(machine: Machine, port: int) -> int | None:
    argv = ["ss", "--listening", "--tcp", "--processes", "--numeric", "--no-header", f"sport = :{port}"]
    listening = machine.read(argv)
    found = _PID.search(listening)
    if listening.strip() and not found:
        raise CannotMeasure(
            f"{machine.address}: something listens on port {port}, but {machine.identity.user} may not see what",
            run=machine.by_hand(argv),
        )
    return int(found[1]) if found else None


def _facts(machine: Machine, part: str, service: Service, pid: int) -> ServiceFacts:
    argv = ["ps", "-o", "stat=,rss=,lstart=", "-p", str(pid)]
    printed = machine.run(["env", "TZ=UTC", *argv]).stdout.split(maxsplit=2)
    seen_with = machine.by_hand(["ps", "-o", "pid,stat,lstart,rss,comm", "-p", str(pid)])
    if len(printed) < 3:
        return _absent(part, service, f"process {pid} is gone", seen_with)
    state, memory, began = printed
    return ServiceFacts(
        part=part,
        name=service.name,
        manager="process",
        state="ended, not yet collected" if state.startswith("Z") else "running",
        is_there=True,
        is_running=not state.startswith(("Z", "T")),
        since=datetime.strptime(began.strip(), "%a %b %d %H:%M:%S %Y").replace(tzinfo=UTC),
        pid=pid,
        memory_bytes=int(memory) * 1024,
        seen_with=seen_with,
    )


def _absent(part: str, service: Service, state: str, seen_with: str) -> ServiceFacts:
    return ServiceFacts(
        part=part, name=service.name, manager="process", state=state, is_there=True, is_running=False,
        seen_with=seen_with,
    )  # fmt: skip
