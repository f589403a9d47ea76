"""What a watch and the followup gate ask a real server, on tables of other shapes than the reference's."""

from __future__ import annotations

import threading
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

import psycopg
import pytest
from pydantic import SecretStr

from releasegate.change.models import Backfill, Column, Marker
from releasegate.core import CannotMeasure
from releasegate.probes import followup
from releasegate.probes.postgres import open_session
from releasegate.probes.watch import database as probe
from releasegate.probes.watch.database import DatabaseWatch
from releasegate.target.models import Database

from .conftest import until

SOURCE = "runbook 4"
TABLE = """
CREATE SCHEMA "Chat";
CREATE TABLE "Chat"."Msg" (
    "Id" bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, "mediaUrl" text, "createdAt" timestamptz DEFAULT now(),
    "Files" jsonb DEFAULT '[]', "ReplyTo" bigint
);
INSERT INTO "Chat"."Msg" ("mediaUrl", "createdAt") SELECT 'https://x/1.jpg', '2025-11-01' FROM generate_series(1, 20);
"""
BACKFILL = Backfill(
    source=SOURCE, table="Chat.Msg", key="Id", from_column="mediaUrl", to_column="Files", url=("/0/url",),
    type=("/0/type",), marker=Marker(source=SOURCE, at=("/0/source",), value="legacy"), types=(),
)  # fmt: skip
WRITE = """INSERT INTO "Chat"."Msg" ("mediaUrl", "Files") VALUES (%s, %s)"""


def settings(dsn: str) -> Database:
    return Database(dsn=SecretStr(dsn))


def watched(dsn: str, backfill: Backfill | None = BACKFILL) -> DatabaseWatch:
    return DatabaseWatch(settings(dsn), ["Chat.Msg"], backfill)


@contextmanager
def somebody(dsn: str):
    """Give another connection, which commits nothing by itself."""
    with psycopg.connect(dsn) as other:
        yield other
        other.rollback()


def test_new_rows_are_counted_from_the_newest_that_was_there(cluster):
    """All, those with media, and those of them that an old writer wrote; the table's size beside them."""
    dsn = cluster.database(TABLE)
    watch = watched(dsn)
    first = watch.look(with_statements=False)
    assert (first.new_rows.total, first.new_rows.media, first.new_rows.old_form) == (0, 0, 0)
    assert watch.new_since.startswith("2025-11-01 00:00:00")
    with psycopg.connect(dsn) as other:
        for row in ((None, "[]"), ("https://x/2.jpg", '[{"url": "https://x/2.jpg"}]'), ("https://x/3.jpg", "[]")):
            other.execute(WRITE, row)
    look = watch.look(with_statements=False)
    assert (look.new_rows.total, look.new_rows.media, look.new_rows.old_form) == (3, 2, 1)
    assert look.tables["Chat.Msg"].size_bytes > 0
    assert look.took_ms > 0


def test_counting_that_would_read_a_whole_table_is_left_out(cluster, monkeypatch):
    """It is asked of the planner once, and said in every round."""
    monkeypatch.setattr(probe, "_DEAREST", 0.0)
    watch = watched(cluster.database(TABLE))
    for _ in range(2):
        look = watch.look(with_statements=False)
        assert look.new_rows is None
        assert look.rows_error.startswith("no index on Chat.Msg.createdAt: counting new rows would read the whole")


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        (
            'ALTER TABLE "Chat"."Msg" DROP "createdAt"',
            ("no column says when a row of Chat.Msg was created; name it in the target: [reading] backfill.created"),
        ),
        ('ALTER TABLE "Chat"."Msg" ALTER "Files" DROP DEFAULT, ALTER "Files" TYPE text', "Chat.Msg.Files is no JSON"),
    ],
)
def test_rows_that_cannot_be_counted_are_told(cluster, changed, said):
    """And the rest is looked at."""
    look = watched(cluster.database(TABLE + ";" + changed)).look(with_statements=False)
    assert (look.new_rows, look.rows_error) == (None, said)
    assert look.connections > 0


