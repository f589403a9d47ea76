"""How rounds are held: on a schedule that nobody waits for, whatever the clock and the deployment do."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from datetime import datetime, timedelta
from types import SimpleNamespace

import pytest

from releasegate.change.models import Api as PromisedApi
from releasegate.change.models import Logs
from releasegate.checks.watch import known_shapes
from releasegate.checks.watch.coverage import watched_long_enough
from releasegate.core import CannotMeasure, Measurement, Verdict
from releasegate.core.facts.latency import Sample
from releasegate.core.facts.logs import LogLine, LogSlice
from releasegate.core.facts.watch import DatabaseLook, PageLook, Round, recorded_rounds
from releasegate.probes.http import open_api
from releasegate.probes.watch import Watched, errors_in, look_back, rounds, watch
from releasegate.probes.watch.logs import WatchedLogs
from releasegate.probes.watch.page import PageWatch
from releasegate.target.models import Backend, Login

from .histories import BEGAN, PROMISE, good

PROMISED = Logs(errors=(r"\berror\b",), fatal=(r"\bfatal\b",), names=("attachments",), source="runbook 7.1")


class Clock:
    """A clock that only moves when somebody sleeps; `set_by` is what a time server or a person did to the wall's."""

    def __init__(self) -> None:
        self.passed_s = 0.0
        self.set_by = timedelta()

    def now(self) -> datetime:
        """Tell the wall clock's time."""
        return BEGAN + timedelta(seconds=self.passed_s) + self.set_by

    def steady_s(self) -> float:
        """Tell how long it has been running."""
        return 1000 + self.passed_s

    def sleep(self, seconds: float) -> None:
        """Let time pass at once."""
        self.passed_s += seconds


class Log:
    """A log that gains one line per look."""

    part = "backend"

    def __init__(self, *lines: str) -> None:
        self.lines = lines
        self.error = ""
        self.asked: list[object] = []

    def read(self, *, since=None, after=None) -> Measurement[LogSlice]:  # noqa: ARG002 - the protocol's
        """Return the next line."""
        if self.error:
            raise CannotMeasure(self.error)
        self.asked.append(after)
        seen = int((after or {}).get("line", 0))
        lines = tuple(LogLine(text=text, at=BEGAN) for text in self.lines[seen : seen + 1])
        found = LogSlice(part=self.part, source="app.log", lines=lines, position={"line": str(seen + 1)})
        return Measurement(value=found, unit="log lines", rows=len(lines), query="tail app.log", duration_s=0.0)


@pytest.fixture
def watched(tmp_path):
    """Return what is watched where there is nothing yet."""
    with open_api(Backend(url="http://127.0.0.1:9", login=Login(kind="none")), PromisedApi(), tmp_path / "s") as api:
        yield Watched(api=api)


@pytest.fixture
def clock():
    """Return a clock that nobody waits for."""
    return Clock()


def held(watched, clock, rounds=6, **more) -> list[Round]:
    return [found.value for found in watch(watched, rounds=rounds, every_s=30, clock=clock, **more)]


def test_rounds_come_on_schedule_and_a_missed_one_is_a_gap(watched, clock):
    """After a look of 70 s the next two rounds are late or gone; nobody makes up for them."""
    numbers = []
    for found in watch(watched, rounds=6, every_s=30, clock=clock):
        numbers.append((found.value.number, found.value.late_s))
        clock.passed_s += 70 if found.value.number == 1 else 1
    assert numbers == [(0, 0), (1, 0), (3, 10), (4, 0), (5, 0)]


@pytest.mark.parametrize(("took_s", "numbers"), [(70, [0, 1, 2, 5]), (149, [0, 1, 2, 5]), (150, [0, 1, 2])])
def test_the_last_round_alone_is_made_up_for(watched, clock, took_s, numbers):
    """What is looked at twice would else be looked at once; long after the end it is no part of the watch."""
    found = []
    for measured in watch(watched, rounds=6, every_s=30, clock=clock):
        found.append(measured.value.number)
        clock.passed_s += 60 + took_s if measured.value.number == 2 else 0
    assert found == numbers


