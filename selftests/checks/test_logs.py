"""What the log checks say, and when they stay silent; and which lines have one shape."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone

import pytest

from releasegate.change.models import Logs
from releasegate.checks.logs import (
    error_shapes,
    known_errors,
    log_is_clean,
    log_stayed_clean,
    logs_can_be_read,
    nobody_keeps_a_log,
    of_a_service_that_runs,
)
from releasegate.checks.started import says_it_started
from releasegate.core import Verdict
from releasegate.core.facts.logs import LogLine, LogSlice
from releasegate.core.facts.services import ServiceFacts
from releasegate.core.log_text import lines_by_shape, plain, shape_of, time_of
from releasegate.core.log_zone import zone_in

STARTED = datetime(2025, 11, 4, 3, 10, tzinfo=UTC)
PROMISE = Logs(
    started=("application started",), fatal=("fatal",), errors=("error",), names=("attachments",), source="runbook 2.4"
)
READY = "Application started"
SAO_PAULO = timezone(timedelta(hours=-3))


def log(*lines, is_cut=False):
    """Return a log of (seconds after the start, text); None for a line without a time."""
    made = tuple(
        LogLine(text=text, at=None if after is None else STARTED + timedelta(seconds=after)) for after, text in lines
    )
    return LogSlice(part="backend", source="/l/b.log", lines=made, is_cut=is_cut, seen_with="tail -n 50 /l/b.log")


def started(slice_, at=STARTED):
    return says_it_started("backend/started-line", slice_, at, PROMISE)


def clean(slice_, known=(), at=STARTED):
    return log_is_clean("backend/log-clean", slice_, at, PROMISE, known)


def test_a_start_message_since_the_start_passes():
    judgement = started(log((-60, "old"), (0, READY)))
    assert (judgement.verdict, judgement.sentence) == (Verdict.PASS, "backend wrote: Application started")


@pytest.mark.parametrize(("last", "verdict"), [("no 'attachments'", Verdict.FAIL), ("no 'x'", Verdict.WARN)])
def test_a_stack_trace_says_what_its_error_is_about(last, verdict):
    """An error is the release's where the lines below it, which carry no time, name what the release brings."""
    slice_ = log((1, READY), (2, "ERROR GET /talks failed"), (2, "  in x"), (2, last), (3, "attachments read"))
    lines = tuple(replace(line, is_dated=line.text not in ("  in x", last)) for line in slice_.lines)
    assert clean(replace(slice_, lines=lines), known={"another"}).verdict is verdict


def test_a_start_message_from_the_last_time_is_not_enough():
    (finding,) = started(log((-60, READY), (1, "loading"))).findings
    assert str(finding) == (
        "backend/started-line: backend (/l/b.log)\n"
        "  want: a line that says it is ready, since it started (runbook 2.4)\n"
        "  have: 1 line since then, none of them says so\n"
        "  why:  a process that runs is not yet one that answers\n"
        "  fix:  read its log from the start on; where it says so in other words, give them in the target's [reading]\n"
        "  run:  tail -n 50 /l/b.log"
    )


def test_a_manager_that_rounds_the_start_up_does_not_hide_the_message():
    assert started(log((-1.9, READY))).verdict is Verdict.PASS


@pytest.mark.parametrize(
    "slice_", [log(), log((-60, READY)), log((None, "a"), (None, "b")), log((1, "x"), is_cut=True)]
)
def test_a_log_that_does_not_reach_the_start_is_inconclusive(slice_):
    assert started(slice_).verdict is Verdict.INCONCLUSIVE


def test_lines_without_times_count_from_the_last_start_message_on():
    assert started(log((None, "x"), (None, READY))).verdict is Verdict.PASS


def loose(text, after=None):
    """Return a line without a time of its own, behind one of `after` seconds after the start."""
    return LogLine(text=text, at=None if after is None else STARTED + timedelta(seconds=after), is_dated=False)


