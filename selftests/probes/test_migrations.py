"""Migration files on the disk and in git, and the tables of the usual runners."""

from __future__ import annotations

import subprocess
from hashlib import sha256

import pytest
from pydantic import SecretStr

from releasegate.core import CannotMeasure
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
