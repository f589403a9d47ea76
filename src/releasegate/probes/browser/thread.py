"""One conversation on the page: which of its messages are there, and how each of their media stands."""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from dataclasses import asdict, replace
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from playwright.sync_api import Error

from releasegate.core import Measurement
from releasegate.core.facts.inbox import Conversation, Medium, Message
from releasegate.core.facts.page import MediumFacts, Shown, ThreadFacts
from releasegate.probes.browser.addresses import forms_of, is_for
from releasegate.probes.browser.interception import not_listed
from releasegate.probes.browser.received import loaded
from releasegate.probes.browser.repeats import with_repeats
from releasegate.probes.browser.site import Site
from releasegate.probes.browser.steps import StuckOnPage
from releasegate.probes.browser.visit import Visit
from releasegate.probes.browser.waiting import POLL_MS

if TYPE_CHECKING:
    from releasegate.probes.browser.desk import Desk

_SETTLED = frozenset({Shown.PAINTED, Shown.PLAYER, Shown.BROKEN})
_GRACE_S = 3  # for what is not there though the thread was scrolled from end to end: a page may draw it late


def look_at_thread(desk: Desk, conversation: Conversation) -> Measurement[ThreadFacts]:
    """Look at the media of one conversation; files that are not shown are tried apart from the page."""
    began = time.monotonic()
    try:
        with desk.thread(conversation) as thread:
            facts = thread.look()
            picture = thread.visit.picture(outlined=thread.worst(facts.media))
    except StuckOnPage as error:
        facts = ThreadFacts(conversation=conversation.id, url=desk.url, messages=len(conversation.messages),
                            trouble=str(error))  # fmt: skip
        picture = error.screenshot
    facts = _with_life(desk.site, facts)
    return Measurement(
        value=facts, unit="media", rows=len(facts.media), query=f"open conversation {conversation.id} at {facts.url}",
        duration_s=time.monotonic() - began, shown=asdict(facts),
        blobs={"conversation.jpg": picture} if picture else {},
    )  # fmt: skip


