"""Whole gates against databases that are not what the change says: a clear verdict, no traceback, nothing written.

`./gate selftest --all` walks them on every version of PostgreSQL that this machine has.
"""

from __future__ import annotations

import os
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path
from threading import Event, Thread

import psycopg
import pytest

PROJECT = Path(__file__).parents[2]
GATES = ("preflight", "migration", "backfill")
CHANGE = """
id = "BAD-1"
title = {{ en = "Bad input", "pt-BR" = "Entrada ruim" }}
document = "d.md"
[schema]
tables = ["{table}"]
[[schema.columns]]
table = "{table}"
name = "files"
type = "jsonb"
source = "d 1"
[[schema.indexes]]
table = "{table}"
name = "m_files"
source = "d 1"
[[schema.survivors]]
table = "{table}"
columns = ["id", "{source}"]
source = "d 1"
[backfill]
table = "{table}"
from_column = "{source}"
to_column = "files"
url = ["/0/url"]
source = "d 2"
[[rollback]]
kind = "data"
sql = "UPDATE {table} SET files = '[]' WHERE files <> '[]'"
source = "d 3"
"""
TABLE = """
DO $$ BEGIN CREATE ROLE gate_reader LOGIN; EXCEPTION WHEN duplicate_object THEN NULL; END $$;
CREATE TABLE m (id int PRIMARY KEY, media text, files {kind} DEFAULT '[]', created_at timestamptz DEFAULT now());
INSERT INTO m (id, media, files) SELECT n, 'https://x/' || n || '.jpg', {stored} FROM generate_series(1, 30) AS n;
CREATE INDEX m_files ON m (id);
GRANT SELECT ON m TO gate_reader;
"""
GOOD = "json_build_array(json_build_object('url', 'https://x/' || n || '.jpg'))::text::{kind}"


def table(stored=GOOD, kind="jsonb", more=""):
    return TABLE.format(stored=stored.replace("{kind}", kind), kind=kind) + more


# What is wrong -> (statements, how the change file says it, the gates that must not open)
CASES = {
    "no such table": (table(), {"table": "n"}, GATES),
    "no such schema": (table(), {"table": "shop.m"}, GATES),
    "no such column": (table(), {"source": "media_uri"}, GATES),
    "text instead of jsonb": (table(kind="text"), {}, ("migration", "backfill")),
    "an object": (table('\'{"url": "x"}\''), {}, ("backfill",)),
    "a scalar": (table("'7'"), {}, ("backfill",)),
    "SQL NULL": (table("NULL"), {}, ("backfill",)),
    "JSON null": (table("'null'"), {}, ("backfill",)),
    "no rights": (table(more="REVOKE ALL ON m FROM gate_reader;"), {}, GATES),
    "no rows": (table(more="TRUNCATE m;"), {}, GATES),
    "hidden rows": (table(more="ALTER TABLE m ENABLE ROW LEVEL SECURITY;"), {}, GATES),
}


class Gates:
    """Whole gates against one database, each a process of its own that is judged alone."""

    def __init__(
        self, folder: Path, dsn: str, change: dict[str, str], *, lock_s: int = 1, statement_s: int = 5
    ) -> None:
        self.folder = folder
        reader = dsn.replace("postgres@", "gate_reader@")
        text = CHANGE.format(**{"table": "m", "source": "media"} | change)
        (folder / "change.toml").write_text(text, encoding="utf-8")
        database = f'[database]\ndsn = "{reader}"\n'
        database += f'lock_timeout = "{lock_s}s"\nstatement_timeout = "{statement_s}s"\n'
        (folder / "target.toml").write_text(f'name = "bad"\nchange = "change.toml"\n{database}', encoding="utf-8")

    def run(self, gate: str) -> tuple[int, str]:
        """Return the exit code and everything that was printed."""
        files = [f"--target={self.folder / 'target.toml'}", f"--reports={self.folder / 'reports'}"]
        done = subprocess.run(
            [sys.executable, "-m", "pytest", "-m", gate, "--alone", *files], cwd=PROJECT, text=True, timeout=120,
            capture_output=True, check=False, env=os.environ | {"NO_COLOR": "1"},
        )  # fmt: skip
        return done.returncode, done.stdout + done.stderr


def is_clear(code: int, output: str) -> bool:
    """Whether a run stopped with a sentence of its own and no traceback."""
    last = output.strip().splitlines()[-1]
    return code in (1, 6) and last.startswith(("NO-GO", "CANNOT TELL")) and "Traceback" not in output


def written(cluster) -> int:
    """Return the next transaction number: it moves with whatever is written anywhere in the server."""
    with psycopg.connect(cluster.dsn(), autocommit=True) as admin:
        row = admin.execute("SELECT pg_snapshot_xmax(pg_current_snapshot())::text::bigint").fetchone()
    assert row
    return row[0]


@pytest.mark.everything
@pytest.mark.parametrize("gate", GATES)
def test_a_database_that_is_as_promised_opens_its_gates(cluster, tmp_path, gate):
    """The cases below are told from this one."""
    code, output = Gates(tmp_path, cluster.database(table()), {}).run(gate)
    assert code == 0, output


@pytest.mark.everything
@pytest.mark.parametrize("case", CASES)
def test_a_database_that_is_not_gets_a_clear_verdict(cluster, tmp_path, case):
    """FAIL, ERROR or INCONCLUSIVE; never a pass, never a traceback, and nothing written."""
    statements, change, closed = CASES[case]
    gates = Gates(tmp_path, cluster.database(statements), change)
    before = written(cluster)
    for gate in closed:
        code, output = gates.run(gate)
        assert is_clear(code, output), f"{gate} ended with {code}:\n{output}"
    assert written(cluster) == before


@contextmanager
def locked(dsn):
    with psycopg.connect(dsn) as holder:
        holder.execute("LOCK TABLE m IN ACCESS EXCLUSIVE MODE")
        yield


@contextmanager
def cut_off(dsn):
    """End every session of the gate's role as soon as it is seen."""
    over = Event()

    def cut() -> None:
        with psycopg.connect(dsn, autocommit=True) as admin:
            while not over.wait(0.02):
                admin.execute(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'gate_reader'"
                )  # fmt: skip

    cutter = Thread(target=cut)
    cutter.start()
    try:
        yield
    finally:
        over.set()
        cutter.join()


@pytest.mark.everything
@pytest.mark.parametrize("trouble", [locked, cut_off])
@pytest.mark.parametrize("gate", GATES)
def test_a_lock_and_a_connection_that_is_cut_leave_no_pass(cluster, tmp_path, gate, trouble):
    """What could not be looked at is said, with the server's words."""
    dsn = cluster.database(table())
    gates, before = Gates(tmp_path, dsn, {}), written(cluster)
    with trouble(dsn):
        code, output = gates.run(gate)
    assert is_clear(code, output), f"ended with {code}:\n{output}"
    if trouble is cut_off:  # a lock of this strength takes a transaction number itself
        assert written(cluster) == before


@pytest.mark.everything
@pytest.mark.parametrize("gate", GATES)
def test_statements_that_take_too_long_are_said_with_the_setting(cluster, tmp_path, gate):
    """Each is given up after statement_timeout, and the gate goes on to the next."""
    dsn = cluster.database(table())
    gates = Gates(tmp_path, dsn, {}, lock_s=60, statement_s=1)
    with locked(dsn):
        code, output = gates.run(gate)
    assert is_clear(code, output), f"ended with {code}:\n{output}"
    assert "gave up after database.statement_timeout" in output
