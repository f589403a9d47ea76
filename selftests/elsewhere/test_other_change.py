"""Another release of another product goes through the same gates: no page, no API, bigint keys, json columns."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from cluster import Cluster, running
from walking import OPEN, Walk

HERE = Path(__file__).parent / "notas"
DATABASE = "notas"


@dataclass
class Notas:
    """The deployment and its gates."""

    cluster: Cluster
    folder: Path
    walk: Walk

    def do(self, file: str) -> None:
        """Run one of the release's files."""
        self.cluster.run((HERE / file).read_text("utf-8"), DATABASE)

    def sql(self, statement: str) -> None:
        """Run one statement."""
        self.cluster.run(statement, DATABASE)

    def dump(self) -> None:
        """Make a dump, plain as some teams like it."""
        command = [self.cluster.bin / "pg_dump", "-d", self.cluster.dsn(DATABASE), "-f", self.folder / "notas.sql"]
        subprocess.run(command, check=True, capture_output=True)


@pytest.fixture(scope="module")
def notas(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Notas]:
    """Return the deployment before its release."""
    folder = tmp_path_factory.mktemp("notas")
    with running() as cluster:
        cluster.run(f"CREATE DATABASE {DATABASE}", "postgres")
        found = Notas(cluster, folder, Walk(folder / "target.toml", folder / "reports"))
        found.do("before.sql")
        found.walk.target.write_text(
            f'name = "contabilidade"\nchange = "{HERE / "change.toml"}"\n'
            f'database.dsn = "{cluster.dsn(DATABASE, "auditor")}"\nhost.address = "local"\n'
            f'paths.dump = "{folder / "*.sql"}"\npaths.postgres_bin = "{cluster.bin}"\n'
            "backup.rehearse_restore = true\n",
            "utf-8",
        )
        yield found


def test_the_gates_open_one_after_the_other(notas):
    """Each gate that the release promises something for opens after its step; the others do not apply."""
    notas.walk.attest("contador")
    for step, gate in (
        (None, "preflight"), (notas.dump, "backup"), (None, "backend"), ("migration.sql", "migration"),
        ("backfill.sql", "backfill"), (None, "frontend"), (None, "smoke"), (None, "perf"),
    ):  # fmt: skip
        if step:
            notas.do(step) if isinstance(step, str) else step()
        if gate == "migration":
            an_unplanned_column_is_shown(notas)
        code, verdicts = notas.walk.gate(gate)
        assert (code, set(verdicts.values()) <= set(OPEN)) == (0, True), notas.walk.said[gate]
        is_promised = gate not in ("backend", "frontend", "smoke", "perf")
        assert ("PASS" in verdicts.values()) is is_promised, verdicts


def an_unplanned_column_is_shown(notas: Notas) -> None:
    """Add a column that nobody planned, see what the gate says of it, and take it away again."""
    notas.sql('ALTER TABLE fiscal."Nota" ADD COLUMN sobra text')
    _, verdicts = notas.walk.gate("migration")
    notas.sql('ALTER TABLE fiscal."Nota" DROP COLUMN sobra')
    assert verdicts["migration/nothing-unplanned"] == "WARN", notas.walk.said["migration"]


FAULTS = {
    "an index is missing": (
        "migration", "migration/indexes",
        'DROP INDEX fiscal."NotaPorVencimento"',
        'CREATE INDEX "NotaPorVencimento" ON fiscal."Nota" ("Vencimento") WHERE "Vencimento" IS NOT NULL',
    ),
    "a date has a time": (
        "migration", "migration/columns",
        'ALTER TABLE fiscal."Nota" ALTER "Vencimento" TYPE timestamp',
        'ALTER TABLE fiscal."Nota" ALTER "Vencimento" TYPE date',
    ),
    "a key is gone": (
        "migration", "migration/foreign-keys",
        "ALTER TABLE fiscal.parcela DROP CONSTRAINT parcela_nota_fkey",
        'ALTER TABLE fiscal.parcela ADD FOREIGN KEY (nota) REFERENCES fiscal."Nota" (numero) ON DELETE RESTRICT',
    ),
    "two notes have no document": (
        "backfill", "backfill/every-row",
        """UPDATE fiscal."Nota" SET documento = NULL WHERE numero IN (9007199254740001, 9007199254740003)""",
        None,
    ),
    "a note has another's document": (
        "backfill", "backfill/every-row",
        """UPDATE fiscal."Nota" SET documento = (SELECT documento FROM fiscal."Nota" WHERE numero = 9007199254740002)
           WHERE numero = 9007199254740004""",
        None,
    ),
    "a scan is called a pdf": (
        "backfill", "backfill/every-row",
        """UPDATE fiscal."Nota" SET documento = replace(documento::text, 'image/tiff', 'application/pdf')::json
           WHERE numero = 9007199254740001""",
        None,
    ),
}  # fmt: skip
"""What is wrong -> gate, check, the statement that breaks it, and the one that mends it (None: the backfill's own)."""


@pytest.mark.parametrize("fault", FAULTS)
def test_its_faults_are_found(notas, fault):
    """Each fault is found by the check that should, in a run that judges what can be judged now."""
    gate, check, broken, mended = FAULTS[fault]
    notas.sql(broken)
    try:
        code, verdicts = notas.walk.gate(gate, "--alone")
    finally:
        notas.do("backfill.sql") if mended is None else notas.sql(mended)
    assert code == 1, notas.walk.said[gate]
    assert verdicts[check] == "FAIL"
