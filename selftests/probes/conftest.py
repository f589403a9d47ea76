"""Real things to ask: this machine, an ssh server, Docker, PM2, PostgreSQL; each in a folder of its own, each ended.

What a machine does not have is skipped, with the reason.
"""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import psycopg
import pytest

from reference_inbox.cluster import home
from releasegate.probes import scratch
from releasegate.probes.host import Machine, open_machine
from releasegate.target.models import Host

SSHD = "/usr/sbin/sshd"
BUSYBOX = "/bin/busybox"
READY_S = 60  # how long a server may take to begin, on a machine that others use too


@pytest.fixture
def here() -> Iterator[Machine]:
    with open_machine(Host(address="local")) as machine:
        yield machine


def until(is_ready: Callable[[], bool], what: str) -> None:
    """Wait until `is_ready`, at most READY_S seconds."""
    ends = time.monotonic() + READY_S
    while not is_ready():
        if time.monotonic() > ends:
            pytest.fail(f"{what} was not ready within {READY_S} s")
        time.sleep(0.05)


@pytest.fixture
def wait_until() -> Callable[[Callable[[], bool], str], None]:
    """Return `wait_until(is_ready, what)`, as tests have to wait too."""
    return until


def tool(name: str, package: str) -> str:
    """Return the path of a program, or skip the test with the package that brings it."""
    path = shutil.which(name)
    if path is None:
        pytest.skip(f"no {Path(name).name} on this machine: install {package}")
    return path


def listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def ended(process: subprocess.Popen[bytes]) -> None:
    """End a process that a fixture started."""
    process.terminate()
    try:
        process.wait(timeout=10)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


@dataclass(frozen=True)
class Sshd:
    """A real ssh server on loopback: its port, and a folder with `known`, `config`, `id`, `stranger` (keys)."""

    port: int
    folder: Path

    def host(self, *, user: str = "", identity: str = "id", known: str = "known", port: int | None = None) -> Host:
        """Return the target's section for this server, with right or wrong keys."""
        who = user or os.environ.get("USER") or "root"
        config = self.folder / f"config-{known}"
        config.write_text(f"Host *\n UserKnownHostsFile {self.folder / known}\n IdentitiesOnly yes\n")
        return Host(
            address=f"ssh://{who}@127.0.0.1:{port or self.port}",
            ssh_config=str(config),
            ssh_identity=str(self.folder / identity),
        )


@pytest.fixture(scope="session")
def sshd(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sshd]:
    server, keygen = tool(SSHD, "openssh-server"), tool("ssh-keygen", "openssh-client")
    if os.getuid() != 0:
        pytest.skip("an sshd of one's own needs root to let somebody in")
    folder = tmp_path_factory.mktemp("sshd")
    for name in ("hostkey", "id", "stranger"):
        subprocess.run([keygen, "-q", "-t", "ed25519", "-N", "", "-f", folder / name], check=True)
    shutil.copy(folder / "id.pub", folder / "authorized")
    Path("/run/sshd").mkdir(exist_ok=True)  # compiled into Debian's sshd, which its service would make
    port = free_port()
    for known, key in (("known", "hostkey"), ("known-other", "stranger")):
        kind, number = (folder / f"{key}.pub").read_text().split()[:2]
        (folder / known).write_text(f"[127.0.0.1]:{port} {kind} {number}\n")
    (folder / "known-nobody").write_text("")
    (folder / "sshd_config").write_text(
        f"Port {port}\nListenAddress 127.0.0.1\nHostKey {folder}/hostkey\nAuthorizedKeysFile {folder}/authorized\n"
        "PidFile none\nStrictModes no\nUsePAM no\nPasswordAuthentication no\nKbdInteractiveAuthentication no\n"
    )
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen([server, "-D", "-e", "-f", folder / "sshd_config"], stdout=log, stderr=log)
    try:
        until(lambda: listens(port), "sshd")
        yield Sshd(port=port, folder=folder)
    finally:
        ended(process)


@pytest.fixture(scope="session")
def docker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[..., str]]:
    """Return `docker(*arguments)`: the client of a real engine of our own, with the image `box:1` (busybox)."""
    engine, busybox = tool("dockerd", "docker.io"), tool(BUSYBOX, "busybox-static")
    if os.getuid() != 0:
        pytest.skip("a Docker engine of one's own needs root")
    folder = tmp_path_factory.mktemp("dk")
    with pytest.MonkeyPatch.context() as patch, (folder / "log").open("wb") as log:
        patch.setenv("DOCKER_HOST", f"unix://{folder}/s.sock")
        process = subprocess.Popen(
            [engine, f"--host=unix://{folder}/s.sock", f"--data-root={folder}/data", f"--exec-root={folder}/exec",
             f"--pidfile={folder}/pid", "--iptables=false", "--ip6tables=false", "--bridge=none"],
            stdout=log, stderr=log,
        )  # fmt: skip
        try:
            until((folder / "s.sock").exists, "Docker")
            _import_box(folder, busybox)
            yield _client
        finally:
            names = _client("ps", "--all", "--quiet").split()
            if names:
                _client("rm", "--force", *names)
            ended(process)
            # the engine leaves this mount behind, and pytest could not remove the folder
            subprocess.run([tool("umount", "mount"), folder / "exec/netns/default"], capture_output=True, check=False)


def _client(*arguments: str) -> str:
    command = [tool("docker", "docker.io"), *arguments]
    ran = subprocess.run(command, capture_output=True, text=True, check=True)
    return ran.stdout.strip()


