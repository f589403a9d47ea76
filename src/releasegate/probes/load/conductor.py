"""Locust's master: `python -m releasegate.probes.load.conductor SHARES SAMPLES HOST PORT WAIT_S`.

SHARES is a JSON list with the order of each worker. It waits until as many workers have joined, hands out the orders,
gives the sign to begin to all of them at once, and writes what they report to SAMPLES. It ends with an error when
they do not come, or when one of them is lost.
"""

from gevent import monkey  # type: ignore[import-untyped] # gevent ships no types

monkey.patch_all()

import json  # noqa: E402 - nothing that opens sockets may be imported before gevent has patched them
import os  # noqa: E402
import sys  # noqa: E402
import time  # noqa: E402
from pathlib import Path  # noqa: E402
from typing import Any, Final  # noqa: E402

import gevent  # noqa: E402
from locust.env import Environment  # noqa: E402
from locust.runners import MasterRunner  # noqa: E402

from releasegate.probes.load.locustfile import FromMaster  # noqa: E402

_LOOK_S: Final = 0.05
_LOST_S: Final = 5.0  # beyond the three seconds after which Locust misses a heartbeat


class Conductor:
    """One load by several workers."""

    def __init__(self, shares: list[dict[str, Any]], samples: Path, host: str, port: int) -> None:
        environment = Environment(user_classes=[FromMaster], host=shares[0]["host"])
        self._runner: MasterRunner = environment.create_master_runner(host, port)
        self._shares, self._parent = shares, os.getppid()
        self._out = samples.open("w", encoding="utf-8", buffering=1)
        self._ready: set[str] = set()
        self._ended: set[str] = set()
        self._stopped = False
        self._away_since = 0.0
        self._runner.register_message("ready", lambda msg, **_: self._ready.add(msg.node_id))
        self._runner.register_message("lines", self._write)
        self._runner.register_message("stopped", self._stop)

    def conduct(self, wait_s: float) -> None:
        """Wait for the workers, let them send, and return when each has said how it ended."""
        count, until = len(self._shares), time.monotonic() + wait_s
        while len(self._runner.clients.ready) < count:
            if time.monotonic() > until:
                raise SystemExit(f"{len(self._runner.clients.ready)} of {count} workers joined within {wait_s:.0f} s")
            self._pause()
        self._runner.start(count, spawn_rate=count)
        for client, share in zip(list(self._runner.clients), self._shares, strict=False):
            self._runner.send_message("order", share, client)
        while len(self._ready) < count:
            self._pause()
        self._runner.send_message("go")
        while len(self._ended) < count:
            self._pause()
        self._runner.quit()

    def _pause(self) -> None:
        """Let the workers talk; end when one that had joined is lost, or when nobody waits for us any more.

        A worker without a heartbeat may only have been slow: it is lost when it stays away.
        """
        gevent.sleep(_LOOK_S)
        away = [client.id for client in self._runner.clients.missing if client.id not in self._ended]
        self._away_since = (self._away_since or time.monotonic()) if away else 0.0
        if away and time.monotonic() - self._away_since > _LOST_S:
            raise SystemExit(f"{len(away)} of {len(self._shares)} workers died while the load was running")
        if os.getppid() != self._parent:
            raise SystemExit("the gate that asked for the load has gone")

    def _write(self, msg: Any, **_: Any) -> None:
        for line in msg.data["lines"]:
            self._out.write(json.dumps(line) + "\n")
            if "ended" in line:
                self._ended.add(msg.node_id)

    def _stop(self, msg: Any, **_: Any) -> None:
        """End the load of all workers when one of them has ended its own."""
        if not self._stopped:
            self._stopped = True
            self._runner.send_message("stop", msg.data)


def main(shares: Path, samples: Path, host: str, port: int, wait_s: float) -> None:
    """Do what the shares say."""
    conductor = Conductor(json.loads(shares.read_text(encoding="utf-8")), samples, host, port)
    try:
        conductor.conduct(wait_s)
    except SystemExit as end:
        print(end.code, file=sys.stderr, flush=True)  # noqa: T201 - the gate reads our last line
        os._exit(1)  # at once, and with all greenlets


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3], int(sys.argv[4]), float(sys.argv[5]))
