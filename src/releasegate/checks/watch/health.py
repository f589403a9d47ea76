"""Whether the backend and its database were there in every round."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from releasegate.checks.watch.promise import WatchPromise
from releasegate.core import Finding, Judgement, Severity
from releasegate.core.facts.watch import Round
from releasegate.core.figures import count, moment


def health_stayed_good(rounds: Sequence[Round], promise: WatchPromise, *, run: str = "") -> Judgement:
    """Judge that the health endpoint answered as promised, and the database answered, in every round.

    A single bad round is a blip and a warning; several in a row, or many of all, are wrong.
    """
    check = "monitoring/health-stayed-good"
    asked = [one for one in rounds if one.health is not None or one.health_error]
    unwell = [one for one in asked if one.health != promise.health_status]
    looked = [one for one in rounds if one.database or one.database_error]
    cut_off = [one for one in looked if one.database_error]
    findings = []
    if unwell:
        findings.append(_unwell(check, asked, unwell, promise, run))
    if cut_off:
        findings.append(_database_away(check, looked, cut_off, promise))
    return Judgement(
        seen=len(asked),
        least=least_seen(rounds, promise),
        unit="rounds that asked for health",
        holds=f"{promise.health_status} in all of {count(len(asked), 'round')}"
        + (f", the database answered in all of {len(looked)}" if looked else ""),
        findings=tuple(findings),
    )


def least_seen(rounds: Sequence[Round], promise: WatchPromise) -> int:
    """Return how many of the rounds that were held must have seen a signal: no data is not a good signal."""
    return max(1, int(len(rounds) * promise.least_coverage))


def is_blip(seen: Sequence[Round], bad: Sequence[Round], promise: WatchPromise) -> bool:
    """Whether the `bad` ones of the `seen` rounds are few, and never several in a row."""
    places = {id(one) for one in bad}
    run = longest = 0
    for one in seen:
        run = run + 1 if id(one) in places else 0
        longest = max(longest, run)
    return longest < promise.misses and len(bad) < max(2, promise.misses_share * len(seen))


def severity(seen: Sequence[Round], bad: Sequence[Round], promise: WatchPromise) -> Severity:
    """Return whether the `bad` ones of the `seen` rounds are worth a look or wrong."""
    return Severity.WARNING if is_blip(seen, bad, promise) else Severity.ERROR


def _unwell(
    check: str, asked: Sequence[Round], unwell: Sequence[Round], promise: WatchPromise, run: str
) -> Finding:  # fmt: skip
    kinds = Counter(str(one.health) if one.health is not None else one.health_error for one in unwell)
    said = ", ".join(f"{kind} ({number}x)" for kind, number in kinds.most_common())
    return Finding(
        check=check,
        subject="health",
        want=f"{promise.health_status} in every round ({promise.source})",
        have=f"not in {len(unwell)} of {count(len(asked), 'round')}, first at {moment(unwell[0].at)}, "
        f"last at {moment(unwell[-1].at)}: {said}",
        why="the backend is away or unwell again and again, and people meet it then",
        fix="compare these times with the backend's log and its restarts; go back if it does not stay well",
        run=run,
        severity=severity(asked, unwell, promise),
    )


def _database_away(
    check: str, looked: Sequence[Round], cut_off: Sequence[Round], promise: WatchPromise
) -> Finding:  # fmt: skip
    return Finding(
        check=check,
        subject="database",
        want="an answer in every round (what health stands for)",
        have=f"none in {len(cut_off)} of {count(len(looked), 'round')}, first at {moment(cut_off[0].at)}: "
        f"{cut_off[0].database_error}",
        why="without the database nothing can be read or sent",
        fix="look at the database's own log and its connections at that time",
        severity=severity(looked, cut_off, promise),
    )
