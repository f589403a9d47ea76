"""The new frontend on its machine: code, build, process. Runbook 5.1 to 5.4."""

import pytest

from releasegate.checks import code as code_checks
from releasegate.checks import services as checks
from releasegate.checks.steps import commands_did_as_promised
from releasegate.core.facts.steps import StepRun
from releasegate.probes import git

pytestmark = pytest.mark.frontend


@pytest.fixture
def code(machine, target):
    return git.code(machine, "frontend", target.paths.frontend)


@pytest.mark.check("frontend/commit", promise="release", target=("host", "paths.frontend"))
def test_the_release_is_checked_out(code, change, require):
    promised = change.release
    require(code_checks.release_is_checked_out("frontend/commit", code.value, promised.commit, promised.source), code)


@pytest.mark.check("frontend/built", promise="builds", target=("host", "paths.frontend", "paths.frontend_build"))
def test_the_release_was_built(machine, target, code, change, require):
    build = git.build(machine, "frontend", target.paths.frontend_build)
    require(code_checks.build_is_fresh("frontend/built", build.value, code.value, change.builds.source), build, code)


@pytest.mark.check("frontend/service-up", promise="services", target=("host", "services"))
def test_the_frontend_was_restarted_and_runs(services, deploy_began, change, require):
    look = services.look("frontend")
    source = change.services.source
    require(checks.restarted_and_up("frontend/service-up", look.value, deploy_began, source), look)


@pytest.mark.check("frontend/step-output", promise="steps", baseline=True)
def test_the_commands_of_step_5_did_what_they_should(change, step_records, require):
    promised = change.steps_judged_by("frontend/step-output")
    ran = [(step, StepRun.last(step.item, step_records(step.item))) for step in promised]
    require(commands_did_as_promised("frontend/step-output", ran))
