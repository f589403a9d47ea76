"""The packages of a checkout: what npm's lock says, and what npm noted that it installed."""

from __future__ import annotations

import json
from typing import Any

from releasegate.core import Measurement
from releasegate.core.facts.code import InstalledFacts
from releasegate.probes.host import Machine

# npm 7 and later writes this with every installation; it has the form of the lock itself.
_NOTED = "node_modules/.package-lock.json"
# Not installed everywhere: for development, for another platform, or where another package wants it to be there.
_NOT_EVERYWHERE = ("dev", "optional", "devOptional", "peer", "link", "extraneous")


def installed(machine: Machine, part: str, path: str) -> Measurement[InstalledFacts]:
    """Measure the packages of the checkout at `path` against its package-lock.json, where it has one."""
    where = machine.path(path)
    with machine.noting() as noted:
        locked = _packages(machine, f"{where}/package-lock.json")
        found = _packages(machine, f"{where}/{_NOTED}") if locked else None
        needed = {
            place: str(entry.get("version", ""))
            for place, entry in (locked or {}).items()
            if place and not any(entry.get(word) for word in _NOT_EVERYWHERE)
        }
        there = {place: str(entry.get("version", "")) for place, entry in (found or {}).items()}
        facts = InstalledFacts(
            part=part,
            lock=f"{where}/package-lock.json" if needed else "",
            is_installed=found is not None,
            locked=len(needed),
            differ=tuple(
                (place.removeprefix("node_modules/"), version, there.get(place, ""))
                for place, version in sorted(needed.items())
                if found is not None and there.get(place) != version
            ),
            seen_with=machine.by_hand(["npm", "ls", "--prefix", where, "--depth", "0"]),
        )
        shown = {"lock": facts.lock, "locked": facts.locked, "differ": [list(one) for one in facts.differ[:20]]}
        return noted.measurement(facts, rows=facts.locked, unit="packages", shown=shown)


def _packages(machine: Machine, path: str) -> dict[str, dict[str, Any]] | None:
    """Return the packages of a lock by the place they are installed in; None without one of npm 7 or later."""
    if machine.stat(path) is None:
        return None
    try:
        packages = json.loads(machine.read(["cat", "--", path])).get("packages")
    except (ValueError, AttributeError):
        return None
    is_whole = isinstance(packages, dict) and all(isinstance(entry, dict) for entry in packages.values())
    return packages if is_whole else None
