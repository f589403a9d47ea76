"""The dump's probe against real dumps by a real pg_dump."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from pydantic import SecretStr

from releasegate.core.facts.backup import LARGE_OBJECTS
from releasegate.probes import backup, catalog
from releasegate.probes.postgres import open_session
from releasegate.target.models import Database

ROWS = """
CREATE TABLE messages AS SELECT n AS id, md5(n::text) AS content FROM generate_series(1, 20000) n;
CREATE SCHEMA "Chat"; CREATE TABLE "Chat"."Old Msg" AS SELECT 1 AS id;
"""


@pytest.fixture(scope="module")
def dsn(cluster):
    return cluster.database(ROWS)


@pytest.fixture
def dump(cluster, dsn, tmp_path):
    def dump(*arguments, name="db_backup.dump"):
        path = tmp_path / name
        subprocess.run([cluster.bin / "pg_dump", "-d", dsn, "-f", path, *arguments], check=True, capture_output=True)
        return path

    return dump


@pytest.mark.parametrize("form", ["c", "d", "p"])
def test_a_dump_of_some_schemas_is_without_the_large_objects(cluster, here, tmp_path, form):
    """They belong to no schema, so `pg_dump -n` leaves them out without a word; a whole dump lists them."""
    dsn = cluster.database("CREATE TABLE t AS SELECT lo_from_bytea(0, 'picture') AS oid")
    listed = []
    for arguments in ([], ["-n", "public"]):
        path = tmp_path / f"{form}{len(arguments)}"
        subprocess.run([cluster.bin / "pg_dump", "-d", dsn, "-F", form, "-f", path, *arguments], check=True)
        listed.append(backup.listing(here, str(path), str(cluster.bin)).value.items)
    with open_session(Database(dsn=SecretStr(dsn))) as session:
        promised = set(catalog.dumped_items(session).value)
    assert promised <= listed[0]
    assert promised - listed[1] == {LARGE_OBJECTS}


@pytest.mark.parametrize("form", ["c", "t", "d"])
def test_an_archive_lists_its_tables_database_and_beginning(cluster, here, dump, form):
    """Custom, tar and directory format say all three; a table's name with a blank is found."""
    path = dump("-F", form)
    listing = backup.listing(here, str(path), str(cluster.bin)).value
    assert (listing.format, listing.trouble) == ({"c": "custom", "t": "tar", "d": "directory"}[form], "")
    assert listing.database.startswith("db")
    assert abs(datetime.now(UTC) - listing.created) < timedelta(minutes=1)
    assert listing.holds_rows_of("public", "messages")
    assert listing.holds_rows_of("Chat", "Old Msg")
    assert not listing.holds_rows_of("Chat", "Old")
    assert backup.read_through(here, str(path), str(cluster.bin)).value.trouble == ""


def test_a_truncated_dump_lists_and_does_not_read(cluster, here, dump):
    """The list at the beginning is whole, the rows are not."""
    path = dump("-F", "c")
    path.write_bytes(path.read_bytes()[:-5000])
    assert backup.listing(here, str(path), str(cluster.bin)).value.trouble == ""
    assert "end of file" in backup.read_through(here, str(path), str(cluster.bin)).value.trouble


def test_a_schema_only_dump_holds_no_rows(cluster, here, dump):
    """Its tables are listed without data."""
    listing = backup.listing(here, str(dump("-F", "c", "-s")), str(cluster.bin)).value
    assert listing.entries
    assert listing.data == ()


def test_a_plain_dump_is_read_as_text(cluster, here, dump):
    """Its COPY lines name the tables; its last line says that it is whole."""
    path = dump("-F", "p", name="backup.sql")
    listing = backup.listing(here, str(path), str(cluster.bin)).value
    assert (listing.format, listing.holds_rows_of("Chat", "Old Msg")) == ("plain", True)
    assert backup.read_through(here, str(path), str(cluster.bin)).value.trouble == ""
    path.write_text(path.read_text()[:-2000])
    assert "does not end" in backup.read_through(here, str(path), str(cluster.bin)).value.trouble


