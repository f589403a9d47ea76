"""What one sees of a watch, whom it tells that it lives, and how to go back."""

from __future__ import annotations

import http.server
import re
import threading
from collections import deque
from dataclasses import replace

import pytest

from releasegate.cli.watch_screen import Screen, _signal_table, _troubles, line, spark
from releasegate.core import UsageError
from releasegate.probes.watch.heartbeat import Heartbeat

from .histories import OURS, failing, good, logging, service, spoilt, unwell, watch


@pytest.mark.parametrize(
    ("values", "bars"),
    [([1, 2, 3, 8], "▁▂▃█"), ([5, 5, 5], "▁▁▁"), ([1, None, 8], "▁·█"), ([None], "·"), ([], "")],
)
def test_values_are_a_line_of_bars(values, bars):
    """From the lowest to the highest, with a dot where nobody saw anything."""
    assert spark(values) == bars


def test_a_round_is_one_line_anywhere_else():
    """What one would ask first, and what is wrong so far."""
    judged = watch(spoilt(good(1), unwell, 0, 5))
    said = line(judged.rounds[4], judged.so_far(), 3600.0)
    assert "health 503" in said
    assert said.endswith("wrong: health-stayed-good  1 h 00 min left")


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({}, " ms  "),
        ({"samples": ()}, "  API not asked  "),  # the budget of this round was spent on finding out what to ask
        ({"samples": (), "samples_error": "connection refused"}, "  connection refused  "),
        ({"samples": failing(1.0)(good(1)[0]).samples}, "  no answer  "),
        ({"errors": None}, "  logs not read  "),
        ({"health": None, "health_error": "timed out"}, "health timed out  "),
    ],
)
def test_what_a_round_did_not_see_is_in_its_line(change, said):
    """And is no zero."""
    assert said in line(replace(good(1)[0], **change), {}, 60.0)


def test_one_line_a_minute_where_nobody_looks(capsys):
    """A log of two hours stays short."""
    rounds = good(1)[:9]
    with Screen() as screen:
        for number in range(1, len(rounds) + 1):
            screen.show(watch(rounds[:number]), {}, 60.0)
    assert len(capsys.readouterr().out.splitlines()) == 4


def drawn(rounds, width=120, most=50):
    """Return the rows of the table as texts: label, bars, the latest value, state."""
    judged = watch(deque(rounds))
    shown = _signal_table(judged, judged.so_far(), width, most)
    return {str(row[0]): tuple(map(str, row)) for row in zip(*(column.cells for column in shown.columns), strict=True)}


def test_a_terminal_shows_a_line_per_signal():
    """With its bars, its latest value in its unit, and what its check says by now."""
    rows = drawn(good(1)[:56])
    assert list(rows)[:3] == ["health", "database", "latency messages"]
    assert {"memory backend", "memory frontend", "disk /"} < set(rows)
    assert rows["health"][2:] == ("200", "PASS")
    assert rows["database"][2:] == ("answers", "WARN")  # once it did not
    assert re.fullmatch(r"[\d ]+ ms, \d min \d\d s ago", rows["page"][2])
    assert re.fullmatch(r"\d+% of the server's", rows["connections"][2])


def test_signals_that_are_all_nothing_are_one_line():
    """Two services without a restart; one of them restarted makes two lines."""
    rows = drawn(good(1)[:20])
    assert rows["restarts, 2 alike"][2] == "0 since the watch began"
    rows = drawn(spoilt(good(1)[:20], service(pid=99, since="2026-03-01T03:00:00+00:00"), 9))
    assert rows["restarts backend"][2:] == ("1 since the watch began", "WARN")
    assert rows["restarts frontend"][2:] == ("0 since the watch began", "PASS")
    assert rows["memory backend"][3] == "PASS"


@pytest.mark.parametrize(("width", "bars"), [(200, 40), (80, 16), (20, 8)])
def test_the_bars_have_what_room_there_is(width, bars):
    """The latest rounds, never fewer than eight."""
    rows = drawn([replace(one, page=None) for one in good(1)[:60]], width)
    assert len(rows["health"][1]) == pytest.approx(bars, abs=4)


def test_in_a_low_terminal_calm_signals_are_left_out():
    """What is wrong is among the lines that are shown, and how many are not is said."""
    bad = spoilt(good(1)[:20], service(pid=99, since="2026-03-01T03:00:00+00:00"), 9)
    every = drawn(bad)
    rows = drawn(bad, most=8)
    assert len(rows) == 8
    assert "restarts backend" in rows
    assert f"and {len(every) - 7} more" in rows


def test_a_finding_is_about_the_signal_that_it_names():
    """A new error of the backend is no trouble of the backend's memory, which another check judges."""
    rows = drawn(spoilt(good(1)[:20], logging(OURS), 9, 10))
    assert rows["log-errors"][3] == "FAIL"
    assert rows["memory backend"][3] == "PASS"


def test_what_is_wrong_stands_above_the_signals():
    """The worst first, one line each, cut at the edge."""
    bad = spoilt(spoilt(good(1)[:20], unwell, 3, 5), service(pid=99, since="2026-03-01T03:00:00+00:00"), 9)
    said = str(_troubles(watch(bad).so_far(), 70)).strip().splitlines()
    assert said[0].startswith("FAIL health-stayed-good, health: not in 2 of 20 rounds, first at 2026")
    assert said[1].startswith("WARN services-stayed-up, restarts backend: 1, seen at 2026")
    assert [len(line) for line in said] == [70, 70]


def test_a_heartbeat_asks_after_every_round():
    """And what goes wrong with it ends nothing."""
    asked = []

    class Listener(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            asked.append(self.path)
            self.send_response(200 if len(asked) < 2 else 500)
            self.end_headers()

        def log_message(self, *_):
            """Say nothing."""

    with http.server.HTTPServer(("127.0.0.1", 0), Listener) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        host = f"127.0.0.1:{server.server_port}"
        heartbeat = Heartbeat(f"http://{host}/ping/abc", "--heartbeat")
        heartbeat.beat()
        assert (asked, heartbeat.trouble) == (["/ping/abc"], "")
        heartbeat.beat()
        assert heartbeat.trouble == f"heartbeat to {host} was answered 500"
        server.shutdown()
    heartbeat.beat()
    assert heartbeat.trouble == f"heartbeat to {host}: ConnectError"


def test_a_heartbeat_without_an_address_is_a_usage_error():
    """Named by where it was given."""
    with pytest.raises(UsageError, match="--heartbeat: is no address; accepted: one that begins with http"):
        Heartbeat("hc-ping.com/abc", "--heartbeat")
