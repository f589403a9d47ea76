"""Beginning and end of a deployment: `up` makes everything at `before`, `down` ends and removes it."""

import logging
import shutil
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import replace
from importlib import resources
from pathlib import Path
from typing import Final

import psycopg

from reference_inbox import managers, moments, mounts, network, processes, repositories, services, steps, walking
from reference_inbox.cluster import home, roles, server
from reference_inbox.errors import ReferenceFailed, WrongUsage
from reference_inbox.managers import docker, pm2
from reference_inbox.promises import writing
from reference_inbox.seeding import files, rows
from reference_inbox.state import ADMIN, GATE_ROLE, OWNER, RECORD, Record, State

log = logging.getLogger(__name__)

DEFAULT_ROWS: Final = 20_000
DEFAULT_SEED: Final = 20_251_103
NAMES: Final = ("frontend", "backend", docker.ENGINE, pm2.DAEMON, "postgres")  # the order in which they are stopped
MADE: Final = (
    ".lock",
    "secrets",
    "postgres",
    "docker",
    "pm2",
    "backend",
    "frontend",
    "origin",
    "media",
    "dumps",
    "logs",
    "run",
    "runbook",
    "faults",
    "target.toml",
    "change.toml",
    "reference.json",
)


def up(state: State, at: str, row_count: int, seed: int, faults: tuple[str, ...], *, manager: str = "process") -> None:
    """Start a deployment and walk it to AT; FAULTS strike on the way. Returns when it is healthy."""
    begin = time.monotonic()
    refuse_occupied(state)
    managers.named(manager).require()
    record = prepare(state, row_count, seed, faults, manager)
    with ThreadPoolExecutor() as hands:  # the cluster takes longest; the rest is made beside it
        media = hands.submit(files.write, state.media)
        commits = hands.submit(make_repositories, state)
        managing = hands.submit(managers.of(state).prepare, state)
        with phase("PostgreSQL"):
            make_cluster(state, record)
        with phase(f"{row_count} messages"):
            fill_database(state, record)
        with phase(f"repositories, {media.result()} media files"):
            record = state.change(commits=commits.result())
        managing.result()
    state.change(steps=steps.Steps(state, record).all())
    writing.write(state, record)
    with phase("services"):
        start_services(state)
    walking.arrive(state, moments.BEFORE)
    walking.advance(state, at)
    state.change(ready=True)
    log.info("%s at %s after %.1f s: %s", state.folder, at, time.monotonic() - begin, record.frontend_url)


def refuse_occupied(state: State) -> None:
    """Raise WrongUsage when the folder holds a deployment, or anything else."""
    if state.exists:
        alive = [name for name in NAMES if processes.running(state, name)]
        how = f"is running ({', '.join(alive)})" if alive else "was left there, stopped"
        raise WrongUsage(
            f"a deployment {how} in {state.folder}; end it with `down --state {state.folder}` first "
            "(nothing was changed)"
        )
    if state.folder.exists() and (not state.folder.is_dir() or any(state.folder.iterdir())):
        raise WrongUsage(f"{state.folder} is not empty; give a new or empty folder (nothing was changed)")


def prepare(state: State, row_count: int, seed: int, faults: tuple[str, ...], manager: str) -> Record:
    """Make the folders and the first record, before anything that `down` would have to end."""
    if row_count < rows.LEAST_ROWS:
        raise WrongUsage(f"--rows {row_count} is too few: {rows.LEAST_ROWS} is the least that shows every kind of row")
    state.folder.mkdir(parents=True, exist_ok=True)
    place, is_outside = home.choose(state)
    for folder in (state.run, state.logs, state.dumps, state.faults):
        folder.mkdir()
    state.secrets.mkdir(mode=0o700)
    for name in ("token-key", "webhook"):
        state.secret(name)
    record = first_record(state, place, row_count, seed, faults)
    state.write(replace(record, services=manager, outside=[str(place)] if is_outside else []))
    steps.write_files(state)
    return state.read()


