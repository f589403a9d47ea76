"""The sources of both releases, laid out as they are committed: typed, built, and different."""

import subprocess
import sys
from pathlib import Path

import pytest

from reference_inbox import repositories


@pytest.mark.parametrize("release", [repositories.OLD, repositories.NEW])
def test_the_api_of_each_release_is_typed(tmp_path: Path, release: str) -> None:
    repositories.lay_out("backend", release, tmp_path)
    done = subprocess.run(
        [sys.executable, "-m", "mypy", "--strict", "--config-file", "", "--cache-dir", str(tmp_path / ".cache"),
         "-p", "inbox_api"], cwd=tmp_path, capture_output=True, text=True, check=False)  # fmt: skip
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("service", repositories.SERVICES)
def test_no_file_is_in_both_a_shared_tree_and_the_same_in_a_release(service: str) -> None:
    trees = Path(repositories.__file__).parent / "releases" / service
    contents = [path.read_bytes() for path in trees.rglob("*") if path.is_file() and "__pycache__" not in path.parts]
    assert len(contents) == len(set(contents))
