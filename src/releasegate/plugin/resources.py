"""The ways to reach the deployment: opened when a test first asks, shared by the run, closed at its end."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import pytest

from releasegate.core import CannotMeasure, Measurement
from releasegate.core.facts.host import ClockFacts
from releasegate.core.facts.logs import LogSlice
from releasegate.plugin.outcome import NOTEBOOK, say_trouble
from releasegate.plugin.run import Run
from releasegate.plugin.subject import Subject
from releasegate.probes import clocks as database_clocks
from releasegate.probes import host
from releasegate.probes.host import Machine, open_machine
from releasegate.probes.http import Api, open_api
from releasegate.probes.logs import LogReader, has_log, is_kept
from releasegate.probes.postgres import Session, open_session
from releasegate.probes.services import Part, ServiceBook, open_services

if TYPE_CHECKING:  # the browser is imported by the gates that open one: it takes a third of a second
    from releasegate.probes.browser.site import Site

Section = TypeVar("Section")
_JUDGE_LOGIN = ("preflight", "frontend")
_STATE = Path(__file__).parents[3] / ".state"
SESSIONS = _STATE / "sessions"
PASSES = _STATE / "passes"


def given(section: Section | None, name: str, run: Run) -> Section:
    """Return a section of the target file. Raises UsageError when it is missing."""
    if section is None:
        raise pytest.UsageError(f"{run.subject.target_path}: [{name}] is missing; see targets/example.toml")
    return section


def session_file_of(subject: Subject) -> Path:
    """Return where this deployment's login is kept between processes: private, and never among the evidence."""
    SESSIONS.mkdir(parents=True, exist_ok=True, mode=0o700)
    return SESSIONS / f"{subject.change.id}-{subject.target.name}.json".lower()


@pytest.fixture(scope="session")
def database(run: Run) -> Iterator[Session]:
    """Return the database, proven read-only."""
    with open_session(given(run.subject.target.database, "database", run)) as session:
        yield session


@pytest.fixture(scope="session")
def passes() -> Path:
    """Return the folder in which a pass over a table, range by range, notes how far it is; it holds counts only."""
    return PASSES


@pytest.fixture(scope="session")
def api(run: Run) -> Iterator[Api]:
    """Return the API; it logs in with its first question, once for all processes."""
    backend = given(run.subject.target.backend, "backend", run)
    with open_api(backend, run.subject.change.api, session_file_of(run.subject)) as api:
        yield api


@pytest.fixture(scope="session")
def machine(run: Run) -> Iterator[Machine]:
    """Return the machine that the release is deployed on."""
    with open_machine(given(run.subject.target.host, "host", run)) as machine:
        yield machine


@pytest.fixture
def clocks(run: Run, request: pytest.FixtureRequest) -> list[Measurement[ClockFacts]]:
    """Return how far the clocks of the machine and of the database are off, of those that the target names."""
    target, found = run.subject.target, []
    if target.host is not None:
        found.append(host.clock(request.getfixturevalue("machine")))
    if target.database is not None:
        found.append(database_clocks.clock(request.getfixturevalue("database")))
    return found


@pytest.fixture(scope="session")
def services(run: Run, machine: Machine) -> ServiceBook:
    """Return the services under their manager."""
    return open_services(given(run.subject.target.services, "services", run), machine)


SITE: pytest.StashKey[Site] = pytest.StashKey()


@pytest.fixture(scope="session")
def site(run: Run, pytestconfig: pytest.Config) -> Iterator[Site]:
    """Return the page in a real browser, logged in once: by this run where its gate judges the login itself."""
    from releasegate.probes.browser.site import open_site  # noqa: PLC0415  see above

    file = session_file_of(run.subject).with_suffix(".browser.json")
    anew = any(gate.marker in _JUDGE_LOGIN for gate in run.gates)
    with open_site(run.subject.target, run.subject.change, file, began=run.began, anew=anew) as site:
        pytestconfig.stash[SITE] = site
        yield site


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Keep what the browser did last when a test of a page fails, in its setup and its teardown too.

    A disk that refuses is said with the report: an exception here would end the run as a crash.
    """
    report = yield
    site, notebook = item.config.stash.get(SITE, None), item.stash.get(NOTEBOOK, None)
    if report.failed and site is not None and notebook is not None and site.recording.told:
        from releasegate.probes.browser.loading import last_events  # noqa: PLC0415  see above

        try:
            notebook.measured(last_events(site, call.when))
        except CannotMeasure as error:
            say_trouble(report, str(error))
    return report


@pytest.fixture(scope="module")
def log_since(
    run: Run, request: pytest.FixtureRequest, opened_at: Callable[[str], datetime | None]
) -> Callable[[Part, str], tuple[Measurement[LogSlice] | None, datetime]]:
    """Return `log_since(part, gate)`: that service's log since a gate was opened, and when that was on its machine.

    The log is None where the target names none; its older lines are read too, where that costs nothing.
    """

    def log_since(part: Part, gate: str) -> tuple[Measurement[LogSlice] | None, datetime]:
        target = run.subject.target
        began = opened_at(gate) or datetime.now(UTC)
        if target.host is None or target.services is None or not has_log(target.services, part):
            return None, began
        machine = request.getfixturevalue("machine")
        since = began + machine.ahead
        return LogReader(target.services, part, machine).read(since=since), since

    return log_since


@pytest.fixture
def log_since_start(machine: Machine, services: ServiceBook) -> Callable[[Part], Measurement[LogSlice] | None]:
    """Return `log_since_start(part)`: that service's log since it began to run; None where nobody keeps one."""
    section = services.services

    def log_since_start(part: Part) -> Measurement[LogSlice] | None:
        if not is_kept(section, part):
            return None
        return LogReader(section, part, machine).read(since=services.first(part).value.since)

    return log_since_start
