"""A watch that goes on: begun, interrupted, asked for one round at a time."""

from __future__ import annotations

from datetime import timedelta
from types import SimpleNamespace

import pytest

from releasegate.change.models import Api, Latency
from releasegate.cli import watch as cli
from releasegate.cli.watching import begin, for_one_round, go_on, latest
from releasegate.core import CannotMeasure, UsageError
from releasegate.evidence.chain import Chain, read
from releasegate.evidence.events import Kind
from releasegate.evidence.folder import Folder
from releasegate.evidence.history import ROUNDS
from releasegate.evidence.lock import only_writer
from releasegate.probes.watch import found_out
from releasegate.target.models import Backend, Login

from .histories import BEGAN, good


@pytest.fixture
def folder(tmp_path):
    """Return a folder for evidence."""
    return Folder(tmp_path)


def record(folder, rounds):
    with Chain.open(folder) as chain:
        for one in rounds:
            chain.append(Kind.MEASURE, "monitoring", ROUNDS, value=one.shown(), unit="rounds", rows=1)


def test_a_watch_goes_on_as_it_was_planned(folder):
    """Length, rhythm, the last round, where the logs were read to; and the gap is in the chain."""
    begin(folder, BEGAN, 7200, 30)
    record(folder, good(1)[:50])
    found = go_on(folder, BEGAN + timedelta(minutes=30), None, None)
    assert found is not None
    assert (found.began, found.watch_s, found.every_s, found.is_held, found.planned) == (BEGAN, 7200, 30, 49, 240)
    assert found.new_since == "2026-03-01 02:00:00+00"
    gap = read(folder).events[-2]
    assert (gap.kind, gap.payload["sentence"]) == (
        Kind.GAP, "the watch was interrupted: nobody looked for 5 min 28 s after 2026-03-01 02:24:32 UTC",
    ) or gap.payload["sentence"].startswith("the watch was interrupted: nobody looked for 5 min")  # fmt: skip
    assert read(folder).events[-1].payload == {"round": 50}


@pytest.mark.parametrize("aim", [None, "what to ask"])
def test_what_to_ask_is_found_out_before_the_clock_begins(folder, monkeypatch, aim):
    """However slow the API is, no round is missed for it; one that does not tell now is asked by the rounds."""
    moments, now = [], iter([BEGAN, BEGAN + timedelta(seconds=15)])
    monkeypatch.setattr(cli, "found_out", lambda *_: moments.append(next(now)) or aim)
    monkeypatch.setattr(cli, "session_file_of", lambda _: folder.root)
    monkeypatch.setattr(cli, "SystemClock", lambda: SimpleNamespace(now=lambda: next(now)))
    monkeypatch.setattr(cli, "_hold_all", lambda *given: moments.append((given[2].began, given[4])) or {})
    monkeypatch.setattr(cli, "refresh", lambda *_: None)
    monkeypatch.setattr(cli, "_last_line", lambda *_: "")
    subject = SimpleNamespace(target=None, change=SimpleNamespace(monitoring=SimpleNamespace(watch="1m")))
    told = cli._Told(watch_s=60, every_s=4, is_once=False, resume=False, fail_fast=False, heartbeat=None)
    cli._watch(subject, folder, told)
    assert moments == [BEGAN, (BEGAN + timedelta(seconds=15), aim)]


def test_an_api_that_is_away_is_asked_later(tmp_path):
    """Nothing is found out, and the watch begins all the same."""
    api = Api.model_validate(
        {
            "conversations": {"path": "/talks", "list": [""], "source": "runbook 2.5"},
            "messages": {"path": "/talks/{id}", "list": [""], "source": "runbook 6.5"},
        }
    )
    latency = Latency(limit_ms=500, percentile=95, source="runbook 6.5", endpoints=("messages",))
    change = SimpleNamespace(latency=latency, api=api)
    target = SimpleNamespace(backend=Backend(url="http://127.0.0.1:9", login=Login(kind="none")))
    assert found_out(target, change, tmp_path / "session") is None


def test_a_killed_watch_lost_nothing_that_was_held(folder):
    """A line that was cut in the middle is set aside; the rounds before it count."""
    begin(folder, BEGAN, 7200, 30)
    record(folder, good(1)[:5])
    whole = folder.events.read_bytes()
    folder.events.write_bytes(whole + whole[-400:-100])
    found = go_on(folder, BEGAN + timedelta(minutes=4), None, None)
    assert found is not None
    assert found.is_held == good(1)[4].number


