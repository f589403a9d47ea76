"""Every exit code, alone and with workers: what the shell and CI are told."""

from __future__ import annotations

import signal
import subprocess
import sys
import time

import pytest

SITUATIONS = {
    "holds": ("def test_a(require): require(holds())", 0, "GO: "),
    "warns": ("def test_a(require): require(fails('preflight/a', Severity.WARNING))", 0, "GO: "),
    "is wrong": ("def test_a(require): require(fails('preflight/a'))", 1, "NO-GO: "),
    "saw nothing": ("def test_a(require): require(holds(seen=0))", 6, "CANNOT TELL: "),
    "judged nothing": ("def test_a(require): pass", 6, "CANNOT TELL: "),
    "could not measure": ("def test_a(): raise CannotMeasure('no connection')", 6, "CANNOT TELL: "),
    "broke": ("def test_a(): raise ValueError('a crash')", 6, "CANNOT TELL: "),
    "was skipped": ("def test_a(): pytest.skip('no time')", 6, "CANNOT TELL: "),
    "asserted": ("def test_a(): assert 1 == 2", 6, "CANNOT TELL: "),
}

FULL_DISK = """
@pytest.mark.check('preflight/a')
def test_a(request):
    from types import SimpleNamespace
    from releasegate.core import CannotMeasure
    from releasegate.plugin import resources
    from releasegate.probes.browser import loading, recording
    said = recording.Recording()
    said.went_to("page@1", "http://127.0.0.1/")
    def last_events(*_):
        raise CannotMeasure("events.jsonl: cannot be written: No space left on device")
    request.config.stash[resources.SITE] = SimpleNamespace(recording=said)
    loading.last_events = last_events
    raise CannotMeasure("the page did not answer")
"""


@pytest.fixture(params=[(), ("-n", "2")], ids=["alone", "with-workers"])
def workers(request):
    return request.param


@pytest.mark.parametrize("situation", SITUATIONS)
def test_a_check_that(gates, workers, situation):
    """The exit code and the first word of the last line say what one check found."""
    body, code, word = SITUATIONS[situation]
    gates.gate("preflight", f"@pytest.mark.check('preflight/a')\n{body}\n")
    ran = gates.run("-m", "preflight", *workers)
    assert (ran.code, ran.last[: len(word)]) == (code, word), ran.output


def test_wrong_wins_over_could_not_tell(gates, workers):
    """A FAIL beside an ERROR ends with 1."""
    gates.gate(
        "preflight",
        "@pytest.mark.check('preflight/a')\ndef test_a(): raise CannotMeasure('no connection')\n"
        "@pytest.mark.check('preflight/b')\ndef test_b(require): require(fails('preflight/b'))\n",
    )
    assert gates.run("-m", "preflight", *workers).code == 1


def test_a_gate_whose_requirement_is_not_open_is_blocked(gates, workers):
    """Exit code 7, and nothing of the gate is measured."""
    gates.gate("backup", "@pytest.mark.check('backup/a')\ndef test_a(require): require(holds())\n")
    ran = gates.run("-m", "backup", *workers)
    assert (ran.code, ran.verdicts()) == (7, {"backup/a": "BLOCKED"})
    assert ran.last.startswith("BLOCKED: backup: preflight is not open: it has not been run. Next: ./gate status")


def test_nothing_collected(gates, workers):
    """A gate without a single test ends with 5, never with 0."""
    gates.gate("preflight", "")
    ran = gates.run("-m", "preflight", *workers)
    assert (ran.code, ran.last[:11]) == (5, "CANNOT TELL")


def test_everything_deselected(gates, workers):
    """A gate of which nothing was chosen ends with 5."""
    gates.gate("preflight", "@pytest.mark.check('preflight/a')\ndef test_a(require): require(holds())\n")
    assert gates.run("-m", "preflight", "-k", "nothing_like_it", *workers).code == 5


