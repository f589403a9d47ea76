"""The window in which conversations are looked at, one after the other."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Self

from playwright.sync_api import Error

from releasegate.core.facts.inbox import Conversation
from releasegate.core.facts.page import Event
from releasegate.probes.browser.site import Site
from releasegate.probes.browser.steps import StuckOnPage
from releasegate.probes.browser.thread import Thread
from releasegate.probes.browser.visit import Visit


class Desk:
    """The window in which a conversation stays open, so that the next look at it costs no new start.

    Whoever leaves something lying about in it (a viewer that does not close) calls `leave`. `url` is where it was
    last; `events` are what went wrong in it so far, `tried` counts the conversations that were to be
    opened, and `opened` those that were.
    """

    def __init__(self, site: Site) -> None:
        self.site = site
        self.url = site.frontend.url
        self.tried = self.opened = 0
        self.events: list[Event] = []
        self._window = ExitStack()
        self._thread: Thread | None = None
        self._visit: Visit | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.leave()

    @contextmanager
    def thread(self, conversation: Conversation) -> Iterator[Thread]:
        """Give `conversation`, opened as a person would unless it is open already. Raises StuckOnPage."""
        try:
            if self._thread is None or self._thread.conversation.id != conversation.id:
                self._thread = self._open(conversation)
            self._thread.refresh()
            yield self._thread
        except StuckOnPage:
            self.leave()
            raise
        except Error as error:
            raise self._stuck(error) from error

    def leave(self) -> None:
        """Close the window, and keep what went wrong in it."""
        self._thread = self._visit = None
        self._window.close()

    def _open(self, conversation: Conversation) -> Thread:
        self.leave()
        visit = self._visit = self._window.enter_context(self.site.visit())
        self._window.callback(self._keep, visit)
        self.tried += 1
        visit.open_conversation(conversation)
        self.opened += 1
        return Thread(visit, conversation)

    def _stuck(self, error: Error) -> StuckOnPage:
        """Leave the window, and return what to raise where the browser could not go on in it."""
        shown = self._visit.picture() if self._visit else b""
        self.leave()
        said = f"{self.url}: the browser could not go on: {str(error).splitlines()[0]}"
        return StuckOnPage(said, screenshot=shown)

    def _keep(self, visit: Visit) -> None:
        self.url = visit.page.url
        self.events += [event for event in visit.events() if event.counts]
