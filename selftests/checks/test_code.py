"""What the checks of checkouts, builds and the way back say, and when they stay silent."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from releasegate.checks.code import (
    build_is_fresh,
    changed_before,
    checkout_is_clean,
    release_is_checked_out,
    way_back_is_saved,
)
from releasegate.core import Verdict
from releasegate.core.facts.code import BuildFacts, CodeFacts, Commit, WayBackFacts

THEN = datetime(2025, 11, 4, 3, 0, tzinfo=UTC)
OLD = Commit(hash="3baecd62b49dbf063001ad2d75348f74a26b08fb", subject="release 1.8.0")
NEW = Commit(hash="52ac7d9422e366ce62b237dc2ac51dab6d508ea7", subject="feat: attachments (FEAT-1)")
LATER = Commit(hash="99ac7d9422e366ce62b237dc2ac51dab6d508ea7", subject="fix: a typo")


def code(*history, changed=(), checked_out: datetime | None = THEN):
    return CodeFacts(
        part="backend", path="/srv/backend", history=history, branch="main", changed=changed,
        committed=THEN - timedelta(days=1), checked_out=checked_out, seen_with="git -C /srv/backend log -1 --oneline",
    )  # fmt: skip


def build(newest: datetime | None, is_there=True):
    return BuildFacts(part="backend", path="/srv/backend/dist", is_there=is_there, files=17 if newest else 0,
                      newest=newest, newest_path="x", seen_with="ls -lt /srv/backend/dist")  # fmt: skip


def saved(*commits, known=None, has_diff=False):
    file = "/b/current_commit.txt"
    known = {"backend": tuple(commit.hash for commit in commits)} if known is None else known
    return WayBackFacts(path=file, saved=commits, known=known, has_diff=has_diff, seen_with=f"cat {file}")


def way_back(facts, *codes, release: str | None = "feat-1"):
    return way_back_is_saved(
        "backup/way-back-saved", facts, codes, parts=("backend",), release=release, source="runbook 1.2"
    )


def test_a_checkout_at_the_release_passes():
    judgement = release_is_checked_out("backend/commit", code(NEW, OLD), "feat-1", "runbook 2.1")
    assert judgement.verdict is Verdict.PASS
    assert judgement.sentence == "backend: HEAD is 52ac7d942 feat: attachments (FEAT-1)"


def test_a_checkout_beyond_the_release_passes():
    judgement = release_is_checked_out("backend/commit", code(LATER, NEW, OLD), "FEAT-1", "runbook 2.1")
    assert judgement.sentence == "backend: 1 commit before HEAD 99ac7d942 is 52ac7d942 feat: attachments (FEAT-1)"


def test_a_checkout_without_the_release_is_a_finding():
    (finding,) = release_is_checked_out("backend/commit", code(OLD), "FEAT-1", "runbook 2.1").findings
    assert str(finding) == (
        "backend/commit: backend (/srv/backend)\n"
        "  want: a commit whose subject has 'FEAT-1', at HEAD or before it (runbook 2.1)\n"
        "  have: HEAD is 3baecd62b release 1.8.0; none of the newest 1 commit has it\n"
        "  why:  the backend would be built from code without the release\n"
        "  fix:  git fetch, git checkout and git pull as the runbook says; then build and restart\n"
        "  run:  git -C /srv/backend log -1 --oneline"
    )


@pytest.mark.parametrize("newest", [THEN, THEN + timedelta(minutes=1)])
def test_a_build_from_the_checkout_on_passes(newest):
    assert build_is_fresh("backend/built", build(newest), code(NEW), "runbook 2.3").verdict is Verdict.PASS


def test_a_build_from_before_the_checkout_is_a_finding():
    (finding,) = build_is_fresh("backend/built", build(THEN - timedelta(seconds=1)), code(NEW), "runbook 2.3").findings
    assert str(finding) == (
        "backend/built: backend (/srv/backend/dist)\n"
        "  want: files written after 52ac7d942 was checked out, 2025-11-04 03:00:00 UTC (runbook 2.3)\n"
        "  have: the newest of 17 files was written 2025-11-04 02:59:59 UTC\n"
        "  why:  the old build would be started again, and everything would look as if the release did nothing\n"
        "  fix:  build again and read its output to the end: a build that fails may leave the old folder in place\n"
        "  run:  ls -lt /srv/backend/dist"
    )


def test_without_a_reflog_the_commit_date_counts():
    old = build(THEN - timedelta(hours=1))
    judgement = build_is_fresh("backend/built", old, code(NEW, checked_out=None), "runbook 2.3")
    assert judgement.verdict is Verdict.PASS


@pytest.mark.parametrize(("is_there", "have"), [(True, "an empty folder"), (False, "no such folder")])
def test_a_build_that_is_not_there_is_a_finding(is_there, have):
    (finding,) = build_is_fresh("backend/built", build(None, is_there=is_there), code(NEW), "runbook 2.3").findings
    assert finding.have == have


def test_before_the_update_head_among_the_saved_commits_passes():
    judgement = way_back(saved(Commit(hash="3baecd6", subject="release 1.8.0")), code(OLD))
    assert (judgement.verdict, judgement.sentence) == (Verdict.PASS, "saved: 3baecd6 release 1.8.0")


def test_after_the_update_a_saved_commit_from_before_passes():
    assert way_back(saved(OLD), code(LATER, NEW, OLD)).verdict is Verdict.PASS


def test_before_the_update_another_commit_than_head_is_a_finding():
    older = Commit(hash="1111111", subject="release 1.7.0")
    (finding,) = way_back(saved(older), code(OLD, older)).findings
    assert str(finding) == (
        "backup/way-back-saved: backend in /b/current_commit.txt\n"
        "  want: the commit that the backend is at before its update (runbook 1.2)\n"
        "  have: 1111111 of the backend, which is at 3baecd62b release 1.8.0\n"
        "  why:  a rollback at night has to guess which commit to check out\n"
        "  fix:  in /srv/backend: git log -1 --oneline >> /b/current_commit.txt\n"
        "  run:  cat /b/current_commit.txt"
    )


def test_after_the_update_only_the_release_itself_saved_is_a_finding():
    assert way_back(saved(NEW), code(NEW, OLD)).verdict is Verdict.FAIL


@pytest.mark.parametrize(
    ("facts", "have"),
    [
        (replace(saved(), saved=None), "no such file"),
        (saved(), "a file without any commit in it"),
        (saved(OLD, known={"backend": ()}), f"{OLD.hash}: the backend's repository has none of them"),
    ],
)
def test_a_file_that_leads_nowhere_is_a_finding(facts, have):
    assert [finding.have for finding in way_back(facts, code(OLD)).findings] == [have]


def test_without_a_file_the_evidence_is_the_record():
    judgement = way_back(None, code(OLD))
    assert (judgement.verdict, judgement.sentence) == (
        Verdict.PASS,
        "written down here: backend 3baecd62b release 1.8.0",
    )


def test_uncommitted_changes_without_a_diff_are_a_warning():
    judgement = way_back(saved(OLD), code(OLD, changed=("package-lock.json",)))
    assert judgement.verdict is Verdict.WARN
    assert judgement.findings[0].have == "1 file changed and not committed (package-lock.json), and no diff saved"


def test_uncommitted_changes_with_a_diff_pass():
    assert way_back(saved(OLD, has_diff=True), code(OLD, changed=("a",))).verdict is Verdict.PASS


def test_fewer_checkouts_than_promised_are_inconclusive():
    assert way_back(saved(OLD)).verdict is Verdict.INCONCLUSIVE
    assert way_back(None).verdict is Verdict.INCONCLUSIVE


def clean(facts, known=None):
    return checkout_is_clean("backend/checkout-clean", facts, known, "runbook 2.1")


def test_a_checkout_that_is_its_commit_passes():
    judgement = clean(replace(code(NEW), upstream="origin/main"))
    assert (judgement.verdict, judgement.sentence) == (
        Verdict.PASS,
        "backend: main at 52ac7d942, not behind origin/main",
    )


def test_a_file_changed_by_hand_is_a_warning():
    judgement = clean(code(NEW, changed=("src/app.ts",)))
    assert judgement.verdict is Verdict.WARN
    assert str(judgement.findings[0]) == (
        "backend/checkout-clean: backend (/srv/backend)\n"
        "  want: the files of commit 52ac7d942 (runbook 2.1)\n"
        "  have: 1 file changed and not committed (src/app.ts)\n"
        "  why:  what is built is not what the commit says, and nobody can build it again\n"
        "  fix:  git diff in that folder; keep what is wanted as a commit, and put the rest back with git checkout\n"
        "  run:  git -C /srv/backend status --short"
    )


def test_a_file_that_was_changed_before_the_release_is_no_news():
    judgement = clean(code(NEW, changed=("package-lock.json",)), known=["package-lock.json"])
    assert judgement.verdict is Verdict.PASS
    assert judgement.sentence.endswith(", 1 file changed since before the release")


def test_a_fetched_commit_that_was_not_pulled_is_a_warning():
    judgement = clean(replace(code(OLD), upstream="origin/main", behind=1))
    assert judgement.verdict is Verdict.WARN
    assert judgement.findings[0].have == "1 commit of it not in HEAD 3baecd62b"


def test_what_was_changed_before_is_what_the_backup_gate_saw_of_this_checkout():
    other = {"value": {"path": "/srv/frontend", "changed": ["x"]}}
    mine = {"value": {"path": "/srv/backend", "changed": ["a", "b"]}}
    assert changed_before(code(NEW), [mine, other, {"value": None}]) == ["a", "b"]
    assert changed_before(code(NEW), [other]) is None


def test_a_release_can_be_known_by_its_hash():
    judged = release_is_checked_out("backend/commit", code(NEW), NEW.hash[:9], "runbook 2.1")
    assert judged.verdict is Verdict.PASS
    assert release_is_checked_out("backend/commit", code(NEW), "99ac7d942", "runbook 2.1").verdict is Verdict.FAIL


def test_a_build_without_a_file_that_a_whole_one_has_is_a_finding():
    half = replace(build(THEN), lacking=("server/*.js",))
    (finding,) = build_is_fresh("backend/built", half, code(NEW), "runbook 2.3").findings
    assert (finding.want, finding.have) == (
        "every file that a whole build has (runbook 2.3)",
        "none, or an empty one, that fits server/*.js",
    )
