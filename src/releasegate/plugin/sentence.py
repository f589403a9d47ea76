"""The last line an operator reads: GO or not, why, and the command to run next."""

from __future__ import annotations

from collections.abc import Sequence

from releasegate.core import ExitCode, Verdict
from releasegate.plugin.record import GateRecord

_WORDS = {
    ExitCode.GO: "GO",
    ExitCode.NO_GO: "NO-GO",
    ExitCode.INTERRUPTED: "STOPPED",
    ExitCode.INTERNAL_ERROR: "STOPPED",
    ExitCode.NOTHING_COLLECTED: "CANNOT TELL",
    ExitCode.CANNOT_TELL: "CANNOT TELL",
    ExitCode.BLOCKED: "BLOCKED",
}
_UNDECIDED = {
    Verdict.ERROR: "could not be measured",
    Verdict.INCONCLUSIVE: "saw too little to tell",
    Verdict.NOT_RUN: "did not run",
}


def gate_sentence(record: GateRecord) -> str:
    """Return the sentence for one gate, `GO: ...` and so on, without the next command."""
    marker = record.gate.marker
    code = record.exit_code
    word = "ROLLBACK" if code is ExitCode.NO_GO and record.gate.is_released else _WORDS[code]
    return f"{word}{_counted(record)}: {marker}: {_why(record)}"


def last_sentence(records: Sequence[GateRecord], code: ExitCode, next_command: str) -> str:
    """Return the one sentence that ends a run of one or more gates, with the next command where there is one."""
    decisive = next((record for record in records if record.exit_code == code), None)
    if decisive is not None:
        sentence = gate_sentence(decisive if code else records[-1])
    else:
        sentence = f"{_WORDS[code]}: {_general(code)}"
    return f"{sentence}. Next: {next_command}" if next_command else f"{sentence}."


def _counted(record: GateRecord) -> str:
    if not record.alone:
        return ""
    judged = sum(1 for one in record.outcomes.values() if one.decides and one.verdict is not Verdict.NOT_RUN)
    return f" (alone, {judged} of {len(record.plan) + len(record.open_items)} judged)"


def _why(record: GateRecord) -> str:
    match record.exit_code:
        case ExitCode.GO:
            return _holds(record)
        case ExitCode.NO_GO:
            wrong = record.checks_with(Verdict.FAIL)
            return f"{_names(wrong)} {'is' if len(wrong) == 1 else 'are'} wrong"
        case ExitCode.BLOCKED:
            return "; ".join(record.blocked_by) or "an earlier gate is not open"
        case ExitCode.NOTHING_COLLECTED:
            return "nothing was checked"
        case _:
            undecided = {what: record.checks_with(verdict) for verdict, what in _UNDECIDED.items()}
            parts = [f"{_names(checks)} {what}" for what, checks in undecided.items() if checks]
            return "; ".join(parts + _to_attest(record))


def _holds(record: GateRecord) -> str:
    counts = {verdict: len(record.checks_with(verdict)) for verdict in Verdict}
    extras = {
        Verdict.WARN: "with something to look at",
        Verdict.WAIVED: "waived",
        Verdict.NOT_APPLICABLE: "not applicable",
    }
    parts = [f"{counts[Verdict.PASS] + counts[Verdict.WARN]} checks hold"]
    return ", ".join(parts + [f"{counts[verdict]} {what}" for verdict, what in extras.items() if counts[verdict]])


def _names(checks: Sequence[str]) -> str:
    shown = ", ".join(check.partition("/")[2] for check in checks[:3])
    return f"{shown} and {len(checks) - 3} more" if len(checks) > 3 else shown


def _to_attest(record: GateRecord) -> list[str]:
    if record.alone or not record.open_items:
        return []
    first = ", ".join(item.id for item in record.open_items[:3])
    waiting = "1 item waits" if len(record.open_items) == 1 else f"{len(record.open_items)} items wait"
    return [f"{waiting} for a person ({first})"]


def _general(code: ExitCode) -> str:
    return {
        ExitCode.INTERRUPTED: "interrupted; what was seen so far is kept",
        ExitCode.INTERNAL_ERROR: "this program broke; nothing can be said about the deployment",
        ExitCode.NOTHING_COLLECTED: "no check was collected",
    }.get(code, "some tests could not be collected")
