"""What a named person says: attested, waived, until when; and where it is shown."""

from __future__ import annotations

import shutil
import subprocess
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from releasegate.core import ExitCode
from releasegate.evidence import Chain, Folder, Kind

MANUAL = """
[[checklist]]
id = "0.window"
gate = "preflight"
text = {en = "The window is booked", pt-BR = "Janela agendada"}
manual = true
source = "runbook prerequisites"
"""
FAILS = "@pytest.mark.check('preflight/a')\ndef test_a(require): require(fails('preflight/a'))\n"
HOLDS = "@pytest.mark.check('preflight/a')\ndef test_a(require): require(holds())\n"


@pytest.fixture
def files(gates):
    return ["--target", str(gates.target), "--change", str(gates.change), "--reports", str(gates.folder / "reports")]


@pytest.fixture
def today():
    return datetime.now(UTC).date()


def test_an_attested_item_opens_its_gate(gates, gate, files):
    """Status names the command that attests; once it was said, the gate is open without being run again."""
    gates.change.write_text(gates.change.read_text("utf-8") + MANUAL, "utf-8")
    gates.gate("preflight", HOLDS)
    assert gates.run("-m", "preflight").code == 6
    status = gate("status", *files)
    assert status.code == 6
    assert status.last == f"next: ./gate attest 0.window --by NAME --target {gates.target}"
    attested = gate("attest", "0.window", *files, "--by", "Ana", "--note", "ticket 7")
    assert (attested.code, attested.output) == (0, "attested by Ana: The window is booked\n")
    status = gate("status", *files)
    assert status.code == 0
    assert "preflight   PASS     open until" in status.output


def test_an_item_that_nobody_knows(gates, gate, files):
    """The nearest manual item is named."""
    gates.change.write_text(gates.change.read_text("utf-8") + MANUAL, "utf-8")
    ended = gate("attest", "0.windo", *files, "--by", "Ana")
    assert ended.code == ExitCode.USAGE
    assert ended.last == "usage: manual item '0.windo': unknown (did you mean '0.window'?); accepted: 0.window"


def test_a_name_is_a_word(gates, gate, files):
    """Blanks sign nothing."""
    gates.change.write_text(gates.change.read_text("utf-8") + MANUAL, "utf-8")
    ended = gate("attest", "0.window", *files, "--by", " ")
    assert (ended.code, ended.last) == (ExitCode.USAGE, "usage: --by: nothing was given; say it in words")


def test_a_waived_finding_opens_the_gate_and_is_shown(gates, gate, files, today):
    """The gate is WAIVED until the day that was named; a new run says by whom and what it would have been."""
    gates.gate("preflight", FAILS)
    assert gates.run("-m", "preflight").code == 1
    signed = ["--by", "Ana", "--reason", "known since May", "--until", str(today)]
    waived = gate("waive", "preflight/a", *files, *signed)
    assert (waived.code, waived.output) == (
        0,
        f"preflight/a is waived by Ana until the end of {today}: known since May\n",
    )
    assert "preflight   WAIVED   open until" in gate("status", *files).output
    again = gates.run("-m", "preflight")
    assert again.code == 0
    assert f"waived by Ana until {today}: known since May (would be: messages: 2 rows)" in again.output
    assert "waived" in again.last


def test_a_waiver_that_has_ended_closes_the_gate(gates, gate, files, today):
    """The day after, the finding counts again."""
    gates.gate("preflight", FAILS)
    gates.run("-m", "preflight")
    yesterday = str(today - timedelta(days=1))
    with Chain.open(Folder.of(gates.folder / "reports", "change-1", "nowhere")) as chain:
        chain.append(Kind.WAIVER, "preflight", "preflight/a", by="Ana", reason="known since May", until=yesterday)
    status = gate("status", *files)
    assert status.code == 1
    assert "preflight   FAIL     closed: its last run says FAIL" in status.output
    assert gates.run("-m", "preflight").code == 1


@pytest.mark.parametrize(
    ("check", "until", "message"),
    [
        (
            "preflight/b",
            "2099-01-01",
            "usage: check 'preflight/b': unknown (did you mean 'preflight/a'?); accepted: preflight/a",
        ),
        ("preflight/a", "2020-01-01", "usage: --until: 2020-01-01 has passed; give today or a later day"),
        ("preflight/a", "soon", "usage: --until: 'soon' is no date; accepted: YYYY-MM-DD"),
    ],
)  # fmt: skip
def test_a_waiver_of_nothing_or_for_no_time(gates, gate, files, check, until, message):
    """Only a check that was run, only to a day that is still to come."""
    gates.gate("preflight", FAILS)
    gates.run("-m", "preflight")
    ended = gate("waive", check, *files, "--by=Ana", "--reason=r", f"--until={until}")
    assert (ended.code, ended.last) == (ExitCode.USAGE, message)


