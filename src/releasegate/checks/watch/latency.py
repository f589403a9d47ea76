"""Whether the API stayed as fast as promised: over the whole watch, in every part of it, and without drifting."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final, Protocol

from releasegate.checks import latency as checks
from releasegate.checks.binomial import ALPHA, at_least
from releasegate.checks.latency import NOTICEABLE, Limit
from releasegate.checks.watch.enough import asked_enough
from releasegate.checks.watch.growth import growth
from releasegate.checks.watch.promise import Before, WatchPromise
from releasegate.checks.watch.rules import of_signal
from releasegate.checks.watch.signals import signals
from releasegate.core import Finding, Judgement, Severity
from releasegate.core.facts.latency import Sample, Series, series_of, summary
from releasegate.core.facts.watch import Round
from releasegate.core.figures import count, moment

CHECK: Final = "monitoring/latency-stayed-good"
_FEWEST_BEFORE: Final = 40  # of preflight's requests to an endpoint; a p95 of fewer is hardly more than the slowest
_PART_S: Final = 300.0  # a part of the watch that is judged by itself: long enough for a hundred requests and more
_MORE: Final = "watch for longer, or raise [watch] requests_per_second in the target file"
_WHY: Final = "whoever works meanwhile waits, and says so to the support team"
_FIX: Final = "compare these times with the backend's log and with what else the machine and the database did"


def samples_of(rounds: Sequence[Round]) -> dict[str, Series]:
    """Return the requests of all rounds, endpoint by endpoint."""
    return series_of(sample for one in rounds for sample in one.samples)


def latency_stayed_good(
    rounds: Sequence[Round], promise: WatchPromise, before: Before, endpoints: Sequence[str]
) -> tuple[Judgement, ...]:
    """Judge the whole watch against the limit, a rise over before, each part of it by itself, and a drift.

    The first is the exact test of the perf gate; the others speak only when the opposite of "stable" is shown.
    """
    limit = promise.limit
    assert limit is not None
    series, runs = samples_of(rounds), dict.fromkeys(endpoints, "")
    rises = rises_over(before, promise, limit)
    judged = [checks.percentile_below(CHECK, series, limit, runs, trouble=_why_unseen(rounds, series), more=_MORE)]
    if rises:
        judged.append(checks.no_significant_rise(CHECK, series, rises, runs))
    _, of_rules = of_signal(CHECK, "latency", rounds, promise, before, why=_WHY, fix=_FIX)
    unstable = [*_bursts(rounds, limit, endpoints, promise), *_drifts(rounds, limit, promise), *of_rules]
    holds = "no part of the watch was slow by itself, and the answers did not become slower"
    judged.append(asked_enough(rounds, promise, holds=holds, findings=unstable))
    return tuple(judged)


def rises_over(before: Before, promise: WatchPromise, limit: Limit) -> dict[str, Limit]:
    """Return per endpoint from where on a latency has risen: over what perf saw under load and preflight without.

    Of the two the slower one counts: a night's preflight is quieter than the day that is watched.
    """
    found: dict[str, Limit] = {}
    for recorded, who in ((before.perf, "the perf gate"), (_recorded(before.rounds, limit), "preflight")):
        rises = checks.not_slower_than(recorded, promise.slower_factor, limit, source=promise.source, who=who)
        found |= {name: rise for name, rise in rises.items() if name not in found or rise.ms > found[name].ms}
    return found


def not_worse_than_released(
    check: str, now: Mapping[str, Series], watch: _Watched, limit: Limit, runs: Mapping[str, str]
) -> Iterator[Judgement]:
    """Judge a later day against the day of the release, and against before it.

    Slower than both the watch and the perf gate saw on that day is wrong; slower only than before the release, which
    the day itself was held against already, is worth a look.
    """
    promise = watch.promise
    day: dict[str, Limit] = {}
    for recorded, who in ((watch.before.perf, "the perf gate"), (_recorded(watch.rounds, limit), "the watch")):
        rises = checks.not_slower_than(recorded, promise.slower_factor, limit, source=promise.source, who=who)
        day |= {name: rise for name, rise in rises.items() if name not in day or rise.ms > day[name].ms}
    yield checks.no_significant_rise(check, now, day, runs)
    old = checks.not_slower_than(
        _recorded(watch.before.rounds, limit), promise.slower_factor, limit, source=promise.source, who="preflight"
    )
    if old:
        judged = checks.no_significant_rise(check, now, old, runs)
        yield replace(judged, findings=tuple(replace(one, severity=Severity.WARNING) for one in judged.findings))


class _Watched(Protocol):
    """The watch of the day of the release; `checks.watch.Watch` is one."""

    @property
    def rounds(self) -> Sequence[Round]: ...
    @property
    def promise(self) -> WatchPromise: ...
    @property
    def before(self) -> Before: ...


def _recorded(rounds: Sequence[Round], limit: Limit) -> Mapping[str, Any]:
    """Return preflight's requests as the perf gate records its own."""
    enough = {name: one for name, one in samples_of(rounds).items() if one.planned >= _FEWEST_BEFORE}
    return {"endpoints": {name: summary(series, limit.ms) for name, series in enough.items()}}


