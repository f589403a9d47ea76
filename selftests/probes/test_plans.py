"""Plans against every version of the server: nothing runs, and indexes come first."""

from __future__ import annotations

import json

import pytest
from pydantic import SecretStr

from releasegate.change.models import Change, Index, Query, Schema, Statement
from releasegate.probes.plans import index_plans
from releasegate.probes.postgres import open_session
from releasegate.target.models import Database

TABLE = """
CREATE TABLE m (id int PRIMARY KEY, reply int, files jsonb);
CREATE INDEX m_reply ON m (reply) WHERE reply IS NOT NULL;
CREATE INDEX idx_m_files ON m USING gin (files);
CREATE INDEX m_some ON m USING gin (files) WHERE files <> '[]';
INSERT INTO m SELECT n, n / 2, '[{"source": "old"}]' FROM generate_series(1, 50) AS n;
DO $$ BEGIN CREATE ROLE plan_reader LOGIN; EXCEPTION WHEN duplicate_object THEN NULL; END $$;
GRANT SELECT ON m TO plan_reader;
"""
BACK = "UPDATE m SET files = '[]' WHERE files @> '[{\"source\": \"old\"}]'"
COMMON = {"table": "m", "source": "runbook"}


def planned(cluster, *, queries=(), names=(), drop=""):
    dsn = cluster.database(TABLE + drop).replace("postgres@", "plan_reader@")
    indexes = tuple(Index(name=name, columns=("files",) if name == "m_some" else None, **COMMON) for name in names)
    change = Change(
        id="C", title={"en": "c", "pt-BR": "c"}, document="d",
        schema=Schema(tables=("m",), indexes=indexes, queries=queries),
        rollback=(Statement(kind="data", sql=BACK, source="way back"),),
    )  # fmt: skip
    with open_session(Database(dsn=SecretStr(dsn))) as session:
        plans = index_plans(session, change)
        count = session.read("SELECT count(*) AS rows FROM m WHERE files = '[]'").row["rows"]
    assert count == 0
    return plans


@pytest.mark.parametrize(("sql", "used"), [("reply = 7", ("m_reply",)), ("reply IS NULL", ()), ("id = 3", ("m_pkey",))])
def test_a_query_uses_the_index_that_can_serve_it(cluster, sql, used):
    """Also on a table so small that a sequential scan would be cheaper; a partial index only for its own rows."""
    query = Query(sql=f"SELECT id FROM m WHERE {sql};", index="m_reply", source="runbook")  # noqa: S608  constants
    (plan,) = planned(cluster, queries=(query,)).value
    assert (plan.used, plan.sqlstate, plan.is_promised) == (used, "", True)


def test_a_way_back_is_planned_by_a_role_that_may_only_read(cluster):
    """Its condition as a SELECT; the index is known by its columns, or by its name where nobody promises columns."""
    measured = planned(cluster, names=("idx_m_files", "m_reply"))
    (plan,) = measured.value
    assert (plan.index, plan.used, plan.is_promised) == ("idx_m_files", ("idx_m_files",), False)
    assert json.loads(measured.blobs["plan-1-idx_m_files.json"])[0]["Plan"]


def test_a_partial_index_that_the_way_back_does_not_speak_of_serves_nothing(cluster):
    """The condition of the index is not implied by the statement's."""
    (plan,) = planned(cluster, names=("m_some",), drop="DROP INDEX idx_m_files;").value
    assert plan.used == ()


def test_a_query_without_a_plan_comes_back_with_its_reason(cluster):
    """A column that is not there is an answer."""
    query = Query(sql="SELECT 1 FROM m WHERE gone = 1", index="m_reply", source="runbook")
    (plan,) = planned(cluster, queries=(query,)).value
    assert (plan.sqlstate, plan.used) == ("42703", ())


PARTS = """
CREATE TABLE p (id int, reply int, day int) PARTITION BY RANGE (day);
CREATE TABLE p1 PARTITION OF p FOR VALUES FROM (0) TO (9) PARTITION BY RANGE (id);
CREATE TABLE p11 PARTITION OF p1 FOR VALUES FROM (0) TO (9);
CREATE TABLE p2 PARTITION OF p FOR VALUES FROM (9) TO (99);
CREATE INDEX p_reply ON p (reply); CREATE INDEX p2_own ON p2 (id);
GRANT SELECT ON p TO plan_reader;
"""


@pytest.mark.parametrize(("where", "used"), [("reply = 7", ("p_reply",)), ("day = 10 AND id = 3", ("p2_own",))])
def test_an_index_of_a_partition_is_that_of_the_whole_table(cluster, where, used):
    """Through every level; one that a partition has for itself keeps its name."""
    query = Query(sql=f"SELECT 1 FROM p WHERE {where}", index="p_reply", source="runbook")  # noqa: S608  constants
    (plan,) = planned(cluster, queries=(query,), drop=PARTS).value
    assert plan.used == used
