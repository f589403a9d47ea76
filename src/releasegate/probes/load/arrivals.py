"""The load generator: a Locust user whose requests begin on a schedule, whatever became of the ones before.

Only ever loaded by a process of its own (`driver`, or Locust's own command line with `locustfile`), because Locust
patches the one that imports it.

With urllib3, and neither of Locust's clients: HttpUser's takes two milliseconds for itself, and FastHttpUser's sends a
GET again when the server cuts the connection, which hides resets and breaks the budget. Every request opens its own
connection, as the runbook's curl does: a kept one that the server closes meanwhile would count as an error of the
deployment.
"""

from gevent import monkey  # type: ignore[import-untyped] # gevent ships no types

monkey.patch_all()

import contextlib  # noqa: E402 - nothing that opens sockets may be imported before gevent has patched them
import json  # noqa: E402
import os  # noqa: E402
import ssl  # noqa: E402
import time  # noqa: E402
from collections import deque  # noqa: E402
from collections.abc import Callable  # noqa: E402
from typing import Any, Final  # noqa: E402

import gevent  # noqa: E402
import psutil  # type: ignore[import-untyped] # noqa: E402 - psutil ships no types
import urllib3  # noqa: E402
from gevent.pool import Group  # type: ignore[import-untyped] # noqa: E402
from locust import User  # noqa: E402

from releasegate.core import pointers  # noqa: E402
from releasegate.core.facts.latency import UNSENT  # noqa: E402

Line = dict[str, Any]
"""What is written of one request, or of how it ended: the JSON form of a Sample, or {"ended": …}."""

_LOOK_BACK: Final = 50  # the kill switch judges the last so many answers,
_LEAST_SEEN: Final = 20  # once there are at least so many: one early reset is no outage
_FIRST: Final = -10  # a priority before what runs beside it; it takes a small part of one core
_EARLY_S: Final = 0.0013  # a timer of gevent rings up to a millisecond late, and takes a part of one to get here
_PATIENCE_S: Final = 1.0  # beyond the time-out, for what is still on its way at the end


class KillSwitch:
    """Ends the load when too many of the latest answers are errors, or take too long, or nobody waits for it any more.

    `asked_by` tells the process id of who asked for the load; when it changes, that one has gone.
    """

    def __init__(self, error_share: float, latency_ms: float, asked_by: Callable[[], int] = os.getppid) -> None:
        self._share, self._longest_ms = error_share, latency_ms
        self._latest: deque[tuple[bool, bool]] = deque(maxlen=_LOOK_BACK)
        self._asked_by, self._asker = asked_by, asked_by()
        self.reason = ""

    def note(self, *, is_error: bool, latency_ms: float) -> None:
        """Remember how one request ended."""
        self._latest.append((is_error, latency_ms >= self._longest_ms))
        seen = len(self._latest)
        errors, late = (sum(marks) for marks in zip(*self._latest, strict=True))
        if seen >= _LEAST_SEEN and errors / seen > self._share:
            self.trip(f"{errors} of the last {seen} requests were errors")
        elif seen >= _LEAST_SEEN and late > seen / 2:
            self.trip(f"{late} of the last {seen} requests took {self._longest_ms / 1000:g} s or longer")

    def look(self, waiting_ms: list[float]) -> None:
        """Look at how long those without an answer have been waiting: a server that stands still answers nothing."""
        late = sum(waited >= self._longest_ms for waited in waiting_ms)
        if late >= _LEAST_SEEN:
            self.trip(f"{late} requests have been waiting for {self._longest_ms / 1000:g} s or longer")

    def trip(self, reason: str) -> None:
        """End the load; the first reason stays."""
        self.reason = self.reason or reason

    @property
    def is_off(self) -> bool:
        """Whether no further request may be sent."""
        if self._asked_by() != self._asker:
            self.trip("the gate that asked for the load has gone")
        return bool(self.reason)


class Bodies:
    """Whether a body holds what its endpoint promises; a body seen before is not read again."""

    def __init__(self) -> None:
        self._known: dict[tuple[str, bytes], bool] = {}

    def are_right(self, request: dict[str, Any], body: bytes) -> bool:
        """Return whether `body` has a list of objects at one of the request's pointers `lists`; None: any will do."""
        if request["lists"] is None:
            return True
        key = (request["endpoint"], body)
        if key not in self._known:
            self._known[key] = _has_list(body, request["lists"])
        return self._known[key]


