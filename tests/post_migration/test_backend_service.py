"""The new backend on its machine: code, build, process, log. Runbook 2.1 to 2.4."""

from contextlib import suppress

import pytest

from releasegate.checks import code as code_checks
from releasegate.checks import logs as log_checks
from releasegate.checks import migrations as migration_checks
from releasegate.checks import services as checks
from releasegate.checks import staying
from releasegate.checks.started import says_it_started
from releasegate.checks.steps import commands_did_as_promised
from releasegate.core import CannotMeasure
from releasegate.core.facts.steps import StepRun
from releasegate.probes import git, migrations
from releasegate.probes.installed import installed

pytestmark = pytest.mark.backend


@pytest.fixture(scope="module")
def code(machine, target):
    return git.code(machine, "backend", target.paths.backend)


@pytest.fixture(scope="module")
def build(machine, change, target):
    path = target.paths.backend_build
    return (
        git.build(machine, "backend", path, change.builds.files("backend") if change.builds else ()) if path else None
    )


@pytest.fixture
def service(services):
    return services.first("backend")


@pytest.fixture
def log(log_since_start):
    return log_since_start("backend")


@pytest.fixture
def said(request, change, target):
    """What the version endpoint answered; None where none is promised, or there is no backend to ask."""
    if change.api.version is None or target.backend is None:
        return None
    return request.getfixturevalue("api").ask(change.api.version)


@pytest.mark.check("backend/commit", promise="release", target=("host", "paths.backend"))
def test_the_release_is_checked_out(code, change, require):
    promised = change.release
    require(code_checks.release_is_checked_out("backend/commit", code.value, promised.commit, promised.source), code)


@pytest.mark.check("backend/migration-files", promise="schema.files", target=("host", "paths.backend"))
def test_the_files_of_step_3_came_with_it(request, machine, change, target, require):
    files, booked = migrations.migration_files(machine, target.paths.backend, change.db.files, None), None
    if target.database:
        with suppress(CannotMeasure):  # which checks of the database say
            booked = migrations.bookkeeping(request.getfixturevalue("database"), change.db.bookkeeping)
    judgement = migration_checks.files_are_there(
        files.value, booked.value if booked else None, source=change.db.files_source
    )
    require(judgement, files, booked)


@pytest.mark.check("backend/checkout-clean", promise="release", target=("host", "paths.backend"))
def test_the_checkout_is_its_commit_and_no_other(code, recorded, change, require):
    known = code_checks.changed_before(code.value, recorded("backup/way-back-saved"))
    require(code_checks.checkout_is_clean("backend/checkout-clean", code.value, known, change.release.source), code)


@pytest.mark.check("backend/installed", promise="builds", target=("host", "paths.backend"))
def test_the_packages_are_those_of_the_lock(machine, change, target, require):
    packages = installed(machine, "backend", target.paths.backend)
    require(code_checks.packages_are_as_locked("backend/installed", packages.value, change.builds.source), packages)


@pytest.mark.check("backend/built", promise="builds", target=("host", "paths.backend", "paths.backend_build"))
def test_the_release_was_built(code, build, change, require):
    require(code_checks.build_is_fresh("backend/built", build.value, code.value, change.builds.source), build, code)


@pytest.mark.check("backend/right-build", promise="release", target=("host", "paths.backend"))
def test_what_runs_is_what_lies_on_the_disk(request, code, build, said, change, target, require):
    service = request.getfixturevalue("service") if target.services else None
    version = change.api.version
    judgement = checks.right_build_runs(
        "backend/right-build",
        code.value,
        build.value if build else None,
        service.value if service else None,
        said=checks.version_said(said.value, at=version.at, names=version.headers) if said else "",
        source=change.release.source,
    )
    require(judgement, code, build, service, said)


@pytest.mark.check("backend/service-up", promise="services", target=("host", "services"))
def test_the_backend_was_restarted_and_runs(service, machine, deploy_began, change, require):
    began = machine.on_its_clock(deploy_began)
    require(checks.restarted_and_up("backend/service-up", service.value, began, change.services.source), service)


@pytest.mark.check("backend/started-line", promise="logs.started", target=("host", "services"))
def test_the_backend_says_that_it_started(log, service, change, require):
    facts = service.value
    if log is None:
        require(log_checks.nobody_keeps_a_log(facts.unmanaged))
        return
    judgement = log_checks.of_a_service_that_runs(
        facts, lambda: says_it_started("backend/started-line", log.value, facts.since, change.logs)
    )
    require(judgement, log)


@pytest.mark.check("backend/log-clean", promise="logs", target=("host", "services"))
def test_the_log_has_no_error_that_it_did_not_have(log, service, recorded, change, require):
    lines, shapes = log and log.value, recorded("preflight/log-shapes")
    require(log_checks.clean_since_start("backend/log-clean", lines, service.value, change.logs, shapes), log)


@pytest.mark.check("backend/port", promise="services", target=("host", "services"))
def test_nothing_else_has_the_backend_s_port(services, change, target, require):
    ports = services.port("backend", target.backend.url if target.backend else None)
    require(staying.port_is_its_own("backend/port", ports and ports.value, change.services.source), ports)


@pytest.mark.check("backend/service-stays", promise="services", target=("host", "services"))
def test_the_backend_stays_up(services, change, target, require):
    stay, least_s = services.stays("backend"), target.services.steady_s
    require(staying.service_stays("backend/service-stays", stay.value, least_s, change.services.source), stay)


@pytest.mark.check("backend/step-output", promise="steps", baseline=True)
def test_the_commands_of_step_2_did_what_they_should(change, step_records, require):
    promised = change.steps_judged_by("backend/step-output")
    ran = [(step, StepRun.last(step.item, step_records(step.item))) for step in promised]
    require(commands_did_as_promised("backend/step-output", ran))