def _import_box(folder: Path, busybox: str) -> None:
    binaries = folder / "box" / "bin"
    binaries.mkdir(parents=True)
    shutil.copy(busybox, binaries / "busybox")
    for name in ("sh", "sleep", "false"):
        (binaries / name).symlink_to("busybox")
    subprocess.run([tool("tar", "tar"), "-C", folder / "box", "-cf", folder / "box.tar", "."], check=True)
    _client("import", str(folder / "box.tar"), "box:1")


@pytest.fixture(scope="session")
def pm2(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[..., str]]:
    """Return `pm2(*arguments)`: a real PM2 with a home and a daemon of its own."""
    program = tool("pm2", "pm2 with npm")
    home = tmp_path_factory.mktemp("pm2")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PM2_HOME", str(home))

        def client(*arguments: str) -> str:
            ran = subprocess.run([program, *arguments], capture_output=True, text=True, check=True, cwd=home)
            return ran.stdout

        client("ping")
        try:
            yield client
        finally:
            client("kill")


USUAL = 17  # the version of the pinned wheel, which every machine has
VERSIONS = {major: place for place, major in reversed(scratch.installed().items())}


@pytest.fixture(
    scope="session",
    params=[
        pytest.param(major, id=f"postgres{major}", marks=() if major == USUAL else pytest.mark.everything)
        for major in sorted(VERSIONS)
    ],
)
def cluster(request) -> Iterator[Cluster]:
    """Return a PostgreSQL of its own, with no password, on a free port; it ends with the session.

    With --everything each test runs against every version that this machine has.
    """
    folder = Path(tempfile.mkdtemp(prefix="releasegate-pg-"))
    folder.chmod(0o711)  # the account that runs the server passes through
    home.make(folder)
    binaries = scratch._reachable(VERSIONS[request.param], folder)
    server = Cluster(bin=binaries, folder=folder, port=free_port(), major=request.param)
    as_account = {"user": home.account(), "extra_groups": []} if home.account() else {}
    initdb = [server.bin / "initdb", "-D", folder / "data", "-U", "postgres", "--auth=trust", "--no-sync"]
    initdb += ["--encoding=UTF8", "--locale=C"]
    subprocess.run(initdb, check=True, capture_output=True, cwd=folder, **as_account)
    settings = ["-c", f"port={server.port}", "-c", "listen_addresses=127.0.0.1", "-c", "fsync=off", "-k", folder]
    settings += ["-c", "max_prepared_transactions=5"]
    with (folder / "data" / "postgresql.conf").open("a", encoding="utf-8") as file:
        file.write("autovacuum = off\n")  # it writes by itself, a minute on; a test may switch it on with `told()`
    process = subprocess.Popen(
        [server.bin / "postgres", "-D", folder / "data", *settings], cwd=folder, stderr=subprocess.DEVNULL, **as_account
    )
    try:
        until(server.answers, "PostgreSQL")
        yield server
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(10)
        shutil.rmtree(folder)


POOLER = """
[databases]
* = host=127.0.0.1 port={server} user=postgres
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = {port}
unix_socket_dir =
auth_type = any
pool_mode = transaction
default_pool_size = 1
"""


@pytest.fixture
def pooler(cluster: Cluster) -> Iterator[int]:
    """Return the port of a PgBouncer before the cluster: one server connection for everybody, by the transaction."""
    program, port = tool("pgbouncer", "pgbouncer"), free_port()
    settings = cluster.folder / "pgbouncer.ini"
    settings.write_text(POOLER.format(server=cluster.port, port=port), "utf-8")
    as_account = {"user": home.account(), "extra_groups": []} if home.account() else {}
    process = subprocess.Popen([program, "-q", settings], stderr=subprocess.DEVNULL, **as_account)
    try:
        until(lambda: listens(port), "PgBouncer")
        yield port
    finally:
        ended(process)


@dataclass
class Cluster:
    """A running server; `database(sql)` makes a database of what the statements say and returns its DSN."""

    bin: Path
    folder: Path
    port: int
    major: int
    made: int = 0

    def dsn(self, database: str = "postgres", user: str = "postgres") -> str:
        """Return how to reach a database; there is no password."""
        return f"postgresql://{user}@127.0.0.1:{self.port}/{database}"

    def run(self, statements: str, database: str = "postgres") -> None:
        """Run statements as the administrator."""
        with psycopg.connect(self.dsn(database), autocommit=True) as connection:
            connection.execute(statements.encode())

    def database(self, statements: str = "SELECT 1") -> str:
        """Make a database of its own, run `statements` in it, and return how to reach it."""
        self.made += 1
        name = f"db{self.made}"
        self.run(f"CREATE DATABASE {name}")
        self.run(statements, name)
        return self.dsn(name)

    @contextmanager
    def told(self, name: str, value: str) -> Iterator[None]:
        """Have a setting of the server be `value`, as every new connection sees it; it is taken back afterwards."""
        with psycopg.connect(self.dsn(), autocommit=True) as connection:
            before = self.setting(name)
            connection.execute(f"ALTER SYSTEM SET {name} = {value}".encode())
            connection.execute("SELECT pg_reload_conf()")
            try:
                until(lambda: self.setting(name) == value, f"{name} = {value}")
                yield
            finally:
                connection.execute(f"ALTER SYSTEM RESET {name}".encode())
                connection.execute("SELECT pg_reload_conf()")
                until(lambda: self.setting(name) == before, f"{name} = {before}")

    def setting(self, name: str) -> str:
        """Return a setting as a new connection sees it."""
        with psycopg.connect(self.dsn(), autocommit=True) as connection:
            return connection.execute("SELECT current_setting(%s)", (name,)).fetchone()[0]

    def answers(self) -> bool:
        """Whether a connection is taken."""
        with suppress(psycopg.OperationalError):
            psycopg.connect(self.dsn(), connect_timeout=1).close()
            return True
        return False
