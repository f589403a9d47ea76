"""A server of our own: every version that is installed, and nothing left of it, whatever ends the gate."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import psutil
import psycopg
import pytest

from releasegate.core import CannotMeasure
from releasegate.probes import scratch
from releasegate.probes.scratch import installed, scratch_server

HOLDS_ONE = """
import sys, time
from releasegate.probes import scratch
from releasegate.probes.scratch import scratch_server
with scratch_server() as server:
    print(server.folder, flush=True)
    time.sleep(600)
"""


def those_of(folder: Path) -> list[str]:
    """Return the processes that work in `folder`."""
    return [" ".join(one.info["cmdline"] or ()) for one in psutil.process_iter(["cmdline"]) if names(one, folder)]


def names(process: psutil.Process, folder: Path) -> bool:
    gone = process.status() == psutil.STATUS_ZOMBIE
    return not gone and any(str(folder) in word for word in process.info["cmdline"] or ())


@pytest.mark.parametrize("major", sorted(set(installed().values())))
def test_a_scratch_server_answers_and_leaves_nothing(major):
    """Each installed version starts, is reached by its socket alone, and is gone afterwards with its folder."""
    with scratch_server(wanted=major, settings={"work_mem": "8MB"}) as server:
        with psycopg.connect(server.dsn()) as connection:
            said = connection.execute(
                "SELECT current_setting('server_version_num')::int / 10000, "
                "current_setting('work_mem'), current_setting('listen_addresses')"
            ).fetchone()
        assert (said, server.major) == ((major, "8MB", ""), major)
        assert server.folder.stat().st_mode & 0o077 == 0
    assert not server.folder.exists()
    assert those_of(server.folder) == []


def test_the_operators_variables_lead_nobody_elsewhere(monkeypatch):
    """PGPORT, which an operator has set for the deployment, moved the server away from where pg_restore looked."""
    monkeypatch.setenv("PGPORT", "55477")
    with scratch_server() as server:
        assert (server.folder / ".s.PGSQL.5432").exists()
        env = {name: value for name, value in os.environ.items() if name != "PGPORT"}
        asked = [server.bin / "psql", "-XAtc", "SELECT 1", server.dsn()]
        told = subprocess.run(asked, env=env, capture_output=True, text=True, check=False)
        assert told.stdout.strip() == "1", told.stderr


def test_a_killed_gate_leaves_no_server(wait_until):
    """Also SIGKILL: the watcher sees its input end."""
    with subprocess.Popen([sys.executable, "-c", HOLDS_ONE], stdout=subprocess.PIPE, text=True) as gate:
        assert gate.stdout
        folder = Path(gate.stdout.readline().strip())
        os.kill(gate.pid, signal.SIGKILL)
    wait_until(lambda: not folder.exists() and those_of(folder) == [], "the end of the server")


def test_a_folder_without_a_server_is_passed_over(tmp_path, monkeypatch):
    """A folder of the target's that holds no server is not taken; without any, the places are named."""
    assert tmp_path not in installed(str(tmp_path))
    monkeypatch.setattr("releasegate.probes.scratch.installed", lambda _: {})
    with pytest.raises(CannotMeasure, match=r"paths\.postgres_bin"), scratch_server():
        pass


def test_a_place_without_room_is_passed_over_and_none_is_said_with_figures(monkeypatch):
    """What is asked for is room where the server will lie, which need not be the temporary folder."""
    monkeypatch.setattr(scratch.shutil, "disk_usage", lambda _: SimpleNamespace(free=2_000_000_000))
    with pytest.raises(CannotMeasure, match=r"the database takes 3\.0 GB, .*/tmp has 2\.0 GB.*set TMPDIR"):
        scratch_server(room_bytes=3_000_000_000).__enter__()
    roomy = Path("/var/tmp")
    free = {roomy: 9_000_000_000}
    monkeypatch.setattr(
        scratch.shutil, "disk_usage", lambda place: SimpleNamespace(free=free.get(place, 2_000_000_000))
    )
    with scratch_server(room_bytes=3_000_000_000) as server:
        assert server.folder.parent == roomy
