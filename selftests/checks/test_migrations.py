"""Files of a migration and what a runner wrote down: what is said, and what is one and the same name."""

from __future__ import annotations

from dataclasses import replace

import pytest

from releasegate.checks import migrations as checks
from releasegate.core import Verdict
from releasegate.core.facts.migrations import Bookkeeping, MigrationFile, MigrationFiles

REPLY = MigrationFile(path="migrations/039-add-reply.sql", sha256="ab" * 32)
FILES = MigrationFiles(repository="/srv/backend", found=(REPLY,), others=("migrations/001-038-baseline.sql",))
BOOKED = Bookkeeping(table="public.schema_migrations", column="name", names=("001-create", "038-last"))


@pytest.mark.parametrize(
    ("name", "path"),
    [
        ("039-add-reply", "migrations/039-add-reply.sql"),
        ("039-add-reply.sql", "migrations/039-add-reply.sql"),
        ("db/migrations/039-add-reply.sql", "migrations/039-add-reply.sql"),
        ("039_add_reply", "migrations/039-add-reply.up.sql"),
        ("AddReply1762137600000", "src/migrations/1762137600000-AddReply.ts"),
        ("20251103111429_add_reply", "prisma/migrations/20251103111429_add_reply/migration.sql"),
        ("V39__add_reply.sql", "migrations/V39__add_reply.sql"),
        ("39", "migrations/039-add-reply.sql"),
        ("20251103111429", "db/migrate/20251103111429_add_reply.rb"),
    ],
)
def test_a_migration_is_known_by_its_name_in_any_runner_s_spelling(name, path):
    assert Bookkeeping(table="t", column="c", names=(name,)).lists(path)


@pytest.mark.parametrize("name", ["038-add-reply", "039-add-replies", "139-add-reply", "40", "reply"])
def test_another_migration_is_another_one(name):
    assert not Bookkeeping(table="t", column="c", names=(name,)).lists("migrations/039-add-reply.sql")


def test_only_files_with_a_number_that_nobody_wrote_down_are_pending():
    files = [
        "m/037-x.sql",
        "m/038-other-name.sql",
        "m/041-new.sql",
        "m/041-new.down.sql",
        "m/README.sql",
        "m/038-last.sql",
    ]
    booked = replace(BOOKED, names=("037-x", "038-last"))
    assert booked.pending(files) == ("m/041-new.sql",)
    assert replace(BOOKED, names=()).pending(files) == ()


def test_files_with_their_hashes_and_nothing_pending_pass():
    judgement = checks.files_are_known(FILES, BOOKED)
    assert judgement.verdict is Verdict.PASS
    assert judgement.sentence == (
        "migrations/039-add-reply.sql (sha256 abababababab); "
        "public.schema_migrations leaves none of 1 other file pending"
    )
    fetched = replace(FILES, found=(replace(REPLY, commit="c0ffee" * 6),))
    assert "in commit c0ffeec0f" in checks.files_are_known(fetched, None).sentence


def test_a_file_that_a_runner_would_run_too_is_a_warning():
    judgement = checks.files_are_known(replace(FILES, others=("migrations/041-drop-media.sql",)), BOOKED)
    assert judgement.verdict is Verdict.WARN
    assert str(judgement.findings[0]) == (
        "preflight/migration-files: migrations/041-drop-media.sql\n"
        "  want: no other migration waits to be run (releasegate; the change names 039-add-reply.sql)\n"
        "  have: public.schema_migrations does not list it\n"
        "  why:  a runner (`npm run migrate:up:prod`) runs everything that is pending, not only this release's files\n"
        "  fix:  find out whether it belongs to this release; run the release's own file with psql if not"
    )


def test_files_that_come_with_the_new_code_are_nothing_to_judge_yet():
    none = replace(FILES, found=(), missing=("migrations/039-*.sql",))
    assert checks.files_are_known(none, BOOKED).verdict is Verdict.NOT_APPLICABLE


def test_after_the_deploy_a_missing_file_fails_and_one_of_two_is_a_warning():
    none = replace(FILES, found=(), missing=("migrations/039-*.sql",))
    assert checks.files_are_there(none, source="runbook 3.1").verdict is Verdict.FAIL
    assert checks.files_are_there(none, source="r").findings[0].have == "no such file below /srv/backend"
    one_of_two = replace(FILES, missing=("migrations/040-*.sql",))
    assert checks.files_are_there(one_of_two, source="r").verdict is Verdict.WARN
    assert checks.files_are_there(FILES, source="r").verdict is Verdict.PASS
    assert checks.files_are_there(replace(FILES, found=()), source="r").verdict is Verdict.INCONCLUSIVE


def test_a_migration_that_nobody_wrote_down_is_a_warning():
    judgement = checks.is_written_down(FILES, BOOKED)
    assert judgement.verdict is Verdict.WARN
    assert judgement.findings[0].have == "2 names, none of them 039-add-reply.sql"
    written = replace(BOOKED, names=(*BOOKED.names, "039-add-reply"))
    assert (
        checks.is_written_down(FILES, written).sentence == "public.schema_migrations lists migrations/039-add-reply.sql"
    )


def test_without_a_table_or_a_file_there_is_nothing_to_compare():
    assert checks.is_written_down(FILES, Bookkeeping()).verdict is Verdict.NOT_APPLICABLE
    assert checks.is_written_down(replace(FILES, found=()), BOOKED).verdict is Verdict.NOT_APPLICABLE


def test_what_is_written_down_before_the_migration_is_named():
    written = replace(BOOKED, names=("039-add-reply",))
    assert checks.already_listed(FILES, written) == ("migrations/039-add-reply.sql",)
    assert checks.already_listed(FILES, BOOKED) == checks.already_listed(None, written) == ()