def of_lines(*lines, undated=0):
    return LogSlice(part="backend", source="/l/b.log", lines=lines, undated=undated)


NEW = LogLine(text="GET / 200", at=STARTED + timedelta(seconds=3))


@pytest.mark.parametrize(
    "lines",
    [
        (LogLine(text="GET /old", at=STARTED - timedelta(hours=1)), loose(READY, -3600), NEW),
        (loose("banner"), loose(READY), NEW),
        (LogLine(text="GET /old", at=STARTED - timedelta(hours=1)), loose(READY, -3600)),
    ],
)
def test_a_start_message_without_a_time_counts_right_before_the_first_new_line(lines):
    """`Server listening on 3000` between the requests of the old process and those of the new one."""
    judgement = started(of_lines(*lines))
    assert (judgement.verdict, judgement.sentence) == (Verdict.PASS, "backend wrote: Application started")


def test_a_start_message_without_a_time_before_older_lines_is_from_the_last_time():
    old = LogLine(text="GET /old", at=STARTED - timedelta(hours=1))
    assert started(of_lines(loose(READY), old, loose("    at load (a.js:1)", -3600), NEW)).verdict is Verdict.FAIL


def test_an_output_without_times_beside_a_log_with_them_counts_from_its_last_start_message():
    """Rails: the server's own output says that it listens, and the log with the times says what it answered."""
    old = LogLine(text="GET /old", at=STARTED - timedelta(hours=1))
    both = of_lines(loose("fatal: from the last time"), loose(READY), old, NEW, undated=2)
    assert started(both).verdict is Verdict.PASS
    assert clean(both).verdict is Verdict.PASS
    assert started(of_lines(loose("banner"), old, NEW, undated=1)).verdict is Verdict.FAIL


def test_a_clean_log_passes():
    judgement = clean(log((-60, "Error: old"), (0, READY), (1, "GET / 200")))
    assert (judgement.verdict, judgement.sentence) == (
        Verdict.PASS,
        "2 lines of the backend, 0 errors, none of them new; 0 in as long a time before",
    )


def test_a_fatal_line_is_a_finding_even_when_it_is_known():
    (finding,) = clean(log((1, "FATAL: no database 7")), known={"FATAL: no database «n»"}).findings
    assert str(finding) == (
        "backend/log-clean: backend (/l/b.log)\n"
        "  want: no fatal line (runbook 2.4)\n"
        "  have: 1 line: FATAL: no database «n»\n"
        "  why:  the service says itself that it cannot go on\n"
        "  fix:  read the lines around it; mend the cause and restart, or go back as the runbook says\n"
        "  run:  tail -n 50 /l/b.log"
    )


def test_a_fatal_line_from_before_the_start_is_not_this_release_s():
    assert clean(log((-60, "FATAL: killed"), (0, READY))).verdict is Verdict.PASS


def test_an_error_of_a_known_shape_is_silent():
    assert clean(log((1, "Error: timeout after 31 ms")), known={"Error: timeout after «n» ms"}).verdict is Verdict.PASS


def test_a_new_error_is_a_warning():
    judgement = clean(log((1, "Error: timeout after 31 ms"), (2, "Error: timeout after 7 ms")))
    assert judgement.verdict is Verdict.WARN
    assert judgement.findings[0].want == "no error that it did not have before (runbook 2.4)"
    assert judgement.findings[0].have == "2 lines: Error: timeout after «n» ms"


def test_a_new_error_about_the_release_is_a_finding():
    judgement = clean(log((1, 'error: column "attachments" does not exist')))
    assert judgement.verdict is Verdict.FAIL
    assert judgement.findings[0].have == (
        "1 line, about attachments, which this release brings: error: column «text» does not exist"
    )


def test_without_a_baseline_every_error_is_a_warning():
    judgement = clean(log((1, "error: attachments")), known=None)
    assert judgement.verdict is Verdict.WARN
    assert judgement.findings[0].want == "no error (what it had before is not known) (runbook 2.4)"


