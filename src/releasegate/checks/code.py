"""Whether the code on disk is the release, was built, and could be taken back."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from releasegate.core import Finding, Judgement, Severity
from releasegate.core.facts.code import BuildFacts, CodeFacts, Commit, InstalledFacts, WayBackFacts
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
    return next((commit for commit in code.history if _is_of(commit, pattern)), None)


def _is_of(commit: Commit, pattern: str) -> bool:
    """Whether a commit is the release's: its hash begins with the pattern where that is one, or its subject has it."""
    is_hash = re.fullmatch(r"[0-9a-f]{7,40}", pattern) is not None and commit.hash.startswith(pattern)
    return is_hash or re.search(pattern, commit.subject, re.IGNORECASE) is not None


def checkout_is_clean(check: str, code: CodeFacts, known: Sequence[str] | None, source: str) -> Judgement:
    """Judge that a checkout is its commit and no other: no tracked file is changed, no fetched commit is left out.

    Warnings only, as the runbook itself saves uncommitted changes. `known` are files that were changed before the
    release began, which are no news; None where nobody looked.
    """
    new = [path for path in code.changed if path not in (known or ())]
    findings = [_changed(check, code, new, source)] if new else []
    if code.behind:
        findings.append(_behind(check, code, source))
    old = len(code.changed) - len(new)
    follows = f", not behind {code.upstream}" if code.upstream and not code.behind else ""
    before = f", {count(old, 'file')} changed since before the release" if old else ""
    return Judgement(
        seen=len(code.history),
        unit="commits",
        holds=f"{code.part}: {code.branch or 'a commit of no branch'} at {code.head.hash[:9]}{follows}{before}",
        findings=tuple(findings),
    )


def changed_before(code: CodeFacts, recorded: Sequence[Mapping[str, Any]]) -> list[str] | None:
    """Return the files that were changed when the backup gate looked; `recorded` are its measures of the way back."""
    values = [measure["value"] for measure in recorded if isinstance(measure["value"], Mapping)]
    known = [value["changed"] for value in values if value.get("path") == code.path and "changed" in value]
    return list(known[-1]) if known else None


def _changed(check: str, code: CodeFacts, new: Sequence[str], source: str) -> Finding:
    named = ", ".join(new[:3]) + (" …" if len(new) > 3 else "")
    return Finding(
        check=check,
        subject=f"{code.part} ({code.path})",
        want=f"the files of commit {code.head.hash[:9]} ({source})",
        have=f"{count(len(new), 'file')} changed and not committed ({named})",
        why="what is built is not what the commit says, and nobody can build it again",
        fix="git diff in that folder; keep what is wanted as a commit, and put the rest back with git checkout",
        run=code.seen_with.replace("log -1 --oneline", "status --short"),
        severity=Severity.WARNING,
    )


def _behind(check: str, code: CodeFacts, source: str) -> Finding:
    return Finding(
        check=check,
        subject=f"{code.part} ({code.path})",
        want=f"every fetched commit of {code.upstream} ({source})",
        have=f"{count(code.behind, 'commit')} of it not in HEAD {code.head.hash[:9]}",
        why="the code was fetched and not pulled, so the build is older than what the team released",
        fix="git pull in that folder; then build and restart",
        run=code.seen_with.replace("log -1 --oneline", "status --short --branch"),
        severity=Severity.WARNING,
    )


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
    findings = [] if is_fresh else [finding]
    if is_fresh and build.lacking:
        findings.append(_incomplete(check, build, source))
    return Judgement(seen=1, unit="build folders", holds=f"{build.part}: {have}", findings=tuple(findings))


def _incomplete(check: str, build: BuildFacts, source: str) -> Finding:
    return Finding(
        check=check,
        subject=f"{build.part} ({build.path})",
        want=f"every file that a whole build has ({source})",
        have=f"none, or an empty one, that fits {', '.join(build.lacking[:3])}",
        why="a build that stopped half way starts, and fails where the missing part is needed",
        fix="build again and read its output to the end",
        run=build.seen_with,
    )


def packages_are_as_locked(check: str, packages: InstalledFacts, source: str) -> Judgement:
    """Judge that what was installed is what the lock says; a checkout without a lock that is known is not judged.

    Nor is one without installed packages, which are in an image then; a build without them would have failed.
    """
    unit = "locked packages"
    if not packages.lock:
        return Judgement(
            seen=0, unit=unit, holds="", not_applicable="there is no lock of npm, pnpm or yarn with packages here"
        )
    if not packages.is_installed:
        reason = f"no installation is noted beside {packages.lock}: an image holds the packages"
        return Judgement(seen=0, unit=unit, holds="", not_applicable=reason)
    named = "; ".join(f"{name} {have or 'missing'} ({want} is locked)" for name, want, have in packages.differ[:3])
    finding = Finding(
        check=check,
        subject=f"{packages.part} ({packages.lock})",
        want=f"{count(packages.locked, 'package')} installed as locked ({source})",
        have=f"{count(len(packages.differ), 'package')} not: {named}",
        why="the build is made with other packages than those that were tested",
        fix=f"{packages.install} in that folder; then build and restart",
        run=packages.seen_with,
    )
    return Judgement(
        seen=packages.locked,
        unit=unit,
        holds=f"{packages.part}: {count(packages.locked, 'package')} installed as locked",
        findings=(finding,) if packages.differ else (),
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
    oldest = max(number for number, commit in enumerate(code.history) if _is_of(commit, release))
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
