"""The word at the top of the dossier, and the one sentence that says why."""

from __future__ import annotations

from collections.abc import Sequence

from releasegate.core import Verdict
from releasegate.evidence.checkpoints import ROLLBACK
from releasegate.evidence.history import History
from releasegate.report.languages import Language
from releasegate.report.views import GateView, Headline, Tone

_UNDECIDED = (Verdict.ERROR, Verdict.INCONCLUSIVE, Verdict.NOT_RUN)


def headline(history: History, gates: Sequence[GateView], language: Language) -> Headline:
    """Return GO, NO-GO, ROLLBACK, BLOCKED or CANNOT TELL for the latest attempts of all gates that were begun."""
    t = language.t
    begun = [gate for gate in gates if gate.verdict is not None]
    if history.problems:
        why = t("The evidence does not hold together: it was changed or damaged after it was written.")
        return Headline(word="CANNOT TELL", tone=Tone.UNSURE, why=why)
    if not begun:
        return Headline(word="CANNOT TELL", tone=Tone.UNSURE, why=t("No gate has been run."))
    if _is_back(history):
        return _back(history, begun, language)
    forward = [gate for gate in begun if gate.marker != ROLLBACK and not gate.undone] or begun
    failed = [gate for gate in forward if gate.verdict is Verdict.FAIL]
    return _wrong(failed, language) if failed else _unsure(forward, language) or _go(forward, gates, language)


def _unsure(forward: Sequence[GateView], language: Language) -> Headline | None:
    undecided = [gate for gate in forward if gate.verdict in _UNDECIDED or gate.closed]
    blocked = [gate for gate in forward if gate.verdict is Verdict.BLOCKED]
    if undecided:
        unsure = _names(undecided)
        why = language.t("{gates} could not be decided: no verdict, too little seen, or no longer valid.", gates=unsure)
        return Headline(word="CANNOT TELL", tone=Tone.UNSURE, why=why)
    if blocked:
        why = language.t("{gates} may not begin: an earlier gate is not open.", gates=_names(blocked))
        return Headline(word="BLOCKED", tone=Tone.UNSURE, why=why)
    return None


def _wrong(failed: Sequence[GateView], language: Language) -> Headline:
    wrong = [check.id for gate in failed for check in gate.checks if check.verdict is Verdict.FAIL]
    is_out = any(gate.is_released for gate in failed)
    why = language.t("{gates} found what was promised broken: {checks}.", gates=_names(failed), checks=_first(wrong))
    now = language.t("Take the release back: see the emergency rollback.") if is_out else language.t("Do not go on.")
    return Headline(word="ROLLBACK" if is_out else "NO-GO", tone=Tone.BAD, why=f"{why} {now}")


def _go(forward: Sequence[GateView], gates: Sequence[GateView], language: Language) -> Headline:
    todo = [gate for gate in gates if (gate.verdict is None or gate.undone) and gate.marker != ROLLBACK]
    alone = [gate for gate in forward if gate.alone]
    done = language.t("{done} of {all} gates hold.", done=len(forward), all=len(forward) + len(todo))
    following = language.t("Next: {gate} ({runbook}).", gate=todo[0].marker, runbook=todo[0].runbook) if todo else ""
    said = language.t("Judged alone, so they open nothing: {gates}.", gates=_names(alone)) if alone else ""
    return Headline(word="GO", tone=Tone.GOOD, why=" ".join(filter(None, (done, said, following))))


def _is_back(history: History) -> bool:
    return bool(history.all_attempts) and history.all_attempts[-1].gate == ROLLBACK


def _back(history: History, begun: Sequence[GateView], language: Language) -> Headline:
    gate = next(gate for gate in begun if gate.marker == ROLLBACK)
    kind = str(history.all_attempts[-1].start.get("rollback") or "?")
    if gate.verdict is not None and gate.verdict.opens:
        why = language.t("The release was taken back ({kind}), and the way back was verified.", kind=kind)
        return Headline(word="ROLLBACK", tone=Tone.GOOD if gate.verdict is Verdict.PASS else Tone.LOOK, why=why)
    why = language.t("The release was taken back ({kind}), and it is not shown that we are where we were.", kind=kind)
    return Headline(word="ROLLBACK", tone=Tone.BAD if gate.verdict is Verdict.FAIL else Tone.UNSURE, why=why)


def _names(gates: Sequence[GateView]) -> str:
    return ", ".join(gate.marker for gate in gates)


def _first(checks: Sequence[str]) -> str:
    shown = ", ".join(checks[:3])
    return f"{shown} (+ {len(checks) - 3})" if len(checks) > 3 else shown
