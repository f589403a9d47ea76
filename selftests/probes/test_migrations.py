"""Migration files on the disk and in git, and the tables of the usual runners."""

from __future__ import annotations

import subprocess
from hashlib import sha256

import pytest
from pydantic import SecretStr

from releasegate.core import CannotMeasure
from releasegate.core.facts.migrations import Bookkeeping
from releasegate.probes.migrations import bookkeeping, migration_files
from releasegate.probes.postgres import open_session
from releasegate.target.models import Database

RELEASE = "FEAT-9"
TEXT = "SELECT 'é';\n"


def booked(cluster, statements, given=None):
    with open_session(Database(dsn=SecretStr(cluster.database(statements)))) as session:
        return bookkeeping(session, given).value


@pytest.mark.parametrize(
    ("statements", "table", "column"),
    [
        ("CREATE TABLE schema_migrations (version text)", "public.schema_migrations", "version"),
        ('CREATE TABLE "SequelizeMeta" (name text)', "public.SequelizeMeta", "name"),
        ('CREATE TABLE "__EFMigrationsHistory" ("MigrationId" text)', "public.__EFMigrationsHistory", "MigrationId"),
        ("CREATE SCHEMA app; CREATE TABLE app.migrations (id int, name text)", "app.migrations", "name"),
        ("CREATE TABLE migrations (name text); CREATE TABLE pgmigrations (name text)", "public.pgmigrations", "name"),
        ("CREATE TABLE migrations (bird text)", "", ""),  # a table of that name that is about something else
        ("SELECT 1", "", ""),
    ],
)
def test_the_usual_tables_are_found_by_name_and_column(cluster, statements, table, column):
    """Any schema, any case; the likelier one first."""
    found = booked(cluster, statements)
    assert (found.table, found.column) == (table, column)


PRISMA = """
CREATE TABLE _prisma_migrations (migration_name text, finished_at timestamptz, rolled_back_at timestamptz);
INSERT INTO _prisma_migrations VALUES
  ('1_done', now(), NULL), ('2_failed', NULL, NULL), ('3_again', NULL, now()), ('3_again', now(), NULL),
  ('4_undone', NULL, now()), ('5_undone', now(), now());
"""
FLYWAY = """
CREATE TABLE flyway_schema_history (script text, success boolean NOT NULL);
INSERT INTO flyway_schema_history VALUES ('V1__a.sql', true), ('V2__b.sql', false);
"""
GOLANG = (
    "CREATE TABLE schema_migrations (version bigint, dirty boolean); INSERT INTO schema_migrations VALUES (2, true)"
)


@pytest.mark.parametrize(
    ("statements", "given", "names", "failed"),
    [
        (PRISMA, None, {"1_done", "3_again"}, ("2_failed",)),
        (PRISMA, "_prisma_migrations.migration_name", {"1_done", "3_again"}, ("2_failed",)),
        (FLYWAY, None, {"V1__a.sql"}, ("V2__b.sql",)),
        (GOLANG, None, set(), ("2",)),
        ("CREATE TABLE done (what text, finished_at date); INSERT INTO done VALUES ('a')", "done.what", {"a"}, ()),
    ],
)
def test_what_the_runner_marks_as_failed_is_not_done(cluster, statements, given, names, failed):
    """One that was rolled back is not done either, unless it ran again; it keeps no runner from going on."""
    found = booked(cluster, statements, given)
    assert (set(found.names), found.failed) == (names, failed)


CLOSED = """
DO $$ BEGIN CREATE ROLE nosy LOGIN; EXCEPTION WHEN duplicate_object THEN NULL; END $$;
CREATE TABLE schema_migrations (name text); CREATE SCHEMA app; CREATE TABLE app.knex_migrations (name text);
"""


@pytest.mark.parametrize(
    ("more", "table", "grant"),
    [
        ("", "public.schema_migrations", "GRANT SELECT ON public.schema_migrations TO nosy"),
        ("DROP TABLE schema_migrations", "app.knex_migrations", "GRANT USAGE ON SCHEMA app TO nosy"),
        ("GRANT USAGE ON SCHEMA app TO nosy; GRANT SELECT ON app.knex_migrations TO nosy", "app.knex_migrations", ""),
    ],
)
def test_a_table_that_the_role_may_not_read_comes_with_its_grant(cluster, more, table, grant):
    """One that it may read goes before a likelier one that it may not."""
    dsn = cluster.database(CLOSED + more).replace("postgres@", "nosy@")
    with open_session(Database(dsn=SecretStr(dsn))) as session:
        found = bookkeeping(session, None).value
    assert (found.table, found.grant) == (table, grant)