@pytest.mark.parametrize("slice_", [log(), log((-60, "x")), log((None, "error"))])
def test_no_line_that_is_known_to_be_new_is_inconclusive(slice_):
    assert clean(slice_).verdict is Verdict.INCONCLUSIVE


def test_known_errors_come_from_older_lines_and_from_preflight():
    older = log((-60, "Error 1"), (5, "Error: new"))
    recorded = [
        {"value": {"part": "backend", "shapes": {"Error: disk": 3}}},
        {"value": {"part": "frontend", "shapes": {"Error: page": 1}}},
    ]
    assert known_errors(older, STARTED, PROMISE, recorded) == {"Error «n»", "Error: disk"}


def test_a_baseline_without_errors_is_one_and_none_is_none():
    empty = [{"value": {"part": "backend", "shapes": {}}}]
    assert known_errors(log((5, "x")), STARTED, PROMISE, empty) == set()
    assert known_errors(log((5, "x")), STARTED, PROMISE, []) is None


def test_logs_that_could_be_read_pass_and_none_is_inconclusive():
    shapes = {"backend": error_shapes([LogLine(text="Error 1"), LogLine(text="Error 2")], PROMISE)}
    assert logs_can_be_read(shapes, 2).sentence == "1 log, 2 lines, 1 kind of error before the release"
    assert logs_can_be_read({}, 0).verdict is Verdict.INCONCLUSIVE


@pytest.mark.parametrize(
    ("line", "shape"),
    [
        ("GET /api/7/messages took 12.5 ms", "GET /api/«n»/messages took «n» ms"),
        ("user 3f2504e0-4f89-11d3-9a0c-0305e82c3301 gone", "user «id» gone"),
        ("commit 52ac7d942 gone", "commit «hex» gone"),
        ("Error: column \"attachments\" of 'messages'", "Error: column «text» of «text»"),
        ("fetch https://cdn.example/a.jpg?x=1 failed", "fetch «url» failed"),
        ("mail to ana@example.com failed", "mail to «address» failed"),
        ('{"level":50,"time":1699000000000,"msg":"cannot load 12"}', "50 cannot load «n»"),
        (
            '{"level":50,"err":{"type":"E","message":"column \\"a\\" does not exist"},"msg":"unexpected error"}',
            "50 unexpected error: column «text» does not exist",
        ),
        ('{"level":"error","error":"pool timed out","message":"failed"}', "error failed: pool timed out"),
        ('{"level":"error","error":"gone","msg":"failed: gone"}', "error failed: gone"),
        (
            '{"level":"error","event":"failed","exception":"Traceback (…):\\n  File x\\nKeyError: 7"}',
            "error failed: KeyError: «n»",
        ),
        ('{"level":30,"err":null,"msg":"ok"}', "30 ok"),
        ("TypeError: can't read x2 or P2002", "TypeError: can't read x2 or P2002"),
        ("conv_123 and msg98765 gone", "conv_«n» and msg«n» gone"),
        ("2025-11-04T13:10:00.000Z ERROR gone", "«time» ERROR gone"),
        ("Nov  4 00:10:00 web1 inbox[47]: error gone", "«time» web1 inbox[«n»]: error gone"),
        ("E1104 00:10:00.123456   47 inbox.go:12] gone", "E «time» «n» inbox.go:«n»] gone"),
        ("[Nest] 47  - 11/04/2025, 12:10:00 AM   ERROR gone", "[Nest] «n» - «time» ERROR gone"),
    ],
)
def test_a_shape_keeps_the_words_and_loses_what_differs(line, shape):
    assert shape_of(line) == shape


def test_shapes_are_counted_most_frequent_first():
    assert list(lines_by_shape(["a 1", "b", "a 2"]).items()) == [("a «n»", 2), ("b", 1)]


