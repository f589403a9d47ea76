"""Beginning and end: what `up` refuses, what `down` leaves, and what a killed `up` leaves behind."""

import subprocess
import sys
import time
from pathlib import Path

import pytest

from reference_inbox import cli, life, moments, processes
from reference_inbox.errors import ReferenceFailed
from reference_inbox.faults.preflight import mount_small
from reference_inbox.state import State

from .conftest import alive, is_gone


def test_up_on_a_running_deployment_is_refused_and_loses_nothing(
    deployment: State, capsys: pytest.CaptureFixture[str]
) -> None:
    before = deployment.read()
    assert cli.main(["up", "--state", str(deployment.folder)]) == cli.USAGE
    assert "a deployment is running (frontend, backend, postgres)" in capsys.readouterr().err
    assert deployment.read() == before
    assert len(alive(deployment)) >= 3


def test_secrets_are_private_and_in_no_argument(deployment: State) -> None:
    secrets = [path for path in deployment.secrets.iterdir() if path.name != "pgpass"]
    assert {path.stat().st_mode & 0o777 for path in [*secrets, deployment.pgpass, deployment.path]} == {0o600}
    arguments = " ".join(" ".join(process.cmdline()) for process in processes.strays(deployment, []))
    assert not [path.name for path in secrets if path.read_text().strip() in arguments]


def test_down_ends_everything_and_may_be_said_twice(tmp_path: Path) -> None:
    state = State(tmp_path / "inbox")
    life.up(state, moments.BEFORE, 300, 1, ())
    record = state.read()
    assert life.down(state)
    assert all(is_gone(pid) for pid in record.pids.values())
    assert not state.folder.exists()
    assert not Path(record.cluster).exists()
    assert not life.down(state)


def test_down_takes_away_the_file_system_that_a_fault_mounted(tmp_path: Path) -> None:
    state = State(tmp_path / "inbox")
    state.dumps.mkdir(parents=True)
    try:
        mount_small(state)
    except ReferenceFailed as refused:
        pytest.skip(str(refused))
    assert state.dumps.is_mount()
    life.down(state)
    assert not state.folder.exists()


@pytest.mark.parametrize("after_s", [0.15, 0.6, 1.2])
def test_a_killed_up_leaves_nothing_after_down(tmp_path: Path, after_s: float) -> None:
    state = State(tmp_path / "inbox")
    begun = subprocess.Popen(
        processes.ourselves("up", "--state", str(state.folder), "--rows", "300"),
        stderr=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        env=processes.environment(state, {"PYTHONPATH": processes.python_path()}),
    )
    time.sleep(after_s)
    begun.kill()
    begun.wait()
    life.down(state)
    assert alive(state) == []
    assert not state.folder.exists()


@pytest.mark.parametrize(("event", "file"), [("open", "sino.wav"), ("os.rename", "reference.json")])
def test_an_up_killed_between_two_files_leaves_nothing_after_down(tmp_path: Path, event: str, file: str) -> None:
    """It ends while it draws the media, and when the new record lies beside the place of the old one."""
    state = State(tmp_path / "inbox")
    program = (
        "import os, sys; from reference_inbox import cli\n"
        "def hook(event, given):\n"
        f"    if event == {event!r} and any(str(one).endswith({'/' + file!r}) for one in given):\n"
        "        os.kill(os.getpid(), 9)\n"
        "sys.addaudithook(hook); cli.main(sys.argv[1:])"
    )
    ended = subprocess.run(
        [sys.executable, "-c", program, "up", "--state", str(state.folder), "--rows", "300"],
        env=processes.environment(state, {"PYTHONPATH": processes.python_path()}),
        capture_output=True,
        check=False,
    )
    assert ended.returncode == -9
    assert state.folder.exists()
    life.down(state)
    assert alive(state) == []
    assert not state.folder.exists()


def test_files_of_others_in_the_folder_stay(tmp_path: Path) -> None:
    state = State(tmp_path / "inbox")
    life.up(state, moments.BEFORE, 300, 1, ())
    note = state.folder / "note.txt"
    note.write_text("mine")
    life.down(state)
    assert [path.name for path in state.folder.iterdir()] == ["note.txt"]


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["up", "--state", "{new}", "--at", "migratd"], "'migratd' is no moment; accepted: before, backed-up"),
        (["up", "--state", "{new}", "--fault", "slow-app"], "did you mean slow-api?"),
        (["up", "--state", "{new}", "--rows", "5"], "--rows 5 is too few: 300 is the least"),
        (["advance", "--state", "{new}", "--to", "backend"], "it has no reference.json; start one with `up --state`"),
        (["advanse"], "'advanse' is no command; accepted: up, advance"),
        (["up"], "Missing option '--state'"),
    ],
)
def test_wrong_usage_is_one_sentence_and_changes_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], sentence: str
) -> None:
    new = tmp_path / "new"
    assert cli.main([argument.format(new=new) for argument in arguments]) == cli.USAGE
    said = capsys.readouterr().err
    assert sentence in said
    assert len(said.splitlines()) == 1
    assert not new.exists()
