"""How far a long look has come, on one line of a terminal that the next verdict overwrites."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Final

import pytest

_EVERY_S: Final = 0.2  # often enough to be seen moving
_WIDTH: Final = 30

Told = Callable[[int, int], None]


@pytest.fixture(scope="session")
def progress(pytestconfig: pytest.Config) -> Callable[[str], Told]:
    """Return `progress(what)`: a function that shows a bar in a terminal, and nothing elsewhere."""
    return lambda what: _Bar(pytestconfig, what).told


class _Bar:
    """One bar; `what` is the word behind its numbers."""

    def __init__(self, config: pytest.Config, what: str) -> None:
        self._reporter = config.pluginmanager.get_plugin("terminalreporter")
        self._capture = config.pluginmanager.get_plugin("capturemanager")
        self._what = what
        self._last = 0.0

    def told(self, done: int, total: int) -> None:
        """Show that `done` of `total` are done, at most every 0.2 s; the last one takes the line away."""
        is_last = done >= total
        if self._reporter is None or self._capture is None or not self._reporter.isatty():
            return
        if not is_last and time.monotonic() - self._last < _EVERY_S:
            return
        self._last = time.monotonic()
        with self._capture.global_and_fixture_disabled():
            self._reporter.rewrite("" if is_last else bar(done, total, self._what), erase=True)


def bar(done: int, total: int, what: str) -> str:
    """Return the line: a bar, and the numbers in words."""
    filled = _WIDTH * done // max(1, total)
    return f"[{'#' * filled}{'.' * (_WIDTH - filled)}] {done} of {total} {what}"
