"""One signal against one rule: limits with their blips, and growth."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Final

from releasegate.checks.watch.growth import Growth, growth
from releasegate.checks.watch.promise import Before, Rule, WatchPromise
from releasegate.checks.watch.signals import COUNTED_UP, Signal, signals
from releasegate.core import Finding, Severity
from releasegate.core.durations import show_duration
from releasegate.core.facts.watch import Round
from releasegate.core.figures import count, moment

FIRST_MINUTES_S: Final = 300.0  # what stands for the baseline where preflight recorded none
_MOST_STEPS: Final = 3
_LEAST_SPAN_S: Final = 600.0  # no pace is carried on into the future from less


@dataclass(frozen=True, slots=True, kw_only=True)
class Baseline:
    """What a signal was before: its level, its spread, and where that is from in words."""

    level: float
    low: float
    high: float
    said: str


def baseline(signal: Signal, before: Before) -> Baseline | None:
    """Return the signal's baseline: as preflight saw it, else its first five minutes, and said so."""
    earlier = next((one for one in signals(signal.name, before.rounds) if one.subject == signal.subject), None)
    values = [value for _, value in earlier.seen] if earlier else []
    said = "what preflight saw before the release"
    if not values:
        first = [value for at, value in signal.seen if at < FIRST_MINUTES_S]
        values = first if len(first) < len(signal.seen) else []
        said = f"the first {show_duration(FIRST_MINUTES_S)} of the watch; preflight recorded none"
    if not values:
        return None
    return Baseline(level=statistics.median(values), low=min(values), high=max(values), said=said)


def broken(
    check: str, signal: Signal, rule: Rule, rounds: Sequence[Round], before: Before, *, why: str, fix: str
) -> list[Finding]:
    """Return what `rule` has against `signal`: nothing, a limit broken, or growth; a blip under a promise warns.

    `why` and `fix` are the finding's, said once for the signal.
    """
    held = [one for one in rounds if rule.within_s is None or one.elapsed_s < rule.within_s]
    points = [point for point in signal.points if rule.within_s is None or point[0] < rule.within_s]
    part = Signal(name=signal.name, subject=signal.subject, unit=signal.unit, points=tuple(points))
    severity = Severity.ERROR if rule.is_promised else Severity.WARNING
    found = [_beyond(part, rule, held, before), _grown(part, rule), _running_out(part, rule)]
    return [
        Finding(
            check=check, subject=signal.label, want=one.want, have=one.have, why=why, fix=fix,
            severity=Severity.WARNING if one.is_blip else severity,
        )
        for one in found
        if one is not None
    ]  # fmt: skip


def limits(rule: Rule, base: Baseline | None) -> tuple[float | None, float | None]:
    """Return the lowest and the highest value that `rule` allows; of `most` and `rise` the wider one counts.

    A rise without a baseline limits nothing: there is nothing to rise over.
    """
    above = [rule.most] if rule.most is not None else []
    if rule.rise is not None:
        above = [*above, base.level * rule.rise] if base else []
    return rule.least, max(above) if above else None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Broken:
    want: str
    have: str
    is_blip: bool = False


def _beyond(signal: Signal, rule: Rule, rounds: Sequence[Round], before: Before) -> _Broken | None:
    base = baseline(signal, before) if rule.rise is not None else None
    low, high = limits(rule, base)
    seen = signal.seen
    beyond = [place for place, (_, value) in enumerate(seen) if _is_beyond(value, low, high)]
    if not beyond:
        return None
    run = _longest_run(beyond)
    too_often = rule.share is not None and len(beyond) >= max(2, rule.share * len(seen))
    is_blip = run < rule.misses and not too_often
    if is_blip and not rule.is_promised:
        return None
    allowed = f" in fewer than {rule.misses} rounds in a row" if rule.misses > 1 else ""
    return _Broken(
        want=f"{_limit_text(low, high, signal.unit)}{allowed}{_within(rule)} ({_source(rule, base)})",
        have=_counted_up(seen, rounds) if signal.name in COUNTED_UP else _how_far(seen, beyond, low, run, rounds),
        is_blip=is_blip,
    )


Seen = Sequence[tuple[float, float]]


def _how_far(seen: Seen, beyond: Sequence[int], low: float | None, run: int, rounds: Sequence[Round]) -> str:
    worst = (min if low is not None and seen[beyond[0]][1] < low else max)(seen[place][1] for place in beyond)
    first, last = (_moment_of(rounds, seen[place][0]) for place in (beyond[0], beyond[-1]))
    return (
        f"beyond it in {len(beyond)} of {count(len(seen), 'round')}, {run} in a row, "
        f"first at {moment(first)}, last at {moment(last)}; the worst: {figure(worst)}"
    )


