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

_LAST = "perf"  # what follows it takes hours and days: a pipeline does not wait for that
_DEPLOYED_FROM = {Bond.BACKEND: "backend", Bond.FRONTEND: "frontend"}
"""The first gate at which the release's own commit is checked out."""
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
        seq, digest = read(other).head
    except CannotMeasure as error:
        return Demand((f"[policy] after: {policy.after}: {error}",))
    return Demand(missing, {"target": policy.after, "folder": str(other.root), "seq": seq, "hash": digest})


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
    judged = history.latest_closed(_LAST)
    bonds = judged.bonds if judged else {}
    change = bonds.get(Bond.CHANGE)
    if change and change != subject.change_sha256:
        yield f"{name} was judged by another change file (sha256 {change[:12]}, here {subject.change_sha256[:12]})"
    for bond, path in ((Bond.BACKEND, subject.target.paths.backend), (Bond.FRONTEND, subject.target.paths.frontend)):
        there = bonds.get(bond)
        if path is None:
            continue
        if not there:
            yield f"the evidence of {name} names no {bond}"
        else:
            here = _commit(subject, bond, path, gate, seen)
            if here != there:
                yield f"the {bond} is {here[:12]} here, and {name} has a GO for {there[:12]}"


def _commit(subject: Subject, bond: Bond, path: str, gate: Gate, seen: Seen) -> str:
    """Return the commit of this release here: what is checked out, and before that what pulling would bring."""
    order = [each.marker for each in GATES]
    if order.index(gate.marker) >= order.index(_DEPLOYED_FROM[bond]):
        return seen.bonds.get(bond) or f"not known ({seen.unseen.get(bond, 'no way to see it')})"
    host = subject.target.host
    if host is None:
        return "not known (no [host])"
    return identity.coming_commit(host, path)
