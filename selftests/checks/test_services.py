"""What the service checks say, and when they stay silent."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from releasegate.checks.services import restarted_and_up, right_build_runs, services_are_up, version_said
from releasegate.core import Verdict
from releasegate.core.facts.code import BuildFacts, CodeFacts, Commit
from releasegate.core.facts.http import Answer
from releasegate.core.facts.services import ServiceFacts

SOURCE = "runbook 2.4"
BEGAN = datetime(2025, 11, 4, 3, 0, tzinfo=UTC)
UP = ServiceFacts(
    part="backend", name="inbox", manager="docker", state="running", is_there=True, is_running=True,
    since=BEGAN + timedelta(minutes=10), restarts=0, seen_with="docker ps --all --filter name=inbox",
)  # fmt: skip
HEAD = Commit(hash="52ac7d9422e366ce62b237dc2ac51dab6d508ea7", subject="feat: attachments")
CODE = CodeFacts(
    part="backend", path="/srv/backend", history=(HEAD,), branch="main", changed=(),
    committed=BEGAN - timedelta(days=1), checked_out=BEGAN, seen_with="git -C /srv/backend log -1 --oneline",
)  # fmt: skip
PROCESS = replace(UP, manager="process")


def up(*facts):
    return services_are_up("preflight/services-up", facts, "runbook prerequisites 4")


def right_build(code=CODE, build=None, facts=None, said=""):
    return right_build_runs("backend/right-build", code, build, facts, said=said, source="runbook 2.1")


def test_services_that_run_pass():
    judgement = up(UP, replace(UP, part="frontend", health="healthy"))
    assert judgement.verdict is Verdict.PASS
    assert judgement.sentence == (
        "backend is running since 2025-11-04 03:10:00 UTC; frontend is running since 2025-11-04 03:10:00 UTC, healthy"
    )


def test_a_service_that_ended_is_a_finding():
    (finding,) = up(replace(UP, state="exited", is_running=False)).findings
    assert str(finding) == (
        "preflight/services-up: backend (inbox)\n"
        "  want: runs under docker (runbook prerequisites 4)\n"
        "  have: exited\n"
        "  why:  nobody can use the application without its backend\n"
        "  fix:  start it and read its log; or correct its name in the target's [services]\n"
        "  run:  docker ps --all --filter name=inbox"
    )


def test_a_process_that_is_not_there_is_a_finding():
    gone = replace(UP, manager="process", state="no process (/run/b.pid)", is_running=False)
    (finding,) = up(gone).findings
    assert (finding.want, finding.have) == (
        "a process that runs (runbook prerequisites 4)",
        "no process (/run/b.pid)",
    )


def test_a_name_that_nobody_knows_is_a_finding_with_the_nearest_names():
    gone = replace(UP, is_there=False, is_running=False, nearest=("inbox-api", "inbox-web"))
    (finding,) = up(gone).findings
    assert finding.have == "docker knows no 'inbox'; it knows inbox-api, inbox-web"


def test_a_manager_that_knows_nothing_says_so():
    (finding,) = up(replace(UP, is_there=False, is_running=False)).findings
    assert finding.have == "docker knows no 'inbox'; it knows none at all"


def test_a_service_whose_health_check_fails_is_a_finding():
    (finding,) = up(replace(UP, health="unhealthy")).findings
    assert finding.have == "runs, and its health check says unhealthy"


def test_a_health_check_that_has_not_answered_is_inconclusive():
    assert up(replace(UP, health="starting")).verdict is Verdict.INCONCLUSIVE


def test_services_that_nobody_manages_do_not_apply():
    judgement = up(replace(UP, manager="none", is_running=False, unmanaged="serverless"))
    assert (judgement.verdict, judgement.sentence) == (
        Verdict.NOT_APPLICABLE,
        "nobody manages the services: serverless",
    )


def test_no_service_is_inconclusive():
    assert up().verdict is Verdict.INCONCLUSIVE


def test_a_service_from_before_the_deploy_is_a_finding():
    old = replace(UP, since=BEGAN - timedelta(seconds=3))
    (finding,) = restarted_and_up("backend/service-up", old, BEGAN, SOURCE).findings
    assert str(finding) == (
        "backend/service-up: backend (inbox)\n"
        "  want: started after the deploy began, 2025-11-04 03:00:00 UTC (runbook 2.4)\n"
        "  have: runs since 2025-11-04 02:59:57 UTC\n"
        "  why:  a process from before the deploy runs the old code, whatever lies on the disk\n"
        "  fix:  restart it as the runbook says, then run this gate again\n"
        "  run:  docker ps --all --filter name=inbox"
    )


@pytest.mark.parametrize("since", [BEGAN - timedelta(seconds=2), BEGAN, BEGAN + timedelta(hours=1)])
def test_a_service_from_the_deploy_on_passes(since):
    assert restarted_and_up("backend/service-up", replace(UP, since=since), BEGAN, SOURCE).verdict is Verdict.PASS


def test_without_a_known_begin_of_the_deploy_only_running_is_judged():
    assert restarted_and_up("backend/service-up", UP, None, SOURCE).verdict is Verdict.PASS


def test_a_service_of_unknown_age_is_inconclusive_after_a_deploy():
    ageless = replace(UP, since=None)
    assert restarted_and_up("backend/service-up", ageless, BEGAN, SOURCE).verdict is Verdict.INCONCLUSIVE


def test_a_service_that_is_down_is_told_once():
    down = replace(UP, is_running=False, state="exited", since=BEGAN - timedelta(days=1), restarts=9)
    assert len(restarted_and_up("backend/service-up", down, BEGAN, SOURCE).findings) == 1


@pytest.mark.parametrize("said", [HEAD.hash, "52ac7d9", "v1.9.0-3-g52ac7d942", '{"build": "1.9.0+52ac7d942"}'])
def test_a_version_that_names_head_passes(said):
    assert right_build(said=said).verdict is Verdict.PASS


def test_a_version_that_names_another_commit_is_a_finding():
    (finding,) = right_build(said="1.8.0 3baecd62b49d").findings
    assert str(finding) == (
        "backend/right-build: backend that answers\n"
        "  want: commit 52ac7d942 feat: attachments, as on disk (runbook 2.1)\n"
        "  have: it says it is 1.8.0 3baecd62b49d\n"
        "  why:  requests are answered by another build than the one that was released and looked at\n"
        "  fix:  build and restart the backend; where several instances answer, restart each\n"
        "  run:  git -C /srv/backend log -1 --oneline"
    )


def test_a_version_without_a_commit_leaves_the_times_to_decide():
    assert right_build(said="1.9.0", facts=PROCESS).verdict is Verdict.PASS
    assert right_build(said="1.9.0").verdict is Verdict.INCONCLUSIVE


def test_a_process_older_than_its_files_is_a_finding():
    build = BuildFacts(part="backend", path="/srv/backend/dist", is_there=True, files=3,
                       middle=BEGAN + timedelta(minutes=20))  # fmt: skip
    (finding,) = right_build(build=build, facts=PROCESS).findings
    assert (finding.want, finding.have) == (
        "not older than the files of 52ac7d942, 2025-11-04 03:20:00 UTC (runbook 2.1)",
        "it runs since 2025-11-04 03:10:00 UTC",
    )


def test_a_file_that_the_running_process_writes_itself_does_not_make_it_old():
    build = BuildFacts(part="backend", path="/srv/.next", is_there=True, files=9,
                       newest=BEGAN + timedelta(days=1), middle=BEGAN + timedelta(minutes=5))  # fmt: skip
    assert right_build(build=build, facts=PROCESS).verdict is Verdict.PASS


def test_without_a_build_folder_the_checkout_decides():
    old = replace(PROCESS, since=BEGAN - timedelta(minutes=1))
    assert right_build(facts=old).verdict is Verdict.FAIL
    assert right_build(facts=PROCESS).verdict is Verdict.PASS


def test_a_container_is_judged_by_its_image():
    old = replace(UP, built=CODE.committed - timedelta(seconds=1))
    (finding,) = right_build(facts=old).findings
    assert finding.have == "its image was made 2025-11-03 02:59:59 UTC"
    assert right_build(facts=replace(UP, built=CODE.committed)).verdict is Verdict.PASS


@pytest.mark.parametrize(
    "facts", [None, replace(UP, built=None), replace(PROCESS, is_running=False), replace(PROCESS, since=None)]
)
def test_nothing_to_tell_the_build_by_is_inconclusive(facts):
    assert right_build(facts=facts).verdict is Verdict.INCONCLUSIVE


def answer(status=200, json=None, **headers):
    is_json = json is not None
    return Answer(url="http://x/version", status=status, elapsed_ms=1, json=json, is_json=is_json, headers=headers)


@pytest.mark.parametrize(
    ("got", "said"),
    [
        (answer(json={"commit": "abc1234"}), "abc1234"),
        (answer(json={"other": 1}, **{"x-commit": "abc1234"}), "abc1234"),
        (answer(json={"info": {"rev": "abc1234"}}), '{"info": {"rev": "abc1234"}}'),
        (answer(), ""),
        (answer(status=404, json={"commit": "abc1234"}), ""),
        (answer(status=None), ""),
    ],
)
def test_what_an_answer_says_of_its_build_is_found(got, said):
    assert version_said(got, at=("/commit",), names=("x-commit",)) == said
