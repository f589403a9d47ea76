"""Whether the API is fast enough, endpoint by endpoint, with a known chance of being wrong."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from releasegate.checks.backlog import backlog
from releasegate.checks.binomial import (
    ALPHA,
    Side,
    fewest_requests,
    fewest_slow_that_fail,
    most_slow,
    requests_to_tell,
    side,
)
from releasegate.core import Finding, Judgement, Severity
from releasegate.core.facts.latency import Sample, Series, percentile
from releasegate.core.figures import count

_LEAST_SINGLE: Final = 20  # requests in a row that make a median
NOTICEABLE: Final = 0.1  # of the limit: a rise that nobody can feel is none, whatever its factor


@dataclass(frozen=True, slots=True, kw_only=True)
class Limit:
    """What `percentile` (0 to 100) of the requests must stay below, in ms, and who promised it."""

    ms: float
    percentile: float
    source: str

    def __str__(self) -> str:
        return f"{self.percentile:g} % of the requests below {self.ms:g} ms"


def median_below(check: str, samples: Sequence[Sample], limit: Limit, runs: Mapping[str, str]) -> Judgement:
    """Judge that one user, asking one thing after the other, waits less than the limit half of the time.

    `runs` is endpoint -> the command that asks it; an error counts as an endless wait.
    """
    waits = {name: sorted(_wait_ms(sample) for sample in samples if sample.endpoint == name) for name in runs}
    medians = {name: percentile(values, 50) for name, values in waits.items()}
    findings = [
        Finding(
            check=check,
            subject=name,
            want=f"below {limit.ms:g} ms ({limit.source})",
            have=_median_text(medians[name], len(waits[name])),
            why="a single user waits longer than promised, without anybody else asking",
            fix="look at the endpoint's slowest query with EXPLAIN, and at the indexes of this release",
            run=runs[name],
        )
        for name in runs
        if waits[name] and medians[name] >= limit.ms
    ]
    return Judgement(
        seen=min(map(len, waits.values()), default=0),
        least=_LEAST_SINGLE,
        unit="requests in a row to each endpoint",
        holds="; ".join(f"{name}: median {median:.0f} ms" for name, median in medians.items()),
        findings=tuple(findings),
    )


def baseline_recorded(samples: Sequence[Sample], names: Sequence[str], *, unknown: str = "") -> Judgement:
    """Judge that each of `names` was measured often enough to compare a later release with; how fast is no matter.

    An endpoint that the old release does not have is none to compare with, and said so. `unknown` says why one of them
    could not be asked.
    """
    answered = {name: [one.latency_ms for one in samples if one.endpoint == name and not one.error] for name in names}
    return Judgement(
        seen=min((sum(one.endpoint == name for one in samples) for name in names), default=0),
        least=_LEAST_SINGLE,
        unit="requests in a row to each endpoint",
        holds="; ".join(
            f"{name}: median {percentile(sorted(times), 50):.1f} ms" if times else f"{name}: no promised answer yet"
            for name, times in answered.items()
        ),
        undecided=unknown,
    )


def baseline_not_allowed() -> Judgement:
    """Return that nothing may be sent, so that nothing will be compared."""
    why = "the target file has no [load], so nothing may be sent, and perf will have nothing to compare with"
    return Judgement(seen=0, unit="requests", holds="", not_applicable=why)


def percentile_below(
    check: str,
    series: Mapping[str, Series],
    limit: Limit,
    runs: Mapping[str, str],
    *,
    trouble: str = "",
    more: str = "raise [load] per_endpoint and total in the target file",
    is_load: bool = False,
) -> Judgement:
    """Judge that the percentile of every endpoint in `runs` lies below the limit, by an exact binomial test.

    `trouble` says why nothing, or too little, could be measured, `more` how more could be sent. `is_load` says that the
    requests came on a schedule, so that a queue that grew is told.
    Endpoints are never added up: a fast one would hide a slow one. Nor may one kind of address (long conversations)
    hide among the others: one that is above the limit by itself is a finding of its own, at a level divided by the
    number of kinds, so that asking for more kinds makes no more false alarms (Bonferroni).
    """
    judged = {name: series.get(name, Series((), 0)) for name in runs}
    sides = {name: side(one.slow(limit.ms), one.planned, limit.percentile) for name, one in judged.items()}
    unknown = [name for name in runs if sides[name] is Side.UNKNOWN]
    above = [
        _queued(_too_slow(check, name, judged[name], limit, runs[name]), judged[name] if is_load else None)
        for name in runs if sides[name] is Side.ABOVE
    ] + [finding for name in runs if sides[name] is not Side.ABOVE
         for finding in _slow_kinds(check, name, judged[name], limit, runs[name])]  # fmt: skip
    return Judgement(
        seen=min((one.planned for one in judged.values()), default=0),
        least=fewest_requests(limit.percentile),
        unit="requests to each endpoint",
        holds="; ".join(f"{name}: {_seen_text(one, limit)}" for name, one in judged.items()),
        findings=tuple(above),
        undecided=trouble or "; ".join(_unknown_text(name, judged[name], limit, more) for name in unknown),
    )


def _slow_kinds(check: str, name: str, series: Series, limit: Limit, run: str) -> list[Finding]:
    kinds = series.by_kind()
    alpha = ALPHA / max(1, len(kinds))
    return [
        _too_slow(check, f"{name}, {kind}", one, limit, run, alpha=alpha)
        for kind, one in kinds.items()
        if side(one.slow(limit.ms), one.planned, limit.percentile, alpha=alpha) is Side.ABOVE
    ]


def error_share_low(
    check: str, series: Mapping[str, Series], most: float, *, source: str, runs: Mapping[str, str]
) -> Judgement:
    """Judge that at most the share `most` of the requests to each endpoint failed; fewer failures are a warning."""
    judged = {name: series.get(name, Series((), 0)) for name in runs}
    return Judgement(
        seen=min((len(one.samples) for one in judged.values()), default=0),
        unit="requests to each endpoint",
        holds=f"no error in {count(sum(len(one.samples) for one in judged.values()), 'request')}",
        findings=tuple(
            replace(_errors(check, name, one, most, source), run=runs[name])
            for name, one in judged.items()
            if one.errors
        ),
    )


def not_slower_than(
    before: Mapping[str, Any], factor: float, promised: Limit, *, source: str, who: str = "the perf gate"
) -> dict[str, Limit]:
    """Return, endpoint by endpoint, the limit that is a significant rise over what `who` recorded.

    `before` is the value that perf/below-limit recorded, or one made like it. A rise counts from `factor` times its
    percentile on, and only where it is at least a tenth of the promised limit.
    """
    limits = {}
    for name, numbers in before.get("endpoints", {}).items():
        quantiles = numbers.get("quantiles_ms") or []
        if quantiles:
            was = quantiles[min(len(quantiles) - 1, math.ceil(promised.percentile))]
            ms = round(max(was * factor, was + promised.ms * NOTICEABLE), 1)
            saw = f"{source}; {who} saw {was:g} ms"
            limits[name] = Limit(ms=ms, percentile=promised.percentile, source=saw)
    return limits


def no_significant_rise(
    check: str, series: Mapping[str, Series], rises: Mapping[str, Limit], runs: Mapping[str, str]
) -> Judgement:
    """Judge that no endpoint of `runs` has become significantly slower than `rises` (of `not_slower_than`) allows.

    Unlike a promise of "below", "no significant rise" holds until the opposite is shown with its 5 % of doubt.
    """
    judged = {name: series.get(name, Series((), 0)) for name in runs if name in rises}
    risen = [
        name
        for name, one in judged.items()
        if side(one.slow(rises[name].ms), one.planned, rises[name].percentile) is Side.ABOVE
    ]
    return Judgement(
        seen=min((one.planned for one in judged.values()), default=0),
        least=max((fewest_requests(rise.percentile) for rise in rises.values()), default=1),
        unit="requests to each endpoint that was measured before",
        holds="; ".join(f"{name}: no significant rise ({rises[name].source})" for name in judged),
        findings=tuple(_too_slow(check, name, judged[name], rises[name], runs[name]) for name in risen),
    )


def _too_slow(check: str, name: str, series: Series, limit: Limit, run: str, *, alpha: float = ALPHA) -> Finding:
    fails = fewest_slow_that_fail(series.planned, limit.percentile, alpha=alpha)
    return Finding(
        check=check,
        subject=name,
        want=f"{limit} ({limit.source})",
        have=f"{_seen_text(series, limit)}; {fails} or more are too many for chance",
        why="more people wait longer than promised than the release allows",
        fix="compare the slow requests (perf keeps them in samples.csv.gz) with the backend's log and queries",
        run=run,
    )


def _queued(finding: Finding, series: Series | None) -> Finding:
    """Return the finding with the paces of a load whose queue grew: then the pace decides, and people know theirs."""
    grown = backlog(series) if series else None
    if grown is None:
        return finding
    return replace(
        finding,
        have=f"{finding.have}; {grown}",
        fix="the backend serves fewer requests than [load] requests_per_second sends: give it more processes, or send "
        "what people really ask at the busiest hour (the access log tells)",
    )


def _seen_text(series: Series, limit: Limit) -> str:
    times = series.times_ms
    text = f"{series.slow(limit.ms)} of {series.planned} not below {limit.ms:g} ms"
    if series.errors:
        text += f", {series.errors} of them errors"
    missing = series.planned - len(times)
    if missing:
        text += f", {missing} of them never sent"
    return f"p{limit.percentile:g} {percentile(times, limit.percentile):.0f} ms, {text}" if times else text


def _unknown_text(name: str, series: Series, limit: Limit, more: str) -> str:
    if not series.planned:
        return f"{name}: there was nothing to ask"
    slow, n = series.slow(limit.ms), series.planned
    passes = most_slow(n, limit.percentile)
    if passes < 0:
        least = fewest_requests(limit.percentile)
        return f"{name}: {n} requests cannot show it, {least} can; {more}"
    fails, needed = fewest_slow_that_fail(n, limit.percentile), requests_to_tell(slow, n, limit.percentile)
    return f"{name}: {_seen_text(series, limit)}; up to {passes} pass and from {fails} on it fails; " + (
        f"about {needed:,} requests would tell".replace(",", " ") + f": {more}"
        if needed
        else "that is the limit itself, and no number of requests would tell"
    )


def _errors(check: str, name: str, series: Series, most: float, source: str) -> Finding:
    share = series.errors / len(series.samples)
    kinds = sorted({sample.error for sample in series.samples if sample.error})
    return Finding(
        check=check,
        subject=name,
        want=f"at most {most:.1%} of the requests failed ({source})",
        have=f"{share:.1%}: {series.errors} of {len(series.samples)} ({', '.join(kinds)})",
        why="people see errors as soon as several of them work at the same time",
        fix="read the backend's log at the time of the load; look at connection limits and time-outs",
        severity=Severity.ERROR if share > most else Severity.WARNING,
    )


def _wait_ms(sample: Sample) -> float:
    return math.inf if sample.error else sample.latency_ms


def _median_text(median: float, n: int) -> str:
    if math.isinf(median):
        return f"more than half of {n} requests in a row were errors"
    return f"{median:.0f} ms, the median of {n} requests in a row"
