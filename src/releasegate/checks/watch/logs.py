"""Whether the logs brought errors that were not there before the release."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Final

from releasegate.checks.watch.promise import Before, WatchPromise
from releasegate.checks.watch.rules import of_signal
from releasegate.core import Finding, Judgement, Severity
from releasegate.core.durations import show_duration
from releasegate.core.facts.watch import LogError, Round
from releasegate.core.figures import count, moment

_MINUTE: Final = timedelta(minutes=1)  # what a peak of errors is counted over
_MOST_FINDINGS: Final = 5


def known_shapes(recorded: Iterable[Mapping[str, Any]]) -> frozenset[str] | None:
    """Return the shapes of errors that preflight/log-shapes recorded before the release, None where it did not."""
    noted = [measure["value"]["shapes"] for measure in recorded if "shapes" in measure["value"]]
    return frozenset().union(*noted) if noted else None


def no_errors_in_logs(
    check: str,
    rounds: Sequence[Round],
    known: Collection[str] | None,
    *,
    most_per_minute: float,
    source: str,
    run: str = "",
    least_coverage: float = 0.95,
) -> Judgement:
    """Judge that no new error speaks of the release or is fatal, and that other new ones never come in a peak.

    `known` are the shapes of errors from before the release, None where nobody looked then: an error that speaks of
    nothing of the release is then at most a warning, because it may be an old one. Lines that one round could not
    read are read by the next that can.
    """
    read = [one for one in rounds if one.errors is not None]
    new = [(one, error) for one in read for error in one.errors or () if error.shape not in (known or ())]
    ours = [(one, error) for one, error in new if error.names or error.is_fatal]
    others = [(one, error) for one, error in new if not (error.names or error.is_fatal)]
    findings = [_about_release(check, found, source, run) for found in _by_shape(ours)[:_MOST_FINDINGS]]
    peak = _peak(others)
    if peak is not None and peak.lines > most_per_minute:
        found = _too_many(check, peak, f"at most {most_per_minute:g} new error lines per minute ({source})", run)
        findings.append(found if known is not None else _unsure(found))
    if any(one.logs_cut for one in rounds):
        findings.append(_cut(check, [one for one in rounds if one.logs_cut], source))
    return Judgement(
        seen=_covered(rounds),
        unit="rounds whose lines were read",
        least=max(1, math.ceil(len(rounds) * least_coverage)),
        holds=f"no new error in {count(sum(one.log_lines for one in read), 'line')} of {count(len(read), 'round')}",
        findings=tuple(findings),
        undecided="" if read else _why_unread(rounds),
    )


def _covered(rounds: Sequence[Round]) -> int:
    """Count the rounds whose lines were read, at once or by a later one: a log is read on from where it ended."""
    last = max((place for place, one in enumerate(rounds) if _is_whole(one)), default=-1)
    return last + 1


def _is_whole(one: Round) -> bool:
    return one.errors is not None and not one.logs_error


def _cut(check: str, cut: Sequence[Round], source: str) -> Finding:
    return Finding(
        check=check,
        subject="logs",
        want=f"every line is read ({source})",
        have=f"in {count(len(cut), 'round')}, first at {moment(cut[0].at)}, a log had more lines than can be read at "
        "once, or was rotated away before it was read",
        why="an error may stand in the lines that nobody read",
        fix="look at the log of that time by hand",
        severity=Severity.WARNING,
    )


Seen = tuple[Round, LogError]


def _by_shape(found: Iterable[Seen]) -> list[list[Seen]]:
    """Return errors of the same shape together, the most frequent first."""
    shapes: dict[tuple[str, str], list[Seen]] = {}
    for one, error in found:
        shapes.setdefault((error.part, error.shape), []).append((one, error))
    return sorted(shapes.values(), key=lambda some: -sum(error.lines for _, error in some))


def _about_release(check: str, found: Sequence[Seen], source: str, run: str) -> Finding:
    first, error = found[0]
    names = sorted({name for _, one in found for name in one.names})
    about = f" about {', '.join(names)}" if names else ""
    kind = "fatal line" if error.is_fatal else "new error"
    return Finding(
        check=check,
        subject=error.part,
        want=f"no {kind}{about} ({source})",
        have=f"{count(sum(one.lines for _, one in found), 'line')}, first at {moment(first.at)}: {error.shape}",
        why="the service says itself that this release does not work for somebody"
        if names
        else "the service says itself that it cannot go on",
        fix="read the lines around it and find the request that fails; decide whether to go back",
        run=run or error.seen_with,
    )


@dataclass(frozen=True, slots=True)
class _Peak:
    """The most error lines in a minute, since when, and what made up most of them; a longer look is spread over it."""

    lines: float
    seen: int
    span_s: float
    at: datetime
    most: LogError

    def __str__(self) -> str:
        if self.span_s <= _MINUTE.total_seconds():
            many = f"{self.seen} in the minute"
        else:
            many = f"{count(self.seen, 'line')} in the {show_duration(self.span_s)}, {self.lines:.2g} a minute,"
        return f"{many} from {moment(self.at)}; most often: {self.most.shape}"


def _peak(found: Sequence[Seen]) -> _Peak | None:
    """Return the worst minute, None without an error; a round longer than a minute is spread over its minutes."""
    peaks = []
    for start, _ in found:
        inside = [(one, error) for one, error in found if start.at <= one.at < start.at + _MINUTE]
        span_s = max(_MINUTE.total_seconds(), start.every_s)
        _, most = _by_shape(inside)[0][0]
        seen = sum(error.lines for _, error in inside)
        peaks.append(_Peak(seen / span_s * _MINUTE.total_seconds(), seen, span_s, start.at, most))
    return max(peaks, key=lambda peak: peak.lines, default=None)


def _too_many(check: str, peak: _Peak, want: str, run: str) -> Finding:
    return Finding(
        check=check,
        subject=peak.most.part,
        want=want,
        have=str(peak),
        why="an error that is new with a release is most likely the release's",
        fix="read the lines around it, and decide whether users notice it",
        run=run or peak.most.seen_with,
    )


def _unsure(finding: Finding) -> Finding:
    """Return `finding` as a warning: nobody looked before the release, so it may be an old error."""
    have = f"{finding.have} (what it had before the release is not known)"
    return replace(finding, have=have, severity=Severity.WARNING)


def _why_unread(rounds: Sequence[Round]) -> str:
    reasons = {one.logs_error for one in rounds if one.logs_error}
    return "; ".join(sorted(reasons)) or "no round read a log: name [services] and their logs in the target file"


def errors_stayed_away(rounds: Sequence[Round], promise: WatchPromise, before: Before) -> Judgement:
    """Judge the logs of a watch, and what the rules say about single rounds where nothing else was found."""
    check, known = "monitoring/errors-in-logs", before.log_shapes
    whole = no_errors_in_logs(
        check, rounds, known, most_per_minute=promise.error_lines_per_minute, source=promise.source,
        least_coverage=promise.least_coverage,
    )  # fmt: skip
    if whole.findings:
        return whole
    _, findings = of_signal(
        check, "log-errors", rounds, promise, before,
        why="an error that is new with a release is most likely the release's",
        fix="read the lines around it, and decide whether users notice it",
    )  # fmt: skip
    return replace(whole, findings=tuple(findings if known is not None else map(_unsure, findings)))
