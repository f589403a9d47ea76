"""A watch of the real reference: killed and resumed, with faults switched on in the middle."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from releasegate.cli import reference
from releasegate.core import ExitCode, Verdict
from releasegate.evidence.attempt import Attempt
from releasegate.evidence.chain import read
from releasegate.evidence.events import Kind
from releasegate.evidence.folder import Folder

pytestmark = pytest.mark.everything
LONGEST_S = 240.0  # for a state to come about on a machine that is busy with other things


class Deployment:
    """One reference at `released`, and the watches on it."""

    def __init__(self, folder: Path) -> None:
        self.state, self.reports = folder / "state", folder / "reports"

    def command(self, *words: str) -> list[str]:
        where = [f"--target={self.state / 'target.toml'}", f"--reports={self.reports}"]
        return [sys.executable, "-m", "releasegate.cli", words[0], *words[1:], *where]

    def start(self, *options: str) -> subprocess.Popen[str]:
        """Begin a watch as a process of its own."""
        return subprocess.Popen(
            self.command("watch", *options), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )

    def ask(self, *words: str) -> subprocess.CompletedProcess[str]:
        """Run a command to its end."""
        return subprocess.run(self.command(*words), capture_output=True, text=True, check=False)

    def strike(self, how: str, *faults: str) -> None:
        """Break or mend, one fault after the other."""
        for fault in faults:
            reference.ask(how, "--state", str(self.state), fault)

    def rounds(self) -> list[dict]:
        """Return what the latest watch wrote down."""
        return [event.payload["value"] for event in read(self.folder).latest_watch]

    @property
    def folder(self) -> Folder:
        """Where the evidence is."""
        target = json.loads((self.state / "reference.json").read_text("utf-8"))
        assert target
        return Folder.of(self.reports, "FEAT-2025-20251103111429", "reference")


def until(is_there: Callable[[], object]) -> None:
    """Wait for a state."""
    end = time.monotonic() + LONGEST_S
    while not is_there():
        assert time.monotonic() < end, "it did not come about"
        time.sleep(0.2)


def began(one: dict) -> datetime:
    """Return when a round began."""
    return datetime.fromisoformat(one["at"])


def attempt_of(deployment: Deployment) -> Attempt:
    """Return the latest attempt of the monitoring gate."""
    found = read(deployment.folder).latest("monitoring")
    assert found is not None
    return found


@pytest.fixture(scope="module")
def deployment(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployment]:
    """Return a reference on which the release is out."""
    found = Deployment(tmp_path_factory.mktemp("watched"))
    reference.ask("up", "--state", str(found.state), "--at", "released", "--rows", "2000")
    yield found
    reference.ask("down", "--state", str(found.state))


def test_two_minutes_with_faults_in_the_middle(deployment):
    """Killed and resumed on the way; what the faults did is told by when it began, and the gap is counted."""
    first = deployment.start("--for", "2m", "--every", "3s")
    until(lambda: len(deployment.rounds()) >= 5)
    second = deployment.ask("watch", "--for", "2m")
    assert second.returncode == ExitCode.CANNOT_TELL
    assert f"pid {first.pid}, gate watch, since" in second.stderr
    first.kill()
    first.communicate()
    resumed = deployment.start("--resume")
    until(lambda: len(deployment.rounds()) >= 12)
    struck = datetime.now(UTC)
    deployment.strike("break", "error-burst", "health-flaps")
    here = len(deployment.rounds())
    until(lambda: len(deployment.rounds()) >= here + 6)
    deployment.strike("mend", "health-flaps", "error-burst")
    mended = datetime.now(UTC)
    output, _ = resumed.communicate(timeout=LONGEST_S)
    assert resumed.returncode == ExitCode.GO, output
    assert "ask people: No complaints from users (first 2 hours)" in output
    kinds = [event.kind for event in read(deployment.folder).events]
    assert kinds.index(Kind.RESUME) == kinds.index(Kind.GAP) + 1
    rounds = deployment.rounds()
    bad = [one for one in rounds if one["health"] != 200 or one["errors"]]
    assert bad
    assert min(began(one) for one in bad) >= struck
    after = [one for one in rounds if began(one) > mended + timedelta(seconds=6)]  # lines of a round are of the last
    assert after, "the watch was over before the faults were"
    assert not [one for one in after if one["health"] != 200 or one["errors"]]


def test_the_gate_tells_what_the_faults_did(deployment):
    """Judged from the rounds that were recorded, against what the change file promises."""
    judged = deployment.ask("run", "monitoring", "--alone")
    assert judged.returncode == ExitCode.NO_GO, judged.stdout
    said = {check: attempt_of(deployment).check_verdict(check) for check in attempt_of(deployment).checks}
    wrong = {check.partition("/")[2] for check, verdict in said.items() if verdict is Verdict.FAIL}
    assert {"health-stayed-good", "errors-in-logs"} <= wrong, judged.stdout
    assert said["monitoring/coverage"] is Verdict.PASS, judged.stdout
    assert said["monitoring/services-stayed-up"] in (Verdict.WARN, Verdict.FAIL), judged.stdout  # restarted four times
    assert said["monitoring/page-stayed-good"] in (Verdict.PASS, Verdict.WARN), judged.stdout
    assert said["monitoring/disk-stayed-free"] is Verdict.PASS, judged.stdout


def test_the_first_trouble_ends_a_watch_that_is_to_fail_fast(deployment):
    """With what is wrong, and with the commands of the way back to paste."""
    watch = deployment.start("--for", "1h", "--every", "2s", "--fail-fast")
    until(lambda: len(deployment.rounds()) >= 3)
    deployment.strike("break", "error-burst")
    try:
        output, _ = watch.communicate(timeout=LONGEST_S)
    finally:
        deployment.strike("mend", "error-burst")
    assert watch.returncode == ExitCode.NO_GO, output
    assert "errors-in-logs" in output
    assert "checkout" in output
    assert "run rollback --kind code" in output
    assert output.splitlines()[-1].startswith("ROLLBACK: "), output


def test_a_scheduler_holds_one_round_at_a_time(deployment):
    """Each call is one more round of the same watch."""
    held = len(deployment.rounds())
    for call in (1, 2):
        assert deployment.ask("watch", "--once", "--every", "2s").returncode == ExitCode.GO
        assert len(deployment.rounds()) == held + call
