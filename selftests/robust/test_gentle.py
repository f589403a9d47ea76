"""Gates that read a busy database gently, in ranges and with pauses, come to the same verdicts."""

from __future__ import annotations

from dataclasses import replace

import psycopg
import pytest

GATES = ("preflight", "migration", "backfill")
LEAVE_OUT = "UPDATE messages SET attachments = '[]' WHERE id IN (SELECT id FROM messages WHERE media_url <> '' LIMIT 3)"


@pytest.mark.everything  # six gates on a reference of its own
@pytest.mark.parametrize(("broken", "verdict"), [("SELECT", "PASS"), (LEAVE_OUT, "FAIL")])
def test_a_gentle_gate_says_the_same(gate, backfilled, broken, verdict, tmp_path):
    """Of every check, on a good table and on one with rows left out."""
    with psycopg.connect(backfilled.facts["admin_dsn"]) as owner:
        owner.execute(broken)
    target = backfilled.state / "target.toml"
    plain, said = target.read_text("utf-8"), {}
    for name, setting in {"plain": "", "gentle": "gentle = true\n"}.items():
        target.write_text(plain.replace("[database]\n", f"[database]\n{setting}"), "utf-8")
        one = replace(backfilled, reports=tmp_path / name)
        for which in GATES:
            gate("run", which, "--alone", *one.where)
        said[name] = one.verdicts()
    assert said["gentle"] == said["plain"]
    assert said["plain"]["backfill/every-row"] == verdict
