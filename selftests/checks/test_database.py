"""What the database checks say, and when they stay silent."""

from __future__ import annotations

from dataclasses import replace

import pytest

from releasegate.checks import database as checks
from releasegate.core import Verdict
from releasegate.core.facts.database import (
    Planned,
    Refusal,
    RoleFacts,
    ServerFacts,
    Statistics,
    TableAccess,
)

SERVER = ServerFacts(
    version="17.6", version_number=170006, system_identifier="42", database="shop", user="gate", address="10.0.0.1:5432"
)
MESSAGES = TableAccess(table="messages", found_as="public.messages", may_select=True, has_rows=True)


def only(judgement):
    (finding,) = judgement.findings
    return finding


def test_a_server_that_answers_passes_with_its_version():
    judgement = checks.answers(SERVER, source="runbook")
    assert (judgement.verdict, judgement.sentence) == (Verdict.PASS, "PostgreSQL 17.6 answers as gate in shop")


def test_a_replica_is_a_warning():
    judgement = checks.answers(replace(SERVER, is_replica=True), source="runbook")
    assert judgement.verdict is Verdict.WARN
    assert only(judgement).have == "a replica: what it shows may be behind"


def test_the_pinned_database_passes():
    assert checks.is_the_pinned_one(SERVER, ("42", "shop")).verdict is Verdict.PASS


@pytest.mark.parametrize("pinned", [("43", "shop"), ("42", "shop_staging")])
def test_another_cluster_or_database_is_a_finding(pinned):
    judgement = checks.is_the_pinned_one(SERVER, pinned)
    assert judgement.verdict is Verdict.FAIL
    assert str(only(judgement)) == (
        "preflight/right-server: shop\n"
        f"  want: cluster {pinned[0]}, database {pinned[1]} (target file [fingerprint])\n"
        "  have: cluster 42, database shop\n"
        "  why:  this is another database than the one this target was written for\n"
        "  fix:  correct database.dsn; if the cluster was made anew on purpose, correct [fingerprint]"
    )


def test_a_target_that_pins_nothing_is_a_warning_with_the_lines_to_paste():
    judgement = checks.is_the_pinned_one(SERVER, None)
    assert judgement.verdict is Verdict.WARN
    assert '[fingerprint] system_identifier = "42" database = "shop" address = "10.0.0.1:5432"' in only(judgement).fix


def test_a_pinned_address_is_compared():
    assert checks.is_the_pinned_one(SERVER, ("42", "shop"), "10.0.0.1:5432").verdict is Verdict.PASS
    judgement = checks.is_the_pinned_one(SERVER, ("42", "shop"), "10.0.0.2:5432")
    assert judgement.verdict is Verdict.FAIL
    assert str(only(judgement)) == (
        "preflight/right-server: shop\n"
        "  want: the server at 10.0.0.2:5432 (target file [fingerprint] address)\n"
        "  have: it answers at 10.0.0.1:5432\n"
        "  why:  this is another database than the one this target was written for\n"
        "  fix:  correct database.dsn; if the server moved on purpose, correct [fingerprint] address"
    )
    hiding = replace(SERVER, system_identifier="")
    assert checks.is_the_pinned_one(hiding, ("42", "shop"), "10.0.0.2:5432").verdict is Verdict.FAIL


def test_a_refused_write_passes():
    refusal = Refusal(statement="CREATE TABLE x ()", sqlstate="25006", message="cannot")
    assert checks.write_is_refused(refusal).verdict is Verdict.PASS


@pytest.mark.parametrize(
    ("sqlstate", "have"),
    [("", "it was taken (and rolled back)"), ("42501", "42501: permission denied")],
)
def test_a_write_that_is_taken_or_refused_for_another_reason_is_a_finding(sqlstate, have):
    judgement = checks.write_is_refused(Refusal(statement="w", sqlstate=sqlstate, message="permission denied"))
    assert (judgement.verdict, only(judgement).have) == (Verdict.FAIL, have)


def test_a_role_that_may_only_read_passes():
    assert checks.role_is_safe(RoleFacts(name="gate", is_superuser=False)).verdict is Verdict.PASS


