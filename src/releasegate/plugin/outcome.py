"""From a pytest report to a verdict: which exceptions mean what, and what of them is shown."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass, field
from typing import Any

import pytest
from _pytest.outcomes import Skipped  # pytest.skip.Exception, under a name that can be subclassed

from releasegate.core import CannotMeasure, Verdict, worst
from releasegate.core.redaction import redactor
from releasegate.plugin.notebook import Notebook, json_ready

NOTEBOOK: pytest.StashKey[Notebook] = pytest.StashKey()


class GateClosedError(Exception):
    """A check did not open: its findings, or why it could not tell. Shown without a traceback."""


class BlockedError(Exception):
    """The gate may not begin: an earlier one is not open. Shown without a traceback."""


class NotApplicableError(Skipped):
    """There is nothing to judge here, with the reason; pytest shows it as skipped, we as N/A."""


class NotJudgedError(Skipped):
    """`--alone` cannot judge this check; it is listed and decides nothing."""


@dataclass(slots=True, kw_only=True)
class Outcome:
    """The verdict of one check, as data that survives the way from a worker process to the controller."""

    check: str
    verdict: Verdict
    sentence: str
    seen: int = 0
    least: int = 1
    unit: str = ""
    findings: list[dict[str, Any]] = field(default_factory=list)
    traceback: str = ""
    duration_s: float = 0.0
    decides: bool = True


def outcome_of(report: pytest.TestReport) -> Outcome | None:
    """Return the outcome that `report` carries; None for a passed setup, a clean teardown, or another kind of test."""
    data = getattr(report, "releasegate", None)
    return Outcome(**{**data, "verdict": Verdict(data["verdict"])}) if data else None


def say_trouble(report: pytest.TestReport, sentence: str) -> None:
    """Say with `report` that evidence could not be written; it goes the way from a worker to the controller too."""
    report.releasegate_trouble = sentence  # type: ignore[attr-defined]  # pytest serialises extra attributes


def trouble_of(report: pytest.TestReport) -> str:
    """Return what was said by `say_trouble`; nothing where all was written."""
    return str(getattr(report, "releasegate_trouble", ""))


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Attach the verdict to the report, and show our own failures as text instead of a traceback."""
    report = yield
    notebook = item.stash.get(NOTEBOOK, None)
    if notebook is None or (call.when != "call" and call.excinfo is None):
        return report
    outcome = _judge(notebook, call, report)
    report.releasegate = _as_data(outcome)  # type: ignore[attr-defined]  # pytest serialises extra attributes
    if report.failed:
        text = outcome.traceback or "\n".join(map(str, notebook.findings)) or outcome.sentence
        report.longrepr = redactor.text(text)
    report.sections = [(title, redactor.text(text)) for title, text in report.sections]
    return report


def _judge(notebook: Notebook, call: pytest.CallInfo[None], report: pytest.TestReport) -> Outcome:
    error = call.excinfo.value if call.excinfo else None
    verdict, sentence = _verdict_of(error, notebook)
    judged = notebook.judgements
    return Outcome(
        check=notebook.check,
        verdict=verdict,
        sentence=sentence,
        seen=sum(judgement.seen for judgement in judged),
        least=max((judgement.least for judgement in judged), default=1),
        unit=judged[-1].unit if judged else "",
        findings=[finding.as_dict() for finding in notebook.findings],
        traceback=report.longreprtext if verdict is Verdict.ERROR and not _is_expected(error) else "",
        duration_s=round(call.duration, 4),
        decides=not isinstance(error, NotJudgedError),
    )


def _verdict_of(error: BaseException | None, notebook: Notebook) -> tuple[Verdict, str]:
    """Return what a test's end means; what was found wrong before it broke stays the worse news."""
    if error is None or isinstance(error, GateClosedError) or _has_failed(notebook):
        return _judged(notebook)
    return _verdict_of_error(error)


def _has_failed(notebook: Notebook) -> bool:
    return any(judgement.verdict is Verdict.FAIL for judgement in notebook.judgements)


def _verdict_of_error(error: BaseException) -> tuple[Verdict, str]:
    match error:
        case BlockedError():
            return Verdict.BLOCKED, str(error)
        case NotApplicableError():
            return Verdict.NOT_APPLICABLE, str(error.msg)
        case Skipped():
            return Verdict.NOT_RUN, str(error.msg)
        case CannotMeasure():
            return Verdict.ERROR, _with_command(error)
        case KeyboardInterrupt():
            return Verdict.NOT_RUN, "interrupted"
        case _:
            return Verdict.ERROR, f"the gate itself broke: {type(error).__name__}: {error}"


def _judged(notebook: Notebook) -> tuple[Verdict, str]:
    if not notebook.judgements:
        return Verdict.ERROR, "the test judged nothing; every test of a gate calls require()"
    verdict = worst(judgement.verdict for judgement in notebook.judgements)
    return verdict, "; ".join(judgement.sentence for judgement in notebook.judgements if judgement.verdict is verdict)


def _with_command(error: CannotMeasure) -> str:
    return f"{error}; see it again with: {error.run}" if error.run else str(error)


def _is_expected(error: BaseException | None) -> bool:
    return isinstance(error, CannotMeasure | GateClosedError | BlockedError)


def _as_data(outcome: Outcome) -> dict[str, Any]:
    data: dict[str, Any] = redactor.data(json_ready(outcome))
    return data
