"""The nine verdicts, which of several is the worst, and the exit code that says so."""

from __future__ import annotations

from collections.abc import Iterable
from enum import IntEnum, StrEnum


class Verdict(StrEnum):
    """What is known about one check or one gate, worst first."""

    FAIL = "FAIL"
    ERROR = "ERROR"
    INCONCLUSIVE = "INCONCLUSIVE"
    NOT_RUN = "NOT_RUN"
    BLOCKED = "BLOCKED"
    WAIVED = "WAIVED"
    WARN = "WARN"
    PASS = "PASS"  # noqa: S105 - a verdict, no password
    NOT_APPLICABLE = "N/A"

    @property
    def opens(self) -> bool:
        """Whether the next gate may begin after this one."""
        return self in _OPENING

    @property
    def can_be_waived(self) -> bool:
        """Whether a named person may sign it off: only what was measured, never what could not be."""
        return self in (Verdict.FAIL, Verdict.INCONCLUSIVE)


_OPENING = frozenset({Verdict.WAIVED, Verdict.WARN, Verdict.PASS, Verdict.NOT_APPLICABLE})
_WORST_FIRST = tuple(Verdict)


def worst(verdicts: Iterable[Verdict]) -> Verdict:
    """Return the worst verdict; NOT_RUN when there is none, because nothing was seen."""
    return min(verdicts, key=_WORST_FIRST.index, default=Verdict.NOT_RUN)


class ExitCode(IntEnum):
    """What a gate's process returns to the shell and to CI."""

    GO = 0
    NO_GO = 1
    INTERRUPTED = 2
    INTERNAL_ERROR = 3
    USAGE = 4
    NOTHING_COLLECTED = 5
    CANNOT_TELL = 6
    BLOCKED = 7


_BY_VERDICT = {
    Verdict.FAIL: ExitCode.NO_GO,
    Verdict.ERROR: ExitCode.CANNOT_TELL,
    Verdict.INCONCLUSIVE: ExitCode.CANNOT_TELL,
    Verdict.NOT_RUN: ExitCode.CANNOT_TELL,
    Verdict.BLOCKED: ExitCode.BLOCKED,
}
_MOST_URGENT_FIRST = (
    ExitCode.INTERNAL_ERROR,
    ExitCode.USAGE,
    ExitCode.INTERRUPTED,
    ExitCode.NO_GO,
    ExitCode.CANNOT_TELL,
    ExitCode.BLOCKED,
    ExitCode.NOTHING_COLLECTED,
)


def exit_code(verdicts: Iterable[Verdict], *also: ExitCode) -> ExitCode:
    """Return the one exit code for all `verdicts` and whatever `also` happened (an interrupt, a crash).

    No verdict at all is NOTHING_COLLECTED; where several codes hold, the order is 3, 4, 2, 1, 6, 7, 5.
    """
    found = list(verdicts)
    codes = {_BY_VERDICT.get(verdict, ExitCode.GO) for verdict in found} | set(also)
    if not found:
        codes.add(ExitCode.NOTHING_COLLECTED)
    return next((code for code in _MOST_URGENT_FIRST if code in codes), ExitCode.GO)