def first_record(state: State, place: Path, row_count: int, seed: int, faults: tuple[str, ...]) -> Record:
    """Build the record of a deployment that is about to be made."""
    names = ("postgres", "backend", "frontend")
    ports = dict(zip(names, network.free_ports(len(names)), strict=True))
    return Record(
        moment=moments.BEFORE,
        rows=row_count,
        seed=seed,
        ports=ports,
        planned=list(faults),
        login={"email": rows.LOGIN_EMAIL, "password": state.secret("login")},
        admin_dsn=state.dsn(ADMIN, ports["postgres"]),
        owner_dsn=state.dsn(OWNER, ports["postgres"]),
        gate_dsn=state.dsn(GATE_ROLE, ports["postgres"]),
        bin="",
        cluster=str(place),
        backend_url=f"http://127.0.0.1:{ports['backend']}",
        frontend_url=f"http://127.0.0.1:{ports['frontend']}",
        backend_repo=str(state.repository("backend")),
        frontend_repo=str(state.repository("frontend")),
        media=str(state.media),
        dumps=str(state.dumps),
        logs={name: str(state.logs / f"{name}.log") for name in names},
    )


def make_cluster(state: State, record: Record) -> None:
    """Make and start the cluster, with its roles and the empty database."""
    place, port = Path(record.cluster), record.ports["postgres"]
    roles.write_pgpass(state, port)
    home.make(place)
    binaries = home.binaries(place)
    state.change(bin=str(binaries))
    server.initialise(state, place, binaries, port)
    server.start(state, place, binaries, port)
    roles.create(state, port)


def fill_database(state: State, record: Record) -> None:
    """Make the tables as their owner, then the rows."""
    migrations = resources.files("reference_inbox") / "releases" / "backend" / repositories.SHARED / "migrations"
    with psycopg.connect(record.owner_dsn, autocommit=True) as database:
        for file in sorted(migrations.iterdir(), key=lambda one: one.name):
            database.execute(file.read_text("utf-8").encode())
    rows.fill(record.admin_dsn, record.rows, record.seed, f"{record.backend_url}/media/", record.login["password"])
    roles.grant(state, record.ports["postgres"])


def make_repositories(state: State) -> dict[str, dict[str, str]]:
    """Make both repositories."""
    return {service: repositories.create(state, service) for service in repositories.SERVICES}


def start_services(state: State) -> None:
    """Build the old release of both services and start them, side by side."""
    record = state.read()
    builder = steps.Steps(state, record)

    def build_and_start(service: str) -> None:
        walking.run(state, builder.build(f"build-{service}", service))
        services.start(state, service)

    with ThreadPoolExecutor() as hands:
        list(hands.map(build_and_start, repositories.SERVICES))
    services.wait_for_health(state)


def down(state: State) -> bool:
    """End every process of the deployment and remove what was made; tell whether there was anything.

    Works on what a killed `up` left, and twice. Files in DIR that are not ours stay.
    """
    if not state.folder.is_dir():
        return False
    found = state.exists
    close_managers(state)
    for name in NAMES:
        found |= processes.stop(state, name)
    outside = places_outside(state)
    processes.end(processes.strays(state, [state.folder / "postgres" / "data", *(one / "data" for one in outside)]))
    mounts.take_away(state.dumps)
    for place in outside:
        shutil.rmtree(place, ignore_errors=True)
    remove_made(state)
    return found


def close_managers(state: State) -> None:
    """End whoever runs the services; what an unreadable record does not name is found by its mark later."""
    with suppress(ReferenceFailed, WrongUsage):
        managers.of(state).close(state)


def places_outside(state: State) -> list[Path]:
    """List what the record says was made outside DIR; nothing when there is no readable record."""
    try:
        return [Path(place) for place in state.read().outside]
    except (ReferenceFailed, WrongUsage):
        return []


def remove_made(state: State) -> None:
    """Remove what `up` made in DIR, the record last, and DIR itself when nothing else is in it."""
    half_written = [path.name for path in state.folder.glob(f".{RECORD}.*")]  # left when the writer was killed
    for name in (*half_written, *MADE):
        path = state.folder / name
        shutil.rmtree(path, ignore_errors=True) if path.is_dir() else path.unlink(missing_ok=True)
    if not any(state.folder.iterdir()):
        state.folder.rmdir()


@contextmanager
def phase(what: str) -> Iterator[None]:
    """Say in one line what was made and how long it took."""
    begin = time.monotonic()
    yield
    log.info("%s (%.1f s)", what, time.monotonic() - begin)
