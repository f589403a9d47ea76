"""Checkouts, builds and the saved way back in real git repositories."""

from __future__ import annotations

import os
import shutil
import subprocess
from datetime import UTC, datetime
from pathlib import Path

import pytest

from releasegate.core import CannotMeasure
from releasegate.probes import git, identity
from releasegate.target.models import Host

DATE = "2025-11-03T20:00:00+00:00"


class Repository:
    """A git repository of one's own; the caller's git configuration has no say in it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir(parents=True)
        self.run("init", "--quiet", "--initial-branch=main")

    def run(self, *arguments: str) -> str:
        """Run git here and return what it printed."""
        people = {f"GIT_{who}": "gate" for who in ("AUTHOR_NAME", "AUTHOR_EMAIL", "COMMITTER_NAME", "COMMITTER_EMAIL")}
        plain = {"GIT_CONFIG_GLOBAL": "/dev/null", "GIT_CONFIG_NOSYSTEM": "1", "GIT_COMMITTER_DATE": DATE}
        env = os.environ | people | plain
        command = [str(shutil.which("git")), "-C", str(self.folder), *arguments]
        return subprocess.run(command, env=env, check=True, capture_output=True, text=True).stdout.strip()

    def commit(self, subject: str, file: str = "file") -> str:
        """Commit a change and return its hash."""
        (self.folder / file).write_text(subject)
        self.run("add", "--all")
        self.run("commit", "--quiet", "-m", subject)
        return self.run("rev-parse", "HEAD")


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    return Repository(tmp_path / "it's a $(repo)")


def code(here, repository):
    return git.code(here, "backend", str(repository.folder)).value


def test_a_checkout_is_told_with_head_and_what_came_before(here, repository):
    """HEAD is first, its branch has a name, and the tree is clean."""
    old = repository.commit("release 1.8.0")
    new = repository.commit("feat: \"quotes\" and 'more' (FEAT-1)")
    found = code(here, repository)
    assert [commit.hash for commit in found.history] == [new, old]
    assert found.head.subject == "feat: \"quotes\" and 'more' (FEAT-1)"
    assert (found.branch, found.changed) == ("main", ())
    assert found.committed == datetime.fromisoformat(DATE)


def test_a_detached_head_has_no_branch(here, repository):
    """A rollback checks out a commit, not a branch."""
    old = repository.commit("release 1.8.0")
    repository.commit("release 1.9.0")
    repository.run("checkout", "--quiet", old)
    found = code(here, repository)
    assert (found.branch, found.head.hash) == ("", old)


def test_changed_files_are_named_and_new_ones_are_not(here, repository):
    """Only what git tracks is a change of the code."""
    repository.commit("one", "two words.ts")
    (repository.folder / "two words.ts").write_text("changed")
    (repository.folder / "new.ts").write_text("new")
    assert code(here, repository).changed == ("two words.ts",)


def test_looking_writes_nothing_into_the_repository(here, repository):
    """Not even the index is refreshed, although a file was touched."""
    repository.commit("one")
    os.utime(repository.folder / "file", (1, 1))
    index = repository.folder / ".git" / "index"
    before = index.read_bytes(), index.stat().st_mtime_ns
    code(here, repository)
    assert (index.read_bytes(), index.stat().st_mtime_ns) == before


def test_the_moment_of_the_checkout_is_when_head_came_to_be_there(here, repository):
    """Going away and back counts from the coming back; checking out the same again does not count."""
    old = repository.commit("release 1.8.0")
    repository.commit("release 1.9.0")
    repository.run("checkout", "--quiet", old)
    log = repository.folder / ".git" / "logs" / "HEAD"
    lines = log.read_text().splitlines()
    again = lines[-1].split(" ", 2)
    lines.append(f"{again[1]} {again[1]} {again[2]}")
    stamped = [line.replace(_stamp(line), str(1_762_000_000 + number)) for number, line in enumerate(lines)]
    log.write_text("\n".join(stamped) + "\n")
    assert code(here, repository).checked_out == datetime.fromtimestamp(1_762_000_000 + len(lines) - 2, UTC)


def _stamp(line: str) -> str:
    return line.split("> ", 1)[1].split(" ", 1)[0]


def test_a_checkout_without_a_reflog_has_no_such_moment(here, repository):
    """Some deployments remove git's own records."""
    repository.commit("one")
    shutil.rmtree(repository.folder / ".git" / "logs")
    assert code(here, repository).checked_out is None


def test_a_repository_of_somebody_else_can_be_looked_at(here, repository):
    """The one who deploys and the one who looks are often two users."""
    if os.getuid() != 0:
        pytest.skip("only root can give a file away")
    repository.commit("one")
    for path in (repository.folder, *repository.folder.rglob("*")):
        os.chown(path, 65534, 65534)
    assert code(here, repository).head.subject == "one"


@pytest.mark.parametrize(
    ("make", "why"),
    [
        (lambda _folder: None, "there is no folder .* may enter"),
        (lambda folder: folder.mkdir(), "is no git repository"),
        (Repository, "does not have any commits yet"),
    ],
)
def test_what_is_no_repository_cannot_be_measured(here, tmp_path: Path, make, why):
    """Each cause has its own sentence."""
    make(tmp_path / "there")
    with pytest.raises(CannotMeasure, match=why):
        git.code(here, "backend", str(tmp_path / "there"))


