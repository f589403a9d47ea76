"""The catalogue: every fault changes the deployment, and mending puts back what was."""

import hashlib
from collections.abc import Iterator
from pathlib import Path

import httpx
import psycopg
import pytest

from reference_inbox import moments
from reference_inbox.errors import ReferenceFailed, WrongUsage
from reference_inbox.faults import catalogue
from reference_inbox.faults.fault import Fault
from reference_inbox.repositories import SERVICES, git
from reference_inbox.state import State

from .conftest import go_to

CATALOG = {
    "columns": "SELECT attname, format_type(atttypid, atttypmod), pg_get_expr(adbin, adrelid) FROM pg_attribute "
    "LEFT JOIN pg_attrdef ON adrelid = attrelid AND adnum = attnum "
    "WHERE attrelid = 'messages'::regclass AND attnum > 0 AND NOT attisdropped ORDER BY 1",
    "indexes": "SELECT pg_get_indexdef(indexrelid), indisvalid FROM pg_index "
    "WHERE indrelid = 'messages'::regclass ORDER BY 1",
    "constraints": "SELECT conname, pg_get_constraintdef(oid) FROM pg_constraint "
    "WHERE conrelid = 'messages'::regclass ORDER BY 1",
    "rights": "SELECT relacl::text FROM pg_class WHERE oid = 'messages'::regclass",
    "options": "SELECT reloptions FROM pg_class WHERE oid = 'messages'::regclass",
    "migrations": "SELECT m::text FROM schema_migrations m ORDER BY 1",
    "role": "SELECT rolsuper FROM pg_roles WHERE rolname = 'release_gate'",
    "memberships": "SELECT roleid::regrole::text, admin_option FROM pg_auth_members "
    "WHERE member = 'release_gate'::regrole ORDER BY 1",
    "connections": "SELECT datconnlimit FROM pg_database WHERE datname = current_database()",
    "rows": "SELECT count(*), sum(hashtext(m::text)) FROM messages m",
}


def snapshot(state: State) -> dict[str, object]:
    """Take down everything that a fault may change: catalog, rows, files with their times, what is running."""
    record = state.read()
    with psycopg.connect(record.admin_dsn) as database:
        seen: dict[str, object] = {name: database.execute(query.encode()).fetchall() for name, query in CATALOG.items()}
    for folder in (state.dumps, state.repository("backend") / "dist", state.repository("frontend") / "dist"):
        seen[folder.parent.name] = dict(files(folder))
    seen["databases"] = databases(record.admin_dsn)
    seen["pids"] = {name: int((state.run / f"{name}.pid").read_text()) - pid for name, pid in record.pids.items()}
    seen["heads"] = [git(state.repository(service), "log", "-g", "--format=%H %gs") for service in SERVICES]
    seen["fetched"] = [git(state.repository(service), "for-each-ref") for service in SERVICES]
    seen["origin"] = [git(state.repository(service), "ls-remote", "origin") for service in SERVICES]
    seen["changed"] = [git(state.repository(service), "status", "--porcelain") for service in SERVICES]
    seen["promises"] = [(state.folder / name).read_text() for name in ("target.toml", "change.toml")]
    seen["logs"] = sorted(state.logs.iterdir())
    for url in (f"{record.backend_url}/version", f"{record.frontend_url}/build.json"):
        seen[url] = answer(url)
    return seen


def databases(dsn: str) -> list[object]:
    """List the databases of the cluster."""
    with psycopg.connect(dsn) as server:
        return server.execute("SELECT datname FROM pg_database ORDER BY 1").fetchall()


def files(folder: Path) -> Iterator[tuple[str, tuple[object, ...]]]:
    """List every file with its content, time, mode, and where it really lies."""
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            seen = path.stat()
            content = hashlib.sha256(path.read_bytes()).hexdigest()
            yield str(path), (content, seen.st_mtime_ns, oct(seen.st_mode), str(path.resolve()))


def answer(url: str) -> bytes | str:
    try:
        return httpx.get(url).content
    except httpx.TransportError:
        return "no answer"


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Take every fault; the one that takes a minute to strike only with the others that take long."""
    if "name" in metafunc.fixturenames:
        is_all = metafunc.config.getoption("--everything")
        metafunc.parametrize(
            "name",
            [
                name
                for name, fault in catalogue.BY_NAME.items()
                if "process" in fault.services and (is_all or name != "long-transaction")
            ],
        )


def test_a_fault_breaks_and_is_mended(deployment: State, name: str) -> None:
    fault = catalogue.BY_NAME[name]
    go_to(deployment, fault.at)
    before = snapshot(deployment)
    strike_or_skip(deployment, fault)
    active, broken = deployment.read().faults, snapshot(deployment)
    catalogue.mend(deployment, fault)  # before anything is claimed: a fault left active would fail all that follow
    assert active == [fault.name]
    assert broken != before
    assert snapshot(deployment) == before
    assert deployment.read().faults == []
    assert list(deployment.faults.iterdir()) == []


def strike_or_skip(deployment: State, fault: Fault) -> None:
    """Break it; skip where this machine gives nobody the right that it takes."""
    try:
        catalogue.strike(deployment, fault)
    except ReferenceFailed as refused:
        if "needs the right" not in str(refused):
            raise
        pytest.skip(str(refused))


def test_a_fault_before_its_moment_is_refused_with_the_moment(deployment: State) -> None:
    here = deployment.read().moment
    fault = next(fault for fault in catalogue.EVERY if not moments.has_passed(here, fault.at))
    with pytest.raises(WrongUsage, match=f"{fault.name} strikes at {fault.at} and the deployment stands at {here}"):
        catalogue.strike(deployment, fault)


def test_mending_what_is_not_broken_names_what_is(deployment: State) -> None:
    with pytest.raises(WrongUsage, match="escape-dead is not active here; active: none"):
        catalogue.mend(deployment, catalogue.named("escape-dead"))


def test_names_are_unique_and_a_near_one_is_offered() -> None:
    assert len(catalogue.BY_NAME) == len(catalogue.EVERY)
    with pytest.raises(WrongUsage, match=r"did you mean slow-api\?"):
        catalogue.named("slow-app")
