"""The commands of a restore as they are printed, pasted into a shell, against a real server."""

from __future__ import annotations

import os
import subprocess

import psycopg
from psycopg.conninfo import conninfo_to_dict

from releasegate.change.models import Change
from releasegate.plugin.back.commands import commands
from releasegate.plugin.back.known import Known
from releasegate.probes import database
from releasegate.probes.postgres import open_session
from releasegate.target.models import Database, Target

OWNED = """
DROP ROLE IF EXISTS "Shop owner"; DROP ROLE IF EXISTS "Shop reader";
CREATE ROLE "Shop owner" LOGIN; CREATE ROLE "Shop reader" LOGIN;
ALTER DATABASE {0} OWNER TO "Shop owner";
REVOKE ALL ON DATABASE {0} FROM PUBLIC; GRANT CONNECT ON DATABASE {0} TO "Shop reader";
ALTER DATABASE {0} SET search_path = "Shop", public; ALTER DATABASE {0} SET app.key = 'it''s secret';
ALTER ROLE "Shop reader" IN DATABASE {0} SET statement_timeout = '7s';
CREATE SCHEMA "Shop"; CREATE TABLE "Shop".messages AS SELECT 1 AS id;
"""
ABOUT = """
SELECT pg_get_userbyid(datdba), datacl::text, datcollate, pg_encoding_to_char(encoding),
       (SELECT array_agg(setconfig::text ORDER BY setrole) FROM pg_db_role_setting WHERE setdatabase = base.oid)
  FROM pg_database base WHERE datname = current_database()
"""
PARTS = {"id": "c-1", "title": {"en": "a", "pt-BR": "b"}, "document": "runbook.md"}


def about(dsn):
    with psycopg.connect(dsn) as connection:
        return connection.execute(ABOUT).fetchone()


def test_a_restored_database_is_owned_set_up_and_closed_as_the_one_it_replaces(cluster, tmp_path):
    """A dump holds neither owner nor locale, settings or rights of its database; what is secret is not in the text."""
    dsn = cluster.database()
    name = conninfo_to_dict(dsn)["dbname"]
    cluster.run(OWNED.format(name), name)
    before, dump = about(dsn), tmp_path / "a.dump"
    subprocess.run([cluster.bin / "pg_dump", "-F", "c", "-f", dump, "-d", dsn], check=True, capture_output=True)
    with open_session(Database(dsn=dsn)) as session:
        server = database.server(session).value
    known = Known(
        dump=str(dump), form="custom", made_with=server.made_with, has_own_settings=server.has_own_settings
    )  # fmt: skip
    lines = commands(
        "restore", Target(name="night"), Change.model_validate(PARTS), known,
        f"host=127.0.0.1 port={cluster.port} dbname={name}",
    )  # fmt: skip
    pasted = "\n".join(lines)
    there = {**os.environ, "PATH": f"{cluster.bin}:{os.environ['PATH']}", "PGUSER": "postgres"}
    subprocess.run(["sh", "-e", "-c", pasted], check=True, capture_output=True, env=there)
    cluster.run('INSERT INTO "Shop".messages VALUES (2)', name)
    assert before[0] == "Shop owner"
    assert about(dsn) == before
    assert "secret" not in pasted


def test_a_database_with_nothing_of_its_own_takes_no_more_lines(cluster):
    """The usual case stays short."""
    with open_session(Database(dsn=cluster.database())) as session:
        server = database.server(session).value
    assert not server.has_own_settings
    assert server.made_with.startswith('OWNER postgres TEMPLATE template0 ENCODING "UTF8"')
