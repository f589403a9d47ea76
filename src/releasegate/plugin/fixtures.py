"""What a gate's test is given: the two files, `require`, the earlier evidence, and the ways to reach the deployment.

A fixture opens, and says so when it cannot; it never judges.
"""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from releasegate.change.models import Change
from releasegate.core import Judgement, Measurement, Verdict
from releasegate.evidence.chain import read
from releasegate.evidence.history import History
from releasegate.plugin.collection import CHECK
from releasegate.plugin.notebook import Notebook, Sink, Spill
from releasegate.plugin.opening import blocked_by
from releasegate.plugin.options import run_of
from releasegate.plugin.outcome import (
    NOTEBOOK,
    BlockedError,
    GateClosedError,
    NotApplicableError,
    NotJudgedError,
)
from releasegate.plugin.plan import PlannedCheck
from releasegate.plugin.run import Run
from releasegate.plugin.session import course_of
from releasegate.plugin.watching import recorded_in
from releasegate.target.models import Target

Require = Callable[..., None]
_HOLDS = (Verdict.PASS, Verdict.WARN, Verdict.NOT_APPLICABLE)


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    """Open the test's notebook, and stop here when its gate is blocked or there is nothing to judge."""
    run = run_of(item.config)
    check = item.stash.get(CHECK, None)
    if run is None or check is None:
        return
    item.stash[NOTEBOOK] = Notebook(check.id, _sink(item.config, run))
    course = course_of(item.config)
    reasons = course.current.blocked_by if course and course.current else blocked_by(run.path, check.gate)
    if reasons:
        raise BlockedError("; ".join(reasons))
    _stop_when_not_judged(run, check)


def _stop_when_not_judged(run: Run, check: PlannedCheck) -> None:
    excuse = run.subject.excused(check.id)
    if excuse:
        raise NotApplicableError(f"{run.subject.target_path.name} says: {excuse}")
    unpromised = run.subject.not_promised(check.promises)
    if unpromised:
        raise NotApplicableError(f"{run.subject.change_path.name} promises no {unpromised}")
    if run.alone and check.baseline:
        raise NotJudgedError("not judged alone: it compares with what an earlier gate recorded")
    lacking = next((need for need in check.needs if not run.subject.has(need)), "")
    if run.alone and lacking:
        raise NotJudgedError(f"not judged alone: {run.subject.target_path.name} has no [{lacking}]")


def _sink(config: pytest.Config, run: Run) -> Sink:
    course = course_of(config)
    return course.measured if course else _spill(config, run).write


_SPILL: pytest.StashKey[Spill] = pytest.StashKey()


def _spill(config: pytest.Config, run: Run) -> Spill:
    if _SPILL not in config.stash:
        config.stash[_SPILL] = Spill(run.path, getattr(config, "workerinput", {}).get("workerid", "main"))
    return config.stash[_SPILL]


@pytest.fixture
def require(request: pytest.FixtureRequest) -> Require:
    """Return `require(judgement, *measurements)`: it records all, and ends the test unless the judgement holds.

    None stands for what could not be looked at, and is left out.
    """
    notebook = request.node.stash[NOTEBOOK]

    def require(judgement: Judgement, *measurements: Measurement[Any] | None) -> None:
        __tracebackhide__ = True
        for measurement in measurements:
            if measurement is not None:
                notebook.measured(measurement)
        notebook.judged(judgement)

    return require


@pytest.hookimpl(wrapper=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> Iterator[None]:
    """End a test whose judgements do not all hold as failed, after all of them were made."""
    result = yield
    notebook = pyfuncitem.stash.get(NOTEBOOK, None)
    if notebook is not None and not all(judgement.verdict in _HOLDS for judgement in notebook.judgements):
        raise GateClosedError
    return result


@pytest.fixture(scope="session")
def run(pytestconfig: pytest.Config) -> Run:
    """Return the run that the command line describes."""
    found = run_of(pytestconfig)
    if found is None:
        raise pytest.UsageError("a gate's test ran without a gate; name one with -m and a deployment with --target")
    return found


@pytest.fixture(scope="session")
def change(run: Run) -> Change:
    """Return what the release promises, as this target reads it."""
    return run.subject.change


@pytest.fixture(scope="session")
def target(run: Run) -> Target:
    """Return the deployment's file."""
    return run.subject.target


@pytest.fixture(scope="session")
def options(run: Run) -> Namespace:
    """Return the command line's options."""
    return run.options


@pytest.fixture(scope="session")
def run_folder(run: Run) -> Path:
    """Return this run's own output folder."""
    return run.path


@pytest.fixture(scope="module")
def history(run: Run) -> History:
    """Return what earlier runs recorded about this deployment and this change."""
    return read(run.folder)


@pytest.fixture(scope="module")
def recorded(history: History) -> Callable[[str], list[dict[str, Any]]]:
    """Return `recorded(check)`: the measures that the latest closed attempt of that check's gate kept, or []."""
    return recorded_in(history)


@pytest.fixture(scope="module")
def opened_at(history: History) -> Callable[[str], datetime | None]:
    """Return `opened_at(gate)`: when that gate's latest closed attempt began, in UTC; None when it never ran."""

    def opened_at(gate: str) -> datetime | None:
        attempt = history.latest_closed(gate)
        return attempt.began if attempt else None

    return opened_at


@pytest.fixture(scope="module")
def deploy_began(opened_at: Callable[[str], datetime | None]) -> datetime | None:
    """Return when the deploy began: when preflight opened, in UTC."""
    return opened_at("preflight")


@pytest.fixture(scope="module")
def step_records(history: History) -> Callable[[str], list[dict[str, Any]]]:
    """Return `step_records(item)`: what `gate step` recorded of the runbook's own commands, oldest first."""

    def step_records(item: str) -> list[dict[str, Any]]:
        return [dict(event.payload) for event in history.steps(item)]

    return step_records
