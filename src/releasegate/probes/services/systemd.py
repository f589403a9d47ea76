"""systemd: what `systemctl show` says about a unit."""

from __future__ import annotations

from datetime import UTC, datetime

from releasegate.core.facts.services import ServiceFacts
from releasegate.probes.host import Machine
from releasegate.probes.services.manager import cannot_ask, not_there
from releasegate.target.models import Service

_PROPERTIES = (
    "LoadState", "ActiveState", "SubState", "ActiveEnterTimestamp", "NRestarts", "MainPID", "MemoryCurrent",
)  # fmt: skip
_TROUBLES = {
    "not been booted with systemd|connect to bus": "systemd does not run this machine",
    "Access denied|Permission denied|authentication": "this user may not ask systemd",
}
_UNKNOWN_MEMORY = {"", "[not set]", str(2**64 - 1)}


def look_up(machine: Machine, part: str, service: Service) -> ServiceFacts:
    """Return the facts about the unit `service.name`. Raises CannotMeasure where systemd cannot be asked."""
    argv = ["systemctl", "show", "--no-pager", f"--property={','.join(_PROPERTIES)}", "--", service.name]
    ran = machine.run(["env", "TZ=UTC", *argv])
    if ran.exit_code != 0:
        raise cannot_ask(machine, argv, ran, _TROUBLES)
    seen_with = machine.by_hand(["systemctl", "status", "--no-pager", service.name])
    said = dict(line.split("=", 1) for line in ran.stdout.splitlines() if "=" in line)
    if said.get("LoadState") == "not-found":
        return not_there(part, service, "systemd", _units(machine), seen_with)
    return facts(part, service, said, seen_with)


def facts(part: str, service: Service, said: dict[str, str], seen_with: str) -> ServiceFacts:
    """Return what the properties of one unit, printed in UTC, mean."""
    return ServiceFacts(
        part=part,
        name=service.name,
        manager="systemd",
        state=f"{said.get('ActiveState', 'unknown')} ({said.get('SubState', 'unknown')})",
        is_there=True,
        is_running=said.get("ActiveState") == "active" and said.get("SubState") == "running",
        since=_moment(said.get("ActiveEnterTimestamp", "")),
        restarts=int(said["NRestarts"]) if said.get("NRestarts", "").isdigit() else None,
        pid=int(said.get("MainPID", "0") or 0) or None,
        memory_bytes=_bytes(said.get("MemoryCurrent", "")),
        seen_with=seen_with,
    )


def _units(machine: Machine) -> list[str]:
    argv = ["systemctl", "list-units", "--all", "--type=service", "--plain", "--no-legend", "--no-pager"]
    lines = machine.read(argv).splitlines()
    return [line.split()[0].removesuffix(".service") for line in lines if line.strip()]


def _moment(text: str) -> datetime | None:
    """Read `Tue 2025-11-04 03:12:45 UTC`; empty where the unit was never active."""
    try:
        return datetime.strptime(text, "%a %Y-%m-%d %H:%M:%S %Z").replace(tzinfo=UTC)
    except ValueError:
        return None


def _bytes(text: str) -> int | None:
    return None if text in _UNKNOWN_MEMORY else int(text)