@pytest.mark.parametrize(
    ("role", "have"),
    [
        (RoleFacts(name="a", is_superuser=True, may_write=("messages",)), "it is a superuser"),
        (RoleFacts(name="a", is_superuser=False, owns=("messages",), may_write=("messages",)), "it owns messages"),
        (RoleFacts(name="a", is_superuser=False, may_write=("messages",)), "it may write to messages"),
    ],
)
def test_a_role_that_could_do_more_is_a_warning(role, have):
    judgement = checks.role_is_safe(role)
    assert (judgement.verdict, only(judgement).have) == (Verdict.WARN, have)


def test_all_that_a_role_could_do_is_said():
    role = RoleFacts(name="a", is_superuser=True, owns=("messages",), may_write=("messages", "tags"))
    assert [finding.have for finding in checks.role_is_safe(role).findings] == ["it is a superuser", "it owns messages"]
    role = replace(role, is_superuser=False)
    assert [finding.have for finding in checks.role_is_safe(role).findings] == [
        "it owns messages",
        "it may write to tags",
    ]


def test_a_role_that_sees_rows_passes():
    judgement = checks.sees_the_rows([MESSAGES], "gate")
    assert (judgement.verdict, judgement.sentence) == (Verdict.PASS, "role gate reads messages and sees rows there")


def test_tables_without_rows_are_inconclusive():
    judgement = checks.sees_the_rows([replace(MESSAGES, has_rows=False)], "gate")
    assert (judgement.verdict, judgement.sentence) == (Verdict.INCONCLUSIVE, "messages: no rows to see")


def test_one_empty_table_beside_a_full_one_is_silent():
    empty = TableAccess(table="tags", found_as="public.tags", may_select=True, has_rows=False)
    assert checks.sees_the_rows([MESSAGES, empty], "gate").verdict is Verdict.PASS


@pytest.mark.parametrize(
    ("access", "have", "fix"),
    [
        (TableAccess(table="messages"), "there is no such table on the search path", "search_path"),
        (
            replace(MESSAGES, may_select=False, has_rows=None),
            "gate may not read public.messages",
            "GRANT SELECT ON public.messages TO gate",
        ),
        (
            replace(MESSAGES, is_filtered=True, has_rows=None),
            "row security hides rows of public.messages from gate",
            "BYPASSRLS",
        ),
        (replace(MESSAGES, has_rows=None), "public.messages could not be read", "GRANT USAGE ON SCHEMA public TO gate"),
        (
            TableAccess(table="messages", closed_schema="app"),
            "it stands in the schema app, which gate may not use",
            "GRANT USAGE ON SCHEMA app TO gate",
        ),
    ],
)
def test_a_table_that_cannot_be_seen_is_a_finding_with_the_right_to_give(access, have, fix):
    judgement = checks.sees_the_rows([access], "gate")
    assert judgement.verdict is Verdict.FAIL
    assert only(judgement).have == have
    assert fix in only(judgement).fix


def planned(sqlstate="", message="", statement="UPDATE messages SET a = 1", *, is_plannable=True):
    return Planned(
        statement=statement, source="runbook r", sqlstate=sqlstate, message=message, is_plannable=is_plannable
    )


@pytest.mark.parametrize("sqlstate", ["", "42501"])
def test_a_statement_that_plans_or_only_lacks_the_right_to_write_passes(sqlstate):
    assert checks.statements_plan("preflight/rollback-plans", [planned(sqlstate)]).verdict is Verdict.PASS


def test_a_column_that_the_migration_makes_is_waited_for():
    waits = planned("42703", 'column "attachments" does not exist')
    judgement = checks.statements_plan("preflight/rollback-plans", [waits], created_later=["attachments"])
    assert judgement.verdict is Verdict.PASS
    assert "1 to be planned by the migration gate" in judgement.sentence


@pytest.mark.parametrize(
    "message",
    [
        'column "attachments_x" does not exist',
        "column m.attachments_x does not exist",
        'coluna "old_attachments" da relação "messages" não existe',
    ],
)
def test_a_column_that_is_only_named_alike_is_not_waited_for(message):
    judgement = checks.statements_plan(
        "preflight/rollback-plans", [planned("42703", message)], created_later=["attachments"]
    )
    assert judgement.verdict is Verdict.FAIL


@pytest.mark.parametrize(
    "message", ["column m.attachments does not exist", 'coluna "attachments" da relação "messages" não existe']
)
def test_a_column_is_known_in_every_form_of_the_message(message):
    judgement = checks.statements_plan(
        "preflight/rollback-plans", [planned("42703", message)], created_later=["attachments"]
    )
    assert judgement.verdict is Verdict.PASS


