"""PostgreSQL's own counters of what was written, against what really was."""

from __future__ import annotations

import psycopg
from pydantic import SecretStr

from releasegate.probes import counters
from releasegate.probes.postgres import open_session
from releasegate.target.models import Database


def test_what_is_written_between_two_looks_is_their_difference(cluster, wait_until):
    """Every table of every schema, whoever writes; a role that may read none of them sees the counters too."""
    dsn = cluster.database(
        "DO $$ BEGIN CREATE ROLE passer_by LOGIN; EXCEPTION WHEN duplicate_object THEN NULL; END $$;"
        'CREATE SCHEMA "Shop"; CREATE TABLE "Shop"."Order" (id int); CREATE TABLE quiet (id int);'
    )

    def look():
        with open_session(Database(dsn=SecretStr(dsn.replace("postgres@", "passer_by@")))) as session:
            return counters.written(session)

    assert look() == {"Shop.Order": (0, 0, 0), "public.quiet": (0, 0, 0)}
    with psycopg.connect(dsn, autocommit=True) as people:
        people.execute('INSERT INTO "Shop"."Order" SELECT generate_series(1, 5)')
        people.execute('UPDATE "Shop"."Order" SET id = 9 WHERE id < 3')
        people.execute('DELETE FROM "Shop"."Order" WHERE id = 9')
    wait_until(lambda: look() == {"Shop.Order": (5, 2, 2), "public.quiet": (0, 0, 0)}, "the counters")
