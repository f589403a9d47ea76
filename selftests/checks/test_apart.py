"""What differs from before the release after a way back, and what of it nothing explains."""

from __future__ import annotations

from dataclasses import replace

import pytest

from releasegate.checks import apart
from releasegate.checks.writable import old_release_could_not_write
from releasegate.core import Severity, Verdict
from releasegate.core.facts.rows import Checksums

SOURCE = "runbook emergency rollback"
BEFORE = {"column public.messages.id": "uuid not null", "index public.idx_old": "CREATE INDEX idx_old"}
PLANNED = {"column public.messages.attachments"}
NEW = {"column public.messages.attachments": "jsonb"}
ODD = {"index public.idx_night": "CREATE INDEX idx_night"}
SUMS = Checksums(
    table="messages", key="id", columns=("media_url", "updated_at"), until="",
    groups={0: ("2", "a", "x"), 1: ("2", "b", "y")},
)  # fmt: skip


def judged(found, kind="code"):
    return apart.differences_are_explained(list(found), kind, 10, source=SOURCE)


def test_an_object_that_nobody_planned_is_worth_a_look():
    judgement = judged(apart.of_catalog(BEFORE | NEW | ODD, BEFORE, "code", PLANNED))
    (finding,) = judgement.findings
    assert str(finding) == (
        "rollback/differences: index public.idx_night\n"
        "  want: as before the release: not there (runbook emergency rollback)\n"
        "  have: CREATE INDEX idx_night\n"
        "  why:  a rollback of code does not explain it, so the state is neither the old one nor the new one\n"
        "  fix:  find out who changed it; put it back, or write down that it stays"
    )
    assert judgement.verdict is Verdict.WARN


def test_what_this_way_leaves_is_counted_with_its_reason():
    judgement = judged(apart.of_catalog(BEFORE | NEW, BEFORE, "data", PLANNED), "data")
    assert judgement.verdict is Verdict.PASS
    assert judgement.sentence == (
        "10 things compared with before the release: 1 differ (1 because the schema of the release stays on this way)"
    )


DEMANDED = {"column public.messages.attachments": "jsonb not null"}


@pytest.mark.parametrize(
    ("new", "is_odd"),
    [
        ("jsonb not null", True),
        ("jsonb", False),
        ("jsonb not null default '[]'::jsonb", False),
        ("bigint not null identity a", False),
    ],
)
def test_a_column_that_the_old_release_cannot_fill_is_worth_a_look(new, is_odd):
    """After a rollback of code its rows are refused; one with a default fills itself."""
    column = {"column public.messages.attachments": new}
    found = judged(apart.of_catalog(BEFORE | column, BEFORE, "code", PLANNED)).findings
    said = (
        "rollback/differences: column public.messages.attachments\n"
        "  want: as before the release: not there (runbook emergency rollback)\n"
        "  have: jsonb not null\n"
        "  why:  the database refuses every row that the old release writes, for it fills this column with nothing\n"
        '  fix:  let it write: psql -c "ALTER TABLE public.messages ALTER COLUMN attachments DROP NOT NULL"'
    )
    assert [str(one) for one in found] == ([said] if is_odd else [])
    assert not judged(apart.of_catalog(BEFORE | column, BEFORE, "data", PLANNED), "data").findings


@pytest.mark.parametrize(
    ("before", "now", "columns"),
    [
        (BEFORE, DEMANDED, ["column public.messages.attachments"]),
        (BEFORE, NEW, []),
        (BEFORE, {"column public.audit.line": "text not null"}, []),  # a table of the new release's own
        (BEFORE | DEMANDED, DEMANDED, []),  # it was there before
        (None, DEMANDED, []),
    ],
)
def test_the_migration_gate_says_that_a_rollback_of_code_could_not_write(before, now, columns):
    """Only of new columns in tables from before, that hold no row without a value."""
    found = old_release_could_not_write("migration/rollback-plans", BEFORE | now, before, source="runbook rollback")
    assert [(one.subject, one.severity) for one in found] == [(column, Severity.WARNING) for column in columns]


def test_after_a_restore_the_catalog_is_judged_by_its_own_check():
    assert judged(apart.of_catalog(BEFORE | ODD, BEFORE, "restore", PLANNED), "restore").verdict is Verdict.PASS


@pytest.mark.parametrize(
    ("kind", "verdict"), [("data", Verdict.PASS), ("code", Verdict.WARN), ("restore", Verdict.WARN)]
)
def test_another_commit_than_before_is_odd_unless_the_code_stays(kind, verdict):
    found = apart.of_code({"/srv/a": "2 new", "/srv/b": "1 old"}, {"/srv/a": "1 old", "/srv/b": "1 old"}, kind)
    assert judged(found, kind).verdict is verdict


@pytest.mark.parametrize(
    ("now", "because", "verdict"),
    [
        (12, "", Verdict.PASS),
        (10, "", Verdict.PASS),
        (None, "", Verdict.PASS),
        (9, "", Verdict.WARN),
        (9, apart.COME_AND_GO, Verdict.PASS),
    ],
)
def test_more_rows_are_people_and_fewer_need_a_reason(now, because, verdict):
    assert judged(apart.of_rows("users", now, 10, because=because)).verdict is verdict


def test_changed_values_are_listed_by_column_and_judged_elsewhere():
    now = replace(SUMS, columns=("updated_at",), groups={0: ("2", "x"), 1: ("2", "z")})
    gone, changed = apart.of_columns(now, SUMS, {"updated_at"})
    assert (gone.what, gone.now) == ("column messages.media_url", "gone")
    assert (changed.what, changed.now) == ("values of messages.updated_at", "others in 1")
    assert changed.because == "the document's own statement sets it"
    assert not list(apart.of_columns(SUMS, SUMS, ()))


def test_without_a_baseline_nothing_can_be_said():
    assert apart.differences_are_explained(None, "code", 0, source=SOURCE).verdict is Verdict.INCONCLUSIVE