def test_a_watch_is_resumed_where_it_would_be_by_now(watched, clock):
    """Rounds keep the numbers of the first watch; what was missed stays missed."""
    clock.passed_s = 100
    assert [one.number for one in held(watched, clock, began=BEGAN, is_held=1)] == [3, 4, 5]


@pytest.mark.parametrize("jump_s", [-7200, 7200])
def test_a_clock_that_is_set_changes_no_schedule(watched, clock, jump_s):
    """Every round is held in its turn, and how far the clock was set is told."""
    found = []
    for measured in watch(watched, rounds=6, every_s=30, clock=clock):
        found.append(measured.value)
        if measured.value.number == 2:
            clock.set_by += timedelta(seconds=jump_s)
    assert [(one.number, one.elapsed_s) for one in found] == [(n, n * 30.0) for n in range(6)]
    judgement = watched_long_enough(found, replace(PROMISE, watch_s=180))
    assert judgement.verdict is Verdict.PASS
    assert f"the clock was set by {jump_s:+d} s" in judgement.sentence


def test_a_machine_that_was_suspended_leaves_a_gap(watched, clock):
    """Time that passed while it slept is time in which nobody looked."""
    slept = clock.sleep

    def sleep(seconds):
        slept(400 if clock.passed_s == 60 else seconds)

    clock.sleep = sleep
    assert [one.number for one in held(watched, clock, rounds=20)] == [0, 1, 2, *range(15, 20)]


@pytest.mark.parametrize(
    ("without", "verdict", "sentence"),
    [
        ((), Verdict.PASS, "240 of 240 rounds held, one every 30 s, longest gap 30 s; cost: 0.70 requests a second, "),
        (range(100, 109), Verdict.PASS, "231 of 240 rounds held, one every 30 s, 9 missed, longest gap 5 min 00 s"),
        (range(100, 110), Verdict.INCONCLUSIVE, "nobody looked for 5 min 30 s after 2026-03-01 02:49:30 UTC"),
        (range(227, 240), Verdict.INCONCLUSIVE, "227 of 240 rounds held, one every 30 s, 13 missed; 228 are needed"),
        (range(240), Verdict.INCONCLUSIVE, "no round was held: run ./gate watch"),
    ],
)
def test_what_nobody_watched_did_not_stay_well(without, verdict, sentence):
    """Too few rounds, a long gap and no round at all are INCONCLUSIVE, never a pass and never a fail."""
    every = {one.number: one for one in (*good(1), *good(2), *good(3))}
    rounds = [
        replace(every[number], elapsed_s=number * 30.0, at=BEGAN + timedelta(seconds=number * 30))
        for number in range(240) if number not in without
    ]  # fmt: skip
    judgement = watched_long_enough(rounds, PROMISE)
    assert (judgement.verdict, judgement.sentence[: len(sentence)]) == (verdict, sentence)


@pytest.mark.parametrize(
    ("held", "said"),
    [
        (range(200), "run ./gate watch --resume, or ./gate watch once its time is over"),
        (range(40, 240), "that watch is over: begin another with ./gate watch"),
    ],
)
def test_a_watch_that_is_over_is_not_to_be_resumed(held, said):
    """What makes up for the rounds that nobody held can be typed."""
    every = {one.number: one for one in (*good(1), *good(2), *good(3))}
    assert watched_long_enough([every[number] for number in held], PROMISE).sentence.endswith(said)


def test_a_watch_that_is_longer_than_promised_is_said_so():
    """Not as more rounds than there are."""
    sentence = watched_long_enough(good(3), replace(PROMISE, watch_s=3600)).sentence
    assert re.match(r"2\d\d rounds held, 120 promised, one every 30 s", sentence)