def test_a_statement_in_a_schema_that_is_closed_to_the_role_is_not_judged():
    closed = replace(planned("42501", "permission denied for schema app"), grant="GRANT USAGE ON SCHEMA app TO gate")
    judgement = checks.statements_plan("preflight/rollback-plans", [planned(), closed])
    assert (judgement.verdict, judgement.sentence) == (
        Verdict.INCONCLUSIVE,
        "1 statement in a schema that may not be looked into: GRANT USAGE ON SCHEMA app TO gate",
    )


def test_the_same_column_is_a_finding_once_the_migration_ran():
    judgement = checks.statements_plan("migration/rollback-plans", [planned("42703", 'column "attachments" …')])
    assert judgement.verdict is Verdict.FAIL


def test_a_statement_that_does_not_parse_is_a_finding():
    judgement = checks.statements_plan("preflight/rollback-plans", [planned("42601", 'syntax error at "LIMIT"')])
    assert str(only(judgement)) == (
        "preflight/rollback-plans: UPDATE messages SET a = 1\n"
        "  want: the statement can run (runbook r)\n"
        '  have: 42601: syntax error at "LIMIT"\n'
        "  why:  the way back would fail in the minute it is needed\n"
        "  fix:  correct the statement in the runbook and in the change file, and rehearse it"
    )


def test_only_ddl_leaves_nothing_to_plan():
    judgement = checks.statements_plan("preflight/rollback-plans", [planned(is_plannable=False)])
    assert judgement.verdict is Verdict.NOT_APPLICABLE


SEEN = Statistics(role="gate", tables=1, counted=1, is_counting=True, schema="public", statements=40)


def test_statistics_that_can_be_read_pass():
    judgement = checks.statistics_are_readable(SEEN)
    assert (judgement.verdict, judgement.sentence) == (Verdict.PASS, "counters of 1 of 1 table, 40 statements")


@pytest.mark.parametrize(
    ("found", "have", "fix"),
    [
        ({"schema": ""}, "it is not installed in this database", "CREATE EXTENSION"),
        ({"sqlstate": "55000"}, "it is not in shared_preload_libraries", "restart"),
        ({"sqlstate": "42501"}, "42501: gate may not read it", "GRANT USAGE ON SCHEMA public TO gate"),
        ({"hidden": 39}, "39 of 40 texts are hidden", "GRANT pg_monitor TO gate"),
        ({"is_counting": False}, "track_counts is off: nothing is counted", "track_counts"),
        ({"counted": 0}, "counters of 0 of 1 table", "preflight/can-read"),
    ],
)
def test_what_will_not_be_judged_later_is_a_warning(found, have, fix):
    judgement = checks.statistics_are_readable(replace(SEEN, **found))
    assert judgement.verdict is Verdict.WARN
    assert only(judgement).have == have
    assert fix in only(judgement).fix


def test_a_statement_that_waits_and_one_without_a_plan_are_named():
    waits = planned("42703", 'column "attachments" does not exist', "UPDATE messages SET attachments = NULL")
    ddl = planned(statement="DROP INDEX i", is_plannable=False)
    judgement = checks.statements_plan("preflight/rollback-plans", [waits, ddl], created_later=["attachments"])
    assert judgement.sentence == (
        "0 of 2 statements of the way back can run; 1 to be planned by the migration gate, once the columns are there: "
        "UPDATE messages SET attachments = NULL; 1 cannot be planned (DDL): DROP INDEX i"
    )


def test_a_version_that_nobody_tested_is_said():
    tested = replace(SERVER, version="18.3", version_number=180003)
    other = replace(SERVER, version="16.9", version_number=160009)
    assert "not on this version" not in checks.answers(tested, source="r").sentence
    assert checks.answers(other, source="r").sentence.endswith(
        "these gates were tested on 15, 17, 18, and not on this version"
    )


def test_a_managed_server_that_hides_its_identifier_is_known_by_name_when_that_is_pinned():
    hiding = replace(SERVER, system_identifier="")
    assert checks.is_the_pinned_one(hiding, ("712", SERVER.database)).verdict is Verdict.INCONCLUSIVE
    assert checks.is_the_pinned_one(hiding, ("712", "another")).verdict is Verdict.FAIL
    assert checks.is_the_pinned_one(hiding, ("", SERVER.database)).verdict is Verdict.PASS
