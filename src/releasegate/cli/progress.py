"""The live list of a rehearsal: one line per step and gate with its verdict and time, plain where nobody looks."""

from __future__ import annotations

import time
from types import TracebackType
from typing import Self

from rich import progress as running
from rich.console import Console
from rich.text import Text

from releasegate.cli.show import STYLES, console
from releasegate.core import Verdict
from releasegate.core.durations import show_duration
from releasegate.core.lines import cut

_LONGEST = 100  # characters of a sentence; the gate's own output has the whole of it
_LEAST = 30  # as much is shown of a sentence even where a terminal is too narrow for it


class Progress:
    """Writes a line when something ends; while it runs, a terminal shows its name, a turning mark, and for how long."""

    def __init__(self, screen: Console | None = None) -> None:
        self._screen = screen or console()
        self._running: running.Progress | None = None
        self._began = 0.0
        self._name = ""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop()

    def begin(self, name: str) -> None:
        """Say that `name` is running now."""
        self._name, self._began = name, time.monotonic()
        if self._screen.is_terminal:
            columns = (running.SpinnerColumn(), running.TextColumn("{task.description}"), running.TimeElapsedColumn())
            self._running = running.Progress(*columns, console=self._screen, transient=True)
            self._running.add_task(name, total=None)
            self._running.start()

    def end(self, verdict: Verdict, sentence: str) -> None:
        """Write the line of what has just ended."""
        self._stop()
        took = show_duration(time.monotonic() - self._began)
        row = Text()  # a style of the whole would colour the sentence too
        row.append(f"{verdict:<13}", style=STYLES[verdict])
        row.append(f"{took:>10}  ", style="dim")
        row.append(f"{self._name:<22}  ")
        row.append(cut(sentence, min(self._room(len(row)), _LONGEST)))
        self._screen.print(row)

    def note(self, text: str) -> None:
        """Write a line beside the list."""
        self._screen.print(Text(text.rstrip(), style="dim"))

    def _room(self, used: int) -> int:
        """Return how many characters of a sentence fit behind `used` columns."""
        return max(self._screen.width - used, _LEAST) if self._screen.is_terminal else _LONGEST

    def _stop(self) -> None:
        if self._running is not None:
            self._running.stop()
            self._running = None
