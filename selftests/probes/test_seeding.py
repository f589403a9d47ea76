"""Tagged rows on a table of other make: written, found again, removed, and nothing else with them."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from contextlib import contextmanager
from types import SimpleNamespace

import psycopg
import pytest
from pydantic import SecretStr

from releasegate.core import CannotMeasure, UsageError
from releasegate.core.facts.seeds import TAG
from releasegate.plugin.seeds import require_seed
from releasegate.probes.seeding import open_seeder
from releasegate.target.models import Target

TABLES = """
CREATE SCHEMA "Loja";
CREATE TABLE "Loja"."Papo" ("Id" bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, "Nome" text NOT NULL);
CREATE TABLE "Loja"."Recado" (
    "Id" bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, "Papo" bigint NOT NULL REFERENCES "Loja"."Papo",
    "Texto" varchar(80) NOT NULL, "Tamanho" int GENERATED ALWAYS AS (length("Texto")) STORED, "Anexos" jsonb,
    "Resposta" bigint REFERENCES "Loja"."Recado", enviado_em timestamptz NOT NULL, "Partes" int[] NOT NULL UNIQUE);
INSERT INTO "Loja"."Papo" ("Nome") VALUES ('Ana'), ('Rui');
INSERT INTO "Loja"."Recado" ("Papo", "Texto", "Anexos", enviado_em, "Partes") VALUES
    (1, 'o primeiro', '[{"onde": "/a.png"}]', '2026-01-01', '{1}'), (2, 'o mais novo', NULL, '2026-03-01', '{2}'),
    (1, 'fala de releasegate-sample-1', NULL, '2026-02-01', '{3}');