def _why_unseen(rounds: Sequence[Round], series: Mapping[str, Series]) -> str:
    if series:
        return ""
    reasons = dict.fromkeys(one.samples_error for one in rounds if one.samples_error)
    return "; ".join(reasons) or "no round asked the API"


@dataclass(slots=True)
class _Part:
    """The requests to one endpoint in one part of the watch."""

    begin: datetime
    end: datetime
    slow: list[int]  # of each round, beside how many there were
    sent: list[int]

    def add(self, one: Round, samples: Sequence[Sample], limit_ms: float) -> None:
        self.end = one.at
        self.slow.append(sum(sample.is_slow(limit_ms) for sample in samples))
        self.sent.append(len(samples))

    def chance(self, limit: Limit) -> float:
        """Return how likely so many slow ones are at the limit; the worst round is left out, for it may be a blip."""
        worst = max(range(len(self.slow)), key=self.slow.__getitem__)
        slow, sent = sum(self.slow) - self.slow[worst], sum(self.sent) - self.sent[worst]
        return at_least(slow, sent, 1 - limit.percentile / 100) if slow else 1.0


def _parts(rounds: Sequence[Round], name: str, limit_ms: float) -> list[_Part]:
    """Cut the watch into parts of five minutes."""
    found: dict[int, _Part] = {}
    for one in rounds:
        part = found.setdefault(int(one.elapsed_s // _PART_S), _Part(one.at, one.at, [], []))
        part.add(one, [sample for sample in one.samples if sample.endpoint == name], limit_ms)
    return list(found.values())


def _bursts(
    rounds: Sequence[Round], limit: Limit, endpoints: Sequence[str], promise: WatchPromise
) -> Iterator[Finding]:
    """Find the parts in which too many requests were slow to be chance, and not in one round alone.

    There are as many looks as parts, so each gets its share of the 5 % of doubt.
    """
    for name in endpoints:
        parts = _parts(rounds, name, limit.ms)
        if len(parts) < 2:
            continue
        worst = min(parts, key=lambda part: part.chance(limit))
        if worst.chance(limit) <= ALPHA / len(parts):
            yield Finding(
                check=CHECK,
                subject=name,
                want=f"{limit} in every part of the watch ({promise.source}; {limit.source})",
                have=f"{sum(worst.slow)} of {count(sum(worst.sent), 'request')} were not, "
                f"from {moment(worst.begin)} to {moment(worst.end)}",
                why=_WHY,
                fix=_FIX,
            )


def _drifts(rounds: Sequence[Round], limit: Limit, promise: WatchPromise) -> Iterator[Finding]:
    """Find the endpoints that became slower and slower: by a factor that matters, and enough to be felt."""
    for signal in signals("latency", rounds):
        found = growth(signal.seen)
        if found is None or found.begin <= 0:
            continue
        amount = max(found.begin * (promise.slower_factor - 1), limit.ms * NOTICEABLE)
        if found.surely_grows_by(amount):
            yield Finding(
                check=CHECK,
                subject=signal.subject,
                want=f"stable, at most {promise.slower_factor:g} times as slow at the end ({promise.source})",
                have=f"half of the requests took {found.begin:.0f} ms at the beginning and {found.end:.0f} ms at the "
                "end, and it still grows",
                why="what grows for two hours does not stop by itself",
                fix="look for what grows with it: memory, connections, a table without an index",
            )


def errors_stayed_few(rounds: Sequence[Round], promise: WatchPromise, before: Before, endpoints: Sequence[str]) -> (
    tuple[Judgement, ...]
):  # fmt: skip
    """Judge that few of the requests of the whole watch failed, and what the rules say about single rounds."""
    check = "monitoring/error-rate"
    series, runs = samples_of(rounds), dict.fromkeys(endpoints, "")
    whole = checks.error_share_low(check, series, promise.error_share, source=promise.source, runs=runs)
    _, findings = of_signal(
        check, "api-errors", rounds, promise, before, why="people see errors", fix="read the backend's log at that time"
    )
    enough = asked_enough(rounds, promise, holds="", findings=findings)
    return (whole, enough) if findings or enough.undecided else (whole,)