def test_without_a_machine_the_names_of_the_change_are_looked_for_in_the_table():
    named = MigrationFiles(repository="", found=(), missing=("migrations/039-add-reply.sql", "migrations/04*.sql"))
    assert checks.files_are_known(named, BOOKED).sentence == "the target names no [host] with paths.backend to look at"
    written = replace(BOOKED, names=("039-add-reply",))
    assert checks.is_written_down(named, written).verdict is Verdict.PASS
    assert checks.is_written_down(named, BOOKED).verdict is Verdict.WARN


def test_another_migration_that_waits_is_told_before_the_release_s_own_file_is_there():
    early = replace(FILES, found=(), missing=("migrations/039-*.sql",), others=("migrations/041-drop-media.sql",))
    judgement = checks.files_are_known(early, BOOKED)
    assert judgement.verdict is Verdict.WARN
    assert judgement.findings[0].want == (
        "no other migration waits to be run (releasegate; the change names migrations/039-*.sql)"
    )
    assert checks.files_are_known(replace(early, others=("migrations/038-x.sql",)), BOOKED).verdict is (
        Verdict.NOT_APPLICABLE
    )


def test_another_migration_that_waits_is_told_again_once_the_code_is_there():
    judgement = checks.files_are_there(replace(FILES, others=("migrations/041-drop.sql",)), BOOKED, source="r")
    assert judgement.verdict is Verdict.WARN
    assert judgement.findings[0].check == "backend/migration-files"
    assert checks.files_are_there(FILES, BOOKED, source="r").verdict is Verdict.PASS
    assert checks.files_are_there(replace(FILES, others=("m/041-drop.sql",)), None, source="r").verdict is Verdict.PASS


def test_a_runner_s_table_without_a_row_is_a_warning_as_one_without_the_right_row():
    judgement = checks.is_written_down(FILES, replace(BOOKED, names=()))
    assert judgement.verdict is Verdict.WARN
    assert judgement.findings[0].have == "0 names, none of them 039-add-reply.sql"


FAILED = replace(BOOKED, failed=("039-add-reply",))


def test_a_migration_that_the_runner_calls_failed_is_a_warning():
    judgement = checks.is_written_down(FILES, FAILED)
    assert judgement.verdict is Verdict.WARN
    assert str(judgement.findings[0]) == (
        "migration/bookkeeping: migrations/039-add-reply.sql\n"
        "  want: no migration that began and is not done (releasegate)\n"
        "  have: public.schema_migrations marks it as failed\n"
        "  why:  a runner refuses to go on after it, or runs it once more\n"
        "  fix:  look at what it did, mend that, and tell the runner (migrate resolve, repair, force)"
    )
    assert checks.files_are_known(FILES, FAILED).findings[0].subject == "039-add-reply"
    assert checks.already_listed(FILES, FAILED) == ()


def test_a_table_that_the_role_may_not_read_is_said_with_its_grant():
    closed = Bookkeeping(table="app.migrations", column="name", grant="GRANT USAGE ON SCHEMA app TO gate")
    judgement = checks.is_written_down(FILES, closed)
    assert (judgement.verdict, judgement.sentence) == (
        Verdict.NOT_APPLICABLE,
        f"0 names read: app.migrations, where a runner writes down what it ran, cannot be read: {closed.grant}",
    )
    assert checks.files_are_known(FILES, closed).sentence.endswith("GRANT USAGE ON SCHEMA app TO gate")


NUMBERS = replace(BOOKED, names=("76", "77", "20220224194639"))
APART = MigrationFiles(repository="/srv/app", found=(MigrationFile(path="db/release/077_up.sql", sha256="ab" * 32),))


def test_a_number_of_a_runner_of_other_files_is_not_the_release_s():
    """Rails wrote down 77 long ago; the release's own folder holds 077_up.sql, which Rails never sees."""
    assert checks.already_listed(APART, NUMBERS) == ()
    judgement = checks.is_written_down(APART, NUMBERS)
    assert (judgement.verdict, judgement.sentence) == (
        Verdict.NOT_APPLICABLE,
        "0 names looked up: public.schema_migrations is of a runner of other files than 077_up.sql",
    )
    assert checks.files_are_known(APART, NUMBERS).sentence.endswith("; no other file beside")
    beside = replace(APART, others=("db/release/090_up.sql",))
    assert checks.files_are_known(beside, NUMBERS).verdict is Verdict.PASS


def test_a_number_of_the_runner_of_the_folder_is_the_release_s():
    beside = replace(APART, others=("db/release/076_up.sql",))
    assert checks.already_listed(beside, NUMBERS) == ("db/release/077_up.sql",)
    newest_alone = replace(NUMBERS, names=("77",))  # golang-migrate
    assert checks.already_listed(APART, newest_alone) == ("db/release/077_up.sql",)
    assert checks.already_listed(replace(APART, repository=""), NUMBERS) == ("db/release/077_up.sql",)


def test_django_runs_no_sql_files():
    booked = replace(BOOKED, table="public.django_migrations", names=("0001_initial", "0002_x"), runs=".py")
    assert checks.is_written_down(APART, booked).verdict is Verdict.NOT_APPLICABLE
    assert checks.files_are_known(replace(APART, others=("db/release/090_up.sql",)), booked).verdict is Verdict.PASS
    python = replace(APART, found=(MigrationFile(path="app/migrations/0003_y.py", sha256="ab" * 32),))
    assert checks.is_written_down(python, booked).verdict is Verdict.WARN
