"""Whether a walk forward after a way back ended where the first one did: the same verdicts, and nothing left behind."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from releasegate.core import Verdict
from releasegate.core.figures import count
from releasegate.evidence.attempt import Attempt
from releasegate.evidence.checkpoints import ROLLBACK
from releasegate.evidence.history import History

# What these measure is time, load and chance: they may have something to look at once and not the next time.
_MEASURES_TIME = ("perf/", "monitoring/", "followup/", "backfill/duration", "backfill/spot-check")
_HOLDS = (Verdict.PASS, Verdict.WARN, Verdict.NOT_APPLICABLE)
_LEFT = "rollback/differences"


@dataclass(frozen=True, slots=True)
class Again:
    """Two walks compared: how many checks were made in both, and in words what is not the same."""

    checks: int
    differing: tuple[str, ...]

    @property
    def sentence(self) -> str:
        """Return what the comparison found."""
        if self.differing:
            return f"the second walk did not end where the first one did: {'; '.join(self.differing)}"
        if not self.checks:
            return "no gate was run twice, so nothing shows that the way forward is still there"
        return f"back and forward again, {count(self.checks, 'check')} said the same and nothing was left behind"


def both_walks(history: History) -> Again:
    """Compare the first and the last attempt of every gate that was run before the way back and after it."""
    pairs = list(_pairs(history))
    differing = [word for first, last in pairs for word in _verdicts(first, last)]
    differing += _bonds(*pairs[-1]) if pairs else ()
    differing += _left_behind(history)
    return Again(sum(len(last.checks) for _, last in pairs), tuple(differing))


def _pairs(history: History) -> Iterator[tuple[Attempt, Attempt]]:
    for gate in history.gates:
        attempts = [one for one in history.attempts(gate) if one.ended and not one.alone]
        if gate != ROLLBACK and len(attempts) > 1:
            yield attempts[0], attempts[-1]


def _verdicts(first: Attempt, last: Attempt) -> Iterator[str]:
    for check in dict.fromkeys((*first.checks, *last.checks)):
        was, now = first.check_verdict(check), last.check_verdict(check)
        if was == now or (check.startswith(_MEASURES_TIME) and was in _HOLDS and now in _HOLDS):
            continue
        yield f"{check} said {was} and then {now}"


def _bonds(first: Attempt, last: Attempt) -> list[str]:
    """Return what the last gate of both walks stood on and does not any more: the catalog, the commits, the server."""
    return [
        f"the {bond} is another one at the gate {last.gate} than the first time"
        for bond, value in last.bonds.items()
        if first.bonds.get(bond, value) != value
    ]


def _left_behind(history: History) -> list[str]:
    """Return what the way back itself left and nothing explains, as the rollback gate listed it."""
    back = history.latest_closed(ROLLBACK)
    result = back.results.get(_LEFT) if back else None
    return [f"{finding.subject}: {finding.have}" for finding in result.findings] if result else []
