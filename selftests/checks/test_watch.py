"""Two hours of watching, judged from rounds that nobody waited for."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from releasegate.change.models import Api as PromisedApi
from releasegate.change.models import Logs
from releasegate.checks.watch import (
    WatchPromise,
    health_stayed_good,
    known_shapes,
    no_errors_in_logs,
    samples_of,
    watched_long_enough,
)
from releasegate.core import CannotMeasure, Measurement, Verdict
from releasegate.core.facts.latency import Sample
from releasegate.core.facts.logs import LogLine, LogSlice
from releasegate.core.facts.watch import LogError, Round, recorded_rounds
from releasegate.probes.http import open_api
from releasegate.probes.watch import Watched, errors_in, look_back, watch
from releasegate.target.models import Backend, Login

BEGAN = datetime(2026, 3, 1, 2, 0, tzinfo=UTC)
TWO_HOURS = WatchPromise(watch_s=7200, least_coverage=0.95, longest_gap_s=300, source="runbook 7")
PROMISED = Logs(errors=(r"\berror\b",), fatal=(r"\bfatal\b",), names=("attachments",), source="runbook 7.1")
OURS = LogError(part="backend", shape="ERROR no «text» in attachments", lines=2, names=("attachments",))
LAST_SEEN = "2026-03-01 02:49:30 UTC"
RESUME = " (runbook 7); run ./gate watch --resume"
OTHER = LogError(part="backend", shape="ERROR «n» timeouts", lines=3)


def rounds(count: int = 240, every_s: float = 30) -> list[Round]:
    """Return good rounds."""
    dues = [BEGAN + timedelta(seconds=number * every_s) for number in range(count)]
    return [
        Round(
            number=number, planned=count, every_s=every_s, due=due, at=due, health=200, errors=(), log_lines=5,
            samples=(Sample("messages", 0.0, 0.0, 20.0, 200, 10),),
        )
        for number, due in enumerate(dues)
    ]  # fmt: skip


def without(found: list[Round], begin: int, end: int) -> list[Round]:
    return found[:begin] + found[end:]


def changed(found: list[Round], at: range, **fields: object) -> list[Round]:
    return [replace(one, **fields) if one.number in at else one for one in found]


@pytest.mark.parametrize(
    ("held", "verdict", "sentence"),
    [
        (rounds(), Verdict.PASS, "240 rounds, one every 30 s, longest gap 30 s"),
        (without(rounds(), 100, 109), Verdict.PASS, "231 rounds, one every 30 s, longest gap 5 min 00 s"),
        (
            without(rounds(), 100, 110),
            Verdict.INCONCLUSIVE,
            f"nobody looked for 5 min 30 s after {LAST_SEEN}; the longest gap allowed is 5 min 00 s{RESUME}",
        ),
        (
            rounds(227),
            Verdict.INCONCLUSIVE,
            f"227 rounds, one every 30 s; 228 are needed to cover 95% of 2 h 00 min{RESUME}",
        ),
        ([], Verdict.INCONCLUSIVE, "no round was held: run ./gate watch"),
    ],
)
def test_what_nobody_watched_did_not_stay_well(held, verdict, sentence):
    """Too few rounds, a long gap and no round at all are INCONCLUSIVE, never a pass and never a fail."""
    judgement = watched_long_enough(held, TWO_HOURS)
    assert (judgement.verdict, judgement.sentence) == (verdict, sentence)


def health(held: list[Round]):
    return health_stayed_good(
        "monitoring/health-stayed-good", held, 200, source="runbook 7.2", run="curl -sS -i http://inbox/health"
    )


def test_a_health_that_flaps_is_said_in_full():
    """Every third round is unwell: how often, from when to when, and what it said."""
    held = changed(rounds(9), range(2, 9, 3), health=503)
    assert str(health(held).findings[0]) == (
        "monitoring/health-stayed-good: health\n"
        "  want: 200 in every round (runbook 7.2)\n"
        "  have: not in 3 of 9 rounds, first at 2026-03-01 02:01:00 UTC, last at 2026-03-01 02:04:00 UTC: 503 (3x)\n"
        "  why:  the backend is away or unwell again and again, and people meet it then\n"
        "  fix:  compare these times with the backend's log and its restarts; go back if it does not stay well\n"
        "  run:  curl -sS -i http://inbox/health"
    )


@pytest.mark.parametrize(
    ("held", "verdict"),
    [
        (rounds(), Verdict.PASS),
        (changed(rounds(), range(7, 8), health=None, health_error="connection refused"), Verdict.FAIL),
        (changed(rounds(), range(7, 8), database_error="connection refused"), Verdict.FAIL),
        (changed(rounds(), range(240), health=None), Verdict.INCONCLUSIVE),
        ([], Verdict.INCONCLUSIVE),
    ],
)
def test_silence_is_not_health(held, verdict):
    """One unanswered round is a finding; rounds that never asked are no verdict."""
    assert health(held).verdict is verdict


def logs(held: list[Round], known: set[str] | None = frozenset(), most: float = 0):
    return no_errors_in_logs(
        "monitoring/errors-in-logs", held, known, most_per_minute=most, source="runbook 7.1", run="tail app.log"
    )


def test_an_error_about_the_release_is_said_in_full():
    """It names service, what of the release it speaks of, how often, since when, and its shape."""
    held = changed(rounds(), range(4, 6), errors=(OURS,))
    assert str(logs(held).findings[0]) == (
        "monitoring/errors-in-logs: backend\n"
        "  want: no new error about attachments (runbook 7.1)\n"
        "  have: 4 lines, first at 2026-03-01 02:02:00 UTC: ERROR no «text» in attachments\n"
        "  why:  the service says itself that this release does not work for somebody\n"
        "  fix:  read the lines around it and find the request that fails; decide whether to go back\n"
        "  run:  tail app.log"
    )


def test_a_peak_of_other_errors_is_said_with_its_minute():
    """Two rounds of a minute add up."""
    held = changed(rounds(), range(4, 6), errors=(OTHER,))
    assert [(f.want, f.have) for f in logs(held).findings] == [
        (
            "at most 0 new error lines per minute (runbook 7.1)",
            "6 in the minute from 2026-03-01 02:02:00 UTC; most often: ERROR «n» timeouts",
        )
    ]


@pytest.mark.parametrize(
    ("held", "known", "most", "verdict"),
    [
        (rounds(), set(), 0, Verdict.PASS),
        (changed(rounds(), range(4, 6), errors=(OTHER,)), set(), 6, Verdict.PASS),
        (changed(rounds(), range(4, 6), errors=(OTHER,)), set(), 5, Verdict.FAIL),
        (changed(rounds(), range(4, 6), errors=(OTHER,)), {OTHER.shape}, 0, Verdict.PASS),
        (changed(rounds(), range(4, 6), errors=(OTHER,)), None, 0, Verdict.WARN),
        (changed(rounds(), range(4, 6), errors=(OURS,)), set(), 99, Verdict.FAIL),
        (changed(rounds(), range(4, 6), errors=(OURS,)), {OURS.shape}, 0, Verdict.PASS),
        (changed(rounds(), range(4, 6), errors=(OURS,)), None, 0, Verdict.FAIL),
        (changed(rounds(), range(4, 5), errors=(replace(OTHER, is_fatal=True),)), set(), 99, Verdict.FAIL),
        (changed(rounds(), range(240), errors=None, logs_error="no right"), set(), 0, Verdict.INCONCLUSIVE),
        (changed(rounds(), range(121), errors=None, logs_error="no right"), set(), 0, Verdict.INCONCLUSIVE),
        ([], set(), 0, Verdict.INCONCLUSIVE),
    ],
)
def test_only_new_errors_count(held, known, most, verdict):
    """What the log had before the release is no finding; a log that was not read is no verdict."""
    assert logs(held, known, most).verdict is verdict


def test_the_shapes_of_before_come_from_preflight():
    """Without a record nothing is known, which is another thing than no errors."""
    assert known_shapes([{"value": {"shapes": {"a": 1}}}, {"value": {"shapes": {"b": 2}}}]) == {"a", "b"}
    assert known_shapes([{"value": {"shapes": {}}}]) == frozenset()
    assert known_shapes([]) is None


def test_rounds_survive_the_evidence():
    """What is recorded as JSON comes back as it was, oldest first."""
    held = changed(rounds(3), range(1, 2), errors=(OURS,), health=None, health_error="connection refused")
    measures = [{"value": json.loads(json.dumps(one.shown()))} for one in reversed(held)]
    assert recorded_rounds(measures) == tuple(held)
    assert len(samples_of(held)["messages"].samples) == 3


class Clock:
    """A clock that only moves when somebody sleeps, and whose every look takes a while."""

    def __init__(self) -> None:
        self.now = BEGAN

    def __call__(self) -> datetime:
        """Tell the time."""
        return self.now

    def sleep(self, seconds: float) -> None:
        """Let time pass at once."""
        self.now += timedelta(seconds=seconds)


class Log:
    """A log that gains one line per look."""

    part = "backend"

    def __init__(self, *lines: str, error: str = "") -> None:
        self.lines = lines
        self.error = error
        self.asked: list[dict[str, str] | None] = []

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
    """Return what is watched where there is a log and nothing else."""
    with open_api(Backend(url="http://127.0.0.1:9", login=Login(kind="none")), PromisedApi(), tmp_path / "s") as api:
        yield Watched(api=api, promised_logs=PROMISED)


def test_rounds_come_on_schedule_and_a_missed_one_is_a_gap(watched):
    """After a look of 70 s the next two rounds are gone; nobody makes up for them."""
    clock = Clock()
    held = []
    for measured in watch(watched, rounds=6, every_s=30, clock=clock, sleep=clock.sleep):
        held.append(measured.value.number)
        clock.now += timedelta(seconds=70 if measured.value.number == 1 else 1)
    assert held == [0, 1, 3, 4, 5]
    assert clock.now == BEGAN + timedelta(seconds=151)


def test_a_watch_is_resumed_where_it_would_be_by_now(watched):
    """Rounds keep the numbers of the first watch."""
    clock = Clock()
    clock.now += timedelta(seconds=100)
    held = watch(watched, rounds=6, every_s=30, clock=clock, sleep=clock.sleep, began=BEGAN)
    assert [measured.value.number for measured in held] == [3, 4, 5]


def test_the_log_is_read_on_from_where_it_ended(watched):
    """Each line is counted in one round."""
    log = Log("all well", "error in attachments", "fatal")
    watched.logs = [log]
    clock = Clock()
    held = [m.value for m in watch(watched, rounds=4, every_s=30, clock=clock, sleep=clock.sleep)]
    assert log.asked == [None, {"line": "1"}, {"line": "2"}, {"line": "3"}]
    assert [[error.shape for error in one.errors] for one in held] == [[], ["error in attachments"], ["fatal"], []]


def test_a_log_that_cannot_be_read_does_not_end_the_watch(watched):
    """The round says so, and the next one is held."""
    watched.logs = [Log(error="no right to read app.log")]
    clock = Clock()
    held = [m.value for m in watch(watched, rounds=2, every_s=30, clock=clock, sleep=clock.sleep)]
    assert [(one.errors, one.logs_error) for one in held] == [(None, "backend: no right to read app.log")] * 2


def test_a_database_that_is_away_does_not_end_the_watch(watched):
    """The round keeps the reason."""

    def refuse() -> None:
        raise CannotMeasure("connection refused")

    watched.ask_database = refuse
    clock = Clock()
    held = [m.value for m in watch(watched, rounds=2, every_s=30, clock=clock, sleep=clock.sleep)]
    assert [one.database_error for one in held] == ["connection refused"] * 2


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