def test_a_locked_table_is_a_queue_and_no_database_that_is_away(cluster):
    """A session that waits, the one that holds it up, and what could not be looked at; afterwards nothing of it."""
    dsn = cluster.database(TABLE)
    watch = watched(dsn)
    with psycopg.connect(dsn) as holder, psycopg.connect(dsn) as waiter:
        holder.execute('LOCK TABLE "Chat"."Msg"')
        waiting = threading.Thread(target=waiter.execute, args=['LOCK TABLE "Chat"."Msg"'])
        waiting.start()
        try:
            until(lambda: watch.look(with_statements=False).waiting == 1, "a session that waits")
            look = watch.look(with_statements=False)
        finally:
            holder.rollback()
            waiting.join()
    assert look.longest_s > 0
    assert (look.tables, look.new_rows) == ({}, None)
    assert "timeout" in look.rows_error
    look = watch.look(with_statements=False)
    assert (look.waiting, look.longest_s, look.rows_error) == (0, None, "")


def test_a_role_that_sees_little_counts_what_it_does_not_see(cluster):
    """Other roles' sessions are hidden from it; who waits for a lock is not."""
    dsn = cluster.database(
        TABLE + 'GRANT USAGE ON SCHEMA "Chat" TO PUBLIC; GRANT SELECT ON ALL TABLES IN SCHEMA "Chat" TO PUBLIC'
    )
    cluster.run("DROP ROLE IF EXISTS onlooker; CREATE ROLE onlooker LOGIN")
    with somebody(dsn) as other:
        other.execute("SELECT 1")
        look = watched(dsn.replace("postgres@", "onlooker@")).look(with_statements=True)
    assert (look.hidden, look.longest_s) == (1, None)
    assert look.new_rows.total == 0


def test_statements_that_cannot_be_read_are_said_in_the_round(cluster):
    """The rest of the round is there."""
    look = watched(cluster.database(TABLE)).look(with_statements=True)
    assert look.statements is None
    assert look.statements_error.startswith("pg_stat_statements cannot be read: database ")
    assert look.new_rows is not None


def test_a_database_that_is_gone_is_one_bad_round(cluster):
    """And the next look finds it again."""
    dsn = cluster.database(TABLE)
    watch = watched(dsn)
    watch.look(with_statements=False)
    name = dsn.rpartition("/")[2]
    cluster.run(f"ALTER DATABASE {name} RENAME TO gone")
    with pytest.raises(CannotMeasure, match="does not exist"):
        watch.look(with_statements=False)
    cluster.run(f"ALTER DATABASE gone RENAME TO {name}")
    assert watch.look(with_statements=False).new_rows.total == 0


def test_indexes_are_told_with_their_use(cluster):
    """Of tables in a schema of their own; one that became invalid, and one that was used."""
    dsn = cluster.database(TABLE + 'CREATE INDEX by_reply ON "Chat"."Msg" ("ReplyTo")')
    cluster.run("UPDATE pg_index SET indisvalid = false WHERE indexrelid = '\"Chat\".by_reply'::regclass",
                dsn.rpartition("/")[2])  # fmt: skip
    with open_session(settings(dsn)) as session:
        found = {index.name: index for index in followup.index_use(session, ["Chat.Msg"]).value}
        sizes = followup.table_sizes(session, ["Chat.Msg", "Chat.Gone"]).value
    assert (found["by_reply"].table, found["by_reply"].is_valid, found["by_reply"].scans) == ("Chat.Msg", False, 0)
    assert found["Msg_pkey"].is_valid
    assert set(sizes) == {"Chat.Msg"}


def test_what_is_used_of_the_new_columns_is_counted(cluster):
    """Among the rows written since the release; a JSON list that is empty is nothing."""
    dsn = cluster.database(TABLE)
    since = datetime.now(UTC) - timedelta(hours=1)
    with psycopg.connect(dsn) as other:
        other.execute(WRITE, ("https://x/2.jpg", '[{"url": "https://x/2.jpg"}]'))
        other.execute(WRITE, ("", "[]"))
    columns = [
        Column(source=SOURCE, table="Chat.Msg", name="Files", type="jsonb"),
        Column(source=SOURCE, table="Chat.Msg", name="ReplyTo", type="bigint"),
        Column(source=SOURCE, table="Chat.Other", name="Files", type="jsonb"),
    ]
    with open_session(settings(dsn)) as session:
        used = followup.usage(session, BACKFILL, columns, since).value
        none = followup.usage(session, BACKFILL, columns[2:], since).value
        blind = followup.readers(session, BACKFILL).value
    assert (used.rows, used.filled, used.trouble) == (2, {"Files": 1, "ReplyTo": 0}, "")
    assert none.trouble == "the release brings none"
    assert blind.trouble.startswith("pg_stat_statements cannot be read")
