"""What the server has left, asked of every version and as an ordinary role."""

from __future__ import annotations

import shutil

import psycopg
import pytest
from pydantic import SecretStr

from releasegate.change.models import Backfill
from releasegate.core.facts.host import DiskFacts
from releasegate.probes import capacity, data_folder, database
from releasegate.probes.postgres import open_session
from releasegate.target.models import Database

TABLE = """
CREATE TABLE m (id int, media text, day int) PARTITION BY RANGE (day);
CREATE TABLE m1 PARTITION OF m FOR VALUES FROM (0) TO (9);
CREATE TABLE m2 PARTITION OF m FOR VALUES FROM (9) TO (99);
CREATE INDEX ON m (id);
INSERT INTO m SELECT n, CASE WHEN n % 2 = 0 THEN 'x' WHEN n % 3 = 0 THEN '' END, n % 99 FROM generate_series(1, 600) n;
ANALYZE m;
DO $$ BEGIN CREATE ROLE ordinary LOGIN; EXCEPTION WHEN duplicate_object THEN NULL; END $$;
GRANT SELECT ON m TO ordinary;
"""
BACKFILL = Backfill(table="m", from_column="media", to_column="files", url=("/0/url",), source="runbook")


@pytest.fixture(params=["postgres", "ordinary"])
def session(cluster, request):
    dsn = cluster.database(TABLE).replace("postgres@", f"{request.param}@")
    with open_session(Database(dsn=SecretStr(dsn))) as session:
        yield session


def test_everybody_may_know_what_the_server_has_left(session, cluster):
    """Connections, ages and slots hide nothing from an ordinary role."""
    cluster.run("SELECT pg_create_physical_replication_slot('left_behind', true)")
    try:
        state = capacity.server_state(session).value
    finally:
        cluster.run("SELECT pg_drop_replication_slot('left_behind')")
    assert 0 < state.own_connections <= state.connections < state.most < 100
    assert state.own_most is None
    assert 0 < state.xid_age < 10_000
    assert ([slot.name for slot in state.slots], state.standbys) == (["left_behind"], ())


def test_a_partitioned_table_is_as_large_as_its_partitions(session):
    """Sizes, rows and pages are sums; what is not found is absent."""
    (size,) = capacity.sizes(session, ["m", "nowhere"]).value
    assert (size.table, size.rows) == ("m", 600)
    assert size.table_bytes >= size.pages * 8192 > 0 < size.index_bytes


def test_the_rows_to_fill_are_counted_as_the_runbook_counts_them(session):
    """An empty text and NULL are none; a table without the column has no answer."""
    due = capacity.rows_due(session, BACKFILL).value
    assert (due.rows, due.total) == (300, 600)
    assert capacity.rows_due(session, BACKFILL.model_copy(update={"from_column": "gone"})) is None


def test_the_disk_of_the_data_is_seen_by_who_may_know_its_folder(session, here, cluster):
    """An ordinary role gets no folder's name, so no disk."""
    disk = capacity.data_disk(session, here)
    if session.read("SELECT current_user AS me").row["me"] == "ordinary":
        assert disk is None
    else:
        (found,) = disk.value
        assert isinstance(found, DiskFacts)
        assert found.path == str(cluster.folder / "data")


def test_the_limit_of_a_database_is_its_own(cluster):
    """Sessions of other databases do not count towards it."""
    dsn = cluster.database("CREATE TABLE t ()")
    name = dsn.rpartition("/")[2]
    cluster.run(f"ALTER DATABASE {name} CONNECTION LIMIT 7")
    with psycopg.connect(cluster.dsn()), open_session(Database(dsn=SecretStr(dsn))) as session:
        state = capacity.server_state(session).value
    assert (state.database, state.own_most, state.own_connections) == (name, 7, 1)
    assert state.connections >= 2


def test_only_the_folder_that_this_server_runs_in_is_its_own(cluster, here, tmp_path):
    """A copy of it, however much alike, is none; the process tells where the files are closed."""
    own, copy = cluster.folder / "data", tmp_path / "data"
    (copy / "global").mkdir(parents=True)
    with open_session(Database(dsn=SecretStr(cluster.dsn()))) as session:
        assert data_folder.serves_from(session, here, str(own))
        assert data_folder.has_process(session, here, f"{own}/")
        assert not data_folder.serves_from(session, here, str(copy))
        shutil.copy(own / "global" / "pg_control", copy / "global")
        assert not data_folder.serves_from(session, here, str(copy))
        lines = (own / "postmaster.pid").read_text().splitlines()
        (copy / "postmaster.pid").write_text("\n".join([*lines[:2], str(int(lines[2]) - 100), *lines[3:]]))
        assert not data_folder.serves_from(session, here, str(copy))
        (copy / "postmaster.pid").write_text("\n".join(lines))
        (copy / "global" / "pg_control").write_bytes(b"another1")
        assert not data_folder.serves_from(session, here, str(copy))


def test_the_most_that_a_dump_takes_is_the_size_of_all_tables(session, here, tmp_path):
    """On the disk of its folder, which may be yet to be made."""
    room = capacity.dump_room(session, here, f"{tmp_path}/backups-*/db_*.dump").value
    assert room.disk.looked_at == str(tmp_path)
    assert room.most_bytes > 1_000_000  # the catalog's own tables


def test_statistics_that_are_not_there_are_told_apart(cluster):
    """Not installed, installed and not preloaded; the tables' own counters are always there."""
    dsn = cluster.database("CREATE TABLE t ()")
    with open_session(Database(dsn=SecretStr(dsn))) as session:
        none = database.statistics(session, ["t"]).value
        with psycopg.connect(dsn, autocommit=True) as admin:
            admin.execute("CREATE EXTENSION pg_stat_statements SCHEMA public")
        not_loaded = database.statistics(session, ["t"]).value
    assert (none.schema, none.counted, none.is_counting) == ("", 1, True)
    assert (not_loaded.schema, not_loaded.sqlstate) == ("public", "55000")
