"""The page, loaded in a browser beside the rounds."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from releasegate.change.models import Change
from releasegate.core import CannotMeasure
from releasegate.core.facts.watch import PageLook
from releasegate.probes.browser.loading import look_at_page
from releasegate.probes.browser.site import open_site
from releasegate.target.models import Target

_LAST_WAIT_S: Final = 60.0  # for a load that is under way when the watch ends; slower is a finding of its own
_LOADS_PER_LOGIN: Final = 4  # logins may be rationed, and sessions end


@dataclass(slots=True)
class PageWatch:
    """Loads the page every so many rounds, one load at a time, in a thread of its own: a round never waits for it.

    `every` is how many rounds lie between two loads. `under_way` belongs to this class.
    """

    load: Callable[[], PageLook]
    every: int
    hands: ThreadPoolExecutor = field(default_factory=lambda: ThreadPoolExecutor(max_workers=1))
    under_way: Future[PageLook] | None = None

    def look(self, number: int, *, is_last: bool) -> PageLook | None:
        """Begin a load where one is due, and return one that has ended since the round before; None without one.

        The last round waits for a load that is under way, so that a short watch has one too.
        """
        if self.under_way is None and number % self.every == 0:
            self.under_way = self.hands.submit(self.load)
        if self.under_way is None or not (is_last or self.under_way.done()):
            return None
        ended, self.under_way = self.under_way, None
        try:
            return ended.result(timeout=_LAST_WAIT_S)
        except TimeoutError:
            return PageLook(status=None, took_ms=_LAST_WAIT_S * 1000, error=f"not loaded within {_LAST_WAIT_S:.0f} s")

    def close(self) -> None:
        """Let the load that is under way end; no other begins."""
        self.hands.shutdown(cancel_futures=True)


@contextmanager
def open_page(target: Target, change: Change, every: int) -> Iterator[PageWatch]:
    """Give the page of a target; every load starts a browser and ends it, so that none grows for two hours.

    What a login leaves is kept for a few loads, in a private folder that is removed at the end.
    """
    with TemporaryDirectory(prefix="releasegate-watch-", ignore_cleanup_errors=True) as own:
        page = PageWatch(_Loads(target, change, Path(own)).load, every)
        try:
            yield page
        finally:
            page.close()


@dataclass(slots=True)
class _Loads:
    target: Target
    change: Change
    folder: Path
    began: float = field(default_factory=time.time)  # so that a login that failed is not tried again at every load
    done: int = 0

    def load(self) -> PageLook:
        """Load the page once; a browser that cannot start or go on is an answer, and ends nothing."""
        began = time.monotonic()
        login = self.folder / f"{self.done // _LOADS_PER_LOGIN}.json"
        self.done += 1
        try:
            with open_site(self.target, self.change, login, began=self.began) as site:
                page, events = look_at_page(site)
        except CannotMeasure as trouble:
            return PageLook(status=None, took_ms=_ms_since(began), error=str(trouble))
        shapes = tuple(sorted({event.shape for event in events.value}))
        return PageLook(
            status=page.value.status, took_ms=round(page.duration_s * 1000, 1), shapes=shapes, error=page.value.error
        )


def _ms_since(began: float) -> float:
    return round((time.monotonic() - began) * 1000, 1)
