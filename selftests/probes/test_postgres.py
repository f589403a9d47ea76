"""The database session against a real server."""

from __future__ import annotations

import itertools
import re
import time

import psycopg
import pytest
from pydantic import SecretStr

from releasegate.change.models import Statement
from releasegate.core import CannotMeasure, UsageError
from releasegate.core.redaction import redactor
from releasegate.probes import catalog, database
from releasegate.probes.postgres import open_session
from releasegate.target.models import Database

TABLES = """
CREATE SCHEMA "Chat";
CREATE TABLE "Chat"."Thread" ("Id" bigint PRIMARY KEY);
CREATE TABLE "Chat"."Msg" (
    "Id" bigint PRIMARY KEY, "Thread" bigint REFERENCES "Chat"."Thread" ON DELETE CASCADE, "mediaUrl" varchar(200),
    "Files" jsonb NOT NULL DEFAULT '[]');
CREATE INDEX "byMedia" ON "Chat"."Msg" (lower("mediaUrl"), "Id") WHERE "mediaUrl" <> '';
INSERT INTO "Chat"."Thread" VALUES (1);
INSERT INTO "Chat"."Msg" VALUES (1, 1, 'https://x/1.jpg');
"""
MSG = "Chat.Msg"


def reach(dsn, **more):
    return open_session(Database(dsn=SecretStr(dsn), **more))


def test_a_write_is_refused_whatever_the_role_may_do(cluster):
    """A superuser's UPDATE through the session is refused as read-only, and the row stays."""
    dsn = cluster.database("CREATE TABLE t (n int); INSERT INTO t VALUES (1)")
    with reach(dsn) as session:
        assert session.attempt("UPDATE t SET n = 2").sqlstate == "25006"
        with pytest.raises(CannotMeasure, match="read-only transaction"):
            session.read("DELETE FROM t RETURNING n")
        assert session.read("SELECT n FROM t").row == {"n": 1}
        assert database.write_refused(session).value.sqlstate == "25006"


def test_what_would_end_the_transaction_first_is_refused(cluster):
    """Each statement goes by itself: a COMMIT inside one is not taken, so that nothing can write after it."""
    dsn = cluster.database("CREATE TABLE t (n int); INSERT INTO t VALUES (1)")
    with reach(dsn) as session:
        refusal = session.attempt("EXPLAIN SELECT 1; COMMIT; SET transaction_read_only = off; DELETE FROM t")
        assert refusal.sqlstate == "42601"
        assert session.read("SELECT n FROM t").row == {"n": 1}


def test_what_is_refused_is_said_once(cluster, caplog):
    """By the error that is raised, and not beside it on standard error, whenever the answer comes."""
    with reach(cluster.database()) as session:
        for _ in range(50):
            assert session.attempt("SELECT nix").sqlstate == "42703"
    assert not caplog.records


def test_a_read_is_one_way_there_and_back(cluster, tmp_path):
    """However far away the database is: its transaction, settings and question are sent at once."""
    trace = tmp_path / "trace"
    with reach(cluster.database()) as session, trace.open("w") as file:
        session._connection.pgconn.trace(file.fileno())
        assert session.read("SELECT 1 AS one").row == {"one": 1}
        session._connection.pgconn.untrace()
    sides = re.findall(r"\t([FB])\t", trace.read_text())
    assert "".join(side for side, _ in itertools.groupby(sides)) == "FB"


def test_a_refused_question_says_nothing_beside_its_answer(cluster, caplog):
    """However its answers come in, a read that fails logs nothing: a screen shows the words of the gate alone."""
    with reach(cluster.database()) as session:
        for _ in range(200):
            session.attempt("CREATE TABLE t (n int)")
            with pytest.raises(CannotMeasure):
                session.read("SELECT 1 / 0")
    assert not caplog.records


@pytest.mark.everything  # PgBouncer is Debian's, and in no wheel
def test_behind_a_pooler_a_session_reads_cannot_write_and_leaves_nothing_behind(cluster, pooler):
    """PgBouncer takes no setting at the start, and hands the same server connection to the application afterwards."""
    dsn = cluster.database("CREATE TABLE t (n int); INSERT INTO t VALUES (1)").replace(str(cluster.port), str(pooler))
    with reach(dsn, statement_timeout="1s") as session:
        assert session.read("SELECT n FROM t").row == {"n": 1}
        assert session.attempt("DELETE FROM t").sqlstate == "25006"
        assert session.attempt("EXPLAIN SELECT 1; COMMIT; DELETE FROM t").sqlstate == "42601"
        with pytest.raises(CannotMeasure, match=r"database\.statement_timeout"):
            session.read("SELECT pg_sleep(5)")
        with psycopg.connect(dsn, autocommit=True) as application:
            assert application.execute("SHOW statement_timeout").fetchone() == ("0",)
            application.execute("INSERT INTO t VALUES (2)")
        assert session.read("SELECT count(*) AS rows FROM t").row == {"rows": 2}


