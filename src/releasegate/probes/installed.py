"""The packages of a checkout: what the lock of npm, pnpm or yarn says, and what was noted at the last installation."""

from __future__ import annotations

from releasegate.core import Measurement
from releasegate.core.facts.code import InstalledFacts
from releasegate.probes.host import Machine
from releasegate.probes.locks import LOCKS, Lock


def installed(machine: Machine, part: str, path: str) -> Measurement[InstalledFacts]:
    """Measure the packages of the checkout at `path` against its lock, where it has one."""
    where = machine.path(path)
    with machine.noting() as noted:
        facts = _facts(machine, part, where)
        shown = {"lock": facts.lock, "locked": facts.locked, "differ": [list(one) for one in facts.differ[:20]]}
        return noted.measurement(facts, rows=facts.locked, unit="packages", shown=shown)


def _facts(machine: Machine, part: str, where: str) -> InstalledFacts:
    """Return what the first lock says that an installation was noted for; a leftover of another manager has no note."""
    locks = [lock for lock in LOCKS if machine.stat(f"{where}/{lock.file}") is not None]
    lock = next((lock for lock in locks if machine.stat(f"{where}/{lock.note}") is not None), None)
    if lock is None:
        return InstalledFacts(part=part, lock=f"{where}/{locks[0].file}" if locks else "", is_installed=False)
    return _compared(machine, part, where, lock)


def _compared(machine: Machine, part: str, where: str, lock: Lock) -> InstalledFacts:
    texts = (machine.read(["cat", "--", f"{where}/{name}"]) for name in (lock.file, lock.note))
    found = lock.compare(*texts)
    if found is None:
        return InstalledFacts(part=part, lock="", is_installed=False)
    count, differ = found
    return InstalledFacts(
        part=part,
        lock=f"{where}/{lock.file}",
        is_installed=True,
        locked=count,
        differ=differ,
        install=lock.install,
        seen_with=machine.by_hand(["cat", f"{where}/{lock.note}"]),
    )
