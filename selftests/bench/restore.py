"""What restoring and comparing a dump costs, as a ratio against a bare pg_restore of it on the same server in one run.

    .venv/bin/python selftests/bench/restore.py [--rows N] [--rounds N] [--state DIR]

Brings up a reference with N messages (default 1 000 000), dumps it, and takes it down again; `--state DIR` measures a
reference that is up. Nothing is asserted: README.md beside this file says what the figures may be, and what they were.
"""

from __future__ import annotations

import argparse
import resource
import statistics
import subprocess
import tempfile
import time
from pathlib import Path

from every_row import Bench, brought_up, timed

from releasegate import change as changes
from releasegate import target as targets
from releasegate.core.facts.backup import DumpListing
from releasegate.core.facts.rows import Checksums
from releasegate.probes import backup, catalog, checksums, copies, restored, restoring
from releasegate.probes.columns import as_found
from releasegate.probes.host import Machine, open_machine
from releasegate.probes.postgres import Session, open_session
from releasegate.probes.scratch import scratch_server
from releasegate.probes.scratch_databases import Databases

OPTIONS = ("--no-owner", "--no-privileges")


class Restoring:
    """One dump, restored again and again on one scratch server, bare and as the backup gate does it."""

    def __init__(self, databases: Databases, machine: Machine, live: Session, dump: DumpListing, state: Path) -> None:
        self.databases, self.machine, self.live, self.dump = databases, machine, live, dump
        self.change = changes.load(state / "change.toml").change
        assert self.change.db is not None
        self.backfill = self.change.backfill and as_found(live, self.change.backfill)
        self.roles = [row["name"] for row in live.read("SELECT rolname AS name FROM pg_roles").rows]
        self.before: list[Checksums] = [
            one.value for one in checksums.of_survivors(live, self.change.db.survivors, self.backfill)
        ]

    def bare(self) -> None:
        """Run pg_restore into an empty database, and nothing else."""
        name = self.databases.create()
        command = [str(self.databases.server.bin / "pg_restore"), *OPTIONS, "-d", name, self.dump.path]
        subprocess.run(command, env=self.databases.environment(name), check=True, capture_output=True)

    def as_the_gate_does(self) -> None:
        """Restore, count every table, compare the catalog and every row that the baseline summed up."""
        made = restoring.restore(self.databases, self.machine, self.dump, roles=self.roles).value
        assert not made.errors, made.errors
        with self.databases.session(made.database) as copy:
            copies.rows_of_tables(copy, self.live, self.backfill)
            catalog.objects(copy)
            for sums in self.before:
                looks = restored.compared(copy, self.live, sums, self.backfill)
                assert looks.copy.value.groups == sums.groups


def measure(state: Path, rounds: int) -> None:
    """Print the medians of `rounds` turns, in turn, and the largest memory of this process."""
    bench = Bench(state)
    machine_of = targets.load(state / "target.toml").target.host
    assert machine_of is not None
    with tempfile.TemporaryDirectory() as folder, open_machine(machine_of) as machine:
        path = Path(folder) / "inbox.dump"
        dump_it = [f"{bench.record['bin']}/pg_dump", "-F", "c", "-f", str(path), "-d", str(bench.record["admin_dsn"])]
        subprocess.run(dump_it, check=True)
        began = time.perf_counter()
        with scratch_server(wanted=17) as server, open_session(bench.database) as live:
            started = time.perf_counter() - began
            dump = backup.listing(machine, str(path), str(server.bin)).value
            work = Restoring(Databases(server), machine, live, dump, state)
            took: dict[str, list[float]] = {"bare pg_restore": [], "restored and compared": []}
            for _ in range(rounds):
                took["bare pg_restore"].append(timed(work.bare))
                took["restored and compared"].append(timed(work.as_the_gate_does))
                work.databases.drop()
    median = {name: statistics.median(values) for name, values in took.items()}
    summed = sum(one.rows for one in work.before)
    print(f"{summed:>12,} rows   " + "   ".join(f"{name} {value:.2f} s" for name, value in median.items()))
    print(f"{'':>12}        ratio {median['restored and compared'] / median['bare pg_restore']:.2f}")
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"memory of this process at most {peak:.0f} MB; the scratch server was there after {started:.1f} s")


def main() -> None:
    """Measure and print."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--rows", type=int, default=1_000_000)
    options.add_argument("--rounds", type=int, default=3)
    options.add_argument("--state", type=Path, help="a reference that is up")
    given = options.parse_args()
    if given.state:
        measure(given.state, given.rounds)
        return
    with brought_up(given.rows) as state:
        measure(state, given.rounds)


if __name__ == "__main__":
    main()
