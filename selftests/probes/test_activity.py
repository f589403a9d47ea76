"""Who else is in the database, as a monitor and as an ordinary role sees it."""

from __future__ import annotations

from contextlib import contextmanager
from threading import Thread

import psycopg
import pytest
from pydantic import SecretStr

from releasegate.probes.activity import activity
from releasegate.probes.postgres import open_session
from releasegate.target.models import Database

ROLES = """
DO $$ BEGIN CREATE ROLE monitor LOGIN; CREATE ROLE ordinary LOGIN; CREATE ROLE app LOGIN;
            GRANT pg_monitor TO monitor; EXCEPTION WHEN duplicate_object THEN NULL; END $$;
CREATE TABLE t (n int, day int) PARTITION BY RANGE (day);
CREATE TABLE t1 PARTITION OF t FOR VALUES FROM (0) TO (9);
GRANT ALL ON t, t1 TO app;
"""


@contextmanager
def seen_by(dsn, role, **more):
    with open_session(Database(dsn=SecretStr(dsn.replace("postgres@", f"{role}@")))) as session:
        yield lambda: activity(session, ["t"], **more).value


def as_app(dsn):
    return psycopg.connect(dsn.replace("postgres@", "app@"))


def test_a_monitor_sees_who_holds_a_partition_and_since_when(cluster):
    """A lock on a partition is one on the table of the change; an idle session is nobody."""
    dsn = cluster.database(ROLES)
    with as_app(dsn) as holder, as_app(dsn), seen_by(dsn, "monitor") as look:
        holder.execute("INSERT INTO t VALUES (1, 1)")
        seen = look()
    (transaction,) = seen.transactions
    assert (seen.sessions, seen.hidden, seen.hidden_open, seen.role) == (2, 0, 0, "monitor")
    assert (transaction.user, transaction.state, transaction.tables) == ("app", "idle in transaction", ("t",))
    assert 0 < transaction.open_s < 60


def test_an_ordinary_role_counts_what_it_cannot_see(cluster):
    """A transaction that stays open through every look is counted; a session at rest is not."""
    dsn = cluster.database(ROLES)
    with as_app(dsn) as holder, as_app(dsn), seen_by(dsn, "ordinary", watch_s=1) as look:
        holder.execute("SELECT 1")
        seen = look()
    assert (seen.sessions, seen.hidden, seen.hidden_open, seen.transactions) == (2, 2, 1, ())
    assert seen.watched_s >= 1


def test_hidden_sessions_at_rest_leave_nothing_open(cluster):
    """Near miss: an application's pool at rest does not keep an ordinary role from a verdict, and costs no wait."""
    dsn = cluster.database(ROLES)
    with as_app(dsn), as_app(dsn), seen_by(dsn, "ordinary") as look:
        seen = look()
    assert (seen.hidden, seen.hidden_open, seen.watched_s) == (2, 0, 0)


@pytest.mark.parametrize("role", ["monitor", "ordinary"])
def test_who_waits_for_the_table_is_seen_by_everybody(cluster, role, wait_until):
    """pg_locks hides nothing."""
    dsn = cluster.database(ROLES)
    lock = "LOCK TABLE t IN SHARE UPDATE EXCLUSIVE MODE"
    with as_app(dsn) as holder, as_app(dsn) as waiter, seen_by(dsn, role, watch_s=0) as look:
        holder.execute(lock)
        waits = Thread(target=waiter.execute, args=(lock,))
        waits.start()
        wait_until(lambda: bool(look().waiting), "the wait")
        (waiting,) = look().waiting
        holder.rollback()
        waits.join()
    assert waiting.tables == ("t",)


def test_a_prepared_transaction_is_seen_with_its_table(cluster):
    """It has no session, and still holds its lock."""
    dsn = cluster.database(ROLES)
    with psycopg.connect(dsn) as maker:
        maker.execute("INSERT INTO t VALUES (1, 1)")
        if maker.execute("SHOW max_prepared_transactions").fetchone() == ("0",):
            pytest.skip("max_prepared_transactions is 0 here")
        maker.execute("PREPARE TRANSACTION 'left behind'")
    with seen_by(dsn, "ordinary") as look:
        (prepared,) = look().prepared
    with psycopg.connect(dsn, autocommit=True) as maker:
        maker.execute("ROLLBACK PREPARED 'left behind'")
    assert (prepared.gid, prepared.tables, prepared.user) == ("left behind", ("t",), "postgres")
