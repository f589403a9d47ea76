"""What the catalog is asked for, against every version of the server."""

from __future__ import annotations

import psycopg
import pytest
from pydantic import SecretStr

from releasegate.change.models import Column, ForeignKey, Index
from releasegate.checks import schema as checks
from releasegate.checks.planned import differences
from releasegate.core import Verdict
from releasegate.probes import catalog
from releasegate.probes.postgres import open_session
from releasegate.target.models import Database

TABLE = """
CREATE TABLE m (id bigint PRIMARY KEY, "replyTo" bigint, kind varchar(20) DEFAULT 'text', at timestamptz DEFAULT now(),
  note text DEFAULT 'a'::text || 'b');
CREATE INDEX partial ON m ("replyTo") WHERE "replyTo" IS NOT NULL AND kind IN ('a', 'B');
CREATE INDEX lower_kind ON m (lower(kind), id) INCLUDE (at);
"""
COMMON = {"table": "m", "source": "runbook"}


def judged(session, *, columns=(), indexes=()):
    schema = catalog.schema(session, ["m"]).value
    deparsed = catalog.deparsed(session, checks.to_deparse(schema, columns, indexes)).value
    if indexes:
        return checks.indexes_work(schema, indexes, deparsed).verdict
    return checks.columns_exist(schema, columns, deparsed).verdict


@pytest.fixture
def session(cluster):
    with open_session(Database(dsn=SecretStr(cluster.database(TABLE)))) as session:
        yield session


@pytest.mark.parametrize(
    ("promise", "verdict"),
    [
        ({"name": "partial", "predicate": """kind in ('a','B') and "replyTo" is not null"""}, Verdict.FAIL),  # order
        ({"name": "partial", "predicate": """"replyTo" is not null and kind in ('a','B')"""}, Verdict.PASS),
        ({"name": "partial", "predicate": """("replyTo" IS NOT NULL) AND kind = ANY ('{a,B}')"""}, Verdict.PASS),
        ({"name": "partial", "predicate": """"replyTo" is not null and kind in ('A','b')"""}, Verdict.FAIL),
        ({"name": "partial", "predicate": """no such thing"""}, Verdict.FAIL),
        ({"name": "partial", "columns": ("replyTo",)}, Verdict.PASS),
        ({"name": "lower_kind", "columns": ("LOWER( kind )", "id")}, Verdict.PASS),
        ({"name": "lower_kind", "columns": ("lower(kind::text)", "id")}, Verdict.PASS),
        ({"name": "lower_kind", "columns": ("upper(kind)", "id")}, Verdict.FAIL),
        ({"name": "lower_kind", "columns": ("lower(kind)",)}, Verdict.FAIL),
        ({"name": "lower_kind", "columns": ("lower(kind)", "id", "at")}, Verdict.FAIL),  # at is only carried along
    ],
)
def test_an_index_is_compared_as_the_server_writes_it(session, promise, verdict):
    """Spelling does not matter, values and order do."""
    assert judged(session, indexes=[Index(**COMMON | promise)]) is verdict


@pytest.mark.parametrize(
    ("promise", "verdict"),
    [
        ({"name": "kind", "type": "varchar(20)"}, Verdict.PASS),
        ({"name": "kind", "type": "varchar(21)"}, Verdict.FAIL),
        ({"name": "kind", "type": "text"}, Verdict.FAIL),
        ({"name": "at", "type": "timestamptz", "default": "CURRENT_TIMESTAMP"}, Verdict.FAIL),
        ({"name": "at", "type": "timestamptz", "default": "NOW( )"}, Verdict.PASS),
        ({"name": "at", "type": "timestamptz", "default": "pg_catalog.now()"}, Verdict.PASS),
        ({"name": "kind", "type": "varchar(20)", "default": "'text'::varchar(20)"}, Verdict.PASS),
        ({"name": "kind", "type": "varchar(20)", "default": "'TEXT'"}, Verdict.FAIL),
        ({"name": "note", "type": "text", "default": "'a'::text || 'b'"}, Verdict.PASS),
        ({"name": "note", "type": "text", "default": "'a'::text || 'c'"}, Verdict.FAIL),
        ({"name": "note", "type": "text", "default": "'a'"}, Verdict.FAIL),
    ],
)
def test_a_column_is_compared_as_the_server_writes_it(session, promise, verdict):
    """`timestamptz` is `timestamp with time zone`; another length or another function is not the same."""
    assert judged(session, columns=[Column(**COMMON | promise)]) is verdict


