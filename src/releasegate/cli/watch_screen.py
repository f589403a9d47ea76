"""What one sees of a watch: a line per signal in a terminal, a plain line per minute anywhere else."""

from __future__ import annotations

import statistics
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from types import TracebackType
from typing import Final, Self

import click
from rich.console import Group
from rich.live import Live
from rich.table import Table
from rich.text import Text

from releasegate.checks.watch import Watch
from releasegate.checks.watch.rules import figure
from releasegate.checks.watch.signals import UNITS, Signal, signals
from releasegate.cli.show import STYLES, console, table, word
from releasegate.core import Judgement, Severity, Verdict, worst
from releasegate.core.durations import show_duration
from releasegate.core.facts.watch import Round
from releasegate.core.lines import cut

_BARS: Final = "▁▂▃▄▅▆▇█"
_UNSEEN: Final = "·"
_WIDTH: Final = 40  # rounds of a spark line, where the terminal has the room
_FEWEST_BARS: Final = 8
_STATE: Final = len("too little yet") + 6  # the last column, and what lies between them
_MOST_TROUBLES: Final = 5
_FEWEST_LINES: Final = 6
_AROUND: Final = 4  # lines of a terminal: the head, a blank one, the table's headings, and the cursor's
_LOOKED_AT_NOW_AND_THEN: Final = {"page": 10}  # every so many rounds, as [watch] page_every has it by default
_VERDICTS: Final = {Severity.ERROR: Verdict.FAIL, Severity.WARNING: Verdict.WARN}
_SAID: Final = {
    "api-errors": " of the requests", "connections": " of the server's", "rollbacks": " of the transactions",
    "restarts": "since the watch began",
}  # fmt: skip
_MINUTE: Final = timedelta(minutes=1)
CHECK_OF: Final = {
    "health": "health-stayed-good", "database": "health-stayed-good", "latency": "latency-stayed-good",
    "api-errors": "error-rate", "log-errors": "errors-in-logs", "page": "page-stayed-good",
    "restarts": "services-stayed-up", "memory": "services-stayed-up", "connections": "database-stayed-well",
    "waiting": "database-stayed-well", "longest-transaction": "database-stayed-well",
    "rollbacks": "database-stayed-well", "deadlocks": "database-stayed-well", "disk": "disk-stayed-free",
}  # fmt: skip
"""The check that judges each signal, without its gate."""

Judged = Mapping[str, tuple[Judgement, ...]]


class Screen:
    """Shows rounds as they come. `ends` is when the watch is over."""

    def __init__(self) -> None:
        self._console = console()
        self._live = Live(console=self._console, auto_refresh=False) if self._console.is_terminal else None
        self._said: datetime | None = None

    def __enter__(self) -> Self:
        if self._live:
            self._live.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._live:
            self._live.stop()

    def is_due(self, last: Round) -> bool:
        """Whether there is anything to show: always in a terminal, once a minute anywhere else."""
        return self._live is not None or self._said is None or last.at - self._said >= _MINUTE

    def show(self, watch: Watch, judged: Judged, left_s: float) -> None:
        """Draw the watch after its latest round."""
        last = watch.rounds[-1]
        if self._live:
            self._live.update(self._drawn(watch, judged, left_s), refresh=True)
        elif self.is_due(last):
            self._said = last.at
            click.echo(line(last, judged, left_s))

    def _drawn(self, watch: Watch, judged: Judged, left_s: float) -> Group:
        width, height = self._console.size
        troubles = _troubles(judged, width)
        most = max(_FEWEST_LINES, height - len(troubles.plain.splitlines()) - _AROUND)
        head = _head(watch.rounds[-1], left_s)
        return Group(head, troubles, _signal_table(watch, judged, width, most))


def line(last: Round, judged: Judged, left_s: float) -> str:
    """Return one round as one line: what people would ask first, and the worst state so far."""
    health = str(last.health) if last.health is not None else last.health_error or "not asked"
    times = [sample.latency_ms for sample in last.samples if not sample.error]
    nothing = "no answer" if last.samples else "API not asked"
    latency = f"{statistics.median(times):.0f} ms" if times else last.samples_error or nothing
    errors = "logs not read" if last.errors is None else f"{sum(error.lines for error in last.errors)} error lines"
    bad = [check.partition("/")[2] for check, some in judged.items() if _verdict(some) is Verdict.FAIL]
    state = f"wrong: {', '.join(bad)}" if bad else "nothing wrong so far"
    return f"{last.at:%H:%M:%S}  health {health}  {latency}  {errors}  {state}  {show_duration(left_s)} left"


def _head(last: Round, left_s: float) -> Text:
    ends = last.at + timedelta(seconds=left_s)
    left = f"{show_duration(left_s)} left, until {ends:%H:%M:%S} UTC" if left_s else "the last one"
    return Text(f"round {last.number + 1} of {last.planned}, {left}", style="bold")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Row:
    """One line: the signal's name, whose it is ("" for its only one), its values, and the latest one in words."""

    name: str
    subject: str
    label: str
    values: Sequence[float | None]
    now: str

    @property
    def check(self) -> str:
        """The check that judges it."""
        return f"monitoring/{CHECK_OF[self.name]}"

    @property
    def called(self) -> set[str]:
        """What a finding about it may be called."""
        return {self.label, self.subject or self.label}