def test_something_that_is_no_dump_comes_back_with_the_tool_s_complaint(cluster, here, tmp_path):
    """A file that pg_restore does not know is trouble, not a crash."""
    path = tmp_path / "notes.txt"
    path.write_text("this is no dump")
    listing = backup.listing(here, str(path), str(cluster.bin)).value
    assert (listing.format, listing.entries) == ("unknown", 0)
    assert "input file" in listing.trouble


@pytest.mark.parametrize("packer", ["gzip", "zstd"])
def test_a_packed_text_is_read_like_a_plain_one(cluster, here, dump, packer):
    """It is unpacked in a stream; one that is cut off is trouble."""
    if shutil.which(packer) is None:
        pytest.skip(f"no {packer} on this machine")
    path = dump("-F", "p", name="backup.sql")
    subprocess.run([packer, "-q", "-f", path], check=True)
    packed = next(path.parent.glob("backup.sql.*"))
    listing = backup.listing(here, str(packed), str(cluster.bin)).value
    assert (listing.format, listing.compression, listing.holds_rows_of("Chat", "Old Msg")) == ("plain", packer, True)
    assert backup.read_through(here, str(packed), str(cluster.bin)).value.trouble == ""
    packed.write_bytes(packed.read_bytes()[:-2000])
    assert "end" in backup.read_through(here, str(packed), str(cluster.bin)).value.trouble


def test_a_file_that_everybody_can_read_is_seen_where_they_can_reach_it(here):
    """A folder on the way that is closed to others protects it."""
    with tempfile.TemporaryDirectory() as closed:
        path = Path(closed) / "a.dump"
        path.write_text("x")
        path.chmod(0o644)
        assert backup.newest(here, str(path), settle_s=0).value.open_mode == ""
        Path(closed).chmod(0o755)
        assert backup.newest(here, str(path), settle_s=0).value.open_mode == "644"
        path.chmod(0o640)
        assert backup.newest(here, str(path), settle_s=0).value.open_mode == ""


def test_the_newest_of_several_counts(here, tmp_path):
    """The pattern may fit many; the one written last is taken, and that nothing grows is seen."""
    for name, age in (("old", 100), ("new", 10)):
        path = tmp_path / f"{name}.dump"
        path.write_text(name)
        stamp = (datetime.now(UTC) - timedelta(seconds=age)).timestamp()
        os.utime(path, (stamp, stamp))
    file = backup.newest(here, f"{tmp_path}/*.dump", settle_s=0.01).value
    assert (file.path, file.fitting, file.size_bytes, file.grew_bytes) == (f"{tmp_path}/new.dump", 2, 3, 0)


def test_a_file_that_is_still_written_grows(here, tmp_path):
    """What is added between two looks is counted."""
    path = tmp_path / "a.dump"
    path.write_text("x")
    with subprocess.Popen(["/bin/sh", "-c", f"for i in 1 2 3 4 5 6 7 8; do printf 1234 >> {path}; sleep 0.1; done"]):
        assert backup.newest(here, str(path), settle_s=0.3).value.grew_bytes > 0


def test_no_file_is_an_answer(here, tmp_path):
    """Nothing that fits is measured as nothing."""
    measured = backup.newest(here, f"{tmp_path}/*.dump")
    assert (measured.value.path, measured.value.fitting, measured.rows) == ("", 0, 0)


@pytest.mark.parametrize("form", ["c", "d"])
def test_a_dump_that_was_written_meanwhile_is_noted_with_its_sum(here, dump, form):
    """A file, and a folder by the sums of its files; what is older was made by somebody else."""
    began = datetime.now(UTC)
    path = dump("-F", form)
    made = backup.made_between(here, str(path), began, datetime.now(UTC))
    assert (made.path, len(made.sha256)) == (str(path), 64)
    again = backup.made_between(here, str(path), began, datetime.now(UTC))
    assert again == made
    broken = next(path.glob("*.dat*")) if path.is_dir() else path
    broken.write_bytes(broken.read_bytes()[:-1] + b"!")
    assert backup.made_between(here, str(path), began, datetime.now(UTC)).sha256 != made.sha256
    assert backup.made_between(here, str(path), began - timedelta(hours=2), began - timedelta(hours=1)) is None
