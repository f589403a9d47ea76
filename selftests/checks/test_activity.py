"""Who is in the migration's way: what is said, and what is passed over."""

from __future__ import annotations

from dataclasses import replace

import pytest

from releasegate.checks import activity as checks
from releasegate.core import Verdict
from releasegate.core.facts.activity import Activity, Prepared, Session, Transaction, Vacuum

QUIET = Activity(role="gate", sessions=3)
OPEN = Transaction(pid=7, user="app", state="idle in transaction", open_s=61, tables=("messages",))

LEFT = Prepared(gid="g", user="app", open_s=5)


def judged(**more):
    return checks.nobody_is_in_the_way(replace(QUIET, **more), longest_s=60)


def only(judgement):
    (finding,) = judgement.findings
    return finding


def test_a_quiet_database_passes():
    assert judged().verdict is Verdict.PASS
    assert judged().sentence == "3 other sessions, none of them in the way"


def test_a_long_transaction_on_the_table_is_a_warning():
    judgement = judged(transactions=(OPEN,))
    assert judgement.verdict is Verdict.WARN
    assert str(only(judgement)) == (
        "preflight/can-migrate: messages\n"
        "  want: no transaction open for more than 60 s (releasegate)\n"
        "  have: pid 7 (app, idle in transaction) has held a lock for 61 s\n"
        "  why:  the migration waits behind it, and everybody who wants the table waits behind the migration\n"
        "  fix:  let it finish or end it (SELECT pg_terminate_backend(…)), then run this gate again\n"
        "  run:  psql -c 'SELECT pid, usename, state, xact_start FROM pg_stat_activity WHERE pid = 7'"
    )


def test_one_that_touches_no_table_of_the_change_is_said_for_what_it_is():
    finding = only(judged(transactions=(replace(OPEN, tables=()),)))
    assert (finding.subject, finding.have) == (
        "the database", "pid 7 (app, idle in transaction) has been open for 61 s",
    )  # fmt: skip


@pytest.mark.parametrize(
    "seen",
    [
        {"transactions": (replace(OPEN, open_s=60),)},
        {"prepared": (LEFT,)},
        {"vacuums": (Vacuum(table="messages", is_for_wraparound=False),)},
        {"vacuums": (Vacuum(table="messages"),)},
        {"hidden": 2},
    ],
)
def test_what_ends_or_yields_by_itself_is_silent(seen):
    assert judged(**seen).verdict is Verdict.PASS


@pytest.mark.parametrize(
    ("seen", "have"),
    [
        ({"prepared": (replace(LEFT, tables=("messages",)),)}, "'g' of app has been prepared for 5 s"),
        ({"prepared": (replace(LEFT, open_s=61),)}, "'g' of app has been prepared for 61 s"),
        ({"vacuums": (Vacuum(table="messages", is_for_wraparound=True),)}, "one is at work"),
        (
            {"transactions": (replace(OPEN, open_s=3, is_waiting=True),)},
            "pid 7 (app) has waited in a transaction of 3 s",
        ),
    ],
)  # fmt: skip
def test_what_does_not_yield_is_a_warning(seen, have):
    judgement = judged(**seen)
    assert judgement.verdict is Verdict.WARN
    assert only(judgement).have == have


def test_who_waits_is_said_with_whom_it_waits_for():
    waiting = replace(OPEN, open_s=70, is_waiting=True, blocked_by=(0, 8, 9))
    holder = Session(pid=8, user="etl", state="idle in transaction")
    assert only(judged(transactions=(waiting,), blockers=(holder,))).have == (
        "pid 7 (app) has waited in a transaction of 70 s, "
        "behind a prepared transaction, pid 8 (etl, idle in transaction), pid 9"
    )


def test_a_vacuum_whose_purpose_is_hidden_is_not_said_to_yield():
    assert judged(vacuums=(Vacuum(table="m", is_for_wraparound=False),)).sentence.endswith(
        "autovacuum works on m, and yields"
    )
    assert judged(vacuums=(Vacuum(table="m"),)).sentence.endswith(
        "autovacuum works on m; whether it yields is hidden from gate: GRANT pg_monitor TO gate"
    )


def test_hidden_transactions_that_last_cannot_be_judged_and_the_grant_is_named():
    judgement = judged(hidden=2, hidden_open=1, watched_s=3.2)
    assert judgement.verdict is Verdict.INCONCLUSIVE
    assert judgement.sentence == (
        "1 session with a transaction that stayed open for 3 s hidden from gate: GRANT pg_monitor TO gate shows how old"
    )


def test_whoever_waits_after_the_migration_is_a_warning():
    waiting = replace(QUIET, transactions=(replace(OPEN, open_s=3, is_waiting=True),))
    assert only(checks.nobody_waits(waiting)).check == "migration/nobody-waits"
    assert checks.nobody_waits(replace(QUIET, transactions=(OPEN,))).verdict is Verdict.PASS