@pytest.mark.parametrize(
    "line",
    [
        "2025-11-04T03:10:00.000Z INFO x",
        "2025-11-04 00:10:00,000 - app - INFO",
        "2025-11-04T00:10:00-03:00 x",
        "[Nest] 4711  - 11/04/2025, 12:10:00 AM     LOG [NestApplication] ready",
        "[Nest] 4711  - 04/11/2025, 00:10:00     LOG [NestApplication] ready",
        "2025/11/04 00:10:00 [error] 7#7: x",
        '10.0.0.1 - - [04/Nov/2025:00:10:00 -0300] "GET /"',
        '{"level":30,"time":1762225800000,"msg":"x"}',
        '{"ts": 1762225800, "msg":"x"}',
        '[04/Nov/2025 00:10:00] "GET / HTTP/1.1" 200 12',
        "[04-Nov-2025 03:10:00 UTC] PHP Warning:  x",
        "[Tue Nov 04 00:10:00.123456 2025] [core:error] [pid 7] x",
        "*** Starting uWSGI 2.0.21 on [Tue Nov  4 00:10:00 2025] ***",
        "04-Nov-2025 00:10:00.123 SEVERE [main] org.apache.catalina.core.StandardContext x",
    ],
)
def test_the_time_of_a_line_is_read_in_its_own_zone_or_the_file_s(line):
    assert time_of(line, SAO_PAULO) == STARTED


@pytest.mark.parametrize(
    ("line", "now", "expected"),
    [
        ("Nov  4 00:10:00 web1 inbox[47]: x", "2025-11-04T04:00", "2025-11-04T03:10"),
        ("Nov  4 00:10:00 web1 inbox[47]: x", "2025-11-04T02:00", "2025-11-04T03:10"),  # its clock is ahead
        ("Nov  4 00:10:00 web1 inbox[47]: x", "2025-11-02T02:00", "2024-11-04T03:10"),
        ("Dec 31 23:59:59 web1 inbox[47]: x", "2026-01-01T03:00", "2026-01-01T02:59:59"),
        ("Feb 29 00:10:00 web1 inbox[47]: x", "2027-03-01T00:00", "2024-02-29T03:10"),
        ("E1104 00:10:00.123456   47 inbox.go:12] x", "2025-11-04T04:00", "2025-11-04T03:10"),
    ],
)
def test_a_time_without_a_year_is_the_last_one(line, now, expected):
    moments = [datetime.fromisoformat(text).replace(tzinfo=UTC) for text in (now, expected)]
    assert time_of(line, SAO_PAULO, now=moments[0]) == moments[1]


@pytest.mark.parametrize(
    "line",
    [
        "no time",
        "2025-13-45T99:00:00Z",
        "    at load (a.js:10:2)",
        "version 1.2.3",
        "Foo  4 00:10:00 x",
        "Nov 31 00:10:00 x",
        "E1304 00:10:00.1 x",
        "on Nov  4 00:10:00 it was served",
    ],
)
def test_a_line_without_a_time_has_none(line):
    assert time_of(line, UTC) is None


def test_a_process_in_another_zone_than_its_machine_is_noticed():
    assert zone_in(["2025-11-04 03:10:00 x"], STARTED, (SAO_PAULO, UTC)) is UTC
    assert zone_in(["2025-11-04 00:10:00 x"], STARTED, (SAO_PAULO, UTC)) is SAO_PAULO
    assert zone_in(["no time"], STARTED, (SAO_PAULO,)) is UTC


HALF_PAST_FIVE = timezone(timedelta(hours=5, minutes=30))
SERVED = '1.2.3.4 - - [04/Nov/2025:00:{}:00 -0300] "GET / HTTP/1.1" 500 9'
ERROR = "2025-11-04 00:{}:01,005 ERROR django.request Internal Server Error: /"