def test_rounds_survive_the_evidence():
    """What is recorded as JSON comes back as it was, in order; a number that was held twice counts once."""
    rounds = good(5)
    measures = [{"value": json.loads(json.dumps(one.shown()))} for one in [*reversed(rounds), rounds[3]]]
    assert recorded_rounds(measures) == tuple(rounds)


def test_the_log_is_read_on_from_where_it_ended(watched, clock):
    """Each line is counted in one round, and the round says where to go on."""
    log = Log("all well", "error in attachments", "fatal")
    watched.logs = WatchedLogs([log], PROMISED, BEGAN)
    found = held(watched, clock, rounds=4)
    assert log.asked == [None, {"line": "1"}, {"line": "2"}, {"line": "3"}]
    assert [[error.shape for error in one.errors] for one in found] == [[], ["error in attachments"], ["fatal"], []]
    assert found[-1].positions == {"backend": {"line": "4"}}


def test_a_resumed_watch_reads_the_log_on(watched, clock):
    """What was written while nobody looked is not lost."""
    log = Log("all well", "error in attachments")
    watched.logs = WatchedLogs([log], PROMISED, BEGAN, {"backend": {"line": "1"}})
    assert [error.shape for error in held(watched, clock, rounds=1)[0].errors] == ["error in attachments"]


def test_what_cannot_be_seen_does_not_end_the_watch(watched, clock):
    """Each round says so, and the next one is held."""

    class Gone:
        def look(self, **_):
            raise CannotMeasure("connection refused")

    log = Log()
    log.error = "no right to read app.log"
    watched.logs, watched.database = WatchedLogs([log], PROMISED, BEGAN), Gone()
    watched.find_aim = lambda: Gone().look()
    found = held(watched, clock, rounds=2)
    assert [(one.errors, one.logs_error) for one in found] == [(None, "backend: no right to read app.log")] * 2
    assert [(one.database, one.database_error) for one in found] == [(None, "connection refused")] * 2
    assert [one.samples_error for one in found] == ["connection refused"] * 2


class Aim:
    """Two endpoints, found out with 7 requests."""

    names = ("messages", "conversations")
    asked = 7


def test_what_to_ask_is_looked_for_until_the_api_shows_it(watched, clock, monkeypatch):
    """An API that is away when the watch begins shows no conversation; those of later are asked for all the same."""
    monkeypatch.setattr(rounds, "_sample", lambda *given: Sample(given[2], given[3], 0.0, 9.0, 200, 9))
    nothing = SimpleNamespace(names=(), asked=1, unknown="")
    finds = iter((nothing, nothing, Aim))
    watched.find_aim = lambda: next(finds)
    found = [one.value for one in watch(watched, rounds=4, every_s=30, clock=clock)]
    assert [bool(one.samples) for one in found] == [False, False, True, True]
    assert found[0].samples_error == "the API shows no conversation to ask for"


@pytest.mark.parametrize(
    ("every_s", "rate", "sent"),
    [
        (30, 1.0, [23, 30, 30, 30]),
        (4, 1.0, [0, 1, 4, 4]),  # what it took to find out what to ask is paid by fewer requests
        (4, 2.0, [1, 8, 8, 8]),
        (600, 1.0, [60, 60, 60, 60]),  # never more than 30 to each
        (1, 0.5, [0, 0, 0, 0]),
    ],
)
def test_no_more_is_sent_than_the_budget_allows(watched, clock, monkeypatch, every_s, rate, sent):
    """Over the whole watch, finding out what to ask included; endpoints take their turns across rounds."""
    monkeypatch.setattr(rounds, "_sample", lambda *given: Sample(given[2], given[3], 0.0, 9.0, 200, 9))
    watched.find_aim, watched.requests_per_second = Aim, rate
    found = [one.value for one in watch(watched, rounds=4, every_s=every_s, clock=clock)]
    assert [len(one.samples) for one in found] == sent
    assert sum(one.finding_out for one in found) == (7 if any(sent) else 0)
    assert sum(one.requests for one in found) <= max(4 * every_s * rate, 7 if any(sent) else 0)
    names = [sample.endpoint for one in found for sample in one.samples]
    assert names == [Aim.names[place % 2] for place in range(len(names))]
    if not any(sent):
        assert found[0].samples_error.startswith("[watch] requests_per_second leaves no request to the API in a round")


