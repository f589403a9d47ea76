"""What a gate's result is bound to, as it is right now."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

from releasegate.core import CannotMeasure
from releasegate.core.gate import Bond
from releasegate.plugin.subject import Subject
from releasegate.probes import identity
from releasegate.probes.identity import Identity


@dataclass(frozen=True, slots=True)
class Seen:
    """The bonds that could be read, and why the others could not; an unread bond closes no gate.

    `written` are the rows inserted, updated and deleted so far, by table: what a restore takes is told from them.
    """

    bonds: Mapping[Bond, str]
    unseen: Mapping[Bond, str]
    written: Mapping[str, tuple[int, int, int]] = field(default_factory=dict)


def look(subject: Subject) -> Seen:
    """Measure every bond that the target offers a way to."""
    bonds: dict[Bond, str] = {Bond.CHANGE: subject.change_sha256}
    unseen: dict[Bond, str] = {}
    written: dict[str, tuple[int, int, int]] = {}
    for needed, measure in _looks(subject):
        try:
            found = measure()
        except CannotMeasure as error:
            unseen |= dict.fromkeys(needed, str(error))
        else:
            bonds |= found.bonds
            written |= found.written
            unseen |= found.unseen
    return Seen(bonds, unseen, written)


def _looks(subject: Subject) -> Iterator[tuple[tuple[Bond, ...], Callable[[], Identity]]]:
    target, change = subject.target, subject.change
    database = target.database
    if database is not None:
        of_database = (Bond.SERVER, Bond.CATALOG, Bond.BACKFILLED)
        yield of_database, lambda: identity.of_database(database, change)
    backend, frontend, host = target.paths.backend, target.paths.frontend, target.host
    if host is not None and backend is not None:
        yield (Bond.BACKEND,), lambda: Identity({Bond.BACKEND: identity.commit_at(host, backend)})
    if host is not None and frontend is not None:
        yield (Bond.FRONTEND,), lambda: Identity({Bond.FRONTEND: identity.commit_at(host, frontend, other=backend)})
