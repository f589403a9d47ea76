"""Whether the code on disk is the release, was built, and could be taken back."""

from __future__ import annotations

import re
from collections.abc import Sequence

from releasegate.core import Finding, Judgement, Severity
from releasegate.core.facts.code import BuildFacts, CodeFacts, Commit, WayBackFacts
from releasegate.core.figures import count, moment


def release_is_checked_out(check: str, code: CodeFacts, pattern: str, source: str) -> Judgement:
    """Judge that HEAD, or a commit before it, is the release's: its subject holds `pattern`."""
    release = release_in(code, pattern)
    finding = Finding(
        check=check,
        subject=f"{code.part} ({code.path})",
        want=f"a commit whose subject has {pattern!r}, at HEAD or before it ({source})",
        have=f"HEAD is {code.head}; none of the newest {count(len(code.history), 'commit')} has it",
        why=f"the {code.part} would be built from code without the release",
        fix="git fetch, git checkout and git pull as the runbook says; then build and restart",
        run=code.seen_with,
    )
    behind = code.history.index(release) if release else 0
    where = f"{count(behind, 'commit')} before HEAD {code.head.hash[:9]}" if behind else "HEAD"
    return Judgement(
        seen=len(code.history),
        unit="commits",
        holds=f"{code.part}: {where} is {release}",
        findings=() if release else (finding,),
    )


def release_in(code: CodeFacts, pattern: str) -> Commit | None:
    """Return the newest commit of a checkout that is the release's; None where there is none."""
    return next((commit for commit in code.history if re.search(pattern, commit.subject, re.IGNORECASE)), None)


def build_is_fresh(check: str, build: BuildFacts, code: CodeFacts, source: str) -> Judgement:
    """Judge that the build's folder has files, and that the newest was written after the code was checked out."""
    since = code.checked_out or code.committed
    judged_by = "checked out" if code.checked_out else "committed"
    if build.newest is None:
        have = "an empty folder" if build.is_there else "no such folder"
    else:
        have = f"the newest of {count(build.files, 'file')} was written {moment(build.newest)}"
    finding = Finding(
        check=check,
        subject=f"{build.part} ({build.path})",
        want=f"files written after {code.head.hash[:9]} was {judged_by}, {moment(since)} ({source})",
        have=have,
        why="the old build would be started again, and everything would look as if the release did nothing",
        fix="build again and read its output to the end: a build that fails may leave the old folder in place",
        run=build.seen_with,
    )
    is_fresh = build.newest is not None and build.newest >= since
    return Judgement(
        seen=1, unit="build folders", holds=f"{build.part}: {have}", findings=() if is_fresh else (finding,)
    )


def way_back_is_saved(
    check: str,
    saved: WayBackFacts | None,
    codes: Sequence[CodeFacts],
    *,
    parts: Sequence[str],
    release: str | None,
    source: str,
) -> Judgement:
    """Judge that the commit of each of `parts` is written down, so that one can go back to it.

    Before a part was updated its HEAD must be among the saved commits; after that (`release`, the pattern of its
    commit, is at or before HEAD) a saved commit from before the release. Without a file to look at, this
    evidence itself is the record.
    """
    if saved is None:
        heads = "; ".join(f"{code.part} {code.head}" for code in codes)
        return Judgement(seen=len(codes), least=len(parts), unit="checkouts", holds=f"written down here: {heads}")
    findings = [_not_saved(check, saved, code, source) for code in codes if not _can_go_back(saved, code, release)]
    findings += [_no_diff(check, saved, code, source) for code in codes if code.changed and not saved.has_diff]
    commits = ", ".join(str(commit) for commit in saved.saved or ())
    return Judgement(
        seen=len(codes),
        least=len(parts),
        unit="checkouts",
        holds=f"saved: {commits}",
        findings=tuple(findings),
    )


def _can_go_back(saved: WayBackFacts, code: CodeFacts, release: str | None) -> bool:
    known = saved.known.get(code.part, ())
    is_released = release is not None and release_in(code, release) is not None
    if not is_released:
        return any(code.head.hash.startswith(commit) for commit in known)
    newer = _from_release_on(code, str(release))
    return any(not any(commit.hash.startswith(number) for commit in newer) for number in known)


def _from_release_on(code: CodeFacts, release: str) -> tuple[Commit, ...]:
    """Return HEAD down to the oldest commit of the release: none of these is a way back."""
    oldest = max(
        number for number, commit in enumerate(code.history) if re.search(release, commit.subject, re.IGNORECASE)
    )
    return code.history[: oldest + 1]


def _not_saved(check: str, saved: WayBackFacts, code: CodeFacts, source: str) -> Finding:
    if saved.saved is None:
        have = "no such file"
    elif not saved.saved:
        have = "a file without any commit in it"
    elif not saved.known.get(code.part):
        have = f"{', '.join(commit.hash for commit in saved.saved)}: the {code.part}'s repository has none of them"
    else:
        have = f"{', '.join(saved.known[code.part])} of the {code.part}, which is at {code.head}"
    return Finding(
        check=check,
        subject=f"{code.part} in {saved.path}",
        want=f"the commit that the {code.part} is at before its update ({source})",
        have=have,
        why="a rollback at night has to guess which commit to check out",
        fix=f"in {code.path}: git log -1 --oneline >> {saved.path}",
        run=saved.seen_with,
    )


def _no_diff(check: str, saved: WayBackFacts, code: CodeFacts, source: str) -> Finding:
    named = ", ".join(code.changed[:3]) + (" …" if len(code.changed) > 3 else "")
    return Finding(
        check=check,
        subject=f"{code.part} ({code.path})",
        want=f"uncommitted changes saved beside {saved.path} ({source})",
        have=f"{count(len(code.changed), 'file')} changed and not committed ({named}), and no diff saved",
        why="checking out the old commit does not bring these changes back",
        fix=f"in {code.path}: git diff HEAD, into a file *.diff beside the commits",
        run=saved.seen_with,
        severity=Severity.WARNING,
    )