"""
ROW = {"table": "Loja.Recado", "tag_column": "Texto"}
TWO = [
    {**ROW, "name": "pergunta", "values": {"Partes": [7, 8], "Anexos": [{"onde": "/{Papo}.png"}, {"onde": "/b.png"}]}},
    {**ROW, "like": '"Papo" = 1', "values": {"Texto": "{tag} oi", "Resposta": "{pergunta}", "Partes": [9]}},
]


@pytest.fixture
def seeded(cluster):
    """Return `seeded(rows)`: what writes them, in a database of other make."""
    dsn = cluster.database(TABLES)
    with psycopg.connect(dsn, autocommit=True) as there:
        (server,) = there.execute("SELECT system_identifier::text FROM pg_control_system()").fetchone()
        name = there.info.dbname

        @contextmanager
        def opened(rows, *, pinned=name):
            with open_seeder(target_of(dsn, rows, server, pinned), SimpleNamespace(backfill=None)) as seeder:
                yield seeder

        yield SimpleNamespace(
            open=opened, dsn=dsn, server=server, name=name, ask=lambda query: there.execute(query).fetchall()
        )


def target_of(dsn, rows, server, name):
    seed = {"dsn": SecretStr(dsn), "rows": rows}
    return Target.model_validate(
        {"name": "staging", "database": {"dsn": SecretStr(dsn)}, "samples": {"seed": seed},
         "fingerprint": {"system_identifier": server, "database": name}}
    )  # fmt: skip


def test_rows_are_copies_with_other_values(seeded):
    """The newest row that fits is copied; what is given replaces, what the server makes is left to it."""
    with seeded.open(TWO) as seeder:
        written = seeder.write()
    first, second = seeded.ask('SELECT * FROM "Loja"."Recado" WHERE "Id" > 3 ORDER BY "Id"')
    assert written.rows == 2
    assert [one.keys for one in written.value] == [(str(first[0]),), (str(second[0]),)]
    assert (first[1], first[4], first[7]) == (2, [{"onde": "/2.png"}, {"onde": "/b.png"}], [7, 8])
    assert (second[1], second[5], second[2].endswith(" oi")) == (1, first[0], True)
    assert all(row[2].startswith(TAG) and row[3] == len(row[2]) for row in (first, second))
    assert "o mais novo" not in str(written)


def test_only_what_has_the_tag_is_removed(seeded):
    """Also twice, and also where somebody else wrote about the tag."""
    with seeded.open(TWO) as seeder:
        seeder.write()
        removed = seeder.remove()
        assert (removed.rows, seeder.remove().rows) == (2, 0)
    assert len(removed.value[0].keys) == 2
    assert seeded.ask('SELECT count(*) FROM "Loja"."Recado"') == [(3,)]


def test_what_a_killed_process_left_is_found(seeded):
    """SIGKILL right after the rows were committed: another process removes them by their tag."""
    code = (
        "import os, sys, json; sys.path.insert(0, sys.argv[1]); from test_seeding import *\n"
        "rows, dsn, server, name = json.loads(sys.argv[2])\n"
        "with open_seeder(target_of(dsn, rows, server, name), SimpleNamespace(backfill=None)) as seeder:\n"
        "    seeder.write(); os.kill(os.getpid(), 9)"
    )
    given = json.dumps([TWO, seeded.dsn, seeded.server, seeded.name])
    done = subprocess.run([sys.executable, "-c", code, __file__.rsplit("/", 1)[0], given], check=False)
    assert (done.returncode, seeded.ask('SELECT count(*) FROM "Loja"."Recado"')) == (-9, [(5,)])
    with seeded.open(TWO) as seeder:
        assert seeder.remove().rows == 2


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ({"like": '"Papo" = 99'}, "number 2: no row of Loja.Recado fits like = '\"Papo\" = 99'"),
        ({"values": {"Texto": "{tag}{Preco}"}}, "number 2: {Preco} is neither a column of the copied row"),
        ({"values": {"Preco": 3}}, "number 2: Loja.Recado has no column Preco"),
        ({"table": "Loja.Nada"}, "there is no table Loja.Nada"),
        ({"values": {}}, 'duplicate key value violates unique constraint "Recado_Partes_key"'),
        ({"like": "nada = 1"}, 'column "nada" does not exist'),
    ],
)
def test_all_rows_or_none(seeded, row, said):
    """What is wrong with one of them is said, and nothing is written."""
    with seeded.open([TWO[0], {**TWO[1], **row}]) as seeder, pytest.raises(CannotMeasure) as raised:
        seeder.write()
    assert said in str(raised.value)
    assert "o mais novo" not in str(raised.value)
    assert seeded.ask('SELECT count(*) FROM "Loja"."Recado"') == [(3,)]


def test_nothing_is_written_on_another_server(seeded):
    """The fingerprint decides, not the address."""
    with pytest.raises(CannotMeasure) as raised, seeded.open(TWO, pinned="production"):
        pass
    assert f"leads to {seeded.name} on server {seeded.server}, and [fingerprint] names production" in str(raised.value)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"production": True}, "production = true and [samples.seed]: nothing is ever written there"),
        ({"fingerprint": None}, "[samples.seed] needs [fingerprint] and [database]"),
    ],
)
def test_a_target_that_may_not_be_written_says_so(change, said):
    """Wrong before anything is touched."""
    given = target_of("dbname=x", TWO, "1", "x").model_dump() | change
    with pytest.raises(ValueError, match=re.escape(said)):
        Target.model_validate(given)


def test_a_row_that_would_not_be_found_again_is_refused():
    """Its text has to begin with the tag."""
    with pytest.raises(ValueError, match=r"begins with \{tag\}"):
        target_of("dbname=x", [{**ROW, "values": {"Texto": "oi {tag}"}}], "1", "x")


TARGET = """
name = "nowhere"
[database]
dsn = "{dsn}"
[fingerprint]
system_identifier = "{server}"
database = "{name}"
[samples.seed]
dsn = "{dsn}"
[[samples.seed.rows]]
table = "Loja.Recado"
tag_column = "Texto"
values = {{ Partes = [7, 8] }}
"""
GATE = """
import os, psycopg, pathlib
@pytest.mark.check("smoke/old-media-shown")
def test_it(require):
    there = psycopg.connect("{dsn}").execute('SELECT count(*) FROM "Loja"."Recado"').fetchone()[0]
    if pathlib.Path("kill").exists():
        os.kill(os.getpid(), int(pathlib.Path("kill").read_text()))
    require(Judgement(seen=there, least=4, unit="rows", holds="there are {{}}".format(there)))
