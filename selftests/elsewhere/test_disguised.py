"""The gates know nothing of the reference: a copy with other names, paths and pages passes by its two files alone."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from string import Template
from typing import Any

import psycopg
import pytest
from disguise import disguised
from walking import OPEN, Walk, run

pytestmark = pytest.mark.everything  # a whole walk, browser and load included

ROWS = 1_500
WAY = {
    "before": ("preflight",),
    "backed-up": ("backup",),
    "backend": ("backend",),
    "migrated": ("migration",),
    "backfilled": ("backfill",),
    "released": ("frontend", "smoke", "perf", "monitoring", "followup"),
}
JUDGED = ("4.3-backfill",)


def plainly(_: str, command: Sequence[str], cwd: str, env: dict[str, str]) -> int:
    """Run a command that nothing in the change file judges."""
    return subprocess.run(command, cwd=cwd, env=os.environ | env, capture_output=True, check=False).returncode


@dataclass
class Balcao:
    """The disguised deployment."""

    folder: Path
    copy: Path
    walk: Walk

    @property
    def state(self) -> Path:
        """The deployment's folder."""
        return self.folder / "state"

    @property
    def record(self) -> dict[str, Any]:
        """What the reference says of itself."""
        found: dict[str, Any] = json.loads((self.state / "reference.json").read_text("utf-8"))
        return found

    def ask(self, *arguments: str) -> None:
        """Give the disguised reference an order."""
        order, *more = arguments
        done = run("reference_inbox", order, "--state", str(self.state), *more, PYTHONPATH=str(self.copy))
        assert done.returncode == 0, done.stdout + done.stderr

    def advance(self, moment: str) -> None:
        """Do the commands of a moment through `gate step` where the change file judges them, else as they are."""
        for step in self.record["steps"][moment]:
            done = self.walk.step if step["item"] in JUDGED else plainly
            assert done(step["item"], step["command"], step["cwd"], step["env"]) == 0, step["item"]
        if moment != "before":
            self.ask("arrive", "--to", moment)

    def psql(self, statement: str) -> None:
        """Run a statement as the administrator."""
        with psycopg.connect(self.record["admin_dsn"], autocommit=True) as connection:
            connection.execute(statement.encode())


@pytest.fixture(scope="module")
def balcao(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Balcao]:
    """Return the copy, up at its first moment; it is taken down again."""
    folder = tmp_path_factory.mktemp("balcao")
    found = Balcao(folder, disguised(folder / "copy"), Walk(folder / "target.toml", folder / "reports"))
    try:
        found.ask("up", "--rows", str(ROWS))
        found.walk.target.write_text(target_of(found), "utf-8")
        yield found
    finally:
        found.ask("down")


def target_of(balcao: Balcao) -> str:
    """Return the hand-written target file with what the copy chose."""
    record, here = balcao.record, Path(__file__).parent / "balcao"
    values = {
        "CHANGE": here / "change.toml", "DSN": record["gate_dsn"], "BACKEND": record["backend_url"],
        "FRONTEND": record["frontend_url"], "EMAIL": record["login"]["email"], "STATE": balcao.state,
        "PASSWORD": balcao.state / "secrets" / "login", "BIN": record["bin"],
    }  # fmt: skip
    return Template((here / "target.toml").read_text("utf-8")).substitute(values)


def test_every_gate_opens(balcao):
    """Everything has another name, another place and another form, and every gate of the release opens."""
    balcao.walk.attest("equipe-avisada")
    for moment, gates in WAY.items():
        balcao.advance(moment)
        for gate in gates:
            if gate == "monitoring":
                balcao.walk.watch()
            code, verdicts = balcao.walk.gate(gate)
            if verdicts.get("perf/generator-kept-up") == "INCONCLUSIVE":  # this machine is busy, and the gate says so
                continue
            assert code == 0, balcao.walk.said[gate]
            assert "PASS" in verdicts.values(), gate
            assert set(verdicts.values()) <= set(OPEN)


def page_without_quotes(balcao: Balcao) -> None:
    """Take the box above a reply off the page that is served."""
    (script,) = (balcao.state / "frontend" / "dist").rglob("reply.js")
    script.write_text(script.read_text("utf-8").replace("texts.repliedTo", '""'), "utf-8")


FAULTS = {
    "rows-left-out": ("backfill", "backfill/every-row", lambda balcao: balcao.ask("break", "rows-left-out")),
    "invalid-for-api": ("backfill", "backfill/api-agrees", lambda balcao: balcao.ask("break", "invalid-for-api")),
    "conversations-500": ("backend", "backend/conversations", lambda balcao: balcao.ask("break", "conversations-500")),
    "no quotes": ("smoke", "smoke/reply-shown", page_without_quotes),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_its_faults_are_found(balcao, fault):
    """What is broken in the copy is found there as it is in the original."""
    gate, check, breaks = FAULTS[fault]
    breaks(balcao)
    code, verdicts = balcao.walk.gate(gate, "--alone", "-k", "reply" if gate == "smoke" else "")
    if breaks is not page_without_quotes:
        balcao.ask("mend", fault)
    assert code == 1, balcao.walk.said[gate]
    assert verdicts[check] == "FAIL"