def test_a_role_that_is_made_to_write_by_default_is_still_refused(cluster):
    """default_transaction_read_only = off on the role does not open the session."""
    dsn = cluster.database("ALTER ROLE postgres SET default_transaction_read_only = off")
    with reach(dsn) as session:
        assert database.write_refused(session).value.sqlstate == "25006"


def test_nothing_of_the_settings_stays_on_the_connection(cluster):
    """Settings end with each transaction: the next user of a pooled connection does not inherit them."""
    with reach(cluster.database()) as session:
        shown = session.read("SELECT current_setting('statement_timeout') AS inside").row["inside"]
        after = session._connection.execute("SHOW statement_timeout").fetchone()
    assert (shown, after) == ("1min", {"statement_timeout": "0"})


def test_a_server_that_is_not_there_cannot_be_measured():
    """A refused connection names server, database and user, and the command, and no password."""
    with (
        pytest.raises(CannotMeasure) as refused,
        reach("postgresql://me:s3cret-word@127.0.0.1:1/shop"),
    ):
        pass
    assert "database shop on 127.0.0.1:1 as me" in str(refused.value)
    assert refused.value.run == "psql 'user=me dbname=shop host=127.0.0.1 port=1' -c 'SELECT 1'"
    assert "s3cret-word" not in str(refused.value) + refused.value.run
    assert redactor.text("s3cret-word") == "[redacted]"


def test_a_dsn_that_cannot_be_understood_is_a_usage_error_without_the_dsn():
    """The complaint does not repeat the string: the password is in it."""
    with pytest.raises(UsageError, match=r"database\.dsn") as wrong, reach("host=a passwort s3cret"):
        pass
    assert "s3cret" not in str(wrong.value)


def test_a_statement_that_takes_too_long_cannot_be_measured(cluster):
    """A time-out names the key of the target file."""
    with (
        reach(cluster.database(), statement_timeout="1s") as session,
        pytest.raises(CannotMeasure, match=r"database\.statement_timeout"),
    ):
        session.read("SELECT pg_sleep(5)")


def test_a_locked_table_cannot_be_measured(cluster):
    """Waiting for a lock ends after database.lock_timeout."""
    dsn = cluster.database("CREATE TABLE t ()")
    with psycopg.connect(dsn) as other, reach(dsn, lock_timeout="1s") as session:
        other.execute("LOCK TABLE t")
        with pytest.raises(CannotMeasure, match=r"database\.lock_timeout"):
            session.read("SELECT * FROM t")


def test_a_lost_connection_is_made_and_proven_again(cluster):
    """After the server ended our session the next read works, and is read-only again."""
    with reach(cluster.database()) as session:
        pid = session.read("SELECT pg_backend_pid() AS pid").row["pid"]
        cluster.run(f"SELECT pg_terminate_backend({pid}, 5000)")
        with pytest.raises(CannotMeasure):
            session.read("SELECT 1")
        assert session.read("SELECT 1 AS one").row == {"one": 1}
        assert session.attempt("CREATE TABLE t ()").sqlstate == "25006"


def test_the_server_says_which_it_is(cluster):
    """The fingerprint is the cluster's identifier and the database."""
    with reach(cluster.database()) as session:
        facts = database.server(session).value
    assert facts.system_identifier.isdecimal()
    assert (facts.user, facts.is_replica) == ("postgres", False)


def test_access_tells_missing_forbidden_hidden_and_seen_apart(cluster):
    """Each table is found, readable, filtered or empty by itself."""
    dsn = cluster.database(
        "CREATE TABLE seen AS SELECT 1 AS n; CREATE TABLE hidden AS SELECT 1 AS n; CREATE TABLE closed (); "
        "DROP ROLE IF EXISTS looker; CREATE ROLE looker LOGIN; GRANT SELECT ON seen, hidden TO looker; "
        "ALTER TABLE hidden ENABLE ROW LEVEL SECURITY"
    )
    with reach(dsn.replace("postgres@", "looker@")) as session:
        closed, hidden, nowhere, seen = database.table_access(session, ["seen", "hidden", "closed", "nowhere"]).value
        role = database.role(session, ["seen"]).value
        with pytest.raises(CannotMeasure, match="row-level security"):
            session.read("SELECT * FROM hidden")
    assert (seen.may_select, seen.is_filtered, seen.has_rows) == (True, False, True)
    assert (hidden.may_select, hidden.is_filtered, hidden.has_rows) == (True, True, None)
    assert (closed.found_as, closed.may_select) == ("public.closed", False)
    assert nowhere.found_as == ""
    assert (role.is_superuser, role.owns, role.may_write) == (False, (), ())