def _counted_up(seen: Seen, rounds: Sequence[Round]) -> str:
    """Return how far a count went up, and in which rounds that was seen."""
    steps = [moment(_moment_of(rounds, at)) for (_, before), (at, now) in pairwise(seen) if now > before]
    more = f" and {len(steps) - _MOST_STEPS} times more" if len(steps) > _MOST_STEPS else ""
    return f"{figure(seen[-1][1])}, seen at {', '.join(steps[:_MOST_STEPS])}{more}"


def _grown(signal: Signal, rule: Rule) -> _Broken | None:
    found = growth(signal.seen) if rule.grows is not None else None
    if found is None or rule.grows is None or found.begin <= 0:
        return None
    if not found.surely_grows_by(rule.grows * found.begin):
        return None
    return _Broken(
        want=f"grows by at most {rule.grows:.0%} over the watch{_within(rule)} ({rule.source})",
        have=f"from {figure(found.begin)} to {figure(found.end)} {signal.unit} in {show_duration(found.span_s)}, "
        f"{_interval(found)}, and it still grows",
    )


def _running_out(signal: Signal, rule: Rule) -> _Broken | None:
    found = growth(signal.seen) if rule.lasts_s is not None else None
    if found is None or rule.lasts_s is None or found.span_s < _LEAST_SPAN_S:
        return None
    if found.high >= 0 or found.second_half >= 0:
        return None
    left_s = found.end / -found.high
    if left_s >= rule.lasts_s:
        return None
    return _Broken(
        want=f"what is left lasts {show_duration(rule.lasts_s)} at the pace it is used up{_within(rule)} "
        f"({rule.source})",
        have=f"{figure(found.end)} {signal.unit}, gone in {show_duration(max(left_s, 0.0))}: {_interval(found)}",
    )


def _interval(found: Growth) -> str:
    return f"{_pace(found.slope)} an hour ({_pace(found.low)} to {_pace(found.high)}, 95 % sure)"


def _pace(per_second: float) -> str:
    """Return a pace per hour with its sign, to three digits, as people write it: +8 120, +0.5."""
    per_hour = float(f"{per_second * 3600:.3g}")
    return f"{per_hour:+,.0f}".replace(",", " ") if abs(per_hour) >= 100 else f"{per_hour:+g}"


def _is_beyond(value: float, low: float | None, high: float | None) -> bool:
    return (low is not None and value < low) or (high is not None and value > high)


def _longest_run(places: Sequence[int]) -> int:
    """Return how many of the `places` follow each other without a gap, at most."""
    longest = run = 1
    for before, place in pairwise(places):
        run = run + 1 if place == before + 1 else 1
        longest = max(longest, run)
    return longest


def _moment_of(rounds: Sequence[Round], elapsed_s: float) -> datetime:
    found = next((one.at for one in rounds if one.elapsed_s == elapsed_s), None)
    return found or rounds[0].at + timedelta(seconds=elapsed_s - rounds[0].elapsed_s)


def _limit_text(low: float | None, high: float | None, unit: str) -> str:
    texts = [f"at least {figure(low)}"] if low is not None else []
    texts += [f"at most {figure(high)}"] if high is not None else []
    return f"{' and '.join(texts)} {unit}"


def _source(rule: Rule, base: Baseline | None) -> str:
    return f"{rule.source}; baseline {figure(base.level)}: {base.said}" if base else rule.source


def _within(rule: Rule) -> str:
    return f", in the first {show_duration(rule.within_s)}" if rule.within_s is not None else ""


def figure(value: float) -> str:
    """Return a value to three figures, whole thousands without an exponent."""
    return f"{value:,.0f}".replace(",", " ") if abs(value) >= 1000 else f"{value:.3g}"


def of_signal(
    check: str, name: str, rounds: Sequence[Round], promise: WatchPromise, before: Before, *, why: str, fix: str
) -> tuple[list[Signal], list[Finding]]:
    """Return the signals called `name` and everything that their rules have against them."""
    found = signals(name, rounds, status=promise.health_status, known=before.log_shapes or ())
    findings = [
        finding
        for signal in found
        for rule in promise.rules_for(name)
        for finding in broken(check, signal, rule, rounds, before, why=why, fix=fix)
    ]
    return found, findings
