"""What a role may see of a database, told apart: no right, no schema, no answer."""

from __future__ import annotations

import psycopg
import pytest
from pydantic import SecretStr

from releasegate.change.models import Statement
from releasegate.checks import database as checks
from releasegate.cli import doctor
from releasegate.core import CannotMeasure, Verdict
from releasegate.probes import database as probe
from releasegate.probes.postgres import open_session
from releasegate.target.models import Database

TABLES = """
DO $$ BEGIN CREATE ROLE door_looker LOGIN; EXCEPTION WHEN duplicate_object THEN NULL; END $$;
CREATE TABLE m (id int); INSERT INTO m VALUES (1); GRANT SELECT ON m TO door_looker;
CREATE SCHEMA app; CREATE TABLE app.n (id int); INSERT INTO app.n VALUES (1); GRANT SELECT ON app.n TO door_looker;
CREATE TABLE p (id int) PARTITION BY RANGE (id);
CREATE VIEW v AS SELECT id FROM m; GRANT SELECT ON v TO door_looker;
"""
ROLE_PATH = "ALTER ROLE door_looker IN DATABASE {name} SET search_path = app, public"


@pytest.fixture
def dsn(cluster):
    dsn = cluster.database(TABLES)
    cluster.run(ROLE_PATH.format(name=dsn.rpartition("/")[2]))
    return dsn


@pytest.fixture
def session(dsn):
    mine = dsn.replace("postgres@", "door_looker@")
    with open_session(Database(dsn=SecretStr(mine), lock_timeout="1s")) as session:
        yield session


@pytest.mark.parametrize("table", ["app.n", "n"])
def test_a_schema_that_may_not_be_used_is_a_finding_with_the_grant(session, cluster, dsn, table):
    """Named with the table, or passed over on the search path; once it is open, the table is seen."""
    judgement = checks.sees_the_rows(probe.table_access(session, [table]).value, "door_looker")
    (finding,) = judgement.findings
    assert (judgement.verdict, finding.have, finding.fix) == (
        Verdict.FAIL,
        "it stands in the schema app, which door_looker may not use",
        "GRANT USAGE ON SCHEMA app TO door_looker",
    )
    cluster.run(finding.fix, dsn.rpartition("/")[2])
    assert checks.sees_the_rows(probe.table_access(session, [table]).value, "door_looker").verdict is Verdict.PASS


def test_a_table_of_that_name_nowhere_is_no_right_that_lacks(session):
    """The schema in the name may be no schema at all."""
    found = probe.table_access(session, ["nowhere.n", "gone"]).value
    assert [(one.found_as, one.closed_schema) for one in found] == [("", ""), ("", "")]


def test_a_table_that_is_locked_could_not_be_looked_at(session, dsn):
    """No right that lacks, and no verdict about the role."""
    with psycopg.connect(dsn) as holder:
        holder.execute("LOCK TABLE m IN ACCESS EXCLUSIVE MODE")
        with pytest.raises(CannotMeasure, match="another session holds a lock"):
            probe.table_access(session, ["m"])


def test_counters_are_of_tables_that_have_any(session):
    """A table that is not there lacks them; a view has none, a partitioned table has."""
    found = probe.statistics(session, ["m", "p", "v", "gone"]).value
    assert (found.tables, found.counted) == (3, 2)


def test_a_superuser_owns_what_it_owns(cluster, dsn):
    """Every role is one of which it is a member, by PostgreSQL's own words."""
    cluster.run("ALTER TABLE m OWNER TO door_looker", dsn.rpartition("/")[2])
    with open_session(Database(dsn=SecretStr(dsn))) as session:
        role = probe.role(session, ["m", "app.n"]).value
    assert (role.is_superuser, role.owns) == (True, ("app.n",))


def test_no_right_to_a_schema_is_not_one_to_a_table(session, cluster, dsn):
    """The first comes before the columns are looked up, the second after."""
    statements = [
        Statement(kind="data", sql=f"UPDATE {text}", source="runbook")
        for text in ("app.n SET nix = 1", "m SET id = 1", "m SET nix = 1")
    ]
    planned = probe.rollback_plans(session, statements).value
    assert [(one.sqlstate, one.grant) for one in planned] == [
        ("42501", "GRANT USAGE ON SCHEMA app TO door_looker"), ("42501", ""), ("42703", ""),
    ]  # fmt: skip
    cluster.run(planned[0].grant, dsn.rpartition("/")[2])
    assert probe.rollback_plans(session, statements[:1]).value[0].sqlstate == "42703"


def test_the_address_to_pin_is_where_the_server_answers(dsn, cluster):
    """As `gate doctor` prints it, and as preflight compares it; a server that does not answer has none."""
    (address,) = doctor._address(Database(dsn=SecretStr(dsn)))
    assert address == f"127.0.0.1:{cluster.port}"
    with open_session(Database(dsn=SecretStr(dsn))) as session:
        server = probe.server(session).value
    pinned = (server.system_identifier, server.database)
    assert checks.is_the_pinned_one(server, pinned, address).verdict is Verdict.PASS
    assert list(doctor._address(Database(dsn=SecretStr("host=127.0.0.1 port=1 user=nobody")))) == []
