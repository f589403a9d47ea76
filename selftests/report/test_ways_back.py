"""The ways back on the page: which are possible at each moment, and what is said about them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from releasegate.evidence import Chain, Folder, Kind, read
from releasegate.plugin.gates import GATES
from releasegate.report import render
from releasegate.report.languages import language
from releasegate.report.ways_back import about_them, ways_back

BEGAN = datetime(2025, 11, 3, 2, 0, tzinfo=UTC)
ORDER = ("preflight", "backup", "backend", "migration", "backfill", "frontend")


@pytest.fixture
def after(tmp_path, change):
    """Return a function that gives the rows and the sentences once gates were run, ten minutes apart."""

    def after(*gates, backup="PASS", kind=""):
        folder, moments = Folder(tmp_path), iter(BEGAN + timedelta(minutes=n) for n in range(0, 6000, 5))
        with Chain.open(folder, clock=lambda: next(moments)) as chain:
            for gate in gates:
                chain.append(Kind.START, gate, **({"rollback": kind} if gate == "rollback" else {}))
                verdict = backup if gate == "backup" else "PASS"
                chain.append(Kind.VERDICT, gate, f"{gate}/c", verdict=verdict)
                chain.append(Kind.END, gate, verdict=verdict)
        history, english = read(folder), language("en")
        return ways_back(history, change, GATES, english), list(about_them(history, change, GATES, english))

    return after


def open_now(rows):
    (now,) = (row for row in rows if row.is_now)
    return {way.kind: not way.why_not for way in now.ways}


@pytest.mark.parametrize(
    ("until", "possible"),
    [
        ("backup", {"code": False, "data": False, "restore": False}),
        ("backend", {"code": True, "data": False, "restore": True}),
        ("backfill", {"code": True, "data": True, "restore": True}),
        ("frontend", {"code": True, "data": True, "restore": True}),
    ],
)
def test_each_moment_has_its_ways(after, until, possible):
    rows, _ = after(*ORDER[: ORDER.index(until) + 1])
    assert open_now(rows) == possible
    assert [row.reached != "" for row in rows].count(True) == max(0, ORDER.index(until) - 1)


def test_without_a_good_backup_there_is_no_restore(after):
    rows, _ = after(*ORDER, backup="FAIL")
    assert not open_now(rows)["restore"]
    assert rows[-1].ways[2].why_not == "no backup was judged good"


def test_the_point_of_no_return_and_the_latest_moment_are_said(after):
    """The window is an hour from preflight on, the document gives the way back ten minutes of it."""
    _, before = after(*ORDER[:-1])
    assert before[0] == "The point of no return is not reached: nobody can write with the new page yet."
    assert before[-1] == (
        "The maintenance window ends 2025-11-03 03:00:00 UTC: to be back by then, decide by 2025-11-03 02:50:00 UTC."
    )


def test_after_the_new_page_is_out_a_restore_takes_from_people(after):
    rows, about = after(*ORDER)
    assert about[0].startswith("The point of no return was passed 2025-11-03 03:15:00 UTC")
    assert rows[-1].ways[1].loses.endswith("only with the code, for the new page reads what it empties")


def test_a_rollback_that_passed_leads_back_to_before(after):
    """Nothing of the release is out any more; after one of the data the backend still is."""
    rows, about = after(*ORDER, "rollback", kind="code")
    assert rows[0].is_now
    assert "not reached" in about[0]


def test_before_anything_was_run_nothing_is_said(after):
    assert after() == ((), [])


def test_the_page_shows_them_in_both_languages(story, change):
    history = read(story("released"))
    assert "The ways back" in render(history, change, GATES, language="en")
    page = render(history, change, GATES, language="pt-BR")
    assert "Os caminhos de volta" in page
    assert "tudo o que foi gravado desde o dump se perde" in page
