"""Who runs the processes: one module per manager, the same facts from each."""

from __future__ import annotations

import time
from typing import Literal

from releasegate.core import Measurement, UsageError
from releasegate.core.facts.services import PortFacts, ServiceFacts, ServiceStay
from releasegate.probes.host import Machine
from releasegate.probes.services import docker, pm2, ports, process, systemd
from releasegate.probes.services.manager import LookUp
from releasegate.target.models import Service, Services

Part = Literal["backend", "frontend"]

_LOOK_UP: dict[str, LookUp] = {
    "docker": docker.look_up,
    "pm2": pm2.look_up,
    "systemd": systemd.look_up,
    "process": process.look_up,
}


class ServiceBook:
    """The services of a target, looked up anew at every `look`."""

    def __init__(self, services: Services, machine: Machine) -> None:
        self.services = services
        self.machine = machine
        self._first: dict[Part, tuple[float, Measurement[ServiceFacts]]] = {}

    def names(self) -> tuple[Part, ...]:
        """Return the parts that the target names, in the order backend, frontend."""
        parts: tuple[Part, ...] = ("backend", "frontend")
        return tuple(part for part in parts if getattr(self.services, part) is not None)

    def look(self, part: Part) -> Measurement[ServiceFacts]:
        """Measure one service.

        A name that the manager does not know is a fact, with the nearest names beside it. Raises CannotMeasure
        when the manager is missing, does not answer, or does not let this user ask; UsageError when the target
        does not name the part.
        """
        if self.services.manager == "none":
            return Measurement(value=self._unmanaged(part), rows=1, unit="services", query="", duration_s=0)
        service: Service | None = getattr(self.services, part)
        if service is None:
            raise UsageError(f"services.{part}: is missing; give its name as {self.services.manager} knows it")
        with self.machine.noting() as noted:
            facts = _LOOK_UP[self.services.manager](self.machine, part, service)
            return noted.measurement(facts, rows=1, unit="services")

    def first(self, part: Part) -> Measurement[ServiceFacts]:
        """Measure one service, once: the first of the two looks of `stays`. Raises as `look` does."""
        if part not in self._first:
            found = self.look(part)
            self._first[part] = (time.monotonic(), found)
        return self._first[part][1]

    def stays(self, part: Part) -> Measurement[ServiceStay]:
        """Measure one service a second time, at least `steady_s` after `first`. Raises as `look` does."""
        first = self.first(part)
        if not first.value.unmanaged:
            time.sleep(max(0.0, self._first[part][0] + self.services.steady_s - time.monotonic()))
        second = self.look(part)
        stay = ServiceStay(
            first=first.value, second=second.value, apart_s=round(time.monotonic() - self._first[part][0], 1)
        )
        return Measurement(
            value=stay, rows=2, unit="looks", query=second.query, duration_s=first.duration_s + second.duration_s
        )

    def port(self, part: Part, url: str | None) -> Measurement[PortFacts] | None:
        """Measure who listens where `part` is to be found: the port that the target names, else that of `url`.

        None where that port is not known to be on this machine, or the service does not run or has no process id.
        """
        service: Service | None = getattr(self.services, part)
        where = ports.port_of(service.port if service else None, url, self.machine.address)
        facts = self.first(part).value
        if where is None or facts.pid is None:
            return None
        return ports.listeners(self.machine, facts, where, is_told=bool(service and service.port))

    def _unmanaged(self, part: Part) -> ServiceFacts:
        return ServiceFacts(
            part=part, name="", manager="none", state="", is_there=False, is_running=False,
            unmanaged=self.services.reason,
        )  # fmt: skip


def open_services(services: Services, machine: Machine) -> ServiceBook:
    """Return the services of a target; nothing is asked before the first look."""
    return ServiceBook(services, machine)


__all__ = ["Part", "ServiceBook", "open_services"]
