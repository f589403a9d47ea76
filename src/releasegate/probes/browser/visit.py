"""One window on the page: getting to the inbox and into a conversation, and keeping what was seen on the way."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Any

from playwright.sync_api import Error, Locator, Page

from releasegate.core.facts.inbox import Conversation
from releasegate.core.facts.page import Event
from releasegate.probes.browser.finding import Locators, either, locate, names_there, visible
from releasegate.probes.browser.interception import Interception
from releasegate.probes.browser.listening import Listener
from releasegate.probes.browser.pictures import picture, readable
from releasegate.probes.browser.saying import Saying
from releasegate.probes.browser.steps import StuckOnPage, press, run, stuck
from releasegate.probes.browser.waiting import poll, settle
from releasegate.target.models import BrowserStep, StepsName

if TYPE_CHECKING:
    from releasegate.probes.browser.site import Site


_LONG_NUMBER = 7  # digits: an id that nothing else has by chance
_OTHER_WAY = "where the page calls it otherwise, name it: [locators.conversation], or [frontend.steps] conversation"
_MOST_TURNS = 6  # of a list of conversations: further down nobody looks


class Visit:
    """A window with nothing in it yet. What it raises is StuckOnPage; what goes wrong on the page are events."""

    def __init__(self, site: Site, page: Page, interception: Interception, *, has_session: bool = True) -> None:
        self.site = site
        self._has_session = has_session
        self.page = page
        self.interception = interception
        self.listener = Listener(page, interception, site.recording)

    @property
    def locators(self) -> Locators:
        """How things are found on this target's page."""
        return self.site.locators

    def events(self) -> list[Event]:
        """Return what went wrong on the page so far."""
        return self.listener.events()

    def picture(self, outlined: Any = None) -> bytes:
        """Return what the window shows, as JPEG, masked as the target says, with an element outlined and in sight."""
        if outlined is not None:
            self._outline(outlined, "4px solid #d6336c")
        try:
            found = picture(self.page, self.site.target.browser.mask, texts=self.readable())
        finally:
            if outlined is not None:
                self._outline(outlined, "")
        window = self.page.viewport_size or {"width": 0, "height": 0}
        self.site.recording.pictured(self.listener.window, found, (window["width"], window["height"]))
        return found

    def readable(self) -> tuple[str, ...] | None:
        """Return the texts that a picture may show, as patterns; None: every text.

        Before a login there is nothing of customers: there every short text may be read, but not what was typed. Only
        where that is certain: no session was given, no login was let through, and the page asks who one is.
        """
        rules = self.interception.rules
        answers = [one.status for one in list(self.listener.responses) if rules.carries_typed(one.request)]
        is_outside = not self._has_session and all(status >= 400 for status in answers) and self.site.asks_who(self)
        return (".",) if is_outside else readable(self.site.target, self.site.change)

    def doing(self, what: str) -> AbstractContextManager[None]:
        """Record what is done meanwhile; ids and names of controls, never what a person wrote."""
        return self.site.recording.doing(self.listener.window, what)

    def _outline(self, element: Any, outline: str) -> None:
        with contextlib.suppress(Error):  # redrawn in between
            element.evaluate("(el, outline) => __releasegate.outline(el, outline)", outline)

    def open(self, path: str) -> int | None:
        """Go to a path of the page; return the status, None where nothing answered."""
        try:
            with self.doing(f"open {path}"):
                response = self.page.goto(self.site.url(path), wait_until="load")
        except Error as error:
            said = self.interception.way_on or str(error).splitlines()[0]
            raise StuckOnPage(f"{self.site.url(path)}: {said}", screenshot=self.picture()) from error
        self.settle()
        return response.status if response else None

    def settle(self) -> None:
        """Wait until the page is complete and changes no more."""
        settle(self.page, self.listener, self.site.slowest_s)

    def open_inbox(self) -> None:
        """Go to where the conversations are listed."""
        with self._naming_hosts():
            self._go_to_the_list()

    def _go_to_the_list(self) -> None:
        self.open(self._start())
        again = self.page.context in self.site.been_in
        run(self.page, "after_reload", self._steps("after_reload"), self.site.frontend.url, {}, again=again)
        if self._steps("inbox"):
            run(self.page, "inbox", self._steps("inbox"), self.site.frontend.url, self._secrets(), again=again)
            self.settle()
        self.site.been_in.add(self.page.context)

    def open_conversation(self, conversation: Conversation) -> None:
        """Open `conversation` from the list, as a person would. Raises StuckOnPage where it is not listed."""
        self.open_inbox()
        self.enter(conversation)
        self.settle()

    def enter(self, conversation: Conversation) -> None:
        """Go from the list into `conversation`, without waiting for what it shows."""
        steps = self._steps("conversation")
        values = {"id": conversation.id, "conversation": next(iter(conversation.names), "")}
        with self._naming_hosts(), self.doing(f"enter conversation {conversation.id}"):
            if steps:
                run(self.page, "conversation", steps, self.site.frontend.url, {**values, **self._secrets()})
            else:
                where = f"conversation {conversation.id}: its entry in the list"
                press(self.page, self._entry_of(conversation, values), where, role="link")

    @contextlib.contextmanager
    def _naming_hosts(self) -> Iterator[None]:
        """Where one gets stuck, name the host that was not asked, if the page or its data is there."""
        try:
            yield
        except StuckOnPage as error:
            way_on = self.interception.way_on
            if not way_on or way_on in str(error):
                raise
            raise StuckOnPage(f"{way_on} ({error})", screenshot=error.screenshot) from error

    def saying(self) -> Saying:
        """Return what the window says now."""
        return Saying.of(self.evaluate("saying"))

    def evaluate(self, name: str, argument: Any = None) -> Any:
        """Ask the script inside the page."""
        return self.page.evaluate(f"argument => __releasegate.{name}(argument)", argument)

    def kept(self, key: str) -> Locator | Any:
        """Return the element that the script inside the page keeps under `key`, None where it keeps none."""
        return self.page.evaluate_handle("key => __releasegate.kept.get(key) ?? null", key).as_element()

    def _entry_of(self, conversation: Conversation, values: dict[str, str]) -> Locator | Any:
        def look() -> Locator | Any | None:
            return self._entry_now(conversation, values)

        found = look() or self._after_going_to_the_list(look) or self._further_down(look)
        found = found or self._by_number(conversation, last=True)
        if found is None:
            wanted = either(conversation.names[:2]) if conversation.names else conversation.id
            where = f"conversation {conversation.id} ({wanted} in the list)"
            raise stuck(self.page, where, role="link", instead=_OTHER_WAY)
        return found

    def _after_going_to_the_list(self, look: Any) -> Locator | None:
        """Follow a link that is named like an inbox, where the list is not on the first page."""
        link = self.locators.first(self.page, "inbox")
        if link is not None:
            press(self.page, link, f"the way to the list ({self.locators.describe('inbox')})", role="link")
            self.settle()
        budget_s = self.site.slowest_s if link is not None else 0
        found: Locator | None = poll(self.page, look, lambda entry: entry is not None, budget_s)
        return found

    def _further_down(self, look: Any) -> Locator | None:
        """Scroll the list to its end, or ask for more of it, a few times."""
        for _ in range(_MOST_TURNS):
            more = self.locators.first(self.page, "more")
            if more is not None:
                press(self.page, more, f"what shows more of the list ({self.locators.describe('more')})")
            elif not self.evaluate("scrollLists", None):
                return None
            self.settle()
            found: Locator | None = look()
            if found is not None:
                return found
        return None

    def _entry_now(self, conversation: Conversation, values: dict[str, str]) -> Locator | Any | None:
        given = self.locators.given.get("conversation")
        if given is not None:
            return visible(locate(self.page, given, values))
        entry = self._by_number(conversation, last=not conversation.names)
        if entry is not None:
            return entry
        is_number = _is_short_number(conversation.id)
        wanted = [] if is_number else [self.page.locator(selector) for selector in _entries_by_id(conversation.id)]
        wanted += [self.page.get_by_text(name, exact=True) for name in conversation.names]
        wanted += [self.page.get_by_text(name) for name in conversation.names]
        return next(filter(None, map(visible, wanted)), None)

    def _by_number(self, conversation: Conversation, *, last: bool) -> Any | None:
        """Return the entry of a conversation whose id is a short number; None for others, and where nothing tells."""
        if not _is_short_number(conversation.id):
            return None
        asked = {
            "css": ", ".join(_entries_by_id(conversation.id)), "names": conversation.names,
            "neighbours": conversation.neighbours, "last": last,
        }  # fmt: skip
        return self.kept("entry") if self.evaluate("entry", asked) else None

    def _steps(self, name: StepsName) -> Sequence[BrowserStep]:
        return self.site.frontend.steps.get(name, ())

    def _start(self) -> str:
        interface = self.site.change.interface
        return interface.page.path if interface and interface.page else "/"

    def _secrets(self) -> dict[str, str]:
        frontend = self.site.frontend
        password = frontend.password.get_secret_value() if frontend.password else ""
        return {"${EMAIL}": frontend.email, "${PASSWORD}": password}


def _is_short_number(key: str) -> bool:
    """Whether an id is one that other things on a page have too: a person, a page of the list, a saved search."""
    return key.isdecimal() and len(key) < _LONG_NUMBER


def _entries_by_id(key: str) -> tuple[str, ...]:
    """Return the selectors of what carries a conversation's id; 7 is not the conversation of /inbox/17."""
    key = key.replace("\\", r"\\").replace('"', r"\"")
    ends = [f'a[href$="{mark}{key}"]' for mark in "/=-_#:"]
    inside = [f'a[href*="{before}{key}{after}"]' for before in "/=-_#:" for after in "/?&#"]
    ids = [f'[id="{key}"]', *(f'[id$="{mark}{key}"]' for mark in "-_:/")]
    data = [f'[{name}="{key}"]' for name in ("data-id", "data-conversation", "data-conversation-id")]
    return (", ".join([*ends, *inside, *data[:1], *ids]), ", ".join(data[1:]))


__all__ = ["Visit", "names_there"]
