"""What was done when, against what the document says; and what people said, with whether it counts."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from releasegate.change.models import Change, Item, Stretch, Text
from releasegate.evidence import Chain, Folder, Kind, read
from releasegate.evidence.history import WATCH
from releasegate.plugin.gates import GATES
from releasegate.report.course import course
from releasegate.report.languages import language
from releasegate.report.people import said

BEGAN = datetime(2025, 11, 9, 4, 0, tzinfo=UTC)
CHANGE = Change(
    id="CHANGE-1",
    title=Text(en="A change", pt_br="Uma mudança"),
    document="runbook.md",
    timetable=(
        Stretch(gates=("backup", "backend"), least="20m", most="30m", source="runbook, head"),
        Stretch(gates=("backup",), least="5m", most="10m", source="runbook step 1"),
        Stretch(gates=("backend",), most="1m", source="runbook step 2"),
        Stretch(gates=("smoke", "perf"), least="5m", most="5m", source="runbook step 6"),
    ),
    checklist=(
        Item(
            id="told", gate="preflight", text=Text(en="Told", pt_br="Avisada"), manual=True, source="runbook 1"
        ),
    ),
)  # fmt: skip


class Night:
    """A chain whose clock is turned by hand."""

    def __init__(self, folder: Folder) -> None:
        self.folder, self.now = folder, BEGAN

    def after(self, minutes: float) -> Night:
        self.now += timedelta(minutes=minutes)
        return self

    def note(self, kind: Kind, gate: str = "", check: str = "", **payload) -> Night:
        with Chain.open(self.folder, clock=lambda: self.now) as chain:
            chain.append(kind, gate, check, **payload)
        return self

    def gate(self, gate: str, verdict: str = "PASS", *, minutes: float = 1) -> Night:
        self.note(Kind.START, gate).note(Kind.VERDICT, gate, f"{gate}/c", verdict=verdict)
        return self.after(minutes).note(Kind.END, gate, verdict=verdict)

    def command(self, minutes: float) -> Night:
        began = self.now.isoformat()
        return self.after(minutes).note(Kind.STEP, item="x", command="x", exit_code=0, began=began)

    @property
    def rows(self):
        return course(read(self.folder), CHANGE, GATES, language("en"))

    @property
    def said(self):
        return list(said(read(self.folder), CHANGE, language("en")))


@pytest.fixture
def night(tmp_path) -> Night:
    return Night(Folder(tmp_path))


def test_a_step_lasts_from_its_first_command_to_the_end_of_its_gate(night):
    """The command's own beginning counts, and the wait between command and gate."""
    (row,) = night.command(6).after(1).gate("backup").rows
    assert (row.name, row.place, row.note) == ("backup", "step 1", "1 command")
    assert (row.began, row.took, row.planned, row.over) == ("2025-11-09 04:00:00", "8 min 00 s", "5 min to 10 min", "")
    assert 'class="bar within"' in row.bar


def test_what_took_longer_says_by_how_much(night):
    """A number to look at, and no verdict."""
    row = night.gate("backup").gate("backend", minutes=3).rows[1]
    assert (row.planned, row.over, str(row.verdict)) == ("at most 1 min", "2 min 00 s longer", "PASS")
    assert 'class="bar over"' in row.bar


def test_gates_of_one_stretch_are_one_row_and_a_sum_stands_below(night):
    """Smoke and perf are one step of the runbook; what spans several steps is their sum."""
    rows = night.gate("backup", minutes=8).gate("backend").gate("smoke").gate("perf", "FAIL").rows
    assert [(row.name, row.took, row.is_sum) for row in rows] == [
        ("backup", "8 min 00 s", False),
        ("backend", "1 min 00 s", False),
        ("smoke, perf", "2 min 00 s", False),
        ("backup to backend", "9 min 00 s", True),
    ]
    assert (rows[2].planned, str(rows[2].verdict)) == ("5 min", "FAIL")


def test_a_gate_run_again_counts_as_it_went_then(night):
    """Two runs, one row, the time of both."""
    (row,) = night.gate("backup", "FAIL").after(2).gate("backup").rows
    assert (row.note, row.took, str(row.verdict)) == ("2 runs", "4 min 00 s", "PASS")


def test_the_watch_belongs_to_its_gate(night):
    """Monitoring lasts as long as somebody watched, and not as long as its gate ran."""
    night.note(Kind.MEASURE, "monitoring", WATCH, value={}).after(120).gate("monitoring")
    (row,) = night.rows
    assert (row.name, row.took, row.planned) == ("monitoring", "2 h 01 min", "")


def test_commands_for_which_no_gate_has_run_are_there(night):
    """What was done last is not lost."""
    night.gate("backup").command(3)
    assert [(row.name, row.took) for row in night.rows] == [
        ("backup", "1 min 00 s"), ("commands without a gate", "3 min 00 s"),
    ]  # fmt: skip


def test_a_run_that_never_ended_has_no_length(night):
    """Nobody knows when it was killed."""
    (row,) = night.note(Kind.START, "backup").rows
    assert (row.took, str(row.verdict)) == ("", "NOT_RUN")


def test_nothing_was_done(night):
    """An empty chain has no course."""
    assert night.rows == ()


def waived(night, **payload):
    return night.note(Kind.WAIVER, "backup", "backup/c", **({"by": "Rui", "reason": "known"} | payload))


@pytest.mark.parametrize(
    ("verdict", "until", "counts"),
    [
        ("FAIL", "2025-11-20", "counts; measured FAIL"),
        ("FAIL", "2025-11-08", "expired at the end of 2025-11-08: it counts no longer"),
        ("FAIL", "soon", "incomplete: it counts for nothing"),
        ("PASS", "2025-11-20", "not needed: measured PASS"),
        ("ERROR", "2025-11-20", "not needed: measured ERROR"),
    ],
)
def test_a_waiver_says_whether_it_counts(night, verdict, until, counts):
    """In force with what it would have been, expired, incomplete, or over nothing."""
    waived(night.gate("backup", verdict), until=until)
    assert [one.counts for one in night.said] == [counts]


def test_a_waiver_of_an_unknown_check_says_so(night):
    """A name that no run knows."""
    night.gate("backup").note(Kind.WAIVER, "backup", "backup/typo", by="Rui", reason="r", until="2025-11-20")
    assert night.said[0].counts == "no check of this name has run"


def test_a_later_waiver_replaces_an_earlier_one(night):
    """Both stay visible."""
    waived(waived(night.gate("backup", "FAIL"), until="2025-11-10"), until="2025-11-20")
    assert [one.counts for one in night.said] == ["replaced by a later one", "counts; measured FAIL"]


def test_what_was_attested_is_listed_with_who_typed_it(night):
    """An item that the change does not know, and one said twice, say so."""
    night.note(Kind.ATTEST, "preflight", item="told", by="Ana", note="call", typed_by="deploy")
    night.note(Kind.ATTEST, "preflight", item="told", by="Ana", typed_by="Ana")
    night.note(Kind.ATTEST, "preflight", item="other", by="Ana")
    assert [(one.what, one.text, one.typed_by, one.counts) for one in night.said] == [
        ("Told", "call", "deploy", "said again later"),
        ("Told", "", "", "it counts"),
        ("other", "", "", "no manual item of this change"),
    ]
