"""Checkouts, build folders and the saved way back, as git and the file system of the machine show them."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

from releasegate.core import CannotMeasure, Measurement
from releasegate.core.facts.code import BuildFacts, CodeFacts, Commit, WayBackFacts
from releasegate.probes.host import Machine

HISTORY = 200  # commits looked at: a release is at most this far behind HEAD
_SHOWN_HISTORY = 5
_SAVED_LINE = re.compile(r"^(?:commit )?([0-9a-f]{7,40})\b[ \t]*(.*)$")

# No background watcher, no refreshed index: a look writes nothing and starts nothing. The folder is named by the
# target, and a gate often logs in as another user than the one who deploys, which git refuses otherwise.
GIT = ("git", "--no-optional-locks", "-c", "core.fsmonitor=false", "-c", "safe.directory=*", "-C")


def code(machine: Machine, part: str, path: str) -> Measurement[CodeFacts]:
    """Measure the checkout at `path`. Raises CannotMeasure when it is no git repository, or one without commits."""
    where = machine.path(path)
    with machine.noting() as noted:
        history = _history(machine, where)
        branch = machine.run([*GIT, where, "symbolic-ref", "--short", "-q", "HEAD"])
        followed = machine.run([*GIT, where, "rev-parse", "--abbrev-ref", "@{upstream}"])
        upstream = followed.stdout.strip() if followed.exit_code == 0 else ""
        changed = machine.read([*GIT, where, "status", "--porcelain", "-z", "--untracked-files=no"])
        facts = CodeFacts(
            part=part,
            path=where,
            history=history,
            branch=branch.stdout.strip(),
            changed=tuple(entry[3:] for entry in changed.split("\0") if entry[2:3] == " "),
            committed=_moment(machine.read([*GIT, where, "log", "-1", "--format=%ct"])),
            checked_out=_checked_out(machine, where, history[0].hash),
            upstream=upstream,
            behind=_behind(machine, where) if upstream else 0,
            seen_with=machine.by_hand(["git", "-C", where, "log", "-1", "--oneline"]),
        )
        shown = {"path": where, "head": str(facts.head), "branch": facts.branch, "changed": list(facts.changed),
                 "upstream": upstream, "behind": facts.behind,
                 "before": [str(commit) for commit in history[1:_SHOWN_HISTORY]]}  # fmt: skip
        return noted.measurement(facts, rows=len(history), unit="commits", shown=shown)


def coming(machine: Machine, path: str) -> str:
    """Return the commit that pulling would bring the checkout at `path` to: its branch's, or the remote's default.

    Asks the remote and fetches nothing. Raises CannotMeasure when it does not answer.
    """
    where = machine.path(path)
    branch = machine.run([*GIT, where, "symbolic-ref", "--short", "-q", "HEAD"]).stdout.strip()
    argv = [*GIT, where, "ls-remote", "origin", f"refs/heads/{branch}" if branch else "HEAD"]
    answer = machine.read(argv).split()
    if not answer:
        raise CannotMeasure(f"{machine.address}: {where}: origin has no branch {branch}", run=machine.by_hand(argv))
    return answer[0]


def build(machine: Machine, part: str, path: str, wanted: Sequence[str] = ()) -> Measurement[BuildFacts]:
    """Measure the folder that a build fills; dependencies and caches in it are not what it builds.

    Of a `path` with wildcards the folder that was changed last counts. `wanted` are patterns below it of files that
    a whole build has.
    """
    with machine.noting() as noted:
        where = _newest_folder(machine, path)
        folder = machine.stat(where)
        files = _written(machine, where) if folder else []
        newest_at, newest_path = files[-1] if files else (None, "")
        facts = BuildFacts(
            part=part,
            path=where,
            is_there=folder is not None,
            files=len(files),
            newest_path=newest_path,
            newest=newest_at,
            middle=files[len(files) // 2][0] if files else None,
            lacking=tuple(pattern for pattern in wanted if not _has_content(machine, where, pattern)),
            seen_with=machine.by_hand(["ls", "-lt", where]),
        )
        return noted.measurement(facts, rows=len(files), unit="files")


def _newest_folder(machine: Machine, path: str) -> str:
    """Return the folder of a path; of a pattern the one that was changed last, or the pattern where there is none."""
    if not any(sign in path for sign in "*?["):
        return machine.path(path)
    found = [stat for one in machine.glob(path) if (stat := machine.stat(one)) is not None and stat.is_folder]
    return max(found, key=lambda stat: stat.modified).path if found else machine.path(path)


def _has_content(machine: Machine, where: str, pattern: str) -> bool:
    found = (machine.stat(path) for path in machine.glob(f"{where}/{pattern}"))
    return any(stat is not None and (stat.is_folder or stat.size_bytes > 0) for stat in found)


def _written(machine: Machine, where: str) -> list[tuple[datetime, str]]:
    """Return when each file below `where` was written, oldest first."""
    aside = ["(", "-name", "node_modules", "-o", "-name", "cache", ")", "-prune"]
    # a file that vanishes meanwhile makes find complain, and does not matter
    ran = machine.run(["find", where, *aside, "-o", "-type", "f", "-printf", r"%T@ %p\0"])
    lines = (line.partition(" ") for line in ran.stdout.split("\0")[:-1])
    return sorted((_moment(seconds), path) for seconds, _, path in lines)


def way_back(machine: Machine, path: str, repositories: Mapping[str, str]) -> Measurement[WayBackFacts]:
    """Measure the file with the commits to go back to, and which of them `repositories` (part -> path) have."""
    where = machine.path(path)
    with machine.noting() as noted:
        saved = _saved(machine, where)
        known = {
            part: tuple(commit.hash for commit in saved or () if exists(machine, repository, commit.hash))
            for part, repository in repositories.items()
        }
        facts = WayBackFacts(
            path=where,
            saved=saved,
            known=known,
            has_diff=_has_diff(machine, where),
            seen_with=machine.by_hand(["cat", where]),
        )
        return noted.measurement(facts, rows=len(saved or ()), unit="saved commits")


def top(machine: Machine, path: str) -> str:
    """Return the folder of the repository that `path` is in; "" where it is in none."""
    ran = machine.run([*GIT, machine.path(path), "rev-parse", "--show-toplevel"])
    return ran.stdout.strip() if ran.exit_code == 0 else ""


def exists(machine: Machine, repository: str, commit: str) -> bool:
    """Whether the repository has `commit` (a hash, at least 7 digits of it)."""
    where = machine.path(repository)
    return machine.run([*GIT, where, "cat-file", "-e", f"{commit}^{{commit}}"]).exit_code == 0


def release_commit(machine: Machine, where: str, pattern: str) -> str:
    """Return the newest commit on any branch, fetched ones too, whose subject holds `pattern`; "" where none does."""
    ran = machine.run([*GIT, where, "log", "--all", f"--max-count={HISTORY}", "--format=%H %s"])
    lines = (line.partition(" ") for line in ran.stdout.splitlines() if ran.exit_code == 0)
    return next((commit for commit, _, subject in lines if re.search(pattern, subject, re.IGNORECASE)), "")


def files_at(machine: Machine, where: str, commit: str) -> list[str]:
    """Return every path of `commit` below the folder `where`, relative to it."""
    listed = machine.read([*GIT, where, "ls-tree", "-r", "-z", "--name-only", commit])
    return listed.split("\0")[:-1]


def text_at(machine: Machine, where: str, commit: str, path: str) -> str:
    """Return the text of a file as it is in `commit`; `path` is relative to the folder `where`."""
    return machine.read([*GIT, where, "show", f"{commit}:./{path}"])


def _history(machine: Machine, where: str) -> tuple[Commit, ...]:
    argv = [*GIT, where, "log", f"--max-count={HISTORY}", "--format=%H %s"]
    ran = machine.run(argv)
    if ran.exit_code != 0:
        raise CannotMeasure(_why_not(machine, where, ran.is_missing, ran.complaint), run=machine.by_hand(argv))
    lines = (line.partition(" ") for line in ran.stdout.splitlines())
    return tuple(Commit(hash=number, subject=subject) for number, _, subject in lines)


def _why_not(machine: Machine, where: str, is_missing: bool, complaint: str) -> str:  # noqa: FBT001  a fact of Ran
    if is_missing:
        return f"{machine.address}: there is no git here"
    if "cannot change to" in complaint:
        return f"{machine.address}: there is no folder {where} that {machine.identity.user} may enter"
    if "not a git repository" in complaint:
        return f"{machine.address}: {where} is no git repository"
    return f"{machine.address}: {where}: {complaint}"


def _checked_out(machine: Machine, where: str, head: str) -> datetime | None:
    """Return when HEAD came to be `head`: the oldest of the newest reflog entries that all say so."""
    ran = machine.run([*GIT, where, "log", "-g", "--max-count=50", "--date=unix", "--format=%H %gd", "HEAD"])
    arrived = None
    for line in ran.stdout.splitlines() if ran.exit_code == 0 else ():
        commit, _, entry = line.partition(" ")
        if commit != head:
            break
        arrived = _moment(entry.partition("{")[2].rstrip("}"))
    return arrived


def _behind(machine: Machine, where: str) -> int:
    """Return how many commits of the branch that this one follows are not in HEAD; nothing is fetched."""
    counted = machine.run([*GIT, where, "rev-list", "--count", "HEAD..@{upstream}"])
    return int(counted.stdout) if counted.exit_code == 0 else 0


def _saved(machine: Machine, where: str) -> tuple[Commit, ...] | None:
    """Return the commits of `git log --oneline` lines, or None when there is no such file."""
    if machine.stat(where) is None:
        return None
    matches = (_SAVED_LINE.match(line.strip()) for line in machine.read(["cat", "--", where]).splitlines())
    return tuple(Commit(hash=match[1], subject=match[2]) for match in matches if match)


def _has_diff(machine: Machine, where: str) -> bool:
    folder = where.rpartition("/")[0] or "."
    files = (machine.stat(path) for path in machine.glob(f"{folder}/*.diff"))
    return any(found is not None and found.size_bytes > 0 for found in files)


def _moment(seconds: str) -> datetime:
    return datetime.fromtimestamp(float(seconds), UTC)
