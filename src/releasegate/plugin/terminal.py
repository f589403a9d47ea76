"""What the operator sees: a header, a line per check, the findings, and one last sentence."""

from __future__ import annotations

import shutil
import textwrap
from datetime import UTC, datetime

import pytest

from releasegate.core import ExitCode, Finding, Verdict
from releasegate.core.settings import command_name
from releasegate.evidence.chain import read
from releasegate.plugin.back.ways import shown
from releasegate.plugin.course import Course
from releasegate.plugin.next import command_after
from releasegate.plugin.options import run_of
from releasegate.plugin.outcome import Outcome, outcome_of
from releasegate.plugin.record import GateRecord
from releasegate.plugin.sentence import last_sentence
from releasegate.plugin.session import course_of

_MARKUP = {
    Verdict.FAIL: {"red": True, "bold": True},
    Verdict.ERROR: {"purple": True, "bold": True},
    Verdict.INCONCLUSIVE: {"yellow": True},
    Verdict.BLOCKED: {"blue": True},
    Verdict.WAIVED: {"yellow": True},
    Verdict.WARN: {"yellow": True},
    Verdict.PASS: {"green": True},
}
_LONGEST_SENTENCE = 300
_WIDEST = 110  # no line of ours is longer in a terminal, however wide it is
_ROOMY = 100  # from here on a sentence has a column of its own
_OUTPUT: pytest.StashKey[pytest.TerminalReporter] = pytest.StashKey()


@pytest.hookimpl(trylast=True)
def pytest_configure(config: pytest.Config) -> None:
    """Quieten pytest's own progress, which counts tests; a gate run shows checks and verdicts."""
    run = run_of(config)
    reporter = config.pluginmanager.get_plugin("terminalreporter")
    if run is None or run.is_worker or reporter is None or config.option.collectonly:
        return
    config.stash[_OUTPUT] = reporter
    if config.option.verbose == 0:
        config.option.verbose = -2
        config.option.no_summary = True
        reporter._report_keyboardinterrupt = _say_nothing  # noqa: SLF001 - it prints where in Python; ours says the rest


def _say_nothing() -> None:
    """Leave the last word to our last line."""


def pytest_report_teststatus(report: pytest.TestReport) -> tuple[str, str, str] | None:
    """Count a check under the word of its verdict; its line is written by us."""
    outcome = outcome_of(report) if isinstance(report, pytest.TestReport) else None
    return (str(outcome.verdict), "", str(outcome.verdict)) if outcome else None


@pytest.hookimpl(trylast=True)
def pytest_sessionstart(session: pytest.Session) -> None:
    """Print what this run is about."""
    config = session.config
    run, output = run_of(config), config.stash.get(_OUTPUT, None)
    if run is None or output is None:
        return
    subject = run.subject
    gates = " and ".join(f"{gate.marker} ({gate.question})" for gate in run.gates)
    output.write_line(f"gate     {gates}")
    output.write_line(f"target   {subject.target.name}  {subject.target_path}")
    output.write_line(f"change   {subject.change.id}  {subject.change_path}")
    output.write_line(f"evidence {run.path}")
    for warning in subject.warnings:
        output.write_line(f"warning  {warning}", yellow=True)
    output.write_line("")
    config.pluginmanager.register(_Lines(output, course_of(config)), "releasegate-lines")


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """Keep pytest-html from announcing the raw log, which stands among the evidence; it has been written by now."""
    manager = session.config.pluginmanager
    if _OUTPUT in session.config.stash:
        for plugin in [found for found in manager.get_plugins() if type(found).__module__.startswith("pytest_html")]:
            manager.unregister(plugin)


