"""Random good histories give no false alarm, and whatever spoils one is found."""

from __future__ import annotations

import pytest

from releasegate.core import Verdict
from releasegate.core.facts.watch import Round

from .histories import Spoil, good, looked_at, spoilt, verdict_of, verdicts
from .test_shapes import SPOILT

HOLDS = {Verdict.PASS, Verdict.WARN, Verdict.NOT_APPLICABLE}


def false_alarms(seeds: range) -> dict[int, list[str]]:
    """Return, for each seed whose history is judged otherwise than good, by which checks."""
    found = {}
    for seed in seeds:
        wrong = [check for check, verdict in verdicts(good(seed)).items() if verdict not in HOLDS]
        if wrong:
            found[seed] = wrong
    return found


def unnoticed(seeds: range) -> list[tuple[int, str]]:
    """Return the seeds and the shapes of trouble that nobody noticed in them."""
    return [
        (seed, what)
        for seed in seeds
        for check, verdict, what, spoil, begin, end, every in SPOILT
        if not is_found(verdict_of(check, struck(good(seed), spoil, begin, end, every)), verdict)
    ]


def struck(rounds: list[Round], spoil: Spoil, begin: int, end: int, every: int) -> list[Round]:
    return spoilt(rounds, spoil, *looked_at(rounds, begin, end), every)


def is_found(said: Verdict, expected: Verdict) -> bool:
    return said is expected or (expected is Verdict.WARN and said is Verdict.FAIL)


def test_a_good_history_raises_no_alarm():
    """A few here, a thousand with --all."""
    assert false_alarms(range(20)) == {}


@pytest.mark.everything
def test_a_thousand_good_histories_raise_no_alarm():
    """No FAIL, and nothing that could not be told."""
    assert false_alarms(range(1000)) == {}


@pytest.mark.everything
def test_every_trouble_is_found_in_every_history():
    """Each shape, laid over histories that are noisy in their own ways."""
    assert unnoticed(range(1000, 1040)) == []
