"""Who listens on the machine's TCP ports, and whether that is the service."""

from __future__ import annotations

import re
from collections.abc import Mapping
from urllib.parse import urlsplit

from releasegate.core import Measurement
from releasegate.core.facts.services import Listener, PortFacts, ServiceFacts
from releasegate.probes.host import Machine
from releasegate.probes.services.manager import descendants

_SS = ("ss", "--listening", "--tcp", "--processes", "--numeric", "--no-header")
_PS = ("ps", "-e", "-o", "pid=,ppid=")
_PROCESS = re.compile(r'\("([^"]*)",pid=(\d+)')
_LOOPBACK = ("localhost", "127.0.0.1", "::1")


def port_of(told: int | None, url: str | None, address: str) -> int | None:
    """Return the port of the service: as the target says, else that of `url` where this is the machine it names."""
    if told is not None:
        return told
    if url is None or address != "local":
        return None
    parts = urlsplit(url)
    return parts.port if parts.hostname in _LOOPBACK else None


def listeners(machine: Machine, facts: ServiceFacts, port: int, *, is_told: bool) -> Measurement[PortFacts]:
    """Measure who listens on any port. Raises CannotMeasure where the machine has no ss or no ps."""
    with machine.noting() as noted:
        found = tuple(one for line in machine.read(_SS).splitlines() for one in _listening(line))
        parents = dict(_pair(line) for line in machine.read(_PS).splitlines() if line.strip())
        told = PortFacts(
            part=facts.part,
            port=port,
            is_told=is_told,
            listeners=found,
            family=frozenset().union(*(family_of(pid, parents) for pid in (facts.pid or 0, *facts.siblings))),
            seen_with=machine.by_hand([*_SS, f"sport = :{port}"]),
        )
        shown = {"port": port, "listeners": [[one.pid, one.command] for one in found if one.port == port]}
        return noted.measurement(told, rows=len(found), unit="listening sockets", shown=shown)


def _listening(line: str) -> list[Listener]:
    columns = line.split()
    port = columns[3].rpartition(":")[2] if len(columns) > 3 else ""
    if not port.isdigit():
        return []
    holders = _PROCESS.findall(line)
    return [Listener(port=int(port), pid=int(pid), command=name) for name, pid in holders] or [Listener(port=int(port))]


def _pair(line: str) -> tuple[int, int]:
    pid, parent = line.split()
    return int(pid), int(parent)


def family_of(pid: int, parents: Mapping[int, int]) -> frozenset[int]:
    """Return a process, those that began it up to the first of all (excluded), and all that come from it."""
    above = {pid}
    one = parents.get(pid, 0)
    while one > 1 and one not in above:
        above.add(one)
        one = parents.get(one, 0)
    return frozenset(above | descendants(pid, parents))
