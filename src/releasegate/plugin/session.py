"""The controller's hooks: they begin gates, pass reports on to be recorded, and set the exit code."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from releasegate.core import CannotMeasure, ExitCode
from releasegate.evidence.writing import writing
from releasegate.plugin.collection import CHECK, PLAN, plan_path
from releasegate.plugin.course import Course
from releasegate.plugin.options import run_of
from releasegate.plugin.outcome import outcome_of, trouble_of
from releasegate.plugin.plan import PlannedCheck, read_plan
from releasegate.plugin.signals import end_as_by_ctrl_c

COURSE: pytest.StashKey[Course] = pytest.StashKey()
_PYTEST_CODES_WE_REPLACE = (0, 1, 2, 5)  # its own 3 (internal error) and 4 (usage) stay


@pytest.hookimpl(tryfirst=True)
def pytest_sessionstart(session: pytest.Session) -> None:
    """In the controller, get ready to record."""
    config = session.config
    run = run_of(config)
    if run is not None and not run.is_worker and not config.option.collectonly:
        end_as_by_ctrl_c()
        config.stash[COURSE] = Course(run)
        config.pluginmanager.register(Controller(config.stash[COURSE]), "releasegate-controller")


def course_of(config: pytest.Config) -> Course | None:
    """Return the course of this process; None in a worker and where no gate was named."""
    return config.stash.get(COURSE, None)


class Controller:
    """The hooks that only the controller has."""

    def __init__(self, course: Course) -> None:
        self._course = course

    @pytest.hookimpl(optionalhook=True)
    def pytest_configure_node(self, node: Any) -> None:
        """Hand the run's folder to a worker process; it reads target and change itself."""
        node.workerinput["releasegate_run"] = str(self._course.run.path)
        node.workerinput["releasegate_began"] = self._course.run.began

    @pytest.hookimpl(optionalhook=True)
    def pytest_xdist_node_collection_finished(self, node: Any, ids: list[str]) -> None:
        """Begin the gate when the first worker knows its tests."""
        path = plan_path(self._course.run.path, node.gateway.id)
        if not path.exists():
            return
        plan = read_plan(path)
        path.unlink()
        if ids and self._course.current is None:
            self._course.counts["collected"] = len(ids)
            self._begin(self._course.run.gates[0].marker, plan)

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        """Count what this process will run itself."""
        self._course.counts["collected"] += len(session.items)

    def pytest_deselected(self, items: list[pytest.Item]) -> None:
        """Count the gate's own checks that somebody left out: they end as NOT_RUN."""
        named = {gate.marker for gate in self._course.run.gates}
        own = [item for item in items if CHECK in item.stash and item.stash[CHECK].gate in named]
        self._course.counts["deselected"] += len(own)

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> None:
        """In a single process, begin a gate with its first test."""
        marker = item.stash[CHECK].gate
        current = self._course.current
        if current is None or current.gate.marker != marker:
            self._begin(marker, tuple(check for check in item.config.stash[PLAN] if check.gate == marker))

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Record what a test's report says."""
        if report.when == "call" or report.outcome != "passed":
            self._course.counts["skipped" if report.skipped else "executed"] += 1
        outcome = outcome_of(report)
        if outcome is not None:
            with self._cannot_tell():
                self._course.judged(outcome)
            with self._cannot_tell():
                if trouble := trouble_of(report):
                    raise CannotMeasure(trouble)
            self._stop_when_troubled()

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node: Any, error: Any) -> None:  # noqa: ARG002 - the hook's signature
        """Take over what a dead worker left."""
        with self._cannot_tell():
            self._course.drain()

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        """A test file that cannot be read says nothing about the deployment."""
        if report.failed:
            self._course.also.add(ExitCode.CANNOT_TELL)
            self._course.uncollected.append(report.longreprtext)

    def pytest_keyboard_interrupt(self, excinfo: pytest.ExceptionInfo[BaseException]) -> None:
        """Ctrl-C; pytest.exit() and a failed collection arrive here too and are none."""
        if excinfo.type is KeyboardInterrupt:
            self._course.also.add(ExitCode.INTERRUPTED)

    def pytest_internalerror(self) -> None:
        """This program, or pytest, broke."""
        self._course.also.add(ExitCode.INTERNAL_ERROR)

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> Generator[None, object, object]:
        """Close the evidence and set the exit code where pytest's own says less."""
        self._course.is_refused = session.exitstatus == ExitCode.USAGE
        with self._cannot_tell():
            self._course.close()
        self._set_exit_code(session)
        result = None
        with self._cannot_tell(), writing(self._course.run.path):
            result = yield  # the log files of pytest's own plugins are written here
        with self._cannot_tell():
            self._course.seal()
        self._set_exit_code(session)
        return result

    def _set_exit_code(self, session: pytest.Session) -> None:
        if session.exitstatus in _PYTEST_CODES_WE_REPLACE or session.exitstatus == ExitCode.CANNOT_TELL:
            session.exitstatus = int(self._course.exit_code())

    def _begin(self, marker: str, plan: tuple[PlannedCheck, ...]) -> None:
        gate = next(gate for gate in self._course.run.gates if gate.marker == marker)
        with self._cannot_tell():
            self._course.begin(gate, plan)
        self._stop_when_troubled()

    @contextmanager
    def _cannot_tell(self) -> Iterator[None]:
        """Turn evidence that cannot be written into "cannot tell": it is the machine's trouble, not a crash."""
        try:
            yield
        except CannotMeasure as error:
            self._course.trouble = self._course.trouble or str(error)
            self._course.also.add(ExitCode.CANNOT_TELL)

    def _stop_when_troubled(self) -> None:
        if self._course.trouble:
            pytest.exit(self._course.trouble, returncode=int(ExitCode.CANNOT_TELL))
