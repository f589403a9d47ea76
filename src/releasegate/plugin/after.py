"""`[policy] after`: what must have gone well on another target before a gate may begin on this one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from releasegate.core import CannotMeasure
from releasegate.core.gate import Bond, Gate
from releasegate.evidence.chain import read
from releasegate.evidence.checkpoints import checkpoints
from releasegate.evidence.folder import Folder
from releasegate.evidence.history import History
from releasegate.evidence.verify import verify
from releasegate.plugin.bonds import Seen
from releasegate.plugin.gates import GATES
from releasegate.plugin.subject import Subject
from releasegate.probes import identity
from releasegate.target.models import Part

_LAST = "perf"  # what follows it takes hours and days: a pipeline does not wait for that
_DEPLOYED_FROM = {Bond.BACKEND: "backend", Bond.FRONTEND: "frontend"}
"""The first gate at which the release's own commit is checked out."""
_BOND_OF: dict[Part, Bond] = {"backend": Bond.BACKEND, "frontend": Bond.FRONTEND}
_MAY_ALWAYS_BEGIN = "rollback"  # the way back waits for nobody


@dataclass(frozen=True, slots=True)
class Demand:
    """What the policy demands and found: `missing` are sentences, none when all of it holds."""

    missing: tuple[str, ...] = ()
    found: Mapping[str, Any] | None = None


def demand(subject: Subject, folder: Folder, gate: Gate, seen: Seen) -> Demand:
    """Return what the target's policy demands before `gate`, judged from the other target's folder alone."""
    policy = subject.target.policy
    if policy.after is None or gate.marker == _MAY_ALWAYS_BEGIN:
        return Demand()
    other = _folder(subject, folder)
    try:
        missing = tuple(f"[policy] after: {why}" for why in _missing(subject, other, gate, seen))
        history = read(other)
    except CannotMeasure as error:
        return Demand((f"[policy] after: {policy.after}: {error}",))
    seq, digest = history.head
    found = {"target": policy.after, "folder": str(other.root), "seq": seq, "hash": digest}
    return Demand(missing, found | {"compared": _compared(subject, _judged_with(history))})


def _folder(subject: Subject, folder: Folder) -> Folder:
    """Return where the other target's evidence lies; a path in the target file is relative to that file."""
    policy = subject.target.policy
    if policy.after_evidence is not None:
        return Folder(subject.target_path.parent / Path(policy.after_evidence).expanduser())
    return Folder(folder.root.parent / str(policy.after))


def _missing(subject: Subject, other: Folder, gate: Gate, seen: Seen) -> Iterator[str]:
    name = subject.target.policy.after
    if not other.events.exists():
        yield f"{name} has no evidence in {other.root}"
        return
    wrong = next((line.text for line in verify(other.root).lines if line.ok is False), "")
    if wrong:
        yield f"the evidence of {name} does not hold: {wrong}"
        return
    history = read(other)
    closed = list(_not_go(history, str(name)))
    yield from closed or _other_release(subject, history, gate, seen, str(name))


def _not_go(history: History, name: str) -> Iterator[str]:
    """Yield the first gate up to the last one demanded that was not open when the other target was last looked at."""
    for stand in checkpoints(history, GATES, now=history.as_of, seen={}):
        if not stand.is_open and not stand.waits_for:
            yield f"{name} is no GO: {stand.gate}: {stand.why_closed}"
            return
        if stand.gate == _LAST:
            return


def _other_release(subject: Subject, history: History, gate: Gate, seen: Seen, name: str) -> Iterator[str]:
    bonds = _judged_with(history)
    change = bonds.get(Bond.CHANGE)
    if change and change != subject.change_sha256:
        yield f"{name} was judged by another change file (sha256 {change[:12]}, here {subject.change_sha256[:12]})"
    for part in _compared(subject, bonds):
        yield from _other_commit(subject, part, bonds.get(_BOND_OF[part]), gate, seen)


def _judged_with(history: History) -> Mapping[str, str]:
    judged = history.latest_closed(_LAST)
    return judged.bonds if judged else {}


def _compared(subject: Subject, there: Mapping[str, str]) -> tuple[Part, ...]:
    """Return the parts whose commits must be the same: what the policy names, else all that either side has."""
    target = subject.target
    if target.policy.after_parts is not None:
        return target.policy.after_parts
    is_here = {"backend": target.backend, "frontend": target.frontend}
    return tuple(
        part for part, bond in _BOND_OF.items() if is_here[part] or getattr(target.paths, part) or there.get(bond)
    )


def _other_commit(subject: Subject, part: Part, there: str | None, gate: Gate, seen: Seen) -> Iterator[str]:
    name = subject.target.policy.after
    bond, path = _BOND_OF[part], getattr(subject.target.paths, part)
    if path is None:
        yield (
            f"the {bond} cannot be compared: {subject.target_path} has no [paths] {part}; give it, or name the parts "
            'that are compared: [policy] after_parts = ["backend"], ["frontend"] or []'
        )
    elif part == "frontend" and _is_part_of_the_backend_s(subject, path):
        return  # one repository moves as a whole: the backend's commit is compared
    elif not there:
        yield f"the evidence of {name} names no {bond}"
    else:
        here = _commit(subject, bond, path, gate, seen)
        if here != there:
            yield f"the {bond} is {here[:12]} here, and {name} has a GO for {there[:12]}"


def _is_part_of_the_backend_s(subject: Subject, path: str) -> bool:
    host, backend = subject.target.host, subject.target.paths.backend
    return host is not None and backend is not None and identity.is_one_repository(host, path, backend)


def _commit(subject: Subject, bond: Bond, path: str, gate: Gate, seen: Seen) -> str:
    """Return the commit of this release here: what is checked out, and before that what pulling would bring."""
    order = [each.marker for each in GATES]
    if order.index(gate.marker) >= order.index(_DEPLOYED_FROM[bond]):
        return seen.bonds.get(bond) or f"not known ({seen.unseen.get(bond, 'no way to see it')})"
    host = subject.target.host
    if host is None:
        return "not known (no [host])"
    return identity.coming_commit(host, path)