"""


@pytest.fixture
def smoke(seeded, gates):
    """Return a project whose gate `smoke` needs a row more than the table has."""
    known = {"dsn": seeded.dsn, "server": seeded.server, "name": seeded.name}
    gates.write("target.toml", TARGET.format(**known))
    gates.gate("smoke", GATE.format(**known))
    return SimpleNamespace(
        run=lambda *more: gates.run("-m", "smoke", "--alone", *more),
        kill=lambda number: gates.write("kill", str(number)),
        live=(gates.folder / "kill").unlink,
        rows=lambda: seeded.ask('SELECT count(*) FROM "Loja"."Recado"')[0][0],
    )


def told(ran):
    """Return what the evidence says of tagged rows: what was done, and how many."""
    found = (event["payload"] for event in ran.events if event["payload"].get("unit") == "tagged rows")
    return [(payload["query"].split(":")[0], payload["rows"]) for payload in found]


@pytest.mark.parametrize("more", [("-n0",), pytest.param(("-n2",), marks=pytest.mark.everything)])
def test_the_gate_writes_them_and_removes_them(smoke, more):
    """Without the option the data has too little; with it enough, and nothing is left."""
    assert smoke.run(*more).code == 6
    ran = smoke.run("--seed-samples", *more)
    assert (ran.code, smoke.rows()) == (0, 3), ran.output
    assert told(ran) == [("what an earlier run left", 0), ("written for the try", 1), ("removed after the try", 1)]


@pytest.mark.parametrize(
    ("number", "left"), [(9, 4), *(pytest.param(one, 3, marks=pytest.mark.everything) for one in (2, 15))]
)
def test_a_gate_that_is_ended_leaves_nothing_for_long(smoke, number, left):
    """Ctrl-C and a polite kill remove the rows; after SIGKILL the next run does, and says so."""
    smoke.kill(number)
    smoke.run("--seed-samples", "-n0")
    assert smoke.rows() == left
    smoke.live()
    ran = smoke.run("--seed-samples", "-n0")
    assert (ran.code, smoke.rows()) == (0, 3), ran.output
    assert told(ran)[-3:] == [
        ("what an earlier run left", left - 3), ("written for the try", 1), ("removed after the try", 1),
    ]  # fmt: skip


@pytest.mark.everything  # two gates
def test_unseed_removes_what_was_left(smoke, gate, gates):
    """The command says what it removed."""
    smoke.kill(9)
    smoke.run("--seed-samples", "-n0")
    ended = gate("unseed", "--target", str(gates.target), "--change", str(gates.change))
    assert (ended.code, ended.output, smoke.rows()) == (0, "Loja.Recado: 1 tagged row removed\n", 3)


def test_the_option_is_refused_where_nothing_may_be_written(gates):
    """The message names the key."""
    gates.gate("smoke", '@pytest.mark.check("smoke/x")\ndef test_it(require): require(holds())')
    ran = gates.run("-m", "smoke", "--seed-samples")
    assert (ran.code, "target.toml has no [samples.seed]" in ran.output) == (4, True), ran.output
    target = Target.model_validate({"name": "live", "production": True})
    subject = SimpleNamespace(target=target, target_path="live.toml")
    for named, said in ((("smoke",), "live.toml says production = true"), (("perf",), "gate perf looks at no samples")):
        with pytest.raises(UsageError, match=said):
            require_seed(subject, named)
