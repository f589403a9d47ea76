"""Status, report and verify: what the evidence says, to people and to somebody who doubts it."""

from __future__ import annotations

import json
import re

import pytest

from releasegate.core import ExitCode

FAILS = "@pytest.mark.check('preflight/a')\ndef test_a(require): require(fails('preflight/a'))\n"


@pytest.fixture
def files(gates):
    return ["--target", str(gates.target), "--change", str(gates.change), "--reports", str(gates.folder / "reports")]


@pytest.fixture
def ran(gates):
    """Return a gate run that was NO-GO."""
    gates.gate("preflight", FAILS)
    return gates.run("-m", "preflight")


@pytest.mark.usefixtures("ran")
def test_status_says_where_every_gate_stands_and_what_comes_next(gate, gates, files):
    """One line a gate, the ways back, and the command to run; the exit code is the worst of what has been run."""
    ended = gate("status", *files)
    assert ended.code == ExitCode.NO_GO
    assert "preflight   FAIL     closed: its last run says FAIL" in ended.output
    assert "backup      NOT_RUN  closed: it has not been run" in ended.output
    assert "none is needed: nothing of the release is out yet" in ended.output
    assert ended.last == f"next: ./gate run preflight --target {gates.target}"


@pytest.mark.usefixtures("ran")
def test_shown_commands_are_those_that_were_typed(gate, gates, files):
    """The script passes on how it was called, and a path with a space is quoted."""
    spaced = gates.folder / "a folder" / "target.toml"
    spaced.parent.mkdir()
    spaced.write_bytes(gates.target.read_bytes())
    files[1] = str(spaced)
    ended = gate("status", *files, env={"RELEASEGATE_COMMAND": "../gate"})
    assert ended.last == f"next: ../gate run preflight --target '{spaced}'"


@pytest.mark.usefixtures("ran")
def test_evidence_is_also_found_by_its_variable(gate, gates, files):
    """RELEASEGATE_REPORTS stands in for --reports; the option goes before it."""
    variable = {"RELEASEGATE_REPORTS": str(gates.folder / "reports")}
    assert gate("status", *files[:4], env=variable).code == ExitCode.NO_GO
    assert gate("status", *files[:4], "--reports", str(gates.folder / "none"), env=variable).code == ExitCode.GO


@pytest.mark.parametrize(("lang", "word"), [("en", "A change"), ("pt-BR", "Uma mudança")])
@pytest.mark.parametrize("form", ["html", "json", "junit", "md"])
def test_a_report_in_every_form_and_language(gate, ran, files, form, lang, word):
    """The page is written beside the evidence and its path printed; the others go to standard output."""
    ended = gate("report", *files, "--format", form, "--lang", lang)
    assert ended.code == ExitCode.GO
    text = ran.folder.joinpath("report.html").read_text("utf-8") if form == "html" else ended.output
    if form == "html":
        assert ended.output.strip() == str(ran.folder / "report.html")
    if form == "json":
        json.loads(text)
    assert "preflight/a" in text
    assert form == "junit" or word in text


def test_the_report_s_language_is_also_found_by_its_variable(gate, ran, files):
    """RELEASEGATE_LANG, by every command that writes the report."""
    gate("report", *files, env={"RELEASEGATE_LANG": "pt-BR"})
    assert '<html lang="pt-BR"' in ran.folder.joinpath("report.html").read_text("utf-8")
    ended = gate("report", *files, env={"RELEASEGATE_LANG": "fr"})
    assert (ended.code, ended.last) == (4, "usage: RELEASEGATE_LANG: 'fr' was given; accepted: en, pt-BR")


def test_no_report_without_evidence(gate, files):
    """It says which folder is empty."""
    ended = gate("report", *files)
    assert ended.code == ExitCode.USAGE
    assert "holds no evidence; run a gate first, or give --reports DIR" in ended.last


def test_evidence_that_holds_is_verified_and_what_was_not_is_said(gate, ran):
    """Exit 0, each line one thing that was looked at; without an anchor and a signature it says so."""
    ended = gate("verify", str(ran.folder))
    assert ended.code == ExitCode.GO, ended.output
    assert {line[:12].strip() for line in ended.output.splitlines()} == {"verified", "not verified"}


def test_evidence_that_was_changed_is_wrong(gate, ran):
    """One letter in the chain: exit 1 and the line that no longer holds."""
    chain = ran.folder / "events.jsonl"
    chain.write_text(chain.read_text("utf-8").replace('"have":"2 rows"', '"have":"3 rows"'), "utf-8")
    ended = gate("verify", str(ran.folder))
    assert ended.code == ExitCode.NO_GO
    assert re.search(r"^WRONG +", ended.output, re.MULTILINE)


def test_the_ticket_s_line_is_an_anchor(gate, ran):
    """The line that the gate printed verifies; with another hash it is wrong; another text is a usage error."""
    ticket = next(line for line in ran.lines if line.startswith("ticket")).removeprefix("ticket").strip()
    assert gate("verify", str(ran.folder), "--anchor", ticket).code == ExitCode.GO
    other = re.sub(r"[0-9a-f]{64}", "0" * 64, ticket)
    assert gate("verify", str(ran.folder), "--anchor", other).code == ExitCode.NO_GO
    ended = gate("verify", str(ran.folder), "--anchor", "all is well")
    assert (ended.code, ended.last) == (
        ExitCode.USAGE,
        "usage: --anchor: 'all is well' is no ticket line; accepted: change · target · seq · hash · verdict",
    )


def test_doctor_says_what_is_missing_and_the_command_that_gets_it(gate, tmp_path):
    """A machine without git and Chromium: exit 6, each with its command; what only some targets need is no reason."""
    ended = gate("doctor", env={"PATH": str(tmp_path)})
    assert "missing git" in re.sub(" +", " ", ended.output)
    assert "apt-get install git" in ended.output
    assert ended.code == ExitCode.CANNOT_TELL
    assert ended.last.startswith("missing: ")


def test_the_environment_is_read_in_one_place():
    """core/settings.py, so that every setting has the same order and every variable is known."""
    from releasegate.cli.places import PROJECT

    package = PROJECT / "src" / "releasegate"
    readers = [path for path in package.rglob("*.py") if re.search(r"os\.(environ|getenv)", path.read_text("utf-8"))]
    assert [path.relative_to(package).as_posix() for path in readers] == ["core/settings.py"]