def test_names_in_upper_case_and_another_schema_are_found(cluster):
    """A table of the change file may be written Schema.Table, as it is."""
    with reach(cluster.database(TABLES)) as session:
        schema = catalog.schema(session, [MSG, "Chat.Thread"]).value
    assert schema.tables == {MSG: "Chat.Msg", "Chat.Thread": "Chat.Thread"}
    assert schema.column(MSG, "mediaUrl").type == "character varying(200)"
    assert schema.column(MSG, "Files").default == "'[]'::jsonb"
    (key,) = schema.foreign_keys
    assert (key.columns, key.references_table, key.on_delete, key.is_valid) == (
        ("Thread",), "Chat.Thread", "CASCADE", True,
    )  # fmt: skip
    index = schema.index("byMedia")
    assert (index.method, index.columns[1], index.is_valid, index.is_ready) == ("btree", "Id", True, True)
    assert index.predicate == "\"mediaUrl\"::text <> ''::text"


def test_the_catalog_lists_every_object_and_shows_each_change(cluster):
    """A new column, index and trigger appear; what was there keeps its definition."""
    dsn = cluster.database(TABLES)
    with reach(dsn) as session:
        before = catalog.objects(session).value
        with psycopg.connect(dsn) as other:
            other.execute('ALTER TABLE "Chat"."Msg" ADD note text; CREATE INDEX extra ON "Chat"."Msg" (note)')
        after = catalog.objects(session).value
    assert after.keys() - before.keys() == {'column "Chat"."Msg".note', 'index "Chat".extra'}
    assert {name: after[name] for name in before} == before


def test_a_plan_is_asked_for_and_nothing_runs(cluster):
    """EXPLAIN of an UPDATE works in the read-only session; what does not parse comes back as its error."""
    with reach(cluster.database("CREATE TABLE t AS SELECT 1 AS n")) as session:
        fine = session.plan("UPDATE t SET n = 2;", source="runbook")
        limited = session.plan("UPDATE t SET n = 2 LIMIT 1", source="runbook")
        missing = session.plan("UPDATE t SET nix = 2", source="runbook")
        other = session.plan("ALTER TABLE t DROP n", source="runbook")
        assert session.read("SELECT n FROM t").row == {"n": 1}
    assert (fine.sqlstate, limited.sqlstate, missing.sqlstate) == ("", "42601", "42703")
    assert not other.is_plannable


def test_several_statements_of_a_way_back_are_planned_one_by_one(cluster):
    """A transaction around them is no statement; what follows one that cannot be planned may rest on it."""
    text = "BEGIN; UPDATE t SET n = 2; DELETE FROM t WHERE nix = 1; CREATE TABLE u (); DELETE FROM u; COMMIT;"
    with reach(cluster.database("CREATE TABLE t AS SELECT 1 AS n")) as session:
        planned = database.rollback_plans(session, [Statement(kind="data", sql=text, source="runbook")]).value
    assert [(one.statement, one.sqlstate, one.is_plannable) for one in planned] == [
        ("UPDATE t SET n = 2", "", True),
        ("DELETE FROM t WHERE nix = 1", "42703", True),
        ("CREATE TABLE u ()", "", False),
        ("DELETE FROM u", "", False),
    ]


def test_a_server_that_does_not_tell_its_identifier_still_answers(cluster):
    """Some managed servers take the right away, or the function."""
    dsn = cluster.database(
        "REVOKE EXECUTE ON FUNCTION pg_control_system() FROM PUBLIC;"
        "DO $$ BEGIN CREATE ROLE managed LOGIN; EXCEPTION WHEN duplicate_object THEN NULL; END $$"
    )
    with reach(dsn.replace("postgres@", "managed@")) as session:
        facts = database.server(session).value
    assert (facts.system_identifier, facts.user) == ("", "managed")


def test_an_interrupt_in_the_middle_of_a_question_is_one_and_spoils_no_other(cluster, monkeypatch):
    """Ctrl-C stays what it is, and the next question has a connection of its own."""
    with reach(cluster.database("CREATE TABLE t (id int)")) as session:
        session.read("SELECT 1")
        connection = session._connection
        with monkeypatch.context() as patched:

            def interrupted(*_):
                connection.pgconn.send_query(b"SELECT pg_sleep(0.2)")  # asked, and not answered yet
                raise KeyboardInterrupt

            patched.setattr(psycopg.Cursor, "fetchall", interrupted)
            with pytest.raises(KeyboardInterrupt):
                session.read("SELECT 2")
        assert session.read("SELECT 3 AS three").row == {"three": 3}


WORKERS = "SELECT current_setting('max_parallel_workers_per_gather') AS workers"


@pytest.mark.parametrize(("gentle", "quiet"), [(False, "1"), (True, "0")])
def test_a_second_process_is_taken_only_while_nobody_writes(cluster, gentle, quiet):
    """Two processes may be all the cores there are: an application that writes would wait for them."""
    dsn = cluster.database("CREATE TABLE t (n int)")
    with reach(dsn, gentle=gentle) as session, psycopg.connect(dsn, autocommit=True) as application:
        assert session.read(WORKERS).row == {"workers": quiet}
        began = time.monotonic()
        for writes in itertools.count(1):
            application.execute("INSERT INTO t VALUES (1)")
            if writes > 2 + 2 * (time.monotonic() - began):
                break
        assert session.read(WORKERS).row == {"workers": "0"}