def _has_list(body: bytes, lists: list[str]) -> bool:
    try:
        return pointers.objects(json.loads(body), lists) is not None
    except ValueError:
        return False


class Arrivals(User):
    """One user who sends every request of an order at its time, each in a greenlet of its own."""

    abstract = True

    def on_start(self) -> None:
        """Get ready."""
        self.bodies = Bodies()
        self.waiting: dict[int, float] = {}

    def send_all(self, order: dict[str, Any], switch: KillSwitch, write: Callable[[Line], None]) -> None:
        """Send the requests of `order` on schedule, wait for the answers, and write how it ended."""
        self.order, self.switch, self.write = order, switch, write
        self.client = _client(order)
        with contextlib.suppress(OSError):  # only root may: then the generator is not late because others are busy
            os.nice(_FIRST)
        everybody, process = Group(), psutil.Process()
        began, cpu = time.perf_counter(), sum(process.cpu_times()[:2])
        for number, request in enumerate(order["requests"]):
            gevent.sleep(max(0.0, began + request["due_s"] - _EARLY_S - time.perf_counter()))
            switch.look([(time.perf_counter() - since) * 1000 for since in self.waiting.values()])
            if switch.is_off:
                break
            if len(self.waiting) >= order["concurrent"]:
                self.write(_line(request, error=UNSENT))
                continue
            everybody.spawn(self._send, number, request, began)
        sent_s, used = time.perf_counter() - began, sum(process.cpu_times()[:2]) - cpu
        everybody.join(timeout=order["timeout_s"] + _PATIENCE_S)
        self.write({"ended": True, "stopped": switch.reason, "sent_s": sent_s, "cpu_share": used / max(sent_s, 0.001)})

    def _send(self, number: int, request: dict[str, Any], began: float) -> None:
        """Send one request and write its sample; its time runs from when it was due, or was sent if that was before."""
        started = time.perf_counter()
        due = min(started, began + request["due_s"])
        self.waiting[number] = started
        answer = None
        with gevent.Timeout(self.order["timeout_s"], False):  # noqa: FBT003 - gevent's own signature: end quietly
            answer = self._ask(request)
        del self.waiting[number]
        ended, status, size_bytes, error = answer or (time.perf_counter(), 0, 0, "no answer in time")
        latency_ms = (ended - due) * 1000
        self.switch.note(is_error=bool(error), latency_ms=latency_ms)
        self.write(
            _line(request, lag_ms=round((started - due) * 1000, 2), latency_ms=round(latency_ms, 2), status=status,
                  size_bytes=size_bytes, error=error)
        )  # fmt: skip

    def _ask(self, request: dict[str, Any]) -> tuple[float, int, int, str]:
        """Return when the last byte was there, the status (0: no answer), the body's size, and what is wrong."""
        try:
            response = self.client.request("GET", request["url"], redirect=False, retries=False)
        except urllib3.exceptions.HTTPError as failure:
            return time.perf_counter(), 0, 0, f"no answer: {type(failure).__name__}"
        body, ended = response.data, time.perf_counter()
        error = "" if self.bodies.are_right(request, body) else "wrong body"
        if response.status != request["status"]:
            error = str(response.status)
        return ended, response.status, len(body), error


def _client(order: dict[str, Any]) -> urllib3.PoolManager:
    """Return a client with the session of the order, that trusts what this machine's curl trusts, and no proxy."""
    context = ssl.create_default_context() if order["verify_tls"] else ssl._create_unverified_context()  # noqa: S323, SLF001 - as the target file says
    return urllib3.PoolManager(
        headers={**order["headers"], "Connection": "close", "Accept-Encoding": "gzip"},
        timeout=urllib3.Timeout(total=order["timeout_s"]),
        ssl_context=context,
    )


def _line(request: dict[str, Any], **found: Any) -> Line:
    """Return what is written of one request: what was ordered, and what came of it."""
    ordered = {name: request[name] for name in ("endpoint", "is_warm_up", "kind")}
    nothing = {"lag_ms": 0.0, "latency_ms": 0.0, "status": 0, "size_bytes": 0, "error": ""}
    return {**ordered, "intended_s": round(request["due_s"], 4), **nothing, **found}