def test_a_build_is_told_by_its_files(here, tmp_path: Path):
    """Dependencies and caches in the folder are not what a build writes."""
    for number, name in enumerate(("a.js", "b c.js", "d.js", "cache/x", "node_modules/y")):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("")
        os.utime(tmp_path / name, (1_762_000_000 + number, 1_762_000_000 + number))
    found = git.build(here, "backend", str(tmp_path)).value
    assert (found.files, found.newest_path) == (3, str(tmp_path / "d.js"))
    assert found.newest == datetime.fromtimestamp(1_762_000_002, UTC)
    assert found.middle == datetime.fromtimestamp(1_762_000_001, UTC)


def test_a_missing_and_an_empty_build_are_told_apart(here, tmp_path: Path):
    """Neither has a newest file."""
    missing = git.build(here, "backend", str(tmp_path / "dist")).value
    empty = git.build(here, "backend", str(tmp_path)).value
    assert [(found.is_there, found.newest) for found in (missing, empty)] == [(False, None), (True, None)]


def test_saved_commits_are_looked_up_in_each_repository(here, tmp_path: Path):
    """A line of `git log -1 --oneline` leads to its commit, and only in the repository that has it."""
    parts = {part: Repository(tmp_path / part) for part in ("backend", "frontend")}
    for part, repository in parts.items():
        repository.commit(f"release of the {part}")
    lines = [repository.run("log", "-1", "--oneline") for repository in parts.values()]
    file = tmp_path / "current_commit.txt"
    file.write_text("\n".join(["saved by hand", *lines, "fffffff unknown"]) + "\n")
    found = git.way_back(here, str(file), {part: str(one.folder) for part, one in parts.items()}).value
    assert [commit.subject for commit in found.saved] == [
        "release of the backend", "release of the frontend", "unknown",
    ]  # fmt: skip
    assert found.known == {"backend": (lines[0][:7],), "frontend": (lines[1][:7],)}


@pytest.mark.parametrize(("diff", "has_diff"), [(None, False), ("", False), ("-a\n+b\n", True)])
def test_a_saved_diff_counts_only_when_it_holds_something(here, tmp_path: Path, diff, has_diff):
    """The runbook writes the file even where nothing was changed."""
    file = tmp_path / "current_commit.txt"
    file.write_text("")
    if diff is not None:
        (tmp_path / "current_changes.diff").write_text(diff)
    assert git.way_back(here, str(file), {}).value.has_diff is has_diff


def test_a_missing_file_of_commits_is_none(here, tmp_path: Path):
    """Not an empty list: the difference is in the finding."""
    assert git.way_back(here, str(tmp_path / "missing"), {}).value.saved is None


def test_a_checkout_that_was_fetched_and_not_pulled_is_behind(here, repository, tmp_path):
    """As far as is known without fetching; without an upstream nothing is."""
    repository.commit("release 1.8.0")
    assert (code(here, repository).upstream, code(here, repository).behind) == ("", 0)
    clone = Repository(tmp_path / "clone")
    clone.run("remote", "add", "origin", str(repository.folder))
    clone.run("fetch", "--quiet", "origin")
    clone.run("checkout", "--quiet", "-B", "main", "--track", "origin/main")
    repository.commit("feat: FEAT-1")
    assert (code(here, clone).upstream, code(here, clone).behind) == ("origin/main", 0)
    clone.run("fetch", "--quiet", "origin")
    assert code(here, clone).behind == 1


def test_one_repository_that_holds_both_parts_has_one_commit(repository):
    """The frontend's commit is not bound on its own: a pull for the backend moves it."""
    for part in ("backend", "frontend"):
        (repository.folder / part).mkdir()
    head = repository.commit("both", "backend/app.ts")
    backend, frontend = (str(repository.folder / part) for part in ("backend", "frontend"))
    local = Host(address="local")
    assert identity.commit_at(local, backend) == head
    assert identity.commit_at(local, frontend) == head
    with pytest.raises(CannotMeasure, match="are of one repository"):
        identity.commit_at(local, frontend, other=backend)
    other = Repository(repository.folder.parent / "apart")
    apart = other.commit("pages")
    assert identity.commit_at(local, str(other.folder), other=backend) == apart


def test_of_a_pattern_the_folder_that_was_changed_last_is_the_build(here, tmp_path):
    """.next or out, whichever the build filled; a file that a whole build has must not be empty."""
    for number, name in enumerate(("out", "dist")):
        (tmp_path / name).mkdir()
        (tmp_path / name / "main.js").write_text("1" if name == "dist" else "")
        os.utime(tmp_path / name, (1_700_000_000 + number, 1_700_000_000 + number))
    found = git.build(here, "frontend", f"{tmp_path}/[od]*", ["main.js", "*.html"]).value
    assert (found.path, found.lacking) == (f"{tmp_path}/dist", ("*.html",))
    assert git.build(here, "frontend", f"{tmp_path}/out", ["*.js"]).value.lacking == ("*.js",)
    assert git.build(here, "frontend", f"{tmp_path}/x*").value.is_there is False
