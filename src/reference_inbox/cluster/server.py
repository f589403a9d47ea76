"""The server process: made by initdb, started, stopped, asked whether it answers."""

import logging
import subprocess
from pathlib import Path
from typing import Final

import psycopg

from reference_inbox import processes
from reference_inbox.cluster import home
from reference_inbox.errors import ReferenceFailed
from reference_inbox.state import ADMIN, State
from reference_inbox.waiting import wait_until

log = logging.getLogger(__name__)

NAME: Final = "postgres"
START_BUDGET_S: Final = 30.0  # 0.1 s as a rule; recovery after a killed server at 1 000 000 rows took 4 s

# A rehearsal's cluster is thrown away, so nothing waits for the disk: losing it in a power cut costs one `up`.
SETTINGS: Final = """
listen_addresses = '127.0.0.1'
port = {port}
unix_socket_directories = '{socket}'
fsync = off
synchronous_commit = off
full_page_writes = off
max_wal_size = '4GB'
max_connections = 80
shared_preload_libraries = 'pg_stat_statements'
timezone = 'UTC'
log_timezone = 'UTC'
password_encryption = 'scram-sha-256'
"""


def initialise(state: State, cluster: Path, binaries: Path, port: int) -> None:
    """Make the cluster with scram passwords for every connection. Raises ReferenceFailed with initdb's own words."""
    home.make(cluster)
    password = cluster / "password"
    password.write_text(state.secret(ADMIN))
    password.chmod(0o600)
    home.give(password)
    try:
        run_initdb(state, cluster, binaries, password)
    finally:
        password.unlink()
    with (cluster / "data" / "postgresql.conf").open("a") as settings:
        settings.write(SETTINGS.format(port=port, socket=cluster / "socket"))


def run_initdb(state: State, cluster: Path, binaries: Path, password: Path) -> None:
    """Run initdb as the server's account; the C.UTF-8 locale of PostgreSQL itself sorts alike on every machine."""
    user = home.account()
    done = subprocess.run(
        [
            str(binaries / "initdb"),
            "-D",
            str(cluster / "data"),
            "-U",
            ADMIN,
            f"--pwfile={password}",
            "--no-sync",
            "--auth=scram-sha-256",
            "--encoding=UTF8",
            "--locale=C",
            "--locale-provider=builtin",
            "--builtin-locale=C.UTF-8",
        ],
        env=processes.environment(state, {}),
        cwd=cluster,
        capture_output=True,
        text=True,
        check=False,
        user=user,
        group=processes.group_of(user),
        extra_groups=[] if user else None,
    )
    if done.returncode:
        raise ReferenceFailed(f"initdb failed in {cluster}: {done.stderr.strip() or done.stdout.strip()}")


def start(state: State, cluster: Path, binaries: Path, port: int) -> None:
    """Start the server and return when it takes a query."""
    logfile = state.logs / "postgres.log"
    processes.launch(
        state,
        NAME,
        [str(binaries / "postgres"), "-D", str(cluster / "data")],
        log=logfile,
        env={},
        cwd=cluster,
        user=home.account(),
    )
    wait_until("PostgreSQL taking queries", lambda: refusal(state, port, logfile), START_BUDGET_S)


def refusal(state: State, port: int, logfile: Path) -> str | None:
    """Say why the server takes no query yet, or None. Raises ReferenceFailed when it ended."""
    if processes.running(state, NAME) is None:
        raise ReferenceFailed(f"PostgreSQL ended at once: {last_line(logfile)} (all of it in {logfile})")
    try:
        psycopg.connect(state.dsn(ADMIN, port, ADMIN), connect_timeout=2).close()
    except psycopg.OperationalError as problem:
        return str(problem).strip().splitlines()[-1]
    return None


def stop(state: State) -> bool:
    """Stop the server; tell whether it ran."""
    return processes.stop(state, NAME)


def last_line(logfile: Path) -> str:
    """Return the last line of a log, or say that it is empty."""
    lines = logfile.read_text("utf-8", "replace").strip().splitlines() if logfile.exists() else []
    return lines[-1] if lines else "nothing was logged"