def test_who_ran_a_gate_does_not_waive_it_where_the_policy_says_so(gates, gate, files):
    """[policy] waive_own = false: neither under their own name nor from their own account."""
    gates.target.write_text('name = "nowhere"\n[policy]\nwaive_own = false\n', "utf-8")
    gates.gate("preflight", FAILS)
    ran = gates.run("-m", "preflight")
    who = next(event for event in ran.events if event["kind"] == "start")["payload"]["who"]
    ended = gate("waive", "preflight/a", *files, "--by=Ana", "--reason=r", "--until=2099-01-01")
    assert ended.code == ExitCode.USAGE
    assert ended.last == (
        f"usage: --by: {who} ran this gate, and {gates.target} says [policy] waive_own = false; "
        "somebody else waives it, at their own account"
    )


def test_nothing_is_waived_before_a_gate_has_run(gate, files):
    """There is no finding yet."""
    ended = gate("waive", "preflight/a", *files, "--by=Ana", "--reason=r", "--until=2099-01-01")
    assert (ended.code, ended.last) == (ExitCode.USAGE, "usage: preflight/a: no gate has run here yet")


def test_a_pipeline_attests_every_item_of_its_gate(gates):
    """[policy] manual names it; each item is on record as said by it, and by nobody else."""
    gates.change.write_text(gates.change.read_text("utf-8") + MANUAL, "utf-8")
    gates.target.write_text('name = "nowhere"\n[policy]\nmanual = "attested by pipeline nightly"\n', "utf-8")
    gates.gate("preflight", HOLDS)
    ran = gates.run("-m", "preflight")
    assert ran.code == 0, ran.output
    attested = [event["payload"] for event in ran.events if event["kind"] == "attest"]
    assert [(one["item"], one["by"]) for one in attested] == [("0.window", "pipeline nightly")]
    assert gates.run("-m", "preflight").code == 0
    assert [event["kind"] for event in ran.events].count("attest") == 1


def test_a_policy_in_other_words_is_a_usage_error(gates):
    """Nobody is attested by a word that was not understood."""
    gates.target.write_text('name = "nowhere"\n[policy]\nmanual = "yes"\n', "utf-8")
    gates.gate("preflight", HOLDS)
    ran = gates.run("-m", "preflight")
    assert ran.code == ExitCode.USAGE
    assert "policy.manual" in ran.output
    assert '"attested by pipeline NAME"' in ran.output


def test_a_policy_s_age_closes_a_gate_sooner(gates, gate, files):
    """[policy] max_age is the target's own limit for every gate; status shows until when."""
    gates.gate("preflight", HOLDS)
    gates.gate("backup", HOLDS.replace("preflight", "backup"))
    gates.target.write_text('name = "nowhere"\n[policy]\nmax_age = "1s"\n', "utf-8")
    opened = gates.run("-m", "preflight")
    assert opened.code == 0, opened.output
    expires = datetime.fromisoformat(opened.events[-1]["time"]) + timedelta(seconds=1)
    while datetime.now(UTC) <= expires:
        time.sleep(0.05)
    ran = gates.run("-m", "backup")
    assert ran.code == 7, ran.output
    assert "preflight is not open: it has expired" in ran.last
    assert gate("status", *files).code == 6


@pytest.mark.skipif(shutil.which("ssh-keygen") is None, reason="signing needs OpenSSH's ssh-keygen")
def test_the_statement_is_signed_by_the_gate_and_by_the_report(gates, gate, files, tmp_path):
    """--sign KEY; what is recorded later makes another statement, which is not signed until somebody does."""
    key = tmp_path / "key"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", key], check=True)
    signers = tmp_path / "signers"
    signers.write_text(f"ana {Path(f'{key}.pub').read_text()}")
    gates.gate("preflight", FAILS)
    folder = gates.run("-m", "preflight", f"--sign={key}").folder
    by_ana = "verified      the statement is signed by ana"
    assert by_ana in gate("verify", str(folder), "--allowed-signers", str(signers)).output
    gate("waive", "preflight/a", *files, "--by=Ana", "--reason=r", "--until=2099-01-01")
    ended = gate("verify", str(folder), "--allowed-signers", str(signers))
    assert ended.code == ExitCode.NO_GO
    assert "WRONG         not signed, and --allowed-signers expects a signature" in ended.output
    assert gate("report", *files, "--sign", str(key)).code == 0
    assert by_ana in gate("verify", str(folder), "--allowed-signers", str(signers)).output
    assert "not signed any more" in gate("report", *files, "--lang", "pt-BR").output


def test_a_key_that_is_no_file_is_a_usage_error(gates):
    """Before anything is touched."""
    gates.gate("preflight", HOLDS)
    ran = gates.run("-m", "preflight", "--sign=nowhere")
    assert ran.code == ExitCode.USAGE
    assert "--sign: nowhere is no file; give an ssh key, or the .pub of one that the agent holds" in ran.output
