"""Which ways back are possible at a moment of the release, and whether the point of no return has passed."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from releasegate.core.gate import Gate
from releasegate.evidence.checkpoints import checkpoints
from releasegate.evidence.history import History

FIRST: Final = "backend"
"""Before the new backend is out there is nothing to go back from."""
FRONTEND: Final = "frontend"
"""From here on people write what only the new release shows: the point of no return."""
MOMENTS: Final = (FIRST, "migration", "backfill", FRONTEND)
"""The gates behind the steps after which other ways back are possible than before."""
NO_STATEMENT: Final = "the document has no statement for it"
NOT_FILLED: Final = "nothing was backfilled yet"
NO_BACKUP: Final = "no backup was judged good"
TOUCHES_NOTHING: Final = "no row is touched"
HIDES_NEW: Final = "no row is touched; what people did with the new release is not shown"
EMPTIES: Final = "what the backfill wrote goes, what people wrote themselves stays"
EMPTIES_SHOWN: Final = (
    "what the backfill wrote goes, what people wrote themselves stays; only with the code, for the new page reads what "
    "it empties"
)
LOSES_ALL: Final = "everything written since the dump is lost"
SENTENCES: Final = (
    NO_STATEMENT, NOT_FILLED, NO_BACKUP, TOUCHES_NOTHING, HIDES_NEW, EMPTIES, EMPTIES_SHOWN, LOSES_ALL,
)  # fmt: skip
"""All that is said here; the report has them in its languages."""
_FILLED: Final = ("migration", "backfill")  # the migration's gate comes before the backfill's step, and after it nobody


@dataclass(frozen=True, slots=True)
class Possible:
    """What decides on a way back besides the moment: a good backup, and statements of the document for the data."""

    has_backup: bool
    has_statement: bool

    def why_not(self, kind: str, reached: Collection[str]) -> str:
        """Return why the way back of this `kind` is not possible once `reached` were begun; "" where it is."""
        if kind == "data" and not self.has_statement:
            return NO_STATEMENT
        if kind == "data" and not set(_FILLED) & set(reached):
            return NOT_FILLED
        if kind == "restore" and not self.has_backup:
            return NO_BACKUP
        return ""


def possible(history: History, *, has_statement: bool) -> Possible:
    """Return what the evidence says about the backup, beside what the document says about the data."""
    dump = history.latest_closed("backup")
    return Possible(bool(dump and dump.verdict.opens), has_statement)


def loses(kind: str, reached: Collection[str]) -> str:
    """Return what a way back of this `kind` takes or hides, as a sentence of its own."""
    is_out = FRONTEND in reached
    if kind == "code":
        return HIDES_NEW if is_out else TOUCHES_NOTHING
    if kind == "data":
        return EMPTIES_SHOWN if is_out else EMPTIES
    return LOSES_ALL


def reached(history: History, gates: Sequence[Gate]) -> dict[str, datetime]:
    """Return when each gate was begun for the first time since a rollback that passed went back behind it."""
    undone = {stand.gate for stand in checkpoints(history, gates, now=history.as_of, seen={}) if stand.undone}
    backs = [back.began_seq for back in history.attempts("rollback") if back.ended and back.verdict.opens]
    found = {}
    for gate in gates:
        since = [
            attempt
            for attempt in history.attempts(gate.marker)
            if gate.marker not in undone or attempt.began_seq > max(backs, default=0)
        ]
        if since:
            found[gate.marker] = since[0].began
    return found


def restore_took(history: History) -> float | None:
    """Return how long the restore in the backup gate took, in seconds; None where none went through."""
    attempt = history.latest_closed("backup")
    result = attempt.results.get("backup/restored") if attempt else None
    values = (one.get("value") for one in result.measures if one.get("unit") == "entries restored") if result else ()
    restored: Mapping[str, Any] = next((one for one in values if isinstance(one, dict)), {})
    took = restored.get("duration_s") if not restored.get("errors") and not restored.get("lacking") else None
    return took if isinstance(took, int | float) else None
