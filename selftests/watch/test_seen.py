"""What one sees of a watch, whom it tells that it lives, and how to go back."""

from __future__ import annotations

import http.server
import threading
from collections import deque

import pytest

from releasegate.cli.watch_screen import Screen, _signal_table, line, spark
from releasegate.core import UsageError
from releasegate.probes.watch.heartbeat import Heartbeat

from .histories import good, spoilt, unwell, watch


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


def test_one_line_a_minute_where_nobody_looks(capsys):
    """A log of two hours stays short."""
    rounds = good(1)[:9]
    with Screen() as screen:
        for number in range(1, len(rounds) + 1):
            screen.show(watch(rounds[:number]), {}, 60.0)
    assert len(capsys.readouterr().out.splitlines()) == 4


def test_a_terminal_shows_a_line_per_signal():
    """With its bars, its latest value in its unit, and what its check says by now."""
    judged = watch(deque(good(1)[:60]))
    shown = _signal_table(judged, judged.so_far())
    names = list(shown.columns[0].cells)
    assert names[0] == "health"
    assert "latency messages" in names
    assert "memory backend" in names
    assert "disk /" in names


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
