"""What one sees of a watch: a line per signal in a terminal, a plain line per minute anywhere else."""

from __future__ import annotations

import statistics
from collections.abc import Iterable, Mapping, Sequence
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
from releasegate.core import Judgement, Verdict, worst
from releasegate.core.durations import show_duration
from releasegate.core.facts.watch import Round

_BARS: Final = "▁▂▃▄▅▆▇█"
_UNSEEN: Final = "·"
_WIDTH: Final = 40  # rounds of a spark line
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
            self._live.update(Group(_head(last, left_s), _signal_table(watch, judged)), refresh=True)
        elif self.is_due(last):
            self._said = last.at
            click.echo(line(last, judged, left_s))


def line(last: Round, judged: Judged, left_s: float) -> str:
    """Return one round as one line: what people would ask first, and the worst state so far."""
    health = str(last.health) if last.health is not None else last.health_error or "not asked"
    times = [sample.latency_ms for sample in last.samples if not sample.error]
    latency = f"{statistics.median(times):.0f} ms" if times else last.samples_error or "no answer"
    errors = "logs not read" if last.errors is None else f"{sum(error.lines for error in last.errors)} error lines"
    bad = [check.partition("/")[2] for check, some in judged.items() if _verdict(some) is Verdict.FAIL]
    state = f"wrong: {', '.join(bad)}" if bad else "nothing wrong so far"
    return f"{last.at:%H:%M:%S}  health {health}  {latency}  {errors}  {state}  {show_duration(left_s)} left"


def _head(last: Round, left_s: float) -> Text:
    return Text(f"round {last.number + 1} of {last.planned}, {show_duration(left_s)} left", style="bold")


def _signal_table(watch: Watch, judged: Judged) -> Table:
    found = table("signal", "", "now", "state")
    rounds = watch.rounds[-_WIDTH:] if isinstance(watch.rounds, list | tuple) else list(watch.rounds)[-_WIDTH:]
    known = watch.before.log_shapes or ()
    for name in UNITS:
        verdict = _verdict(judged.get(f"monitoring/{CHECK_OF[name]}", ()))
        for signal in signals(name, rounds, status=watch.promise.health_status, known=known):
            found.add_row(signal.label, spark(value for _, value in signal.points), _now(signal), _state(verdict))
    return found


def _verdict(judged: Sequence[Judgement]) -> Verdict:
    return worst(one.verdict for one in judged)


def _state(verdict: Verdict) -> Text:
    if verdict in (Verdict.INCONCLUSIVE, Verdict.NOT_RUN):
        return Text("too little yet", style=STYLES[Verdict.NOT_RUN])
    return word(verdict)


def _now(signal: Signal) -> str:
    last = signal.points[-1][1]
    return f"{figure(last)} {signal.unit}" if last is not None else "not seen"


def spark(values: Iterable[float | None]) -> str:
    """Return values as a line of bars from the lowest to the highest; a dot where nobody saw anything."""
    given = list(values)
    seen = [value for value in given if value is not None]
    low, high = min(seen, default=0.0), max(seen, default=0.0)
    scale = (len(_BARS) - 1) / (high - low) if high > low else 0.0
    return "".join(_UNSEEN if value is None else _BARS[round((value - low) * scale)] for value in given)
