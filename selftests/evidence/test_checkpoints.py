"""Which gates are open: done, undone, done twice, out of order, aged, waived, rolled back."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from releasegate.change.models import Change
from releasegate.core import Verdict
from releasegate.core.gate import Bond
from releasegate.evidence.checkpoints import blockers, checkpoints
from releasegate.evidence.events import NOTHING_BEFORE, Event, Kind, timestamp
from releasegate.evidence.history import History
from releasegate.evidence.lines import Problem
from releasegate.plugin.gates import BY_MARKER, GATES
from releasegate.plugin.subject import Subject
from releasegate.target.models import Target

BEGAN = datetime(2025, 11, 3, 2, 0, tzinfo=UTC)
ORDER = ["preflight", "backup", "backend", "migration", "backfill", "frontend", "smoke", "monitoring", "followup"]


class Story:
    """Events written down one minute apart, as a release goes; `world` is what is bound at that moment."""

    def __init__(self) -> None:
        self.events: list[Event] = []
        self.now = BEGAN
        self.world = {bond: f"{bond} old" for bond in Bond}
        self.problems: tuple[Problem, ...] = ()

    def event(self, kind: Kind, gate: str = "", check: str = "", **payload) -> Story:
        """Write one event."""
        self.now += timedelta(minutes=1)
        seq = len(self.events) + 1
        about = {"gate": gate, "check": check, "kind": kind, "payload": payload, "prev": NOTHING_BEFORE}
        self.events.append(Event(seq=seq, time=timestamp(self.now), **about))
        return self

    def gate(self, gate: str, verdict: str = "PASS", *, open_items=(), **start) -> Story:
        """Write a closed run of `gate` with one check."""
        self.event(Kind.PLAN, gate, f"{gate}/c")
        self.event(Kind.START, gate, bonds=dict(self.world), **start)
        self.event(Kind.VERDICT, gate, f"{gate}/c", verdict=verdict)
        ended = "NOT_RUN" if open_items else verdict
        return self.event(Kind.END, gate, verdict=ended, open_items=list(open_items))

    def release(self, *, until: str = "followup") -> Story:
        """Walk through the runbook: each step changes what it changes, then its gate passes."""
        changes = {"backend": [Bond.BACKEND], "migration": [Bond.CATALOG], "backfill": [Bond.BACKFILLED],
                   "frontend": [Bond.FRONTEND]}  # fmt: skip
        for gate in ORDER[: ORDER.index(until) + 1]:
            self.change(*changes.get(gate, []))
            self.gate(gate)
        return self

    def change(self, *bonds: Bond, to: str = "new") -> Story:
        """Let something else be bound from now on."""
        self.world |= {bond: f"{bond} {to}" for bond in bonds}
        return self

    def later(self, **span) -> Story:
        """Let time pass."""
        self.now += timedelta(**span)
        return self

    def stands(self):
        """Return every gate's checkpoint now."""
        history = History(events=tuple(self.events), problems=self.problems)
        return checkpoints(history, GATES, now=self.now, seen=self.world)

    @property
    def open(self) -> list[str]:
        """The gates that are open now."""
        return [stand.gate for stand in self.stands() if stand.is_open]

    def why(self, gate: str) -> str:
        """Return why `gate` is closed."""
        return next(stand.why_closed for stand in self.stands() if stand.gate == gate)

    def blockers(self, gate: str) -> tuple[str, ...]:
        """Return what blocks `gate`."""
        return blockers(BY_MARKER[gate], self.stands())


def test_nothing_is_open_before_anything_ran():
    """Every gate but those that require nothing is blocked by the first one."""
    story = Story()
    assert story.open == []
    assert story.blockers("preflight") == ()
    assert story.blockers("smoke") == ("preflight is not open: it has not been run",)


@pytest.mark.parametrize("until", ORDER)
def test_each_step_done_in_order_leaves_every_gate_before_it_open(until):
    """What each step changes is explained by that step, all the way."""
    assert Story().release(until=until).open == ORDER[: ORDER.index(until) + 1]


@pytest.mark.parametrize(
    ("done", "bond", "closed"),
    [
        ("preflight", Bond.BACKEND, "preflight"),  # backend deployed before the backup
        ("backup", Bond.CATALOG, "preflight"),  # migration before the backend
        ("backend", Bond.FRONTEND, "preflight"),  # frontend before the backfill
        ("migration", Bond.FRONTEND, "preflight"),
        ("backfill", Bond.SERVER, "preflight"),  # another server
        ("frontend", Bond.BACKEND, "backend"),  # another backend after its gate
        ("frontend", Bond.CHANGE, "preflight"),  # another change file
        ("smoke", Bond.CATALOG, "migration"),
    ],
)
def test_a_change_that_no_step_explains_closes_gates(done, bond, closed):
    """The first gate to which the change is not explained is named."""
    story = Story().release(until=done).change(bond, to="strange")
    assert closed not in story.open
    assert f"the {bond} has changed since" in story.why(closed)
    following = ORDER[ORDER.index(done) + 1]
    assert any(f"{closed} is not open" in sentence for sentence in story.blockers(following))