@pytest.mark.parametrize(
    ("texts", "zone"),
    [
        # Django in São Paulo on a machine in UTC, beside gunicorn's access log: 00:05 there is 03:05
        ([ERROR.format("05"), "Traceback", SERVED.format("05"), SERVED.format("09")], SAO_PAULO),
        ([SERVED.format("05"), ERROR.format("05")], SAO_PAULO),
        (["2025-11-04 00:09:58,1 x"], SAO_PAULO),  # alone, by the file's own time
        (["2025-11-04 08:39:59 x"], HALF_PAST_FIVE),
        ([SERVED.format("05")], UTC),  # near misses: nothing is to be read in a zone
        (["2025-11-04 03:02:11 x"], UTC),  # the machine's fits
        (["2025-11-04 00:02:11 x"], UTC),  # a file that was touched: no zone fits to the second
        (["2025-11-03 00:09:59 x"], UTC),  # farther than any zone
    ],
)
def test_the_zone_of_an_application_is_told_by_what_stands_beside_its_lines(texts, zone):
    """An error that is read three hours too early is none since the release began."""
    found = zone_in(texts, STARTED, (UTC,))
    assert STARTED.astimezone(found).utcoffset() == STARTED.astimezone(zone).utcoffset()


def test_colours_are_taken_out():
    assert plain("\x1b[32mLOG\x1b[39m ready\r\n") == "LOG ready"


def stayed_clean(slice_, **how):
    recorded = [{"value": {"part": "backend", "shapes": {}}}]
    return log_stayed_clean("smoke/log-clean", slice_, STARTED, PROMISE, recorded, **how)


def test_a_log_without_an_error_since_the_gate_before_passes():
    judgement = stayed_clean(log((-3, "error: old"), (0, "served"), (5, "served")))
    assert (judgement.verdict, judgement.sentence) == (
        Verdict.PASS,
        "2 lines of the backend, 0 errors, none of them new; 1 in as long a time before",
    )


def test_a_new_error_of_the_release_since_the_gate_before_is_a_finding():
    (finding,) = stayed_clean(log((-9, "served"), (5, "error: attachments is null"))).findings
    assert finding.have == "1 line, about attachments, which this release brings: error: attachments is null"


def test_where_another_check_judges_the_release_s_names_a_new_error_is_a_warning():
    """A fatal line stays a finding."""
    judged = stayed_clean(log((-9, "served"), (5, "error: attachments is null")), with_names=False)
    assert (judged.verdict, judged.findings[0].have) == (Verdict.WARN, "1 line: error: attachments is null")
    assert stayed_clean(log((5, "FATAL: attachments")), with_names=False).verdict is Verdict.FAIL


def test_an_error_from_before_the_gate_is_none_of_its():
    assert stayed_clean(log((-9, "error: attachments"), (5, "served"))).verdict is Verdict.PASS


@pytest.mark.parametrize("slice_", [None, log((-9, "old")), log((None, "error: attachments"))])
def test_a_log_that_tells_nothing_of_the_time_since_does_not_apply(slice_):
    assert stayed_clean(slice_).verdict is Verdict.NOT_APPLICABLE


def test_a_service_that_is_down_has_no_lines_since_its_start():
    """What an earlier process wrote is not what this one did."""
    down = ServiceFacts(part="backend", name="b", manager="pm2", state="errored", is_there=True, is_running=False)
    judged = of_a_service_that_runs(down, lambda: started(log((0, READY))))
    assert judged.verdict is Verdict.INCONCLUSIVE


def test_where_nobody_manages_the_services_and_no_log_is_named_nothing_is_judged():
    judged = nobody_keeps_a_log("serverless")
    assert (judged.verdict, judged.sentence) == (
        Verdict.NOT_APPLICABLE,
        "nobody manages the services (serverless), and [services] names no log",
    )


def test_a_start_message_that_came_late_is_a_warning_where_its_time_is_promised():
    promised = PROMISE.model_copy(update={"started_within": 30})
    late = says_it_started("backend/started-line", log((45, READY)), STARTED, promised)
    assert late.verdict is Verdict.WARN
    assert late.findings[0].have == "it came 45 s after the start: Application started"
    assert says_it_started("backend/started-line", log((31, READY)), STARTED, promised).verdict is Verdict.PASS
