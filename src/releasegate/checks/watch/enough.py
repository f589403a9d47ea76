"""Whether enough rounds saw a signal, and why the others did not: a count alone tells nobody what to do."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

from releasegate.checks.watch.promise import WatchPromise
from releasegate.core import Finding, Judgement
from releasegate.core.facts.watch import Round
from releasegate.core.figures import count


def why_too_few(seen: int, least: int, rounds: int, what: str, reasons: Iterable[str]) -> str:
    """Return how many of the rounds did `what`, how many must, and their own reasons; "" where they are enough."""
    if seen >= least:
        return ""
    said = "; ".join(dict.fromkeys(reason for reason in reasons if reason))
    return f"{seen} of {count(rounds, 'round')} {what}; at least {least} are needed to tell" + (
        f": {said}" if said else ""
    )


def asked_enough(
    rounds: Sequence[Round], promise: WatchPromise, *, holds: str, findings: Iterable[Finding] = ()
) -> Judgement:
    """Judge that enough of the rounds asked the API.

    Rounds whose requests went into finding out what to ask are not counted against it: they were held, and are paid
    for by the budget that the target file allows. Where none is left that could ask, nobody can tell.
    """
    asked = sum(bool(one.samples) for one in rounds)
    finding_out = sum(bool(one.finding_out and not one.samples) for one in rounds)
    able = len(rounds) - finding_out
    least = max(1, math.ceil(able * promise.least_coverage))
    reasons = [one.samples_error for one in rounds]
    if finding_out:
        reasons.append(_spent(finding_out, sum(one.finding_out for one in rounds)))
    return Judgement(
        seen=asked,
        least=least,
        unit="rounds that asked the API",
        holds=f"{holds}; {_spent(finding_out, sum(one.finding_out for one in rounds))}" if finding_out else holds,
        findings=tuple(findings),
        undecided=why_too_few(asked, least, able or len(rounds), "asked the API", reasons),
    )


def _spent(rounds: int, requests: int) -> str:
    """Say where the requests went, and what gives a short watch more of them."""
    return (
        f"{count(rounds, 'round')} sent none, for finding out what to ask took {count(requests, 'request')}: watch for "
        "longer, look less often, or raise [watch] requests_per_second in the target file"
    )