@pytest.mark.parametrize(
    ("done", "bond"),
    [("backup", Bond.BACKEND), ("backend", Bond.CATALOG), ("migration", Bond.BACKFILLED), ("backfill", Bond.FRONTEND)],
)
def test_the_next_step_closes_nothing(done, bond):
    """Between a step and its gate, every earlier gate stays open."""
    assert Story().release(until=done).change(bond).open == ORDER[: ORDER.index(done) + 1]


def test_a_step_undone_closes_its_gate_and_not_those_before_it():
    """The schema taken back by hand closes migration; backup and backend still hold."""
    story = Story().release(until="migration")
    story.world[Bond.CATALOG] = f"{Bond.CATALOG} old"
    assert story.open == ["preflight", "backup", "backend"]


def test_a_gate_judged_twice_counts_with_its_last_result():
    """A failed second look closes it, a third one opens it again."""
    story = Story().release(until="migration").gate("migration", "FAIL")
    assert story.open == ["preflight", "backup", "backend"]
    assert story.why("migration") == "its last run says FAIL"
    assert story.gate("migration").open == ["preflight", "backup", "backend", "migration"]


def test_an_earlier_gate_judged_again_closes_nothing_after_it():
    """A second backup after the backend was deployed leaves the backend's gate open."""
    assert Story().release(until="migration").gate("backup").open == ["preflight", "backup", "backend", "migration"]


def test_a_closed_gate_closes_everything_after_it_and_is_the_one_named():
    """The blocker is the gate where the reason lies, not each one that waits for it."""
    story = Story().release(until="frontend").gate("backup", "FAIL")
    assert story.open == ["preflight"]
    assert story.why("frontend") == "it requires backfill, which is not open"
    assert story.blockers("smoke") == ("backup is not open: its last run says FAIL",)


def test_a_killed_run_changes_nothing():
    """A second run that never ended leaves the first one's result, and alone it opens nothing."""
    story = Story().gate("preflight").event(Kind.PLAN, "preflight", "preflight/c").event(Kind.START, "preflight")
    assert story.open == ["preflight"]
    story = Story().event(Kind.PLAN, "preflight", "preflight/c").event(Kind.START, "preflight")
    assert story.why("preflight") == "its run that began 2025-11-03 02:02 UTC never ended"


def test_judged_alone_opens_nothing():
    """--alone leaves the gate as it was."""
    story = Story().gate("preflight", alone=True)
    assert story.open == []
    assert story.why("preflight") == "it was only judged alone, which opens nothing"


@pytest.mark.parametrize("verdict", Verdict)
def test_only_verdicts_that_open_open(verdict):
    """PASS, WARN, WAIVED and N/A open; nothing else does."""
    story = Story().gate("preflight", str(verdict))
    assert ("preflight" in story.open) == verdict.opens


def test_a_result_expires_until_the_next_gate_has_used_it():
    """A backup of yesterday is no backup; one that the backend's gate was passed on is."""
    story = Story().release(until="backup").later(hours=13)
    assert story.open == ["preflight"]
    assert story.why("backup") == (
        "it has expired: it ended 2025-11-03 02:08 UTC and counted until 2025-11-03 14:08 UTC"
    )
    assert Story().release(until="backend").later(hours=11).open == ["preflight", "backup", "backend"]
    assert Story().release(until="backend").later(hours=13).blockers("migration") == (
        "backend is not open: it has expired: it ended 2025-11-03 02:12 UTC and counted until 2025-11-03 14:12 UTC",
    )


def test_a_week_later_the_release_can_still_be_looked_at():
    """The followup gate is not blocked because the preflight is a week old."""
    story = Story().release(until="monitoring").later(days=7)
    assert story.blockers("followup") == ()


def test_a_waiver_opens_until_its_date():
    """FAIL that somebody named signed off opens to the end of that day."""
    story = Story().gate("preflight", "FAIL")
    story.event(Kind.WAIVER, "preflight", "preflight/c", by="Rui", reason="known", until="2025-11-03")
    stand = story.stands()[0]
    assert (stand.verdict, stand.is_open) == (Verdict.WAIVED, True)
    story.later(days=1)
    assert story.why("preflight") == "its last run says FAIL (no longer waived: preflight/c by Rui until 2025-11-03)"


@pytest.mark.parametrize(
    "waiver",
    [
        {"by": "", "reason": "known", "until": "2025-12-01"},
        {"by": "Rui", "reason": "", "until": "2025-12-01"},
        {"by": "Rui", "reason": "known", "until": "some day"},
        {"by": "Rui", "reason": "known", "until": "2025-11-02"},
    ],
)
def test_an_incomplete_or_past_waiver_opens_nothing(waiver):
    """Name, reason and a date that has not passed: all three."""
    story = Story().gate("preflight", "FAIL").event(Kind.WAIVER, "preflight", "preflight/c", **waiver)
    assert story.open == []