def _signal_table(watch: Watch, judged: Judged, width: int, most: int) -> Table:
    """Return a line per signal; several that are all 0, and always were, are one line.

    Where more than `most` lines would be needed, those that are calm are left out.
    """
    rows = [row for name in UNITS for row in _rows(watch, name)]
    beside = max((len(row.label) + len(row.now) for row in rows), default=0) + _STATE
    bars = max(_FEWEST_BARS, min(_WIDTH, width - beside))
    found = table("signal", "", "now", "state")
    for column in found.columns:
        column.no_wrap = True
    states = [_verdict_on(judged.get(row.check, ()), _others(row, rows)) for row in rows]
    order = (
        sorted(range(len(rows)), key=lambda place: _is_calm(states[place])) if len(rows) > most else range(len(rows))
    )
    for place in order[: most - 1] if len(rows) > most else order:
        row = rows[place]
        found.add_row(row.label, spark(row.values[-bars:]), row.now, _state(states[place]))
    if len(rows) > most:
        found.add_row(f"and {len(rows) - most + 1} more", "", "", "")
    return found


def _is_calm(verdict: Verdict) -> bool:
    return verdict not in (Verdict.FAIL, Verdict.WARN)


def _others(row: _Row, rows: Sequence[_Row]) -> set[str]:
    """Return what findings about the other signals of the same check may be called."""
    every = (other for other in rows if other is not row and other.check == row.check)
    return {called for other in every for called in other.called} - row.called


def _verdict_on(judged: Sequence[Judgement], others: Collection[str]) -> Verdict:
    """Return what its check says about one signal; a finding about one of the `others` is not about this one."""
    verdict = _verdict(judged)
    if verdict not in (Verdict.FAIL, Verdict.WARN):
        return verdict
    about = (finding for one in judged for finding in one.findings if finding.subject not in others)
    return worst([_VERDICTS[finding.severity] for finding in about] or [Verdict.PASS])


def _rows(watch: Watch, name: str) -> list[_Row]:
    is_seldom = name in _LOOKED_AT_NOW_AND_THEN
    rounds = list(watch.rounds)[-_WIDTH * _LOOKED_AT_NOW_AND_THEN.get(name, 1) :]
    found = signals(name, rounds, status=watch.promise.health_status, known=watch.before.log_shapes or ())
    rows = [
        _Row(
            name=name, subject=one.subject, label=one.label, now=_now(one, rounds),
            values=[value for _, value in one.points if value is not None or not is_seldom],
        )
        for one in found
    ]  # fmt: skip
    if len(rows) > 1 and not any(value for row in rows for value in row.values):
        return [replace(rows[0], subject="", label=f"{name}, {len(rows)} alike")]
    return rows


def _now(signal: Signal, rounds: Sequence[Round]) -> str:
    """Return what the latest look said, and when that was where it is not of this round."""
    last = rounds[-1]
    if signal.name == "health":
        return str(last.health or last.health_error)
    if signal.name == "database":
        return "no answer" if last.database_error else "answers"
    seen = [(number, value) for number, (_, value) in enumerate(signal.points) if value is not None]
    number, value = seen[-1]
    unit = _SAID.get(signal.name, signal.unit)
    text = f"{value:.0%}{unit}" if unit.startswith(" of ") else f"{figure(value)} {unit}"
    passed_s = rounds[-1].elapsed_s - rounds[number].elapsed_s
    return f"{text}, {show_duration(passed_s)} ago" if passed_s else text


def _troubles(judged: Judged, width: int) -> Text:
    """Return what is wrong or worth a look, the worst first, one line each; those that do not fit are counted."""
    every = [(check.partition("/")[2], finding)
             for check, some in judged.items() for one in some for finding in one.findings]  # fmt: skip
    every.sort(key=lambda pair: pair[1].severity is not Severity.ERROR)
    text = Text()
    for check, finding in every[:_MOST_TROUBLES]:
        verdict = _VERDICTS[finding.severity]
        said = f"{check}, {finding.subject}: {finding.have}"
        text.append(f"{verdict} ", style=STYLES[verdict])
        text.append(cut(said, width - len(verdict) - 1) + "\n")
    if len(every) > _MOST_TROUBLES:
        text.append(f"and {len(every) - _MOST_TROUBLES} more\n", style="dim")
    return text


def _verdict(judged: Sequence[Judgement]) -> Verdict:
    return worst(one.verdict for one in judged)


def _state(verdict: Verdict) -> Text:
    if verdict in (Verdict.INCONCLUSIVE, Verdict.NOT_RUN):
        return Text("too little yet", style=STYLES[Verdict.NOT_RUN])
    return word(verdict)


def spark(values: Iterable[float | None]) -> str:
    """Return values as a line of bars from the lowest to the highest; a dot where nobody saw anything."""
    given = list(values)
    seen = [value for value in given if value is not None]
    low, high = min(seen, default=0.0), max(seen, default=0.0)
    scale = (len(_BARS) - 1) / (high - low) if high > low else 0.0
    return "".join(_UNSEEN if value is None else _BARS[round((value - low) * scale)] for value in given)
