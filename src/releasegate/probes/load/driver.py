"""The load generator: a Locust user whose requests begin on a schedule, whatever became of the ones before.

Only ever run as a process of its own (`python -m releasegate.probes.load.driver ORDER SAMPLES`), because Locust
patches the one that imports it. ORDER is the JSON file that `run.order_of` describes; one JSON line per request is
written to SAMPLES as soon as it is known, and a last one says how the run ended, so a killed run shows.

HttpUser and not FastHttpUser: the latter's client sends a GET again, up to once per connection it may hold, when the
server cuts the connection, which hides resets and breaks the budget. Every request opens its own connection, as the
runbook's curl does: a kept one that the server closes meanwhile would count as an error of the deployment.
"""

from gevent import monkey  # type: ignore[import-untyped] # gevent ships no types

monkey.patch_all()

import json  # noqa: E402 - nothing that opens sockets may be imported before gevent has patched them
import os  # noqa: E402
import ssl  # noqa: E402
import sys  # noqa: E402
import time  # noqa: E402
from collections import deque  # noqa: E402
from pathlib import Path  # noqa: E402
from typing import IO, Any, Final  # noqa: E402

import gevent  # noqa: E402
from gevent.pool import Group  # type: ignore[import-untyped] # noqa: E402
from locust import HttpUser, task  # noqa: E402
from locust.env import Environment  # noqa: E402

from releasegate.core import pointers  # noqa: E402

_LOOK_BACK: Final = 50  # the kill switch judges the last so many answers,
_LEAST_SEEN: Final = 20  # once there are at least so many: one early reset is no outage
_TRUST: Final = ssl.get_default_verify_paths().cafile or True  # what this machine's curl trusts
_PATIENCE_S: Final = 1.0  # beyond the time-out, for what is still on its way at the end


class KillSwitch:
    """Ends the load when too large a share of the latest answers are errors, or when nobody waits for it any more."""

    def __init__(self, stop_at_error_share: float) -> None:
        self._share = stop_at_error_share
        self._latest: deque[bool] = deque(maxlen=_LOOK_BACK)
        self._parent = os.getppid()
        self.reason = ""

    def note(self, *, is_error: bool) -> None:
        """Remember how one request ended."""
        self._latest.append(is_error)
        errors = sum(self._latest)
        if len(self._latest) >= _LEAST_SEEN and errors / len(self._latest) > self._share:
            self.reason = self.reason or f"{errors} of the last {len(self._latest)} requests were errors"

    @property
    def is_off(self) -> bool:
        """Whether no further request may be sent."""
        if os.getppid() != self._parent:
            self.reason = "the gate that asked for the load has gone"
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


class Arrivals(HttpUser):
    """One user who sends every request of the order at its time, each in a greenlet of its own."""

    abstract = True
    order: dict[str, Any]
    out: IO[str]

    def on_start(self) -> None:
        """Get ready: as the session that the order gives, without proxies or passwords of the environment."""
        self.client.trust_env = False
        self.client.headers.update({**self.order["headers"], "Connection": "close"})
        self.bodies = Bodies()
        self.switch = KillSwitch(self.order["stop_at_error_share"])

    @task
    def send_all(self) -> None:
        """Send everything on schedule, wait for the answers, and end the run."""
        waiting = Group()
        began = time.perf_counter()
        for number, request in enumerate(self.order["requests"]):
            due = number / self.order["rate"]
            gevent.sleep(max(0.0, began + due - time.perf_counter()))
            if self.switch.is_off:
                break
            waiting.spawn(self.send, request, began, due)
        sent_s = time.perf_counter() - began
        waiting.join(timeout=self.order["timeout_s"] + _PATIENCE_S)
        self.write({"ended": True, "stopped": self.switch.reason, "sent_s": sent_s})
        self.environment.runner.quit()

    def send(self, request: dict[str, Any], began: float, due: float) -> None:
        """Send one request and write its sample; its time runs from when it was due."""
        started = time.perf_counter()
        answer = None
        with gevent.Timeout(self.order["timeout_s"], False):  # noqa: FBT003 - gevent's own signature: end quietly
            answer = self.ask(request)
        ended, status, size_bytes, error = answer or (time.perf_counter(), 0, 0, "no answer in time")
        self.switch.note(is_error=bool(error))
        self.write(
            {
                "endpoint": request["endpoint"],
                "intended_s": round(due, 4),
                "lag_ms": round((started - began - due) * 1000, 2),
                "latency_ms": round((ended - began - due) * 1000, 2),
                "status": status,
                "size_bytes": size_bytes,
                "error": error,
                "is_warm_up": request["is_warm_up"],
            }
        )

    def ask(self, request: dict[str, Any]) -> tuple[float, int, int, str]:
        """Return when the last byte was there, the status (0: no answer), the body's size, and what is wrong."""
        response = self.client.get(
            request["url"],
            name=request["endpoint"],
            allow_redirects=False,
            timeout=self.order["timeout_s"],
            verify=_TRUST if self.order["verify_tls"] else False,
        )
        body = response.content or b""
        ended = time.perf_counter()
        if not response.status_code:
            return ended, 0, 0, f"no answer: {type(getattr(response, 'error', None)).__name__}"
        error = "" if self.bodies.are_right(request, body) else "wrong body"
        if response.status_code != request["status"]:
            error = str(response.status_code)
        return ended, response.status_code, len(body), error

    def write(self, line: dict[str, Any]) -> None:
        """Write one line at once."""
        self.out.write(json.dumps(line) + "\n")
        self.out.flush()


def main(order_file: Path, samples_file: Path) -> None:
    """Do what the order says."""
    order = json.loads(order_file.read_text(encoding="utf-8"))
    with samples_file.open("w", encoding="utf-8") as out:
        user = type("OrderedArrivals", (Arrivals,), {"abstract": False, "order": order, "out": out})
        environment = Environment(user_classes=[user], host=order["host"])
        runner = environment.create_local_runner()
        runner.start(1, spawn_rate=1)
        runner.greenlet.join()


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
