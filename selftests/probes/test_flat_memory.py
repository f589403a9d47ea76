"""A dump four times as large takes no more memory of ours: everything of it goes through streams."""

from __future__ import annotations

import subprocess
import sys

import pytest

from releasegate.probes.scratch import scratch_server
from releasegate.probes.scratch_databases import Databases

pytestmark = pytest.mark.everything  # 40 MB are dumped and restored twice

ROWS = 100_000  # about 10 MB
TABLE = "CREATE TABLE messages AS SELECT n AS id, repeat(md5(n::text), 3) AS content FROM generate_series(1, {rows}) n"
MOST_MORE_MB = 8  # of 30 MB that the larger dump has more
GATE = """
import resource, sys
from releasegate.probes import backup, restoring
from releasegate.probes.host import open_machine
from releasegate.probes.scratch import Scratch
from releasegate.probes.scratch_databases import Databases
from releasegate.target.models import Host
from pathlib import Path

folder, path, address, bin = sys.argv[1:]
with open_machine(Host(address=address)) as machine:
    dump = backup.listing(machine, path, bin).value
    assert not backup.read_through(machine, path, bin).value.trouble
    databases = Databases(Scratch(bin=Path(bin), folder=Path(folder), major=17))
    assert not restoring.restore(databases, machine, dump).value.errors
    databases.drop()
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024)
"""


@pytest.fixture(scope="module")
def server():
    with scratch_server(wanted=17) as server:
        yield server


def peak_mb(server, path) -> int:
    """Return the most memory of a process that lists, reads and restores the dump at `path`, in MB."""
    command = [sys.executable, "-c", GATE, server.folder, path, "local", server.bin]
    return int(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


@pytest.mark.parametrize("arguments", [["-F", "c", "-Z", "0"], ["-F", "d", "-Z", "0"], ["-F", "p"]])
def test_listing_reading_and_restoring_a_larger_dump_takes_no_more_memory(server, tmp_path, arguments):
    """An archive's rows never come to us; a plain dump's pass line by line."""
    peaks = []
    for times in (1, 4):
        databases = Databases(server)
        name, path = databases.create(), tmp_path / f"{times}"
        there = {"env": databases.environment(name), "capture_output": True}
        text = TABLE.format(rows=times * ROWS)
        subprocess.run([server.bin / "psql", "-X", "-c", text], check=True, **there)
        subprocess.run([server.bin / "pg_dump", *arguments, "-f", path], check=True, **there)
        databases.drop()
        peaks.append(peak_mb(server, path))
    assert peaks[1] - peaks[0] < MOST_MORE_MB, peaks
