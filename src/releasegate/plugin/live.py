"""How a long measurement is going, while it goes."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from typing import Any, Final

import pytest

from releasegate.core.lines import cut

Live = Callable[[str], None]
_EVERY_S: Final = 10.0  # between two lines where nobody watches a terminal


@pytest.fixture(scope="session")
def live(pytestconfig: pytest.Config) -> Live:
    """Return `live(line)`: in a terminal each line takes the place of the one before, "" of all; a log gets few."""
    return _Lines(pytestconfig).show


@pytest.fixture(scope="session")
def say(pytestconfig: pytest.Config) -> Live:
    """Return `say(line)`: prints a line that somebody has to act upon."""
    return _Lines(pytestconfig).say


class _Lines:
    def __init__(self, config: pytest.Config) -> None:
        self._reporter: Any = config.pluginmanager.get_plugin("terminalreporter")
        self._capture: Any = config.pluginmanager.get_plugin("capturemanager")
        self._last = 0.0
        self._width = 0

    def show(self, line: str) -> None:
        """Show how it is going; "" takes the line away."""
        if self._reporter is None:
            return
        if not line:
            self._clear()
        elif self._reporter.isatty:
            self._replace(line)
        elif time.monotonic() - self._last >= _EVERY_S:
            self._last = time.monotonic()
            self._write(line + "\n")

    def _replace(self, line: str) -> None:
        with self._shown():
            text = cut(line, shutil.get_terminal_size().columns - 1)  # a line that wraps is not taken away as a whole
            self._reporter.write(f"\r{text:<{self._width}}", flush=True)
        self._width = len(text)

    def _clear(self) -> None:
        if self._width:
            self._write("\r" + " " * self._width + "\r")
            self._width = 0

    def say(self, line: str) -> None:
        """Print a line that stays."""
        if self._reporter is not None:
            self._write(line + "\n")

    def _write(self, text: str) -> None:
        with self._shown():
            self._reporter.write(text, flush=True)

    def _shown(self) -> AbstractContextManager[None]:
        """Return the time in which the standard output is the terminal: while pytest captures, it is a file."""
        if self._capture is None:
            return nullcontext()
        found: AbstractContextManager[None] = self._capture.global_and_fixture_disabled()
        return found
