"""One generator in a process of its own: `python -m releasegate.probes.load.driver ORDER SAMPLES`.

ORDER is the JSON file that `order.order_of` describes; one JSON line per request is written to SAMPLES as soon as it
is known, and a last one says how the run ended, so a killed run shows.
"""

from releasegate.probes.load.arrivals import Arrivals, KillSwitch, Line  # isort: skip - patches sockets, so it is first

import json
import sys
from pathlib import Path
from typing import Any

from locust import task
from locust.env import Environment


class FromOrder(Arrivals):
    """The only user: sends the whole order, then ends the run."""

    order: dict[str, Any]
    samples_file: Path

    @task
    def send(self) -> None:
        """Send everything, each line written at once."""
        switch = KillSwitch(self.order["stop_at_error_share"], self.order["stop_at_latency_ms"])
        with self.samples_file.open("w", encoding="utf-8", buffering=1) as out:

            def write(line: Line) -> None:
                out.write(json.dumps(line) + "\n")

            self.send_all(self.order, switch, write)
        self.environment.runner.quit()


def main(order_file: Path, samples_file: Path) -> None:
    """Do what the order says."""
    FromOrder.order = json.loads(order_file.read_text(encoding="utf-8"))
    FromOrder.samples_file = samples_file
    environment = Environment(user_classes=[FromOrder], host=FromOrder.order["host"])
    runner = environment.create_local_runner()
    runner.start(1, spawn_rate=1)
    runner.greenlet.join()


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