@pytest.mark.parametrize(
    ("at", "length", "every", "said"),
    [
        (
            10,
            3600.0,
            None,
            "--for 1 h 00 min: the watch that is going on was begun with 2 h 00 min; give that, or leave --for out",
        ),
        (
            10,
            None,
            60.0,
            "--every 1 min 00 s: the watch that is going on was begun with 30 s; give that, or leave --every out",
        ),
    ],
)
def test_what_cannot_be_resumed_is_said(folder, at, length, every, said):
    """A usage error that names the option and what there is."""
    begin(folder, BEGAN, 7200, 30)
    with pytest.raises(UsageError, match=said):
        go_on(folder, BEGAN + timedelta(minutes=at), length, every)


def test_a_watch_that_is_over_is_nothing_to_go_on_with(folder):
    """A unit that starts after a reboot the next day is no failure."""
    begin(folder, BEGAN, 7200, 30)
    assert go_on(folder, BEGAN + timedelta(minutes=119), None, None) is not None
    assert go_on(folder, BEGAN + timedelta(minutes=120), None, None) is None


def test_nothing_to_resume(folder):
    """Without a watch there is none to go on with."""
    with pytest.raises(UsageError, match="--resume: no watch was begun on this release"):
        go_on(folder, BEGAN, None, None)


PLAN = (7200.0, 30.0)  # what is promised, and our own rhythm


def test_a_scheduler_begins_once_and_then_goes_on(folder):
    """The first call begins the watch, the next belongs to it, and after its end there is nothing to do."""
    first = for_one_round(folder, BEGAN, None, 60, PLAN)
    assert first is not None
    assert (first.is_held, first.watch_s, first.every_s) == (-1, 7200, 60)
    record(folder, good(1, rounds=120, every_s=60)[:1])
    second = for_one_round(folder, BEGAN + timedelta(seconds=61), None, 60, PLAN)
    assert second is not None
    assert (second.is_held, second.due_at(BEGAN + timedelta(seconds=61))) == (0, 1)
    assert for_one_round(folder, BEGAN + timedelta(hours=2), None, 60, PLAN) is None


def test_a_scheduler_that_asks_for_another_rhythm_is_told(folder):
    """A line that somebody changed midway; without a rhythm, or with the same, the watch goes on as it is."""
    for_one_round(folder, BEGAN, None, 60, PLAN)
    with pytest.raises(UsageError, match="--every 30 s: the watch that is going on was begun with 1 min 00 s"):
        for_one_round(folder, BEGAN + timedelta(seconds=30), None, 30, PLAN)
    with pytest.raises(UsageError, match="--for 1 h 00 min: the watch that is going on was begun with 2 h 00 min"):
        for_one_round(folder, BEGAN + timedelta(seconds=30), 3600, None, PLAN)
    assert for_one_round(folder, BEGAN + timedelta(seconds=60), None, None, PLAN) is not None
    assert for_one_round(folder, BEGAN + timedelta(hours=2), None, 30, PLAN) is None  # it is over, whoever asks


@pytest.mark.parametrize(("late_s", "gaps"), [(150, 0), (151, 1)])
def test_calls_of_a_scheduler_that_did_not_come_are_a_gap(folder, late_s, gaps):
    """A call that comes a little late is none."""
    for_one_round(folder, BEGAN, None, 60, PLAN)
    for_one_round(folder, BEGAN + timedelta(seconds=late_s), None, 60, PLAN)
    assert [event.kind for event in read(folder).events].count(Kind.GAP) == gaps


def test_another_release_begins_another_watch(folder):
    """A frontend gate that ran since is another release: what was seen before it is not of it."""
    begin(folder, BEGAN, 7200, 30)
    assert latest(read(folder)) is not None
    with Chain.open(folder) as chain:
        chain.append(Kind.START, "frontend", run="runs/1-frontend")
        chain.append(Kind.END, "frontend", verdict="PASS")
    assert latest(read(folder)) is None


def test_a_second_watch_is_told_who_holds_it(tmp_path):
    """By process, what it does, and since when."""
    lock = tmp_path / ".watch.lock"
    with only_writer(lock, wait_s=0) as holder:
        holder.note("watch, since 2026-03-01 02:00:00 UTC")
        with (
            pytest.raises(CannotMeasure, match=r"pid \d+, gate watch, since 2026-03-01 02:00:00 UTC"),
            only_writer(lock, wait_s=0),
        ):
            pass
