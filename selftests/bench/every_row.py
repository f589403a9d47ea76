"""What the pass over every row costs, as ratios against the runbook's own two queries on the same server in one run.

    .venv/bin/python selftests/bench/every_row.py [--rows N] [--also N] [--rounds N] [--state DIR]

Brings up a reference with N messages (default 1 000 000), backfilled, and takes it down again; `--also 10000000`
measures a second size, to see that the time grows as the rows do. `--state DIR` measures a reference that is up.
Nothing is asserted: README.md beside this file says what the figures may be, and what they were.
"""

from __future__ import annotations

import argparse
import json
import random
import re
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from multiprocessing import get_context
from multiprocessing.queues import SimpleQueue
from multiprocessing.synchronize import Event
from pathlib import Path

import psycopg

from releasegate import change as changes
from releasegate import target as targets
from releasegate.change.models import Backfill
from releasegate.probes import checksums, rows
from releasegate.probes.columns import as_found
from releasegate.probes.postgres import Session, open_session
from releasegate.probes.row_sql import Moments
from releasegate.target.models import Database

COVERAGE = """
SELECT
  COUNT(*) FILTER (WHERE media_url IS NOT NULL AND media_url != '') as with_media,
  COUNT(*) FILTER (WHERE attachments IS NOT NULL AND attachments != '[]'::jsonb) as with_attachments,
  ROUND(
    COUNT(*) FILTER (WHERE attachments IS NOT NULL AND attachments != '[]'::jsonb)::numeric /
    NULLIF(COUNT(*) FILTER (WHERE media_url IS NOT NULL AND media_url != ''), 0) * 100,
    2
  ) as coverage_percent
FROM messages;
"""
SPOT_CHECK = """
SELECT
  id,
  LEFT(content, 50) as content_preview,
  media_url,
  attachments->0->>'url' as attachment_url,
  attachments->0->>'type' as attachment_type
FROM messages
WHERE media_url IS NOT NULL
  AND media_url != ''
ORDER BY RANDOM()
LIMIT 5;
"""
WRITES_A_SECOND = 50
WRITE = "UPDATE messages SET is_read = NOT is_read WHERE id = %s"


@dataclass
class Bench:
    """One reference that is up, and what the pass needs to look at it."""

    state: Path
    record: dict[str, object] = field(init=False)
    database: Database = field(init=False)
    backfill: Backfill = field(init=False)

    def __post_init__(self) -> None:
        self.record = json.loads((self.state / "reference.json").read_text())
        database = targets.load(self.state / "target.toml").target.database
        backfill = changes.load(self.state / "change.toml").change.backfill
        assert database is not None
        assert backfill is not None
        self.database, self.backfill = database, backfill

    def psql(self, query: str) -> None:
        """Run one of the runbook's queries as the runbook does."""
        command = [f"{self.record['bin']}/psql", "-X", "-q", str(self.record["admin_dsn"]), "-c", query]
        subprocess.run(command, check=True, capture_output=True)

    @contextmanager
    def session(self, *, gentle: bool) -> Iterator[Session]:
        """Open a session as a gate does."""
        with open_session(self.database.model_copy(update={"gentle": gentle})) as session:
            yield session

    def look(self, session: Session) -> int:
        """Go through every row, with every condition that the reference's change file has, and return how many."""
        moments = Moments(old_until="2025-01-01 00:00:00+00", began="2099-01-01T00:00:00+00:00")
        return rows.every_row(session, self.backfill, moments).value.total

    def sums(self, session: Session) -> None:
        """Sum up the surviving columns of every row, as the baseline does and every gate that compares with it."""
        change = changes.load(self.state / "change.toml").change
        assert change.db is not None
        checksums.of_survivors(session, change.db.survivors, as_found(session, self.backfill))


def timed(act: Callable[[], object]) -> float:
    """Return how long `act` took, in seconds."""
    began = time.perf_counter()
    act()
    return time.perf_counter() - began


def costs(bench: Bench, rounds: int) -> float:
    """Print the medians of `rounds` turns, each in the same order, and return the pass's."""
    took: dict[str, list[float]] = {"coverage": [], "spot check": [], "every row": []}
    with bench.session(gentle=False) as session:
        total = bench.look(session)
        for _ in range(rounds):
            took["coverage"].append(timed(lambda: bench.psql(COVERAGE)))
            took["spot check"].append(timed(lambda: bench.psql(SPOT_CHECK)))
            took["every row"].append(timed(lambda: bench.look(session)))
    median = {name: statistics.median(values) for name, values in took.items()}
    print(f"{total:>12,} rows   " + "   ".join(f"{name} {value:.2f} s" for name, value in median.items()))
    theirs = median["coverage"] + median["spot check"]
    print(f"{'':>12}        every row / (coverage + spot check) = {median['every row'] / theirs:.2f}")
    return median["every row"]


def write(dsn: str, ended: Event, late: SimpleQueue[list[float]]) -> None:
    """Change one row WRITES_A_SECOND times a second until `ended`, on schedule, and say how late each was, in ms.

    From its intended start on, so that a change that waits for another is late as well.
    """
    found = []
    with psycopg.connect(dsn, autocommit=True) as connection:
        ids = [key for (key,) in connection.execute("SELECT id FROM messages TABLESAMPLE SYSTEM (1) LIMIT 2000")]
        due = time.perf_counter()
        while not ended.is_set():
            time.sleep(max(due - time.perf_counter(), 0))
            connection.execute(WRITE, [random.choice(ids)])  # noqa: S311  which row does not matter
            found.append((time.perf_counter() - due) * 1000)
            due += 1 / WRITES_A_SECOND
    late.put(found)