def test_statements_are_asked_for_now_and_then(watched, clock):
    """In every tenth round, and in the last."""
    asked = []

    class Database:
        def look(self, *, with_statements):
            asked.append(with_statements)
            return DatabaseLook(took_ms=1.0, connections=1, most_connections=9)

    watched.database = Database()
    held(watched, clock, rounds=13)
    assert [number for number, given in enumerate(asked) if given] == [0, 10, 12]


def test_the_page_is_loaded_beside_the_rounds(watched, clock):
    """Every few rounds; the last round waits for a load that is under way."""
    page = PageWatch(lambda: PageLook(status=200, took_ms=9.0), every=5)
    watched.page = page
    loads = []
    for found in watch(watched, rounds=7, every_s=30, clock=clock):
        loads.append(found.value.page)
        if page.under_way:
            page.under_way.exception()  # wait until it has ended
    page.close()
    assert [look.status for look in loads if look] == [200, 200]
    assert loads[-1]


def trace(*texts):
    """Return a log in which the first line and those that begin with a digit carry a time."""
    lines = (LogLine(text=text, at=BEGAN, is_dated=not at or text[0].isdigit()) for at, text in enumerate(texts))
    return LogSlice(part="backend", source="app.log", lines=tuple(lines))


def test_a_stack_trace_says_what_its_error_is_about():
    """The line that counts says only that a request failed; a near miss is the next line of its own."""
    found = errors_in(trace("9 ERROR GET /talks/7", "Traceback:", "KeyError: 'attachments'", "9 served"), PROMISED)
    assert [(one.shape, one.names) for one in found] == [("«n» ERROR GET /talks/«n»", ("attachments",))]
    found = errors_in(trace("9 ERROR GET /talks/7", "Traceback:", "9 POST /attachments 201"), PROMISED)
    assert [one.names for one in found] == [()]


def test_error_lines_lose_what_customers_wrote():
    """Shapes are kept, not lines; the names are found although they stood in quotes."""
    line = LogLine(text="error: cannot read 'attachments' of \"Oi, meu CPF é 123\"", at=BEGAN)
    found = errors_in(LogSlice(part="backend", source="app.log", lines=(line, line)), PROMISED)
    assert [(error.lines, error.names, error.is_fatal) for error in found] == [(2, ("attachments",), False)]
    assert "CPF" not in found[0].shape


def test_looking_back_needs_lines_that_tell_the_time():
    """Of a log without times nobody knows which lines are of the release."""
    log = Log("error in attachments")
    look = look_back([log], PROMISED, since=BEGAN, now=BEGAN + timedelta(days=1)).value
    assert [error.lines for error in look.errors] == [1]
    log.read = lambda **_: Measurement(
        value=LogSlice(part="backend", source="app.log", lines=(LogLine(text="error"),)),
        unit="x", rows=1, query="", duration_s=0.0,
    )  # fmt: skip
    look = look_back([log], PROMISED, since=BEGAN, now=BEGAN + timedelta(days=1)).value
    assert look.errors is None
    assert look.logs_error == "the lines of app.log carry no time, so none is known to be of today"


def test_the_shapes_of_before_come_from_preflight():
    """Without a record nothing is known, which is another thing than no errors."""
    assert known_shapes([{"value": {"shapes": {"a": 1}}}, {"value": {"shapes": {"b": 2}}}]) == {"a", "b"}
    assert known_shapes([{"value": {"shapes": {}}}]) == frozenset()
    assert known_shapes([]) is None