def test_grants_policies_and_switched_off_triggers_are_on_record(cluster):
    """What a migration may lose without anybody noticing."""
    dsn = cluster.database(
        TABLE + "DO $$ BEGIN CREATE ROLE reader; EXCEPTION WHEN duplicate_object THEN NULL; END $$;"
        "GRANT SELECT, UPDATE ON m TO reader; GRANT SELECT (id) ON m TO PUBLIC;"
        "ALTER TABLE m ENABLE ROW LEVEL SECURITY; CREATE POLICY mine ON m FOR SELECT TO reader USING (id > 0);"
        "CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';"
        "CREATE TRIGGER touch BEFORE UPDATE ON m FOR EACH ROW EXECUTE FUNCTION f(); ALTER TABLE m DISABLE TRIGGER touch"
    )
    with open_session(Database(dsn=SecretStr(dsn))) as session:
        seen = catalog.objects(session).value
        counts = catalog.row_counts(session, ["m"]).value
    assert seen["grants on public.m to reader"] == "SELECT, UPDATE"
    assert seen["grants on column public.m.id to public"] == "SELECT"
    assert seen["table public.m"] == "row security"
    assert seen["policy public.m.mine"] == "permissive select to reader using (id > 0)"
    assert seen["trigger public.m.touch"].endswith(" (disabled)")
    assert counts == {"m": 0}


OTHERS = """
CREATE TABLE "User" (id int PRIMARY KEY); CREATE TABLE users (id int PRIMARY KEY);
CREATE SCHEMA old; CREATE TABLE old.users (id int PRIMARY KEY);
CREATE TABLE n (id int, a int REFERENCES "User", b int REFERENCES users, c int REFERENCES old.users);
"""


@pytest.mark.parametrize(
    ("column", "references", "verdict"),
    [
        ("a", "User", Verdict.PASS),
        ("a", "public.User", Verdict.PASS),
        ("a", "user", Verdict.FAIL),
        ("b", "users", Verdict.PASS),
        ("b", "public.users", Verdict.PASS),
        ("b", "User", Verdict.FAIL),
        ("c", "users", Verdict.FAIL),
        ("c", "old.users", Verdict.PASS),
    ],
)
def test_the_table_of_a_foreign_key_is_known_by_each_of_its_names(cluster, column, references, verdict):
    """With its schema or by the search path, upper case as it is; one of that name in another schema is another."""
    key = ForeignKey(table="n", column=column, references_table=references, source="runbook")
    with open_session(Database(dsn=SecretStr(cluster.database(OTHERS)))) as session:
        schema = catalog.schema(session, ["n"], references=[references]).value
    assert checks.foreign_keys_hold(schema, [key]).verdict is verdict


KEPT = """
DO $$ BEGIN CREATE ROLE reader; EXCEPTION WHEN duplicate_object THEN NULL; END $$;
CREATE TABLE k (id int, twice int GENERATED ALWAYS AS (id * 2) STORED, name text);
CREATE FUNCTION one() RETURNS int LANGUAGE sql BEGIN ATOMIC SELECT 1; END;
CREATE FUNCTION two() RETURNS int LANGUAGE sql AS 'SELECT 2';
CREATE AGGREGATE most(int) (sfunc = int4larger, stype = int);
"""


@pytest.mark.parametrize(
    ("statement", "subject"),
    [
        ("ALTER TABLE k OWNER TO reader", "owner of table public.k"),
        ("ALTER TABLE k SET (autovacuum_enabled = off)", "details of table public.k"),
        ("ALTER TABLE k SET UNLOGGED", "details of table public.k"),
        ("ALTER TABLE k ALTER twice DROP EXPRESSION, ALTER twice SET DEFAULT 2", "column public.k.twice"),
        ('ALTER TABLE k ALTER name TYPE text COLLATE "C"', "details of column public.k.name"),
        (
            "CREATE OR REPLACE FUNCTION one() RETURNS int LANGUAGE sql BEGIN ATOMIC SELECT 7; END",
            "details of function public.one()",
        ),
        ("CREATE OR REPLACE FUNCTION two() RETURNS int LANGUAGE sql AS 'SELECT 7'", "function public.two()"),
        ("ALTER FUNCTION two() SECURITY DEFINER", "details of function public.two()"),
    ],
)
def test_whose_a_table_is_and_how_it_is_kept_is_on_record(cluster, statement, subject):
    """Each change is said once."""
    dsn = cluster.database(KEPT)
    with open_session(Database(dsn=SecretStr(dsn))) as session:
        before = catalog.objects(session).value
        with psycopg.connect(dsn) as other:
            other.execute(statement)
        after = catalog.objects(session).value
    assert [name for name, _, _ in differences(after, before)] == [subject]