class Writer:
    """A writer in a process of its own, as an application is: it does not wait for what a gate does with an answer."""

    def __init__(self, dsn: str) -> None:
        own = get_context("spawn")
        self._ended, self._late = own.Event(), own.SimpleQueue()
        self._process = own.Process(target=write, args=(dsn, self._ended, self._late), daemon=True)
        self._process.start()

    def stop(self) -> float:
        """Stop and return the 95th percentile."""
        self._ended.set()
        late: list[float] = self._late.get()
        self._process.join()
        return statistics.quantiles(late, n=20)[-1]


def p95_beside(bench: Bench, seconds: float, act: Callable[[], object]) -> float:
    """Return the writer's p95 in ms while `act` is done again and again for `seconds`."""
    writer = Writer(str(bench.record["admin_dsn"]))
    time.sleep(1.0)  # until it has begun
    ends = time.perf_counter() + seconds
    while time.perf_counter() < ends:
        act()
    return writer.stop()


def writers(bench: Bench, seconds: float) -> None:
    """Print what the pass costs others: the p95 of a steady writer alone, beside both ways of looking and the runbook.

    The runbook's own two queries are the measure of what its author takes for granted on the live system.
    """
    with bench.session(gentle=False) as plain, bench.session(gentle=True) as gentle:
        acts: dict[str, Callable[[], object]] = {
            "alone": lambda: time.sleep(0.1),
            "beside the pass": lambda: bench.look(plain),
            "beside the gentle one": lambda: bench.look(gentle),
            "beside the sums": lambda: bench.sums(plain),
            "beside the gentle ones": lambda: bench.sums(gentle),
            "beside the runbook's": lambda: runbook(bench),
            "while the gates run": lambda: gates(bench),
            "while gentle ones run": lambda: gates(bench, gentle=True),
            "beside a browser, too": lambda: gates(bench, with_page=True),
        }
        found: dict[str, list[float]] = {name: [] for name in acts}
        for _ in range(3):
            for name, act in acts.items():
                found[name].append(p95_beside(bench, seconds, act))
    median = {name: statistics.median(values) for name, values in found.items()}
    print("writer's p95: " + "   ".join(f"{name} {value:.1f} ms" for name, value in median.items()))
    ratios = {name: value / median["alone"] for name, value in median.items() if name != "alone"}
    print(f"{'':>14}" + "   ".join(f"{name} / alone = {ratio:.2f}" for name, ratio in ratios.items()))


def gates(bench: Bench, *, gentle: bool = False, with_page: bool = False) -> None:
    """Run the three gates that read the table as an operator does, one after the other.

    Without the page's baseline, unless asked for: that is a browser, which takes both cores of a small machine for
    seconds, and is hardly ever on the database's own.
    """
    target, text = bench.state / "measured.toml", (bench.state / "target.toml").read_text()
    if not with_page:
        text = re.sub(r"^\[frontend\]\n(?:[^\[\n].*\n|\n)*", "", text, flags=re.MULTILINE)
    target.write_text(text.replace("[database]\n", "[database]\ngentle = true\n") if gentle else text)
    with tempfile.TemporaryDirectory() as reports:
        for gate in ("preflight", "migration", "backfill"):
            command = [sys.executable, "-m", "releasegate.cli", "run", gate, "--alone", "--reports", reports]
            subprocess.run([*command, "--target", str(target)], check=False, capture_output=True)


def runbook(bench: Bench) -> None:
    """Run the runbook's two queries, one after the other."""
    bench.psql(COVERAGE)
    bench.psql(SPOT_CHECK)


def memory(bench: Bench) -> None:
    """Print the largest amount of memory that a whole backfill gate took, in MB."""
    with tempfile.TemporaryDirectory() as reports:
        command = [sys.executable, "-m", "releasegate.cli", "run", "backfill", "--alone", "--reports", reports]
        subprocess.run([*command, "--target", str(bench.state / "target.toml")], check=False, capture_output=True)
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    print(f"memory of the whole gate at most {peak:.0f} MB")


def reference(*arguments: str) -> None:
    """Run a command of the reference."""
    subprocess.run([sys.executable, "-m", "reference_inbox", *arguments], check=True, stderr=subprocess.DEVNULL)


@contextmanager
def brought_up(rows_wanted: int) -> Iterator[Path]:
    """Bring up a reference with that many messages, and take it down again."""
    with tempfile.TemporaryDirectory(prefix="releasegate-bench-") as folder:
        state = Path(folder) / "state"
        reference("up", "--state", str(state), "--rows", str(rows_wanted), "--at", "backfilled")
        try:
            yield state
        finally:
            reference("down", "--state", str(state))


def main() -> None:
    """Measure and print."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--rows", type=int, default=1_000_000)
    options.add_argument("--also", type=int, help="a second number of rows, to see that time grows as rows do")
    options.add_argument("--rounds", type=int, default=5)
    options.add_argument("--seconds", type=float, default=8.0, help="how long the writer writes, three times each way")
    options.add_argument("--state", type=Path, help="a reference that is up")
    given = options.parse_args()
    if given.state:
        measure(Bench(given.state), given)
        return
    with brought_up(given.rows) as state:
        first = measure(Bench(state), given)
    if given.also:
        with brought_up(given.also) as state:
            second = costs(Bench(state), given.rounds)
        print(f"time / rows, {given.also:,} against {given.rows:,}: {second / first * given.rows / given.also:.2f}")


def measure(bench: Bench, given: argparse.Namespace) -> float:
    """Print all figures of one reference and return the seconds of the pass."""
    first = costs(bench, given.rounds)
    memory(bench)
    writers(bench, given.seconds)
    return first


if __name__ == "__main__":
    main()
