"""Whether the API has become slower than it was before the release: in the middle, in its tail, in its slow share."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from statistics import median
from typing import Any, Final

from releasegate.checks.binomial import Side, side
from releasegate.checks.latency import Limit
from releasegate.checks.shift import Interval, difference_in_share, hodges_lehmann, percentile_at_most
from releasegate.core import Finding, Judgement
from releasegate.core.facts.latency import Sample, percentile

_LEAST: Final = 20  # values on each side, for the interval of a shift
_TAIL: Final = 90.0  # the percentile that 50 requests in a row can bound


@dataclass(frozen=True, slots=True, kw_only=True)
class Allowed:
    """How much slower it may be: a `share` of what it took before, and never less than `noticeable_ms`."""

    share: float
    noticeable_ms: float
    source: str

    def rise_ms(self, before_ms: float) -> float:
        """Return the rise that is still allowed on top of `before_ms`."""
        return max(self.share * before_ms, self.noticeable_ms)

    def __str__(self) -> str:
        return f"at most {self.share:.0%} slower than before, or {self.noticeable_ms:g} ms"


@dataclass(frozen=True, slots=True)
class _Pair:
    before: Sequence[float]
    after: Sequence[float]
    errors_before: int
    errors_after: int


def not_slower(
    check: str,
    before: Mapping[str, Any],
    after: Sequence[Sample],
    *,
    limit: Limit,
    allowed: Allowed,
    runs: Mapping[str, str],
) -> Judgement:
    """Judge that one user waits no longer than before, for the same addresses.

    `before` is what preflight recorded (`samples` and `errors` by endpoint), {} where there is no record. The shift
    of the middle is judged by its interval: below the allowed rise it holds, above it is a finding, across it nobody
    can tell. The tail and the slow share are findings only where they are shown to be worse.
    """
    pairs = _pairs(before, after, runs)
    shifts = {name: hodges_lehmann(pair.before, pair.after) for name, pair in pairs.items()}
    rises = {name: allowed.rise_ms(median(pair.before)) for name, pair in pairs.items()}
    across = [name for name, shift in shifts.items() if shift.low <= rises[name] < shift.high]
    return Judgement(
        seen=min((min(len(pair.before), len(pair.after)) for pair in pairs.values()), default=0),
        least=_LEAST,
        unit="requests in a row to each endpoint, before the release and now",
        holds="; ".join(f"{name}: {_shift_text(pairs[name], shift)}" for name, shift in shifts.items()),
        findings=tuple(
            Finding(
                check=check,
                subject=f"{name}{part}",
                want=f"{allowed} ({allowed.source})",
                have=have,
                why="the release made it slower; below the limit today, above it once there is more data",
                fix="compare what the old and the new release ask the database (perf/database-side), or sign it off",
                run=runs[name],
            )
            for name, pair in pairs.items()
            for part, have in (
                *_slower(pair, shifts[name], allowed),
                *_longer_tail(pair, allowed),
                *_more_slow(pair, limit),
            )
        ),
        undecided="; ".join(f"{name}: {_shift_text(pairs[name], shifts[name])}, across the allowed {rises[name]:.0f} ms"
                            for name in across),
    )  # fmt: skip


def shown(before: Mapping[str, Any], after: Sequence[Sample], runs: Mapping[str, str]) -> list[dict[str, Any]]:
    """Return the comparison as evidence keeps it: a line for each endpoint, times in ms."""
    return [
        {
            "endpoint": name,
            "before": round(median(pair.before), 1),
            "now": round(median(pair.after), 1),
            **{key: round(value, 1) for key, value in asdict(hodges_lehmann(pair.before, pair.after)).items()},
            "requests_before": len(pair.before),
            "requests_now": len(pair.after),
        }
        for name, pair in _pairs(before, after, runs).items()
    ]


def _pairs(before: Mapping[str, Any], after: Sequence[Sample], runs: Mapping[str, str]) -> dict[str, _Pair]:
    """Return what there is of each endpoint on both sides; an endpoint without a record is not compared."""
    found = {}
    for name in runs:
        was = before.get("samples", {}).get(name)
        now = [sample for sample in after if sample.endpoint == name]
        if was and now:
            errors = before.get("errors", {}).get(name, 0)
            found[name] = _Pair(was, [one.latency_ms for one in now], errors, sum(bool(one.error) for one in now))
    return found


def _slower(pair: _Pair, shift: Interval, allowed: Allowed) -> Iterator[tuple[str, str]]:
    if shift.low > allowed.rise_ms(median(pair.before)):
        yield "", _shift_text(pair, shift)


def _longer_tail(pair: _Pair, allowed: Allowed) -> Iterator[tuple[str, str]]:
    was = percentile_at_most(pair.before, _TAIL)
    if was is None:
        return
    limit_ms = was + allowed.rise_ms(was)
    over, n = sum(ms > limit_ms for ms in pair.after), len(pair.after)
    if side(over, n, _TAIL) is Side.ABOVE:
        now = percentile(sorted(pair.after), _TAIL)
        yield ", slowest tenth", f"p{_TAIL:g} {now:.0f} ms, before at most {was:.0f}; {over} of {n} over {limit_ms:.0f}"


def _more_slow(pair: _Pair, limit: Limit) -> Iterator[tuple[str, str]]:
    was, m = sum(ms >= limit.ms for ms in pair.before) + pair.errors_before, len(pair.before)
    now, n = sum(ms >= limit.ms for ms in pair.after) + pair.errors_after, len(pair.after)
    more = difference_in_share(min(was, m), m, min(now, n), n)
    if more.low > 0:
        yield ", slow share", f"{now} of {n} not below {limit.ms:g} ms or wrong, before {was} of {m}: {_points(more)}"


def _shift_text(pair: _Pair, shift: Interval) -> str:
    was, now = median(pair.before), median(pair.after)
    share = f", {shift.value / was:+.0%}" if was and math.isfinite(shift.value) else ""
    return (
        f"median {now:.1f} ms, before {was:.1f} ms: {shift.value:+.1f} ms "
        f"({shift.low:+.1f} to {shift.high:+.1f}){share}"
    )


def _points(share: Interval) -> str:
    return f"{share.value:+.0%} ({share.low:+.0%} to {share.high:+.0%})"
