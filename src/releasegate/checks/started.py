"""Whether a service wrote that it is ready, and in time."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from releasegate.checks.logs import START_TOLERANCE, LogPromise, first_match, since_start, why_unknown
from releasegate.core import Finding, Judgement, Severity
from releasegate.core.durations import show_duration
from releasegate.core.facts.logs import LogLine, LogSlice
from releasegate.core.figures import count
from releasegate.core.log_text import shape_of


def says_it_started(check: str, log: LogSlice, started: datetime | None, promise: LogPromise) -> Judgement:
    """Judge that since its start the service wrote one of the lines that say it is ready, and within its time."""
    lines = since_start(log, started, promise.started)
    seen = len(lines.lines) if lines else 0
    said = next((line for line in lines.lines if first_match(promise.started, line.text)), None) if lines else None
    finding = Finding(
        check=check,
        subject=f"{log.part} ({log.source})",
        want=f"a line that says it is ready, since it started ({promise.source})",
        have=f"{count(seen, 'line')} since then, none of them says so",
        why="a process that runs is not yet one that answers",
        fix="read its log from the start on; where it says so in other words, give them in the target's [reading]",
        run=log.seen_with,
    )
    return Judgement(
        seen=seen,
        unit="log lines since the start",
        holds=f"{log.part} wrote: {shape_of(said.text)}" if said else "",
        findings=(finding,)
        if lines and seen and said is None and not lines.is_cut
        else _late(finding, said, started, promise),
        undecided=why_unknown(log, lines) if said is None else "",
    )


def _late(missing: Finding, said: LogLine | None, started: datetime | None, promise: LogPromise) -> tuple[Finding, ...]:
    """Return what to say of a start message that came later than the change allows; nothing where a time is missing."""
    if said is None or said.at is None or started is None or promise.started_within is None:
        return ()
    took = (said.at - started).total_seconds()
    if took <= promise.started_within + START_TOLERANCE.total_seconds():
        return ()
    late = replace(
        missing,
        want=f"a line that says it is ready within {show_duration(promise.started_within)} ({promise.source})",
        have=f"it came {show_duration(took)} after the start: {shape_of(said.text)}",
        why="a service that takes this long to start is away as long at every restart",
        fix="read its log from the start to that line, and see what it waits for",
        severity=Severity.WARNING,
    )
    return (late,)
