"""Gates one after the other: what opens the next one, what blocks it, and what is written down."""

from __future__ import annotations

import pytest

from releasegate.evidence import Chain, Folder, Kind

PASSES = "@pytest.mark.check('{0}/a')\ndef test_a(require): require(holds())\n"
MANUAL = """
[[checklist]]
id = "0.window"
gate = "preflight"
text = {en = "The window is booked", pt-BR = "Janela agendada"}
manual = true
source = "runbook prerequisites"
"""


@pytest.fixture
def two(gates):
    """Return a project with the first two gates, both of which hold."""
    for marker in ("preflight", "backup"):
        gates.gate(marker, PASSES.format(marker))
    return gates


def test_a_gate_opens_the_next(two):
    """The state lies in the chain on disk: gates run as separate processes."""
    assert two.run("-m", "preflight").code == 0
    ran = two.run("-m", "backup")
    assert (ran.code, ran.last[:4]) == (0, "GO: ")


def test_neighbours_run_in_one_process_each_closed_before_the_next(two):
    """Two gates named together: the first one's end stands before the second one's start."""
    ran = two.run("-m", "backup or preflight")
    kinds = [(event["gate"], event["kind"]) for event in ran.events if event["kind"] in ("start", "end")]
    assert ran.code == 0
    assert kinds == [("preflight", "start"), ("preflight", "end"), ("backup", "start"), ("backup", "end")]


def test_gates_that_are_no_neighbours_are_a_usage_error(gates):
    """Nothing between two gates may be left out unseen."""
    ran = gates.run("-m", "preflight or migration")
    assert ran.code == 4
    assert "preflight and migration are no neighbours; in order: preflight, backup, backend, migration" in ran.output


def test_a_failed_gate_blocks_the_next(two):
    """NO-GO in preflight keeps backup closed, and the sentence says so."""
    two.gate("preflight", "@pytest.mark.check('preflight/a')\ndef test_a(require): require(fails('preflight/a'))\n")
    assert two.run("-m", "preflight").code == 1
    ran = two.run("-m", "backup")
    assert ran.code == 7
    assert "BLOCKED: backup: preflight is not open: its last run says FAIL" in ran.last


def test_a_changed_change_file_closes_what_was_judged_by_the_old_one(two):
    """A result is bound to the change file."""
    assert two.run("-m", "preflight").code == 0
    two.change.write_text(two.change.read_text("utf-8") + "\n# another promise\n", "utf-8")
    ran = two.run("-m", "backup")
    assert ran.code == 7
    assert "the change file has changed since" in ran.last


def test_a_manual_item_keeps_its_gate_closed_until_somebody_attests_it(two):
    """NOT_RUN and exit code 6, with the command that attests."""
    two.change.write_text(two.change.read_text("utf-8") + MANUAL, "utf-8")
    ran = two.run("-m", "preflight")
    assert ran.code == 6
    assert "1 item waits for a person (0.window). Next: ./gate attest 0.window --by NAME" in ran.last


def test_alone_needs_nothing_before_it_and_opens_nothing(two):
    """`--alone` judges what can be judged now; the sentence counts, and the next gate stays blocked."""
    ran = two.run("-m", "backup", "--alone")
    assert (ran.code, ran.last[:32]) == (0, "GO (alone, 1 of 1 judged): backu"), ran.output
    assert two.run("-m", "backup").code == 7


def test_alone_lists_what_it_cannot_judge(gates):
    """A check that compares with an earlier gate decides nothing under `--alone`."""
    gates.gate(
        "migration",
        "@pytest.mark.check('migration/a')\ndef test_a(require): require(holds())\n"
        "@pytest.mark.check('migration/b', baseline=True)\ndef test_b(require): require(fails('migration/b'))\n",
    )
    ran = gates.run("-m", "migration", "--alone")
    assert (ran.code, ran.last[:26]) == (0, "GO (alone, 1 of 2 judged):"), ran.output
    assert "migration/b" in ran.output
    assert "not judged alone: it compares with what an earlier gate recorded" in ran.output


def test_alone_judges_with_what_the_target_has(gates):
    """A section that is missing is no usage error under `--alone`: what needs it is listed as not judged."""
    gates.gate(
        "backend",
        PASSES.format("backend")
        + "@pytest.mark.check('backend/b', target='services')\ndef test_b(): raise RuntimeError('it ran')\n",
    )
    ran = gates.run("-m", "backend", "--alone")
    assert (ran.code, ran.last[:26]) == (0, "GO (alone, 1 of 2 judged):"), ran.output
    assert "not judged alone: target.toml has no [services]" in ran.output


def test_what_the_change_does_not_promise_is_not_judged(gates):
    """A check of a promise that nobody made is N/A, and its body does not run."""
    gates.gate(
        "preflight",
        PASSES.format("preflight")
        + "@pytest.mark.check('preflight/b', promise='host')\ndef test_b(): raise RuntimeError('it ran')\n",
    )
    ran = gates.run("-m", "preflight")
    assert (ran.code, ran.verdicts()["preflight/b"]) == (0, "N/A"), ran.output
    assert "change.toml promises no host" in ran.output