def test_what_could_not_be_measured_cannot_be_waived():
    """ERROR stays ERROR whoever signs."""
    story = Story().gate("preflight", "ERROR")
    story.event(Kind.WAIVER, "preflight", "preflight/c", by="Rui", reason="known", until="2025-12-01")
    assert story.open == []


def test_an_item_attested_later_opens_the_gate():
    """A manual item keeps its gate closed and is named, until somebody attests it."""
    story = Story().gate("preflight", open_items=["team-warned"])
    assert story.why("preflight") == "its last run says NOT_RUN (nobody has attested team-warned)"
    assert story.event(Kind.ATTEST, item="team-warned", by="Ana").open == ["preflight"]


@pytest.mark.parametrize(
    ("kind", "open_after"),
    [
        ("data", ["preflight", "backup", "backend", "migration"]),
        ("code", ["preflight", "backup"]),
        ("restore", ["preflight", "backup"]),
        ("unknown", ["preflight", "backup"]),
    ],
)
def test_a_passed_rollback_closes_what_it_went_behind(kind, open_after):
    """Rolling back the data closes the backfill and on; code and restore close the backend and on."""
    story = Story().release(until="smoke").gate("rollback", rollback=kind)
    story.world = {bond: f"{bond} old" for bond in Bond}  # what each earlier gate was bound to is there again
    story.world[Bond.BACKEND] = f"{Bond.BACKEND} {'new' if kind == 'data' else 'old'}"
    story.world[Bond.CATALOG] = f"{Bond.CATALOG} {'new' if kind == 'data' else 'old'}"
    assert [gate for gate in story.open if gate != "rollback"] == open_after
    assert "went back behind it" in story.why("frontend")


def test_a_failed_rollback_closes_nothing():
    """A rollback gate that did not pass proves no way back."""
    assert "smoke" in Story().release(until="smoke").gate("rollback", "FAIL", rollback="data").open


def test_a_step_done_again_after_a_rollback_opens_again():
    """Judged after the rollback, a gate counts."""
    story = Story().release(until="backfill").gate("rollback", rollback="data").gate("backfill")
    assert "backfill" in story.open


def test_damaged_evidence_opens_nothing_before_the_damage():
    """A line that was changed closes every gate whose evidence may be touched, and names the line."""
    story = Story().release(until="backup")
    story.problems = (Problem(5, "does not carry the hash of the line before it"),)
    assert story.open == []
    assert story.why("preflight") == (
        "its evidence does not hold together (events.jsonl line 5: does not carry the hash of the line before it)"
    )
    assert story.gate("preflight").gate("backup").open == ["preflight", "backup"]


def test_what_cannot_be_seen_now_closes_nothing():
    """A bond that could not be read is not taken for changed."""
    story = Story().release(until="smoke")
    story.world = {}
    assert "smoke" in story.open


def test_a_bond_that_was_redacted_in_the_chain_is_still_the_same():
    """What is seen now is compared as the chain holds it."""
    story = Story().change(Bond.SERVER, to="ana@example.com")
    seen = dict(story.world)
    story.world = {bond: value.replace("ana@example.com", "[redacted e-mail]") for bond, value in seen.items()}
    story.gate("preflight")
    assert checkpoints(History(events=tuple(story.events)), GATES, now=story.now, seen=seen)[0].is_open


def test_the_age_limit_is_the_gates_own():
    """A shorter limit from the target's policy counts."""
    story = Story().gate("preflight").later(hours=2)
    short = [replace(gate, max_age=timedelta(hours=1)) for gate in GATES]
    stands = checkpoints(History(events=tuple(story.events)), short, now=story.now, seen={})
    assert not stands[0].is_open


def test_a_backend_whose_start_migrates_may_do_so_with_its_own_step():
    """Said in the target; else the catalog that changed with step 2 closes what was judged before, and says the key."""
    story = Story().gate("preflight").gate("backup")
    story = story.change(Bond.BACKEND).change(Bond.CATALOG).change(Bond.BACKFILLED)
    history = History(events=tuple(story.events))
    usual = checkpoints(history, GATES, now=story.now, seen=story.world)
    assert "migrates_at_start" in usual[0].why_closed
    backend = {"url": "http://localhost:3000", "migrates_at_start": True}
    target = Target.model_validate({"name": "shop", "backend": backend})
    change = Change.model_validate({"id": "R-1", "title": {"en": "x", "pt-BR": "x"}, "document": "d.md"})
    here = Path("shop.toml")
    gates = Subject(change=change, change_path=here, change_sha256="", target=target, target_path=here).gates
    stands = checkpoints(history, gates, now=story.now, seen=story.world)
    assert [stand.is_open for stand in stands[:2]] == [True, True]
