"""What each of several workers runs, here or on another machine, with Locust's own command line.

    locust -f locustfile.py --worker --master-host HOST --master-port PORT

It gets its share of the requests from `conductor`, sends them when it is told to, and reports each of them.
"""

from releasegate.probes.load.arrivals import Arrivals, KillSwitch, Line  # isort: skip - patches sockets, so it is first

from typing import Any, Final

import gevent  # type: ignore[import-untyped] # gevent ships no types
from gevent.event import AsyncResult, Event  # type: ignore[import-untyped] # the same
from locust import events, task
from locust.env import Environment
from locust.exception import StopUser
from locust.runners import WorkerRunner

_REPORT_S: Final = 0.25  # between two reports: live enough for who watches, and no message for every request

_order = AsyncResult()
_go = Event()
_stop = AsyncResult()


class FromMaster(Arrivals):
    """The only user of this worker: sends its share of the order."""

    @task
    def send(self) -> None:
        """Wait for the order and for the sign to begin, send, and report."""
        order, runner = _order.get(), self.environment.runner
        lines: list[Line] = []
        switch = KillSwitch(order["stop_at_error_share"], order["stop_at_latency_ms"])
        runner.send_message("ready")
        _go.wait()
        reporter = gevent.spawn(_report, runner, lines, switch)
        self.send_all(order, switch, lines.append)
        reporter.kill()
        runner.send_message("lines", {"lines": lines})
        raise StopUser


def _report(runner: WorkerRunner, lines: list[Line], switch: KillSwitch) -> None:
    """Send on what has been written since the last report, and end when the others have ended."""
    while True:
        gevent.sleep(_REPORT_S)
        some, lines[:] = list(lines), []
        runner.send_message("lines", {"lines": some})
        if switch.reason:
            runner.send_message("stopped", {"reason": switch.reason})
        elif _stop.ready():
            switch.trip(_stop.get())


@events.init.add_listener  # type: ignore[untyped-decorator] # locust types its events as Any
def listen(environment: Environment, **_: Any) -> None:
    """Take the order, the sign to begin, and the word to stop."""
    if isinstance(environment.runner, WorkerRunner):
        environment.runner.register_message("order", lambda msg, **_: _order.set(msg.data))
        environment.runner.register_message("go", lambda **_: _go.set())
        environment.runner.register_message("stop", lambda msg, **_: _stop.set(msg.data["reason"]))
