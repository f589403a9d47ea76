"""A plain process, known by its pid file, by the port it listens on, or by its command line."""

from __future__ import annotations

import re
from datetime import UTC, datetime

from releasegate.core import CannotMeasure, UsageError
from releasegate.core.facts.services import ServiceFacts
from releasegate.probes.host import Machine
from releasegate.probes.services.manager import memory_of
from releasegate.target.models import Service

_PID = re.compile(r"\bpid=(\d+)")


def look_up(machine: Machine, part: str, service: Service) -> ServiceFacts:
    """Return the facts about the process of the pid file, of the command line, or of the port, in this order.

    Raises UsageError when the target names none, CannotMeasure when the pid file holds no number, or several
    processes have such a command line.
    """
    if service.pid_file:
        pid, where = _pid_in_file(machine, service.pid_file), service.pid_file
    elif service.command:
        pid, where = _pid_of_command(machine, service.command), f"a command line with {service.command!r}"
    elif service.port:
        pid, where = _pid_on_port(machine, service.port), f"port {service.port}"
    else:
        raise UsageError(f'services.{part}: manager = "process" needs pid_file, command or port; none was given')
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


def _pid_of_command(machine: Machine, pattern: str) -> int | None:
    """Return the process whose command line has the pattern; of a family of such, the one that began the others."""
    argv = ["ps", "-e", "-o", "pid=,ppid=,args="]
    lines = (line.split(maxsplit=2) for line in machine.read(argv).splitlines())
    found = {int(line[0]): (int(line[1]), line[2]) for line in lines if len(line) == 3 and re.search(pattern, line[2])}
    eldest = [pid for pid, (parent, _) in found.items() if parent not in found]
    if len(eldest) > 1:
        shown = "; ".join(f"{pid} {found[pid][1][:60]}" for pid in eldest[:3])
        raise CannotMeasure(
            f"{machine.address}: {len(eldest)} processes have a command line with {pattern!r} ({shown}); "
            "give a pattern that only one has",
            run=machine.by_hand(argv),
        )
    return eldest[0] if eldest else None


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
    argv = ["ps", "-o", "stat=,lstart=", "-p", str(pid)]
    printed = machine.run(["env", "TZ=UTC", *argv]).stdout.split(maxsplit=1)
    seen_with = machine.by_hand(["ps", "-o", "pid,stat,lstart,rss,comm", "-p", str(pid), "--ppid", str(pid)])
    if len(printed) < 2:
        return _absent(part, service, f"process {pid} is gone", seen_with)
    state, began = printed
    return ServiceFacts(
        part=part,
        name=service.name or part,
        manager="process",
        state="ended, not yet collected" if state.startswith("Z") else "running",
        is_there=True,
        is_running=not state.startswith(("Z", "T")),
        since=datetime.strptime(began.strip(), "%a %b %d %H:%M:%S %Y").replace(tzinfo=UTC),
        pid=pid,
        memory_bytes=memory_of(machine, pid),
        seen_with=seen_with,
    )


def _absent(part: str, service: Service, state: str, seen_with: str) -> ServiceFacts:
    return ServiceFacts(
        part=part, name=service.name or part, manager="process", state=state, is_there=True, is_running=False,
        seen_with=seen_with,
    )  # fmt: skip
