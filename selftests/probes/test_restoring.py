"""Restoring real dumps on a scratch server: every format, from here and from behind ssh, and what a bad one says."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from pathlib import Path

import pytest

from releasegate.probes import backup, restoring
from releasegate.probes.host import open_machine
from releasegate.probes.scratch import scratch_server
from releasegate.probes.scratch_databases import Databases

ROWS = """
CREATE EXTENSION pg_trgm;
CREATE TABLE messages AS SELECT n AS id, md5(n::text) AS content FROM generate_series(1, 2000) n;
ALTER TABLE messages ADD PRIMARY KEY (id); CREATE INDEX ON messages (content);
INSERT INTO messages VALUES (0, E'\\\\connect elsewhere'), (-1, E'CREATE DATABASE no\\nDROP DATABASE no');
"""


@pytest.fixture(scope="module")
def server():
    with scratch_server(wanted=17) as server:
        yield server


@pytest.fixture(scope="module")
def source(server):
    """Return the folder with one dump in each format, of a database with an extension and an owner."""
    databases = Databases(server)
    name = databases.create()
    run = {"env": databases.environment(name), "capture_output": True}
    subprocess.run(
        [server.bin / "psql", "-X", "-v", "ON_ERROR_STOP=1", "-c", "CREATE ROLE shop_owner"], check=True, **run
    )
    subprocess.run([server.bin / "psql", "-X", "-v", "ON_ERROR_STOP=1", "-c", ROWS], check=True, **run)
    subprocess.run([server.bin / "psql", "-X", "-c", "ALTER TABLE messages OWNER TO shop_owner"], check=True, **run)
    with tempfile.TemporaryDirectory() as folder:
        for form in ("c", "d", "t", "p"):
            subprocess.run([server.bin / "pg_dump", "-F", form, "-f", f"{folder}/{form}"], check=True, **run)
        subprocess.run([server.bin / "pg_dump", "-C", "-F", "p", "-f", f"{folder}/with-create"], check=True, **run)
        subprocess.run(["gzip", "-k", f"{folder}/p"], check=True)
        if shutil.which("zstd"):
            subprocess.run(["zstd", "-q", "-k", f"{folder}/p"], check=True)
        packed = [server.bin / "pg_dump", "-F", "c", "-Z", "zstd", "-f", f"{folder}/c-zstd"]
        if subprocess.run(packed, check=False, **run).returncode:
            (Path(folder) / "c-zstd").unlink(missing_ok=True)
        yield Path(folder)


def restored(server, machine, path, **more):
    databases = Databases(server)
    dump = backup.listing(machine, str(path), str(server.bin)).value
    value = restoring.restore(databases, machine, dump, **more).value
    with databases.session(value.database) as session:
        rows = session.read("SELECT count(*) AS rows, min(id) AS least FROM messages").row
    databases.drop()
    return value, rows


@pytest.mark.parametrize("form", ["c", "d", "t", "p", "with-create", "p.gz"])
def test_every_format_is_restored_without_an_error(server, here, source, form):
    """Rows that look like commands are rows; a dump that names its own database goes into the empty one."""
    value, rows = restored(server, here, source / form)
    assert (value.errors, value.lacking, rows) == ((), (), {"rows": 2002, "least": -1})


@pytest.mark.parametrize("form", ["p.zst", "c-zstd"])
def test_what_zstd_packed_is_restored_where_the_programs_know_it(server, here, source, form):
    """Plain SQL by the program zstd, an archive by pg_dump's own."""
    if not (source / form).exists():
        pytest.skip("no zstd here: neither the program nor a pg_dump that was built with it")
    value, rows = restored(server, here, source / form)
    assert (value.errors, value.lacking, rows) == ((), (), {"rows": 2002, "least": -1})


def test_a_role_that_the_server_does_not_have_is_made_first(server, here, source):
    """A plain dump names owners; they are made without the right to log in."""
    told = []
    _, rows = restored(server, here, source / "c", roles=["someone new"], progress=lambda *told_: told.append(told_))
    assert rows["rows"] == 2002
    assert told[-1][0] <= told[-1][1]


@pytest.mark.parametrize("form", ["c", "d", "p"])
@pytest.mark.everything
def test_a_dump_behind_ssh_is_sent_here(server, source, sshd, form):
    """It comes through a stream; nothing is written on the other machine."""
    with open_machine(sshd.host()) as machine:
        value, rows = restored(server, machine, source / form)
    assert (value.errors, rows["rows"]) == ((), 2002)


def test_an_extension_that_this_machine_lacks_is_named(server, here, source, tmp_path):
    """What is missing here says nothing about the dump."""
    text = (source / "p").read_text().replace("pg_trgm", "no_such_extension")
    (tmp_path / "p").write_text(text)
    value, _ = restored(server, here, tmp_path / "p")
    assert value.lacking == ("extension no_such_extension",)


def test_one_flipped_byte_in_the_rows_shows_in_the_restore(server, here, source, tmp_path):
    """An error of the restore, or other rows: reading it through does not always find it."""
    dump = tmp_path / "c"
    shutil.copy(source / "c", dump)
    content = bytearray(dump.read_bytes())
    content[len(content) * 2 // 3] ^= 0xFF
    dump.write_bytes(content)
    databases = Databases(server)
    value = restoring.restore(databases, here, backup.listing(here, str(dump), str(server.bin)).value).value
    databases.drop()
    assert value.errors


def test_the_environment_of_a_child_reaches_the_scratch_server_alone(server, monkeypatch):
    """Whatever the operator's own shell says about the deployment's database."""
    monkeypatch.setenv("PGSERVICE", "production")
    monkeypatch.setenv("PGPASSWORD", "production")
    environment = Databases(server).environment("postgres")
    assert not {"PGSERVICE", "PGPASSWORD"} & set(environment)
    assert environment["PGHOST"] == str(server.folder)