class Thread:
    """An open conversation. `messages` are those that the page received, as far as its traffic tells."""

    def __init__(self, visit: Visit, conversation: Conversation) -> None:
        self.visit = visit
        self.conversation = conversation
        self.loaded: frozenset[str] | None = None
        self.messages: tuple[Message, ...] = ()
        self._answers = -1
        self.refresh()
        self._unavailable = unavailable_text(visit.site)

    def refresh(self) -> None:
        """See again which messages the page received: scrolling, and following a reply, may load more of them."""
        answers = len(self.visit.listener.responses)
        if answers == self._answers:
            return
        self._answers = answers
        self.loaded = loaded(self.visit, self.conversation)
        self.messages = tuple(message for message in self.conversation.messages if self.holds(message.id))

    def holds(self, message: str) -> bool:
        """Whether the page received a message, as far as its traffic tells."""
        return self.loaded is None or message in self.loaded

    def look(self) -> ThreadFacts:
        """Bring every medium into sight, and say how it stands."""
        media = self.bring_up(self.media)
        state = self.ask()
        return ThreadFacts(
            conversation=self.conversation.id,
            url=self.visit.page.url,
            messages=len(self.conversation.messages),
            loaded=None if self.loaded is None else len(self.loaded),
            found=len(state["found"]),
            media=with_repeats(self, media),
            unavailable=state["unavailable"],
            errors=self.visit.listener.data_errors(),
            answered_by_us=tuple(dict.fromkeys(self.visit.interception.answered)),
            unlisted=self.visit.interception.unlisted,
            led_to=self.visit.interception.led_to,
            way_on=self.visit.interception.way_on,
            sockets=tuple(self.visit.listener.sockets.items()),
        )

    @property
    def media(self) -> tuple[Medium, ...]:
        """The media of the messages that the page received, of the kinds that the release promises to show."""
        interface = self.visit.site.change.interface
        kinds = interface.kinds if interface else ()
        return tuple(medium for message in self.messages for medium in message.media if medium.kind in kinds)

    def ask(self) -> dict[str, Any]:
        """Return how everything stands now; rows and media are kept inside the page under their keys."""
        quoted = {reply.original.id for reply in self.conversation.replies if reply.original}
        asked = [
            {
                "id": one.id, "text": one.text[:120], "whole": one.text, "quoted": one.id in quoted,
                "needles": [forms_of(medium) for medium in one.media],
            }
            for one in self.messages
        ]  # fmt: skip
        css = self.visit.locators.css
        given = {"css": css("message"), "thumbnail": css("thumbnail"), "fallback": css("fallback")}
        answer: dict[str, Any] = self.visit.evaluate(
            "thread", {"messages": asked, "unavailable": self._unavailable, **given}
        )
        return answer

    def bring_up(self, media: Sequence[Medium]) -> list[MediumFacts]:
        """Scroll each medium into sight until it stands, within the budget; return how each stands.

        Raises StuckOnPage where the page did not receive the message of one, and where it asks a host for them that the
        target does not list: what stands there is ours.
        """
        keys = [self.key_of(medium) for medium in media]
        self.ask()
        for medium, key in zip(media, keys, strict=True):
            if self.visit.site.patience > 0 and not self._await(key, medium.url):
                self.visit.site.patience -= 1
        states = {entry["key"]: entry for entry in self.ask()["media"]}
        facts = [_medium_facts(medium, states[key]) for medium, key in zip(media, keys, strict=True)]
        self.require_asked(keys, [fact.url for fact in facts if not fact.shown.is_shown or fact.says_unavailable])
        return facts

    def key_of(self, medium: Medium) -> str:
        """Return the key under which the page keeps the element that shows `medium`.

        Raises StuckOnPage where the page did not receive its message.
        """
        key = self.keys.get(medium)
        if key is None:
            raise StuckOnPage(
                f"message {medium.message}: the page did not load it: it received {len(self.messages)} of the "
                f"{len(self.conversation.messages)} that the API lists of conversation {self.conversation.id}; "
                "name one that it shows in the target's [samples] messages",
                screenshot=self.visit.picture(),
            )
        return key

    def worst(self, media: Sequence[MediumFacts]) -> Any:
        """Return what the picture is about: the message of the first medium that is not shown, else what is too often.

        The first medium where all is well.
        """
        gone = next((one for one in media if not one.shown.is_shown or one.says_unavailable), None)
        if gone is not None:
            return self.visit.kept(f"row {gone.message}")
        keys = [self.key_of(medium) for medium in self.media]
        often = [key for one, key in zip(media, keys, strict=True) if one.spare or one.copies or one.strays]
        found = (self.visit.kept(f"{kind}{key}") for key in [*often, *keys][:1] for kind in ("copy 0 ", "stray 0 ", ""))
        return next((element for element in found if element is not None), None)

    def stands(self, medium: Medium) -> bool:
        """Whether the element that shows `medium` is still on the page, and shows it."""
        return self.visit.evaluate("standing", self.key_of(medium)) is not None

    def require_asked(self, keys: Sequence[str], not_shown: Iterable[str]) -> None:
        """See that nothing of ours stands under `keys`, and that no file of `not_shown` was kept from its host.

        Raises StuckOnPage, which names the hosts that the target does not list.
        """
        interception = self.visit.interception
        ours = {url for kind, url in interception.blocked if kind in ("image", "media")}
        shown = self.visit.evaluate("sources", keys) if ours else []
        hosts = {urlsplit(url).hostname or "" for url in shown if url.split("?")[0] in ours}
        hosts |= self._hosts_of(not_shown)
        if hosts:
            raise StuckOnPage(
                not_listed(f"the pictures are asked of {', '.join(sorted(hosts))}"), screenshot=self.visit.picture()
            )

    def _hosts_of(self, urls: Iterable[str]) -> set[str]:
        """Return the hosts that were not asked though those of the files `urls` led to them."""
        led = self.visit.interception.led
        return {one.host for url in urls for one in led if any(is_for(url, step) for step in one.urls)}

    @property
    def keys(self) -> dict[Medium, str]:
        """The keys under which the page keeps what shows the media of the messages that it received."""
        return {
            medium: f"medium {message.id} {place}"
            for message in self.messages
            for place, medium in enumerate(message.media)
        }

    def _await(self, key: str, url: str) -> bool:
        began, turns, direction = time.monotonic(), 0, -0.8
        while time.monotonic() - began < (_GRACE_S if turns > 1 else self.visit.site.slowest_s):
            if self._stands(key) or self._hosts_of([url]):
                return True
            if not self._scroll_to(key, direction):
                direction, turns = -direction, turns + 1
            self.visit.page.wait_for_timeout(POLL_MS)
        return False

    def _stands(self, key: str) -> bool:
        """Whether a medium has come to stand; the page is searched again only where its element is not known."""
        state = self.visit.evaluate("standing", key)
        if state is None or Shown(state) not in _SETTLED:
            entry = next(entry for entry in self.ask()["media"] if entry["key"] == key)
            return Shown(entry["state"]) in _SETTLED or bool(entry["says"])
        return True

    def _scroll_to(self, key: str, direction: float) -> bool:
        """Bring the element into sight; where there is none yet, scroll on. Return whether anything moved."""
        element = self.visit.kept(key)
        if element is None:
            return bool(self.visit.evaluate("scrollBy", direction))
        try:
            element.evaluate("el => el.scrollIntoView({block: 'center', behavior: 'instant'})")
        except Error:  # redrawn in between: the next look finds it again
            return True
        return True


def unavailable_text(site: Site) -> str:
    """Return the pattern of the text that stands in the place of a dead medium, "" where none is promised."""
    interface = site.change.interface
    shown = (interface.fallback or interface.old_media) if interface else None
    return shown.text if shown else ""


def _with_life(site: Site, facts: ThreadFacts) -> ThreadFacts:
    """Try the files that are not shown, and those that the page calls unavailable, on an empty page."""
    doubtful = [(one.url, one.kind) for one in facts.media if not one.shown.is_shown or one.says_unavailable]
    if not doubtful:
        return facts
    alive = site.trials.sizes_of(doubtful)
    hosts = sorted({host for url, _ in doubtful if (host := site.trials.host_of(url))})
    if hosts:
        return replace(facts, trouble=not_listed(f"the pictures are asked of {', '.join(hosts)}"))
    media = tuple(replace(one, is_alive=alive[one.url] is not None) if one.url in alive else one for one in facts.media)
    return replace(facts, media=media)


def _medium_facts(medium: Medium, entry: dict[str, Any]) -> MediumFacts:
    return MediumFacts(
        url=medium.url, kind=medium.kind, message=medium.message, is_old=medium.is_old, shown=Shown(entry["state"]),
        tied_by=entry["tied"], says_unavailable=entry["says"],
    )  # fmt: skip