class _Lines:
    """Writes one line for each check, as soon as it has a verdict."""

    def __init__(self, output: pytest.TerminalReporter, course: Course | None) -> None:
        self._output, self._course = output, course

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        outcome = outcome_of(report)
        if outcome is not None:
            outcome = self._as_recorded(outcome)
            self._output.write(f"{outcome.verdict:<13}", **_MARKUP.get(outcome.verdict, {}))
            why = "" if outcome.verdict is Verdict.BLOCKED else _short(outcome.sentence)  # the last line says it once
            self._output.write_line(_fitted(self._output, f"{outcome.check:<32} ", why, column=13))

    def _as_recorded(self, outcome: Outcome) -> Outcome:
        """Return what counts: a waived finding is WAIVED, with who signed it off."""
        record = self._course.current if self._course else None
        return record.outcomes.get(outcome.check, outcome) if record else outcome


def _short(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= _LONGEST_SENTENCE else line[: _LONGEST_SENTENCE - 1] + "…"


def _width(output: pytest.TerminalReporter) -> int:
    """Return how many columns our lines may take; 0 for no limit, where a program reads them."""
    return min(shutil.get_terminal_size().columns, _WIDEST) if output.isatty() else 0


def _fitted(output: pytest.TerminalReporter, head: str, text: str, *, column: int = 0) -> str:
    """Return `head` and `text`, wrapped in a terminal; `column` is where the line stands when `head` begins.

    The text goes on below itself where there is room, else a little to the right of the head.
    """
    width = _width(output)
    line = (head + text).rstrip()
    if not width or column + len(line) <= width:
        return line
    indent = column + (len(head) if width >= _ROOMY else 2)
    return textwrap.fill(
        line, width, initial_indent=" " * column, subsequent_indent=" " * indent, break_long_words=False,
        break_on_hyphens=False, drop_whitespace=True, fix_sentence_endings=False,
    ).removeprefix(" " * column)  # fmt: skip


@pytest.hookimpl(trylast=True)
def pytest_unconfigure(config: pytest.Config) -> None:
    """Print the findings, what else stands open, where the evidence is, and the one sentence, last of all."""
    course, output = course_of(config), config.stash.get(_OUTPUT, None)
    if course is None or output is None or course.is_refused:  # wrong usage: pytest has said what was wrong
        return
    for record in course.records:
        _write_details(output, record)
    for error in course.uncollected:
        output.write_line(error)
    code = course.exit_code()
    _write_ways_back(output, course, code)
    output.write_line("")
    if course.ticket:
        output.write_line(f"report   {course.run.folder.report}")
        output.write_line(f"ticket   {course.ticket}")
    sentence = course.trouble and f"CANNOT TELL: {course.trouble}"
    sentence = sentence or last_sentence(course.records, code, command_after(course.run, course.records, code))
    output.write_line(sentence, bold=True, red=code is not ExitCode.GO, green=code is ExitCode.GO)


def _write_details(output: pytest.TerminalReporter, record: GateRecord) -> None:
    for outcome in record.outcomes.values():
        for finding in _findings(outcome):
            output.write_line("")
            output.write_line(finding.wrapped(_width(output)) if _width(output) else str(finding))
        if outcome.verdict is Verdict.ERROR and _short(outcome.sentence) != " ".join(outcome.sentence.split()):
            output.write_line("")
            output.write_line(f"{outcome.check}: {outcome.sentence}")
        if outcome.traceback:
            output.write_line("")
            output.write_line(f"{outcome.check}: the gate itself broke, which says nothing about the deployment")
            output.write_line(outcome.traceback)
    if record.open_items and not record.blocked_by:
        output.write_line("")
        output.write_line(f"items of the runbook that wait for a person ({command_name()} attest ITEM --by NAME):")
        for item in record.open_items:
            output.write_line(_fitted(output, f"  {item.id:<24} ", item.text))


def _write_ways_back(output: pytest.TerminalReporter, course: Course, code: ExitCode) -> None:
    """Print the commands of the ways back, ready to paste, once a gate behind the release says that it failed."""
    record = course.records[-1] if course.records else None
    if code is not ExitCode.NO_GO or record is None or not record.gate.is_released or record.alone:
        return
    output.write_line("")
    output.write_line("ways back:")
    for line in shown(course.run.subject, read(course.run.folder), datetime.now(UTC)):
        output.write_line(f"  {line}")


def _findings(outcome: Outcome) -> list[Finding]:
    return [Finding(**finding) for finding in outcome.findings]
