"""The script that a newcomer runs, in a copy of the project: what it needs, says, and leaves alone."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import time
from pathlib import Path

import pytest

PROJECT = Path(__file__).parents[2]


@pytest.fixture
def copy(tmp_path):
    """Return a copy of the project without its environment, in a folder with a space in its path."""
    folder = tmp_path / "a project"
    folder.mkdir()
    for name in ("gate", "pyproject.toml", "requirements.lock", "README.md"):
        shutil.copy2(PROJECT / name, folder / name)
    shutil.copytree(PROJECT / "src", folder / "src", ignore=shutil.ignore_patterns("__pycache__"))
    return folder


@pytest.fixture
def installed(copy):
    """Return a copy with an environment that is ready: ours, so that nothing is installed."""
    venv = copy / ".venv" / "bin"
    venv.mkdir(parents=True)
    python = venv / "python"
    python.write_text(f'#!/bin/sh\nexec "{PROJECT}/.venv/bin/python" "$@"\n', "utf-8")
    python.chmod(0o755)
    script = f"here='{copy}'; " + 'cksum <"$here/requirements.lock"; printf \'%s\\n\' "$here"'
    stamp = subprocess.run(["sh", "-c", script], capture_output=True, text=True, check=True).stdout
    (copy / ".venv" / "installed").write_text(stamp, "utf-8")
    with (copy / "pyproject.toml").open() as file:
        project = subprocess.run(["cksum"], stdin=file, capture_output=True, text=True, check=True).stdout
    (copy / ".venv" / "installed.project").write_text(project, "utf-8")
    return copy


def call(path, *arguments, cwd=None, **env):
    done = subprocess.run(
        [str(path), *arguments], cwd=cwd, capture_output=True, text=True, check=False, env=os.environ | env
    )
    return done.returncode, done.stdout + done.stderr


def programs(folder, *names):
    """Return a folder that holds nothing but `names`, to be the PATH."""
    folder.mkdir()
    for name in names:
        (folder / name).symlink_to(shutil.which(name))
    return str(folder)


def test_without_python_it_names_what_is_needed(copy, tmp_path):
    """One sentence, the command that gets it, exit 3; nothing is left behind."""
    path = programs(tmp_path / "bin", "sh", "dirname", "cksum", "cat", "id")
    code, output = call(copy / "gate", "--version", PATH=path)
    assert (code, output) == (
        3,
        (
            "gate: Python 3.11 or later is needed and none was found\n"
            "gate: get it with: apt-get install python3 (Debian 12 or later)\n"
        ),
    )
    assert not (copy / ".venv").exists()


def test_an_older_python_is_none(copy, tmp_path):
    """Every name that a Python may have is asked for its version."""
    path = programs(tmp_path / "bin", "sh", "dirname", "cksum", "cat", "id")
    old = Path(path) / "python3"
    old.write_text("#!/bin/sh\nexit 1\n", "utf-8")
    old.chmod(0o755)
    code, output = call(copy / "gate", PATH=path)
    assert (code, output.splitlines()[0]) == (3, "gate: Python 3.11 or later is needed and none was found")


def test_a_second_call_hands_over_at_once(installed):
    """Nothing is installed and nothing is said before the command line."""
    assert call(installed / "gate", "--version") == (0, "gate, version 0.1.0\n")


@pytest.mark.usefixtures("installed")
def test_it_may_be_called_through_links_and_from_elsewhere(tmp_path):
    """A link to a link, relative both; a relative --target is meant from where one stands."""
    (tmp_path / "link").symlink_to("a project/gate")
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "gate").symlink_to("../link")
    code, output = call("bin/gate", "status", "--target", "nowhere.toml", cwd=tmp_path)
    assert (code, output.splitlines()[0][: len("usage: nowhere.toml: cannot be read")]) == (
        4,
        "usage: nowhere.toml: cannot be read",
    )


def test_the_locale_that_was_chosen_is_left_alone(installed):
    """Only where none was chosen, C.UTF-8 is set, so that every letter can be read."""
    python = installed / ".venv" / "bin" / "python"
    python.write_text('#!/bin/sh\necho "${LC_ALL:-}/${LANG:-}"\n', "utf-8")
    none = {"LC_ALL": "", "LC_CTYPE": ""}
    assert call(installed / "gate", LANG="pt_BR.UTF-8", **none) == (0, "/pt_BR.UTF-8\n")
    assert call(installed / "gate", LANG="", **none) == (0, "C.UTF-8/\n")


def test_a_folder_that_cannot_be_written_is_said(copy):
    """Before anything is installed."""
    if os.geteuid() == 0:
        pytest.skip("root may write everywhere")
    copy.chmod(0o500)
    code, output = call(copy / "gate", "--version")
    assert (code, "cannot be written, and .venv belongs there" in output) == (3, True)


@pytest.mark.everything  # installs 82 packages
def test_two_first_calls_and_one_that_was_interrupted(copy):
    """An interrupted installation starts over; of two at once the second waits; the operator's home stays empty."""
    home = copy.parent / "home"
    home.mkdir()
    command, kept = [str(copy / "gate"), "--version"], os.environ | {"HOME": str(home)}
    begun = [
        {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "text": True, "env": kept, "process_group": 0}
    ] * 3
    interrupted = subprocess.Popen(command, **begun[0])
    time.sleep(5)
    os.killpg(interrupted.pid, signal.SIGINT)
    assert "stopped; the next call goes on from the beginning" in interrupted.communicate(timeout=60)[0]
    assert interrupted.returncode == 2
    first = subprocess.Popen(command, **begun[1])
    time.sleep(2)
    second = subprocess.Popen(command, **begun[2])
    assert second.communicate(timeout=600)[0] == (
        "gate: another call is installing; waiting for it\ngate, version 0.1.0\n"
    )
    assert first.communicate(timeout=600)[0].endswith("gate: ready\ngate, version 0.1.0\n")
    assert (first.returncode, second.returncode) == (0, 0)
    assert [path for path in home.rglob("*") if path.is_file() and ".rustup" not in path.parts] == []


def test_the_script_is_plain_shell():
    """No word of it is bash's; shellcheck has nothing to say."""
    checker = shutil.which("shellcheck")
    if checker is None:
        pytest.skip("shellcheck is not installed (apt-get install shellcheck)")
    done = subprocess.run([checker, "--shell=sh", str(PROJECT / "gate")], capture_output=True, text=True, check=False)
    assert done.stdout == ""
