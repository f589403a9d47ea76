"""What is said before the release of what an earlier attempt left, and of what is not there to be compared."""

from __future__ import annotations

from dataclasses import replace

import pytest

from releasegate.change.models import Column, ForeignKey, Index, Survivors
from releasegate.checks import beforehand as checks
from releasegate.core import Verdict
from releasegate.core.facts.catalog import ColumnFacts, ForeignKeyFacts, IndexFacts, SchemaFacts

FILES = ColumnFacts(table="messages", name="files", type="jsonb", nullable=True)
KEY = ForeignKeyFacts(
    name="fk", table="messages", columns=("reply_to",), references_table="messages", references_columns=("id",),
    on_delete="SET NULL", is_valid=True,
)  # fmt: skip
INDEX = IndexFacts(
    name="by_reply", table="messages", method="btree", columns=("reply_to",), predicate=None, is_valid=True,
    is_ready=True,
)  # fmt: skip
OLD = SchemaFacts(tables={"messages": "public.messages"})
COMMON = {"source": "runbook 3.2", "table": "messages"}
COLUMN = Column(**COMMON, name="files", type="jsonb")
PROMISED_KEY = ForeignKey(**COMMON, column="reply_to", references_table="messages", on_delete="SET NULL")
PROMISED_INDEX = Index(**COMMON, name="by_reply")
CATALOG = {"table public.messages": "", "column public.messages.id": "uuid not null"}


def looked(schema, columns=(COLUMN,), indexes=(PROMISED_INDEX,), keys=(PROMISED_KEY,), listed=()):
    return checks.not_yet_migrated(schema, columns, listed, indexes=indexes, keys=keys)


def only(judgement):
    (finding,) = judgement.findings
    return finding


def test_a_database_without_anything_of_the_release_passes():
    assert looked(OLD).verdict is Verdict.PASS
    assert looked(OLD).sentence == "none of 1 new column, 1 new index, 1 new foreign key is there yet"
    assert looked(SchemaFacts(tables={})).verdict is Verdict.INCONCLUSIVE


@pytest.mark.parametrize(
    ("there", "subject", "have"),
    [
        ({"columns": (FILES,)}, "messages.files", "already there: jsonb"),
        ({"indexes": (INDEX,)}, "by_reply", "already there: an index on messages (reply_to)"),
        (
            {"indexes": (replace(INDEX, is_valid=False),)},
            "by_reply",
            "already there: an index that is INVALID on messages (reply_to)",
        ),
        ({"foreign_keys": (KEY,)}, "messages (reply_to)", "already there: the foreign key fk"),
    ],
)
def test_what_an_earlier_attempt_left_is_a_warning(there, subject, have):
    judgement = looked(replace(OLD, **there))
    assert judgement.verdict is Verdict.WARN
    assert (only(judgement).subject, only(judgement).have) == (subject, have)


def test_a_key_that_the_release_makes_anew_is_silent():
    assert looked(replace(OLD, foreign_keys=(replace(KEY, on_delete="NO ACTION"),))).verdict is Verdict.PASS


def test_a_release_of_indexes_alone_is_judged_and_one_of_nothing_is_not():
    left = replace(OLD, indexes=(INDEX,))
    assert looked(left, columns=(), keys=()).verdict is Verdict.WARN
    assert looked(OLD, columns=(), keys=()).sentence == "none of 1 new index is there yet"
    assert looked(OLD, columns=(), keys=(), indexes=()).verdict is Verdict.NOT_APPLICABLE


def test_a_file_that_is_written_down_already_is_a_warning():
    assert only(looked(OLD, listed=("039-add.sql",))).have == "the runner's table lists it"


SURVIVORS = Survivors(**COMMON, columns=("files",))


def test_a_baseline_needs_its_tables():
    assert checks.baseline_taken(CATALOG, 3).verdict is Verdict.PASS
    assert checks.baseline_taken({}, 0).verdict is Verdict.INCONCLUSIVE
    (absent,) = checks.baseline_lacks(OLD, ["messages", "orders"], ())
    assert (absent.subject, absent.have) == ("orders", "no such table on the search path")
    (absent,) = checks.baseline_lacks(SchemaFacts(tables={}), ["messages"], [SURVIVORS])
    assert absent.subject == "messages"


def test_a_baseline_needs_the_columns_that_survive():
    assert checks.baseline_lacks(replace(OLD, columns=(FILES,)), ["messages"], [SURVIVORS]) == ()
    judgement = checks.baseline_taken(CATALOG, 0, checks.baseline_lacks(OLD, ["messages"], [SURVIVORS]))
    assert judgement.verdict is Verdict.FAIL
    assert str(only(judgement)) == (
        "preflight/baseline: messages.files\n"
        "  want: the column is there before the release (runbook 3.2)\n"
        "  have: no such column\n"
        "  why:  nothing of it can be compared after the release\n"
        "  fix:  correct the column's name in the change file, or look whether this is the right database\n"
        "  run:  psql -c '\\d messages'"
    )