def test_a_table_that_the_change_names_is_read(cluster):
    """Also with its schema; one that is not there cannot be measured."""
    made = "CREATE TABLE done (what text); INSERT INTO done VALUES ('039-x')"
    assert booked(cluster, made, "done.what").names == ("039-x",)
    assert booked(cluster, made, "public.done.what").names == ("039-x",)
    with pytest.raises(CannotMeasure, match="does not exist"):
        booked(cluster, "SELECT 1", "done.what")


@pytest.fixture
def repository(tmp_path):
    """Return a repository whose release lies on another branch than the one that is checked out."""

    def git(*arguments):
        who = ["-c", "user.name=a", "-c", "user.email=a@b"]
        subprocess.run(["git", *who, "-C", tmp_path, *arguments], check=True, capture_output=True)

    def write(name):
        (tmp_path / "migrations").mkdir(exist_ok=True)
        (tmp_path / "migrations" / name).write_text(TEXT, encoding="utf-8")

    git("init", "-q", "-b", "main")
    write("001-first.sql")
    write("README.md")
    git("add", ".")
    git("commit", "-qm", "old release")
    git("checkout", "-qb", "release")
    write("039-add.sql")
    write("041-more.sql")
    git("add", ".")
    git("commit", "-qm", f"{RELEASE} replies")
    git("checkout", "-q", "main")
    return tmp_path


def test_a_file_is_found_in_the_fetched_release_before_it_is_pulled(here, repository):
    """With the hash that it will have on the disk, and with what else comes beside it."""
    files = migration_files(here, str(repository), ["migrations/039-*.sql", "migrations/040-*.sql"], RELEASE).value
    (found,) = files.found
    assert (found.path, found.sha256) == ("migrations/039-add.sql", sha256(TEXT.encode()).hexdigest())
    assert len(found.commit) == 40
    assert files.missing == ("migrations/040-*.sql",)
    assert files.others == ("migrations/001-first.sql", "migrations/041-more.sql")


def test_a_file_on_the_disk_is_taken_from_there(here, repository):
    """Whatever git says; without a release to look for, only the disk counts."""
    (repository / "migrations" / "039-add.sql").write_text("SELECT 2;\n", encoding="utf-8")
    (found,) = migration_files(here, str(repository), ["migrations/039-*.sql"], RELEASE).value.found
    assert (found.commit, found.sha256) == ("", sha256(b"SELECT 2;\n").hexdigest())
    missing = migration_files(here, str(repository), ["migrations/041-*.sql"], None).value
    assert (missing.found, missing.missing) == ((), ("migrations/041-*.sql",))


def test_a_folder_without_git_has_only_its_disk(here, tmp_path):
    """An unpacked archive is no reason for an error."""
    (tmp_path / "039-add.sql").write_text(TEXT, encoding="utf-8")
    files = migration_files(here, str(tmp_path), ["039-*.sql"], RELEASE).value
    assert [file.path for file in files.on_disk] == ["039-add.sql"]


def test_what_waits_on_the_disk_is_known_before_the_release_is_there(here, tmp_path):
    """By the endings of the change's patterns; other files are none of a runner's."""
    for name in ("038-of-another.sql", "notes-041.md"):
        (tmp_path / name).write_text(TEXT, encoding="utf-8")
    files = migration_files(here, str(tmp_path), ["039-*.sql"], RELEASE).value
    assert (files.found, files.others) == ((), ("038-of-another.sql",))


def test_each_migration_in_a_folder_of_its_own_has_those_beside_for_siblings(here, tmp_path):
    """Prisma calls every file alike; a folder of something else is none, and neither is what lies deeper."""
    names = ("20251101_first", "20251103_reply", "20251104_later", "rollback", "20251103_reply/old/20250101_x")
    for name in names:
        (tmp_path / "prisma" / name).mkdir(parents=True)
        (tmp_path / "prisma" / name / "migration.sql").write_text(TEXT, encoding="utf-8")
    files = migration_files(here, str(tmp_path), ["prisma/*_reply/migration.sql"], None).value
    assert files.others == tuple(f"prisma/{name}/migration.sql" for name in (names[0], names[2], "rollback"))
    booked = Bookkeeping(table="_prisma_migrations", column="migration_name", names=("20251101_first",))
    assert booked.pending(files.others) == ("prisma/20251104_later/migration.sql",)
