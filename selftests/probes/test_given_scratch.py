"""A scratch server that the target names: a cluster of its own, used and left as it was."""

from __future__ import annotations

import subprocess
from contextlib import ExitStack

import psycopg
import pytest
from pydantic import SecretStr

from releasegate.checks.restore import catalog_came_back
from releasegate.core import CannotMeasure, UsageError, Verdict
from releasegate.probes import backup, catalog, copies
from releasegate.probes.postgres import open_session
from releasegate.probes.scratch import installed, scratch_server
from releasegate.probes.scratch_databases import Databases
from releasegate.target.models import Backup, Database, Target

pytestmark = pytest.mark.everything
MAJOR = 15  # Debian's own at the time of writing
ROWS = """
CREATE ROLE inbox_owner; CREATE TABLE messages AS SELECT n AS id, now() AS created_at FROM generate_series(1, 500) n;
ALTER TABLE messages OWNER TO inbox_owner; CREATE INDEX ON messages (created_at);
"""


@pytest.fixture(scope="module")
def servers():
    """Return two clusters of Debian's version: the deployment's, and the one for copies, with a role for it."""
    if MAJOR not in installed().values():
        pytest.skip(f"PostgreSQL {MAJOR} is not installed here")
    with ExitStack() as stack:
        live, given = (stack.enter_context(scratch_server(wanted=MAJOR)) for _ in range(2))
        with psycopg.connect(given.dsn(), autocommit=True) as connection:
            connection.execute("CREATE ROLE copies LOGIN CREATEDB PASSWORD 'geheim'")
        yield live, given


@pytest.fixture(scope="module")
def dumped(servers, tmp_path_factory):
    """Return the deployment's database and a dump of it."""
    databases, path = Databases(servers[0]), tmp_path_factory.mktemp("dump") / "inbox.dump"
    name = databases.create()
    for command in ("psql", "-X", "-v", "ON_ERROR_STOP=1", "-c", ROWS), ("pg_dump", "-F", "c", "-f", str(path)):
        subprocess.run(
            [servers[0].bin / command[0], *command[1:]], env=databases.environment(name), check=True,
            capture_output=True,
        )  # fmt: skip
    return servers[0].dsn(name), path


def target(live, given):
    return Target(
        name="night", database=Database(dsn=SecretStr(live)),
        backup=Backup(rehearse_restore=True, scratch_dsn=SecretStr(given)),
    )  # fmt: skip


def as_role(server, role):
    return psycopg.conninfo.make_conninfo(server.dsn(), user=role, password="geheim")


def names(server):
    with psycopg.connect(server.dsn()) as connection:
        return {
            row[0] for row in connection.execute("SELECT datname FROM pg_database UNION SELECT rolname FROM pg_roles")
        }


@pytest.mark.parametrize("role", ["postgres", "copies"])
def test_a_given_server_takes_the_copy_and_loses_it_again(servers, dumped, here, role):
    """By its superuser, and by a role that may make databases and nothing else."""
    live, given = servers
    before = names(given)
    with open_session(Database(dsn=SecretStr(dumped[0]))) as session:
        listing = backup.listing(here, str(dumped[1]), str(live.bin)).value
        with copies.open_copy(target(dumped[0], as_role(given, role)), session, here, listing) as copy:
            assert (copy.restored.value.errors, copy.restored.value.server) == ((), f"PostgreSQL {MAJOR}")
            with copy.session() as look:
                (table,) = copies.rows_of_tables(look, session).value
                assert (table.restored, table.has_rows, table.newest[:3]) == (500, True, "202")
                # Whose a table is does not come with a copy.
                copied, own = catalog.objects(look).value, catalog.objects(session).value
                assert catalog_came_back(copied, own, same_major=True, source="runbook").verdict is Verdict.PASS
    assert names(given) == before


def test_the_deployment_s_own_server_is_refused(servers, dumped, here):
    """A copy beside the original would be one wrong name away from it."""
    with open_session(Database(dsn=SecretStr(dumped[0]))) as session:
        listing = backup.listing(here, str(dumped[1]), str(servers[0].bin)).value
        with (
            pytest.raises(UsageError, match="is the deployment's own server"),
            copies.open_copy(target(dumped[0], servers[0].dsn()), session, here, listing),
        ):
            pass


def test_a_server_that_does_not_answer_is_said_without_its_password(servers, dumped, here):
    """Its address is told, its password is not."""
    nowhere = "host=127.0.0.1 port=1 user=copies password=geheim dbname=postgres"
    with open_session(Database(dsn=SecretStr(dumped[0]))) as session:
        listing = backup.listing(here, str(dumped[1]), str(servers[0].bin)).value
        with (
            pytest.raises(CannotMeasure, match=r"backup\.scratch_dsn: .*port 1") as raised,
            copies.open_copy(target(dumped[0], nowhere), session, here, listing),
        ):
            pass
    assert "geheim" not in str(raised.value)
