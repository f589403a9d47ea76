"""Who else is in the database, as a monitor and as an ordinary role sees it."""

from __future__ import annotations

from contextlib import contextmanager, suppress
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
        try:
            wait_until(lambda: bool(look().waiting), "the wait")
            seen, holder_pid = look(), holder.info.backend_pid
        finally:  # else the waiter's connection waits for it at its end, whatever went wrong
            holder.rollback()
            waits.join()
    (waiting,) = seen.waiting
    assert waiting.tables == ("t",)
    (blocker,) = seen.blockers
    assert waiting.blocked_by == (blocker.pid,) == (holder_pid,)
    assert (blocker.user, "idle in transaction" in blocker.state) == ("app", role == "monitor")


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


SLOW = """
CREATE TABLE big (n int, t text) WITH (autovacuum_vacuum_threshold = 0, autovacuum_vacuum_scale_factor = 0,
  autovacuum_vacuum_cost_delay = 100, autovacuum_vacuum_cost_limit = 1);
INSERT INTO big SELECT n, repeat('x', 100) FROM generate_series(1, 20000) AS n;
"""


@contextmanager
def vacuum(dsn, wait_until):
    """Have a person's VACUUM at work on the table, so slowly that everybody sees it."""
    with psycopg.connect(dsn, autocommit=True) as worker, psycopg.connect(dsn, autocommit=True) as admin:
        worker.execute("SET vacuum_cost_delay = 100; SET vacuum_cost_limit = 1")
        at_work = Thread(target=_until_cancelled, args=(worker, "VACUUM big"))
        at_work.start()
        try:
            progress = "SELECT FROM pg_stat_progress_vacuum WHERE relid = 'big'::regclass"
            wait_until(lambda: admin.execute(progress).fetchone() is not None, "the vacuum")
            yield worker.info.backend_pid
        finally:
            worker.cancel()
            at_work.join()


def _until_cancelled(worker, statement):
    with suppress(psycopg.errors.QueryCanceled):
        worker.execute(statement)


@pytest.mark.parametrize("role", ["monitor", "ordinary"])
def test_a_person_s_vacuum_is_that_person_s_transaction(cluster, role, wait_until):
    """A real one, met at work: it holds the table, and is none of the server's own."""
    dsn = cluster.database(ROLES + SLOW)
    with (
        vacuum(dsn, wait_until) as pid,
        open_session(Database(dsn=SecretStr(dsn.replace("postgres@", f"{role}@")))) as session,
    ):
        seen = activity(session, ["big"], watch_s=0).value
    assert seen.vacuums == ()
    if role == "monitor":
        (transaction,) = seen.transactions
        assert (transaction.pid, transaction.tables, transaction.state) == (pid, ("big",), "active")
    else:
        assert (seen.transactions, seen.hidden_open) == ((), 1)


@pytest.mark.everything
@pytest.mark.parametrize(("role", "purpose"), [("monitor", False), ("ordinary", None)])
def test_the_server_s_own_vacuum_is_met_at_work(cluster, role, purpose, wait_until):
    """What it was begun for is hidden from an ordinary role."""
    dsn = cluster.database(ROLES + SLOW)
    mine = Database(dsn=SecretStr(dsn.replace("postgres@", f"{role}@")))
    cluster.run("ALTER SYSTEM SET autovacuum_naptime = 1")  # read with the next setting
    with cluster.told("autovacuum", "on"), open_session(mine) as session:

        def met():
            return activity(session, ["big"], watch_s=0).value.vacuums

        cluster.run("DELETE FROM big WHERE n % 2 = 0", dsn.rpartition("/")[2])
        wait_until(lambda: bool(met()), "autovacuum on the table")
        assert [(one.table, one.is_for_wraparound) for one in met()] == [("big", purpose)]
        cluster.run("DROP TABLE big", dsn.rpartition("/")[2])
        cluster.run("ALTER SYSTEM RESET autovacuum_naptime")
