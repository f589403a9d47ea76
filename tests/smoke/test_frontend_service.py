"""The new frontend on its machine: code, build, process. Runbook 5.1 to 5.4."""

import pytest

from releasegate.checks import code as code_checks
from releasegate.checks import logs as log_checks
from releasegate.checks import services as checks
from releasegate.checks import staying
from releasegate.checks.steps import commands_did_as_promised
from releasegate.core.facts.steps import StepRun
from releasegate.probes import git
from releasegate.probes.installed import installed

pytestmark = pytest.mark.frontend


@pytest.fixture(scope="module")
def code(machine, target):
    return git.code(machine, "frontend", target.paths.frontend)


@pytest.mark.check("frontend/commit", promise="release", target=("host", "paths.frontend"))
def test_the_release_is_checked_out(code, change, require):
    promised = change.release
    require(code_checks.release_is_checked_out("frontend/commit", code.value, promised.commit, promised.source), code)


@pytest.mark.check("frontend/checkout-clean", promise="release", target=("host", "paths.frontend"))
def test_the_checkout_is_its_commit_and_no_other(code, recorded, change, require):
    known = code_checks.changed_before(code.value, recorded("backup/way-back-saved"))
    require(code_checks.checkout_is_clean("frontend/checkout-clean", code.value, known, change.release.source), code)


@pytest.mark.check("frontend/installed", promise="builds", target=("host", "paths.frontend"))
def test_the_packages_are_those_of_the_lock(machine, change, target, require):
    packages = installed(machine, "frontend", target.paths.frontend)
    require(code_checks.packages_are_as_locked("frontend/installed", packages.value, change.builds.source), packages)


@pytest.mark.check("frontend/built", promise="builds", target=("host", "paths.frontend", "paths.frontend_build"))
def test_the_release_was_built(machine, target, code, change, require):
    build = git.build(machine, "frontend", target.paths.frontend_build, change.builds.files("frontend"))
    require(code_checks.build_is_fresh("frontend/built", build.value, code.value, change.builds.source), build, code)


@pytest.mark.check("frontend/service-up", promise="services", target=("host", "services"))
def test_the_frontend_was_restarted_and_runs(services, machine, deploy_began, change, require):
    look = services.first("frontend")
    began = machine.on_its_clock(deploy_began)
    require(checks.restarted_and_up("frontend/service-up", look.value, began, change.services.source), look)


@pytest.mark.check("frontend/log-clean", promise="logs", target=("host", "services"))
def test_the_log_has_no_error_that_it_did_not_have(services, log_since_start, recorded, change, require):
    facts, log = services.first("frontend").value, log_since_start("frontend")
    lines, shapes = log and log.value, recorded("preflight/log-shapes")
    require(log_checks.clean_since_start("frontend/log-clean", lines, facts, change.logs, shapes), log)


@pytest.mark.check("frontend/port", promise="services", target=("host", "services"))
def test_nothing_else_has_the_frontend_s_port(services, change, target, require):
    ports = services.port("frontend", target.frontend.url if target.frontend else None)
    require(staying.port_is_its_own("frontend/port", ports and ports.value, change.services.source), ports)


@pytest.mark.check("frontend/service-stays", promise="services", target=("host", "services"))
def test_the_frontend_stays_up(services, change, target, require):
    stay, least_s = services.stays("frontend"), target.services.steady_s
    require(staying.service_stays("frontend/service-stays", stay.value, least_s, change.services.source), stay)


@pytest.mark.check("frontend/step-output", promise="steps", baseline=True)
def test_the_commands_of_step_5_did_what_they_should(change, step_records, require):
    promised = change.steps_judged_by("frontend/step-output")
    ran = [(step, StepRun.last(step.item, step_records(step.item))) for step in promised]
    require(commands_did_as_promised("frontend/step-output", ran))
