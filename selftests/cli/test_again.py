"""The walk after a way back, compared with the one before it."""

from __future__ import annotations

import pytest

from releasegate.cli.again import both_walks
from releasegate.evidence.events import NOTHING_BEFORE, Event, Kind
from releasegate.evidence.history import History

FINDING = {"check": "rollback/differences", "subject": "index i", "want": "w", "have": "there", "why": "y", "fix": "f"}


def walked(*gates):
    """Return the history of closed gates, each (gate, {check: verdict}, bonds, findings)."""
    events: list[Event] = []

    def add(kind, gate, check="", **payload):
        seq = len(events) + 1
        time = f"2025-11-03T02:{seq // 60:02}:{seq % 60:02}.000Z"
        events.append(
            Event(seq=seq, time=time, gate=gate, check=check, kind=kind, payload=payload, prev=NOTHING_BEFORE)
        )

    for gate, verdicts, bonds, findings in gates:
        for check in verdicts:
            add(Kind.PLAN, gate, check)
        add(Kind.START, gate, bonds=bonds)
        for check, verdict in verdicts.items():
            add(Kind.VERDICT, gate, check, verdict=verdict, findings=findings)
        add(Kind.END, gate, verdict="PASS")
    return History(events=tuple(events))


def gate(name, bonds="old", findings=(), **verdicts):
    checks = {f"{name}/{check.replace('_', '-')}": verdict for check, verdict in verdicts.items()}
    return (name, checks, {"catalog": bonds}, list(findings))


BACK = gate("rollback", differences="PASS")


def test_the_same_verdicts_twice_are_said_so():
    again = both_walks(walked(gate("backfill", every_row="PASS"), BACK, gate("backfill", every_row="PASS")))
    assert again.sentence == "back and forward again, 1 check said the same and nothing was left behind"


@pytest.mark.parametrize(
    ("first", "last", "same"),
    [
        (gate("backfill", every_row="PASS"), gate("backfill", every_row="WARN"), False),
        (gate("backfill", every_row="PASS"), gate("backfill", other="PASS"), False),
        (gate("perf", p95="PASS"), gate("perf", p95="WARN"), True),
        (gate("perf", p95="PASS"), gate("perf", p95="FAIL"), False),
        (gate("backfill", every_row="PASS"), gate("backfill", "new", every_row="PASS"), False),
    ],
)
def test_another_verdict_or_another_catalog_is_not_the_same(first, last, same):
    """What measures time may have something to look at once."""
    assert (not both_walks(walked(first, BACK, last)).differing) is same


def test_what_the_way_back_left_is_left_behind():
    left = gate("rollback", findings=[FINDING], differences="WARN")
    again = both_walks(walked(gate("backfill", every_row="PASS"), left, gate("backfill", every_row="PASS")))
    assert again.sentence == "the second walk did not end where the first one did: index i: there"


def test_no_gate_run_twice_shows_nothing():
    again = both_walks(walked(gate("backfill", every_row="PASS"), BACK))
    assert (again.checks, again.differing) == (0, ())
    assert "nothing shows" in again.sentence
