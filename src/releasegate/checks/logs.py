"""What a service wrote about itself: that it started, and that it did not fail in a way it had not before."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Protocol

from releasegate.core import Finding, Judgement, Severity
from releasegate.core.facts.logs import LogLine, LogSlice, with_trace
from releasegate.core.facts.services import ServiceFacts
from releasegate.core.figures import count
from releasegate.core.log_text import lines_by_shape, shape_of

START_TOLERANCE = timedelta(seconds=2)  # a manager tells the start to the second, the log to the millisecond
MOST_FINDINGS = 5


class LogPromise(Protocol):
    """What the change promises of a log: patterns as in the change file, and names that the release brings."""

    @property
    def source(self) -> str: ...  # noqa: D102  the fields of the change file's [logs]
    @property
    def started(self) -> Sequence[str]: ...  # noqa: D102
    @property
    def fatal(self) -> Sequence[str]: ...  # noqa: D102
    @property
    def errors(self) -> Sequence[str]: ...  # noqa: D102
    @property
    def names(self) -> Sequence[str]: ...  # noqa: D102
    @property
    def started_within(self) -> float | None: ...  # noqa: D102  in seconds


def since_start(log: LogSlice, started: datetime | None, patterns: Sequence[str]) -> LogSlice | None:
    """Return the lines since the service started; None when nobody can tell which these are.

    By time where the lines have one; else from the last line on that says it started. So too the lines without a time
    of their own that came right before the first one since then, and those of a file in which none has one.
    """
    if started is not None and log.is_timed:
        since = log.since(started - START_TOLERANCE)
        untimed = log.lines[: log.undated], log.loose_before(started - START_TOLERANCE)
        loose = tuple(line for lines in untimed for line in _from_last_start(lines, patterns))
        return replace(since, lines=loose + since.lines)
    starts = _from_last_start(log.lines, patterns)
    return log.from_line(len(log.lines) - len(starts)) if starts else None


def _from_last_start(lines: Sequence[LogLine], patterns: Sequence[str]) -> Sequence[LogLine]:
    """Return the lines from the last one on that says the service started; none where no line does."""
    starts = [number for number, line in enumerate(lines) if first_match(patterns, line.text)]
    return lines[starts[-1] :] if starts else ()


def clean_since_start(
    check: str, log: LogSlice | None, facts: ServiceFacts, promise: LogPromise, recorded: Sequence[Mapping[str, Any]]
) -> Judgement:
    """Judge `log_is_clean` of a service; `log` is None where nobody keeps one, `recorded` as for `known_errors`."""
    if log is None:
        return nobody_keeps_a_log(facts.unmanaged)
    known = known_errors(log, facts.since, promise, recorded)
    return of_a_service_that_runs(facts, lambda: log_is_clean(check, log, facts.since, promise, known))


def of_a_service_that_runs(facts: ServiceFacts, judge: Callable[[], Judgement]) -> Judgement:
    """Return what `judge` says of the log of a service; of one that is down, that nothing is known since its start."""
    if facts.is_running or facts.unmanaged:
        return judge()
    down = f"the {facts.part} does not run ({facts.state}), so no line is one since its start"
    return Judgement(seen=0, unit="log lines since the start", holds="", undecided=down)


def nobody_keeps_a_log(reason: str) -> Judgement:
    """Return that there is nothing to judge: nobody manages the services, and the target names no file of theirs."""
    why = f"nobody manages the services ({reason}), and [services] names no log"
    return Judgement(seen=0, unit="log lines", holds="", not_applicable=why)


def why_unknown(log: LogSlice, lines: LogSlice | None) -> str:
    """Return why nothing is known since the start, of which `lines` are what `since_start` found; "" where it is."""
    if lines is None:
        untold = f"{log.source}: no line has a time or says that the {log.part} started, so none is known to be new"
        return f"{untold}; give the words with which it starts in the target's [reading] logs.started"
    if not lines.lines:
        return f"{log.source} has no line since the {log.part} started"
    return f"{log.source} is too long to be read back to the start" if lines.is_cut else ""


def log_is_clean(
    check: str, log: LogSlice, started: datetime | None, promise: LogPromise, known: Iterable[str] | None
) -> Judgement:
    """Judge that since the start no line is fatal, and no error has a shape that the log did not have before.

    `known` are the shapes from before, None where nobody looked. A new error that names something of the release
    is an error; any other is a warning, and so is every one when nobody knows what is new.
    """
    lines = since_start(log, started, promise.started)
    if lines is None or not lines.lines:
        return Judgement(seen=0, unit="log lines since the start", holds="", undecided=why_unknown(log, lines))
    return _clean(check, log, lines, promise, known, before=log.before(started) if started else ())


def log_stayed_clean(
    check: str,
    log: LogSlice | None,
    since: datetime,
    promise: LogPromise,
    recorded: Sequence[Mapping[str, Any]],
    *,
    with_names: bool = True,
) -> Judgement:
    """Judge as `log_is_clean` does the lines since an earlier gate; a service that wrote none meanwhile has no error.

    `log` is None where the target names no log that could be read; `recorded` are the measures of
    preflight/log-shapes. Without `with_names` an error that names something of the release is a warning as any other,
    as another check of the gate judges it.
    """
    unit = "log lines since the gate before"
    lines = log.since(since) if log else None
    if log is None or lines is None or not lines.lines:
        silent = "the target names no log" if log is None else f"{log.source} has no line since the gate before"
        untimed = bool(log and log.lines and not log.is_timed)
        reason = f"{log.source}: its lines have no time, so none is known to be new" if log and untimed else silent
        return Judgement(seen=0, unit=unit, holds="", not_applicable=reason)
    known = known_errors(log, since, promise, recorded)
    return _clean(check, log, lines, promise, known, before=log.before(since), with_names=with_names)


def _clean(
    check: str,
    log: LogSlice,
    lines: LogSlice,
    promise: LogPromise,
    known: Iterable[str] | None,
    *,
    before: Sequence[LogLine],
    with_names: bool = True,
) -> Judgement:
    """Judge `lines`, the newest of a log; errors of the same span `before` them are counted beside theirs."""
    ends = _by_shape(lines.lines, lambda text: bool(first_match(promise.fatal, text)))
    wrong = _by_shape(lines.lines, lambda text: _is_error(promise, text))
    findings = [_fatal(check, log, shape, len(texts), promise.source) for shape, texts in ends.items()]
    names = promise.names if with_names else ()
    findings += [_new_error(check, log, error, promise.source) for error in _new_errors(wrong, names, known)]
    errors = count(sum(map(len, wrong.values())), "error")
    return Judgement(
        seen=len(lines.lines),
        unit="log lines",
        holds=f"{count(len(lines.lines), 'line')} of the {log.part}, {errors}, none of them new"
        f"{_as_many_before(lines.lines, before, promise)}",
        findings=tuple(findings),
    )


def _as_many_before(lines: Sequence[LogLine], before: Sequence[LogLine], promise: LogPromise) -> str:
    """Return how many errors the same span before `lines` had; "" where no line tells how long that is."""
    times = [line.at for line in lines if line.at is not None]
    if not times or not before:
        return ""
    begin = times[0] - (times[-1] - times[0])
    errors = [line for line in before if line.at is not None and line.at >= begin and _is_error(promise, line.text)]
    return f"; {len(errors)} in as long a time before"


def known_errors(
    log: LogSlice, started: datetime | None, promise: LogPromise, recorded: Sequence[Mapping[str, Any]]
) -> set[str] | None:
    """Return the shapes of errors from before the start: of this log's own older lines, and what preflight recorded.

    `recorded` are the measures of preflight/log-shapes. None when there is neither, so that nothing is known.
    """
    older = log.before(started - START_TOLERANCE) if started else ()
    values = [measure["value"] for measure in recorded]
    noted = [value["shapes"] for value in values if value.get("part") == log.part and "shapes" in value]
    if not older and not noted:
        return None
    return set(error_shapes(older, promise)).union(*noted)


def error_shapes(lines: Iterable[LogLine], promise: LogPromise) -> dict[str, int]:
    """Return the shapes of the lines that are errors, fatal or not, and how often each was seen."""
    patterns = (*promise.fatal, *promise.errors)
    return lines_by_shape(line.text for line in lines if first_match(patterns, line.text))


def logs_can_be_read(shapes: Mapping[str, Mapping[str, int]], lines: int) -> Judgement:
    """Judge that the log of each service could be read, so that later gates know which errors are new."""
    kinds = sum(len(of_part) for of_part in shapes.values())
    holds = f"{count(len(shapes), 'log')}, {count(lines, 'line')}, {count(kinds, 'kind')} of error before the release"
    return Judgement(seen=len(shapes), unit="logs", holds=holds)


@dataclass(frozen=True, slots=True, kw_only=True)
class _New:
    """Errors of one shape that the log did not have before, as far as that is known (`has_baseline`)."""

    shape: str
    seen: int
    names: str
    has_baseline: bool


def _fatal(check: str, log: LogSlice, shape: str, seen: int, source: str) -> Finding:
    return Finding(
        check=check,
        subject=f"{log.part} ({log.source})",
        want=f"no fatal line ({source})",
        have=f"{count(seen, 'line')}: {shape}",
        why="the service says itself that it cannot go on",
        fix="read the lines around it; mend the cause and restart, or go back as the runbook says",
        run=log.seen_with,
    )


def _new_errors(wrong: Mapping[str, Sequence[str]], names: Sequence[str], known: Iterable[str] | None) -> list[_New]:
    """Return the errors that are not known from before, those about the release first, at most five."""
    before = set(known or ())
    new = [
        _New(shape=shape, seen=len(texts), names=named_in(texts, names), has_baseline=known is not None)
        for shape, texts in wrong.items()
        if shape not in before
    ]
    return sorted(new, key=lambda error: (not error.names, -error.seen))[:MOST_FINDINGS]


def _new_error(check: str, log: LogSlice, error: _New, source: str) -> Finding:
    about = f", about {error.names}, which this release brings" if error.names else ""
    baseline = "that it did not have before" if error.has_baseline else "(what it had before is not known)"
    return Finding(
        check=check,
        subject=f"{log.part} ({log.source})",
        want=f"no error {baseline} ({source})",
        have=f"{count(error.seen, 'line')}{about}: {error.shape}",
        why="an error that is new with a release is most likely the release's",
        fix="read the lines around it, and decide whether users notice it",
        run=log.seen_with,
        severity=Severity.ERROR if error.names and error.has_baseline else Severity.WARNING,
    )


def _by_shape(lines: Sequence[LogLine], is_meant: Callable[[str], bool]) -> dict[str, list[str]]:
    """Return the lines that are meant by their shape, each with the stack trace that follows it."""
    shapes: dict[str, list[str]] = {}
    for place, line in enumerate(lines):
        if is_meant(line.text):
            shapes.setdefault(shape_of(line.text), []).append(with_trace(lines, place))
    return shapes


def named_in(texts: Sequence[str], names: Sequence[str]) -> str:
    """Return those of the release's names that one of the lines has; a shape may have lost them with its quotes."""
    return ", ".join(name for name in names if any(name.lower() in text.lower() for text in texts))


def _is_error(promise: LogPromise, text: str) -> bool:
    return bool(first_match(promise.errors, text)) and not first_match(promise.fatal, text)


def first_match(patterns: Sequence[str], text: str) -> re.Match[str] | None:
    """Return where the first of `patterns` that the text has stands in it, upper and lower case alike."""
    matches = (re.search(pattern, text, re.IGNORECASE) for pattern in patterns)
    return next((match for match in matches if match), None)
