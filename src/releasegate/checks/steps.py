"""Whether one of the runbook's own commands did what the runbook says it does."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Protocol

from releasegate.core import Finding, Judgement, Severity
from releasegate.core.durations import show_duration
from releasegate.core.facts.steps import StepRun
from releasegate.core.figures import count

_UNPROMISED = "no release document says more about it"
_LONGEST_COMMAND, _LONGEST_LINE = 100, 200  # characters of them in a finding


class StepPromise(Protocol):
    """What the change promises of one command; the patterns as in the change file, `longest_s` in seconds."""

    @property
    def item(self) -> str: ...  # noqa: D102  the fields of the change file's [[steps]]
    @property
    def source(self) -> str: ...  # noqa: D102
    @property
    def success(self) -> Sequence[str]: ...  # noqa: D102
    @property
    def failure(self) -> Sequence[str]: ...  # noqa: D102
    @property
    def warning(self) -> Sequence[str]: ...  # noqa: D102
    @property
    def exit_codes(self) -> Sequence[int]: ...  # noqa: D102
    @property
    def longest_s(self) -> float | None: ...  # noqa: D102


def step_as_promised(run: StepRun, promised: StepPromise | None) -> Judgement:
    """Judge one run of one command; of one that the change does not speak of, that it ended with 0."""
    check = f"step/{run.item}"
    if promised is not None:
        found = _findings(check, promised, run)
    else:
        ended_well = run.exit_code == 0
        found = [] if ended_well else [_broken(check, run, _UNPROMISED, "exit code 0", f"exit code {run.exit_code}")]
    ended = f"ended with {run.exit_code} after {show_duration(run.duration_s)}"
    return Judgement(seen=1, unit="commands", holds=ended, findings=tuple(found))


def commands_did_as_promised(check: str, promised: Sequence[tuple[StepPromise, StepRun | None]]) -> Judgement:
    """Judge the last run of each command; what was typed without `gate step` left nothing to judge, and says so."""
    ran = [(promise, run) for promise, run in promised if run is not None]
    nothing = f"0 of {count(len(promised), 'command')} of this step were run with `gate step`: nothing to judge"
    if not promised:
        gate = check.partition("/")[0]
        nothing = (
            f'0 commands of the change\'s [[steps]] say gate = "{gate}", and no box of its [[checklist]] has {check}'
        )
    return Judgement(
        seen=len(ran),
        unit="commands",
        holds=f"{len(ran)} of {count(len(promised), 'command')} recorded, each as promised",
        findings=tuple(finding for promise, run in ran for finding in _findings(check, promise, run)),
        not_applicable="" if ran else nothing,
    )


def _findings(check: str, promise: StepPromise, run: StepRun) -> list[Finding]:
    wrong = []
    if promise.exit_codes and run.exit_code not in promise.exit_codes:
        accepted = " or ".join(str(code) for code in promise.exit_codes)
        wrong.append((f"exit code {accepted}", f"exit code {run.exit_code}"))
    wrong += [(f"no line with {pattern!r}", line) for pattern, line in _lines(promise.failure, run) if line]
    printed = count(len(run.output.splitlines()), "line")
    missing = f"{printed}, none of them with it"
    wrong += [(f"a line with {pattern!r}", missing) for pattern, line in _lines(promise.success, run) if not line]

    odd = [(f"no line with {pattern!r}", line) for pattern, line in _lines(promise.warning, run) if line]
    if promise.longest_s is not None and run.duration_s > promise.longest_s:
        odd.append((f"at most {show_duration(promise.longest_s)}", show_duration(run.duration_s)))
    source = promise.source
    broken = [_broken(check, run, source, want, have) for want, have in wrong]
    return broken + [_odd(check, run, source, want, have) for want, have in odd]


def _lines(patterns: Sequence[str], run: StepRun) -> list[tuple[str, str]]:
    """Return each pattern with the first line of the output that has it, or ""."""
    return [(pattern, _line_with(pattern, run.output)) for pattern in patterns]


def _broken(check: str, run: StepRun, source: str, want: str, have: str) -> Finding:
    return Finding(
        check=check,
        subject=f"{run.item}: {run.command[:_LONGEST_COMMAND]}",
        want=f"{want} ({source})",
        have=have,
        why="what the command should have done is not done, or only in part",
        fix="read its output in the evidence, mend the cause, run it again with `gate step`",
    )


def _odd(check: str, run: StepRun, source: str, want: str, have: str) -> Finding:
    return Finding(
        check=check,
        subject=f"{run.item}: {run.command[:_LONGEST_COMMAND]}",
        want=f"{want} ({source})",
        have=have,
        why="the runbook asks to read this before going on",
        fix="nothing where it is expected; else mend the cause and run the command again with `gate step`",
        severity=Severity.WARNING,
    )


def _line_with(pattern: str, output: str) -> str:
    lines = (line.strip() for line in output.splitlines() if re.search(pattern, line, re.IGNORECASE))
    return next(lines, "")[:_LONGEST_LINE]