def test_a_missing_section_of_the_target_is_a_usage_error(gates):
    """It names file, section and check before anything is measured, unless the target gives a reason."""
    gates.gate("preflight", "@pytest.mark.check('preflight/a', target='services')\ndef test_a(require): pass\n")
    ran = gates.run("-m", "preflight")
    assert ran.code == 4
    assert f"{gates.target}: [services] is missing; preflight/a needs it" in ran.output
    assert "CANNOT TELL" not in ran.output
    gates.target.write_text(
        gates.target.read_text("utf-8")
        + '[[not_applicable]]\ncheck = "preflight/a"\nreason = "a managed platform runs them"\n',
        "utf-8",
    )
    ran = gates.run("-m", "preflight")
    assert ran.verdicts() == {"preflight/a": "N/A"}
    assert "target.toml says: a managed platform runs them" in ran.output


def test_a_missing_section_names_every_check_that_needs_it(gates):
    """One look at the message is enough to say of each check why it does not apply."""
    body = "@pytest.mark.check('preflight/{0}', target='services')\ndef test_{0}(require): pass\n"
    gates.gate("preflight", body.format("a") + body.format("b"))
    ran = gates.run("-m", "preflight")
    assert ran.code == 4
    assert f"{gates.target}: [services] is missing; preflight/a, preflight/b need it" in ran.output


def test_a_killed_worker_loses_nothing_it_had_seen(gates):
    """What a worker measured before it died is in the chain; the check it was at has no verdict but ERROR."""
    gates.gate(
        "preflight",
        "import os\n@pytest.mark.check('preflight/a')\ndef test_a(require):\n"
        "    require(holds(), Measurement(value=7, unit='rows', rows=7, query='SELECT 7', duration_s=0.1))\n"
        "    os.kill(os.getpid(), 9)\n",
    )
    ran = gates.run("-m", "preflight", "-n", "1", "--max-worker-restart=0")
    measured = [event for event in ran.events if event["kind"] == "measure"]
    assert ran.code == 6, ran.output
    assert [(event["check"], event["payload"]["value"]) for event in measured] == [("preflight/a", 7)]


def test_perf_refuses_workers(gates):
    """Parallel tests would load the machine that measures."""
    ran = gates.run("-m", "perf", "-n", "2")
    assert ran.code == 4
    assert "-n: gate perf measures latency" in ran.output


def test_a_finding_is_printed_without_a_traceback_and_in_six_lines(gates):
    """The operator reads want and have, not Python."""
    gates.gate("preflight", "@pytest.mark.check('preflight/a')\ndef test_a(require): require(fails('preflight/a'))\n")
    ran = gates.run("-m", "preflight")
    assert (
        "preflight/a: messages\n"
        "  want: 3 rows (runbook 4.4)\n"
        "  have: 2 rows\n"
        "  why:  one is lost\n"
        "  fix:  run it again\n"
        "  run:  psql -c 'SELECT 1'\n"
    ) in ran.output
    assert "Traceback" not in ran.output
    assert "GateClosedError" not in ran.output


def test_a_broken_gate_shows_its_traceback(gates):
    """A crash in the gate is not a finding about the deployment."""
    gates.gate("preflight", "@pytest.mark.check('preflight/a')\ndef test_a(): raise ValueError('a crash')\n")
    ran = gates.run("-m", "preflight")
    assert "the gate itself broke: ValueError: a crash" in ran.output
    assert "test_preflight.py" in ran.output


def test_every_run_leaves_junit_and_the_raw_log(gates):
    """JUnit XML counts a FAIL as a failure; pytest-html's page lies beside it."""
    gates.gate("preflight", "@pytest.mark.check('preflight/a')\ndef test_a(require): require(fails('preflight/a'))\n")
    run = gates.run("-m", "preflight").folder / "runs" / "1-preflight"
    assert 'failures="1"' in (run / "junit.xml").read_text("utf-8")
    assert "pytest.html" in {path.name for path in run.iterdir()}


def test_nothing_is_left_in_the_temporary_folder_and_nothing_of_others_touched(gates, tmp_path, monkeypatch):
    """Pytest tidies up after all of a user's runs there: one that it cannot remove would end the gate."""
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setenv("TMPDIR", str(folder))
    gates.gate("preflight", "@pytest.mark.check('preflight/a')\ndef test_a(require): require(holds())\n")
    assert gates.run("-m", "preflight", "-n", "1").code == 0
    assert list(folder.iterdir()) == []


def test_a_run_after_one_that_was_cut_off_says_so(two):
    """Killed between two lines, the run before left no gap; the next one writes that it goes on after it, once."""
    assert two.run("-m", "preflight").code == 0
    folder = Folder.of(two.folder / "reports", "change-1", "nowhere")
    with Chain.open(folder) as chain:
        chain.append(Kind.START, "preflight", run="2-preflight")
    ran = two.run("-m", "preflight")
    assert ran.code == 0
    (resumed,) = [event for event in ran.events if event["kind"] == "resume"]
    assert (resumed["gate"], resumed["payload"]["run"]) == ("preflight", "2-preflight")
    assert [event["kind"] for event in two.run("-m", "preflight").events].count("resume") == 1