def test_a_deselected_check_is_not_run(gates, workers):
    """A gate of which a part was chosen cannot tell, and says which part did not run."""
    gates.gate(
        "preflight",
        "@pytest.mark.check('preflight/a')\ndef test_a(require): require(holds())\n"
        "@pytest.mark.check('preflight/b')\ndef test_b(require): require(holds())\n",
    )
    ran = gates.run("-m", "preflight", "-k", "test_a", *workers)
    assert (ran.code, ran.verdicts()) == (6, {"preflight/a": "PASS", "preflight/b": "NOT_RUN"}), ran.output


def test_an_empty_parametrize(gates, workers):
    """A check without a single case cannot tell."""
    gates.write("pytest.ini", "[pytest]\nempty_parameter_set_mark = fail_at_collect\n")
    gates.gate(
        "preflight",
        "@pytest.mark.check('preflight/a')\n@pytest.mark.parametrize('x', [])\ndef test_a(x, require): pass\n",
    )
    assert gates.run("-m", "preflight", *workers).code == 6


def test_a_file_that_cannot_be_imported(gates, workers):
    """A collection error says nothing about the deployment: 6."""
    gates.gate("preflight", "import does_not_exist\n")
    ran = gates.run("-m", "preflight", *workers)
    assert (ran.code, ran.last[:11]) == (6, "CANNOT TELL"), ran.output


def test_no_target_is_a_usage_error(gates, workers):
    """Never silently the local machine: 4."""
    gates.gate("preflight", "@pytest.mark.check('preflight/a')\ndef test_a(require): require(holds())\n")
    ran = gates.run("-m", "preflight", *workers, target=False)
    assert ran.code == 4
    assert "--target: no deployment was named for gate preflight; give --target FILE" in ran.output


def test_a_crash_of_the_plugin_is_an_internal_error(gates):
    """Exit code 3 and STOPPED."""
    gates.gate("preflight", "@pytest.mark.check('preflight/a')\ndef test_a(require): require(holds())\n")
    gates.write(
        "conftest.py",
        'def pytest_runtest_logfinish(): raise RuntimeError("boom")\n',
    )
    ran = gates.run("-m", "preflight")
    assert (ran.code, ran.last[:7]) == (3, "STOPPED"), ran.output


@pytest.mark.parametrize("workers", [(), ("-n", "1")], ids=["alone", "with-workers"])
def test_ctrl_c_is_interrupted_and_keeps_what_was_seen(gates, workers):
    """Exit code 2; what was judged stays, the rest is NOT_RUN."""
    gates.gate(
        "preflight",
        "@pytest.mark.check('preflight/a')\ndef test_a(require): require(holds())\n"
        "@pytest.mark.check('preflight/b')\ndef test_b():\n"
        "    import time; open('begun', 'w').close(); time.sleep(60)\n",
    )
    command = [sys.executable, "-m", "pytest", "-m", "preflight", f"--target={gates.target}"]
    command += [f"--change={gates.change}", f"--reports={gates.folder / 'reports'}", *workers]
    process = subprocess.Popen(
        command, cwd=gates.folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, start_new_session=True
    )
    deadline = time.monotonic() + 60
    while not (gates.folder / "begun").exists() and time.monotonic() < deadline:
        time.sleep(0.05)
    process.send_signal(signal.SIGINT)
    output, _ = process.communicate(timeout=60)
    assert process.returncode == 2, output
    assert output.strip().splitlines()[-1].startswith("STOPPED: "), output
    events = (gates.folder / "reports/change-1/nowhere/events.jsonl").read_text("utf-8")
    assert '"preflight/a"' in events
    assert '"kind":"end"' in events


def test_what_a_page_did_last_that_cannot_be_kept_is_no_crash(gates, workers):
    """A disk that refuses after a test of a page failed: the verdict is kept, and the run ends with the cause."""
    gates.gate("preflight", FULL_DISK)
    ran = gates.run("-m", "preflight", *workers)
    assert ran.code == 6, ran.output
    assert ran.last == "CANNOT TELL: events.jsonl: cannot be written: No space left on device"
    assert "INTERNALERROR" not in ran.output
    assert "preflight/a" in [event["check"] for event in ran.events if event["kind"] == "verdict"]
