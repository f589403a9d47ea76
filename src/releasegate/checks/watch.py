"""Whether the release stayed well while it was watched, judged from the recorded rounds alone."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any, Final

from releasegate.core import Finding, Judgement, Severity
from releasegate.core.durations import show_duration
from releasegate.core.facts.latency import Series, series_of
from releasegate.core.facts.watch import LogError, Round
from releasegate.core.figures import count, moment

_MINUTE: Final = timedelta(minutes=1)  # what a peak of errors is counted over
_MOST_FINDINGS: Final = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class WatchPromise:
    """How long a release is to be watched and how closely; lengths in seconds, shares from 0 to 1."""

    watch_s: float
    least_coverage: float
    longest_gap_s: float
    source: str


def watched_long_enough(rounds: Sequence[Round], promise: WatchPromise) -> Judgement:
    """Judge that enough rounds were held over the whole time, without a long gap; never a verdict on the release.

    What is too little is INCONCLUSIVE: nobody looked, so nobody knows.
    """
    if not rounds:
        return Judgement(seen=0, unit="rounds", holds="", undecided="no round was held: run ./gate watch")
    every_s = rounds[0].every_s
    needed = math.ceil(promise.watch_s / every_s * promise.least_coverage)
    gap_s, after = _longest_gap(rounds, promise)
    held = f"{count(len(rounds), 'round')}, one every {show_duration(every_s)}"
    why = ""
    if len(rounds) < needed:
        why = f"{held}; {needed} are needed to cover {promise.least_coverage:.0%} of {show_duration(promise.watch_s)}"
    elif gap_s > promise.longest_gap_s:
        longest = show_duration(promise.longest_gap_s)
        why = f"nobody looked for {show_duration(gap_s)} after {moment(after)}; the longest gap allowed is {longest}"
    return Judgement(
        seen=len(rounds),
        least=max(1, needed),
        unit="rounds",
        holds=f"{held}, longest gap {show_duration(gap_s)}",
        undecided=f"{why} ({promise.source}); run ./gate watch --resume" if why else "",
    )


def health_stayed_good(check: str, rounds: Sequence[Round], status: int, *, source: str, run: str) -> Judgement:
    """Judge that the health endpoint answered `status`, and the database answered, in every round."""
    asked = [one for one in rounds if one.health is not None or one.health_error]
    unwell = [one for one in asked if one.health != status]
    cut_off = [one for one in rounds if one.database_error]
    findings = []
    if unwell:
        findings.append(_unwell(check, asked, unwell, f"{status} in every round ({source})", run))
    if cut_off:
        findings.append(_database_away(check, rounds, cut_off))
    return Judgement(
        seen=len(asked),
        unit="rounds that asked for health",
        holds=f"{status} in all of {count(len(asked), 'round')}",
        findings=tuple(findings),
    )


def known_shapes(recorded: Iterable[Mapping[str, Any]]) -> frozenset[str] | None:
    """Return the shapes of errors that preflight/log-shapes recorded before the release, None where it did not."""
    noted = [measure["value"]["shapes"] for measure in recorded if "shapes" in measure["value"]]
    return frozenset().union(*noted) if noted else None


def samples_of(rounds: Iterable[Round]) -> dict[str, Series]:
    """Return the requests of all rounds, endpoint by endpoint."""
    return series_of(sample for one in rounds for sample in one.samples)


def no_errors_in_logs(
    check: str,
    rounds: Sequence[Round],
    known: Collection[str] | None,
    *,
    most_per_minute: float,
    source: str,
    run: str = "",
) -> Judgement:
    """Judge that no new error speaks of the release or is fatal, and that other new ones never come in a peak.

    `known` are the shapes of errors from before the release, None where nobody looked then: an error that speaks of
    nothing of the release is then at most a warning, because it may be an old one.
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
    return Judgement(
        seen=len(read),
        unit="rounds that read a log",
        least=max(1, math.ceil(len(rounds) / 2)),
        holds=f"no new error in {count(sum(one.log_lines for one in read), 'line')} of {count(len(read), 'round')}",
        findings=tuple(findings),
        undecided="" if read else _why_unread(rounds),
    )


def _longest_gap(rounds: Sequence[Round], promise: WatchPromise) -> tuple[float, datetime]:
    """Return the longest time that nobody looked, in seconds, and since when; the end of the watch counts too."""
    first, last = rounds[0], rounds[-1]
    begin = first.due - timedelta(seconds=first.number * first.every_s)
    end = max(last.at, begin + timedelta(seconds=promise.watch_s - last.every_s))
    looks = [begin, *(one.at for one in rounds), end]
    gaps = [((after - before).total_seconds(), before) for before, after in pairwise(looks)]
    return max(gaps, key=lambda gap: gap[0])


def _unwell(check: str, asked: Sequence[Round], unwell: Sequence[Round], want: str, run: str) -> Finding:
    kinds = Counter(str(one.health) if one.health is not None else one.health_error for one in unwell)
    said = ", ".join(f"{kind} ({number}x)" for kind, number in kinds.most_common())
    return Finding(
        check=check,
        subject="health",
        want=want,
        have=f"not in {len(unwell)} of {count(len(asked), 'round')}, first at {moment(unwell[0].at)}, "
        f"last at {moment(unwell[-1].at)}: {said}",
        why="the backend is away or unwell again and again, and people meet it then",
        fix="compare these times with the backend's log and its restarts; go back if it does not stay well",
        run=run,
    )


def _database_away(check: str, rounds: Sequence[Round], cut_off: Sequence[Round]) -> Finding:
    return Finding(
        check=check,
        subject="database",
        want="an answer in every round (what health stands for)",
        have=f"none in {len(cut_off)} of {count(len(rounds), 'round')}, first at {moment(cut_off[0].at)}: "
        f"{cut_off[0].database_error}",
        why="without the database nothing can be read or sent",
        fix="look at the database's own log and its connections at that time",
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
        run=run,
    )


@dataclass(frozen=True, slots=True)
class _Peak:
    """The most error lines within one minute, since when, and the shape that made up most of them."""

    lines: float
    at: datetime
    part: str
    shape: str


def _peak(found: Sequence[Seen]) -> _Peak | None:
    """Return the worst minute, None without an error; a round longer than a minute is spread over its minutes."""
    peaks = []
    for start, _ in found:
        inside = [(one, error) for one, error in found if start.at <= one.at < start.at + _MINUTE]
        minutes = max(1.0, start.every_s / _MINUTE.total_seconds())
        _, most = _by_shape(inside)[0][0]
        lines = sum(error.lines for _, error in inside) / minutes
        peaks.append(_Peak(lines, start.at, most.part, most.shape))
    return max(peaks, key=lambda peak: peak.lines, default=None)


def _too_many(check: str, peak: _Peak, want: str, run: str) -> Finding:
    return Finding(
        check=check,
        subject=peak.part,
        want=want,
        have=f"{peak.lines:g} in the minute from {moment(peak.at)}; most often: {peak.shape}",
        why="an error that is new with a release is most likely the release's",
        fix="read the lines around it, and decide whether users notice it",
        run=run,
    )


def _unsure(finding: Finding) -> Finding:
    """Return `finding` as a warning: nobody looked before the release, so it may be an old error."""
    have = f"{finding.have} (what it had before the release is not known)"
    return replace(finding, have=have, severity=Severity.WARNING)


def _why_unread(rounds: Sequence[Round]) -> str:
    reasons = {one.logs_error for one in rounds if one.logs_error}
    return "; ".join(sorted(reasons)) or "no round read a log: name [services] and their logs in the target file"
