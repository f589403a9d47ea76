"""What goes wrong while somebody works with the page: opens conversations, looks at pictures, closes them again."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from contextlib import suppress

from releasegate.core import Measurement
from releasegate.core.facts.inbox import Conversation, Medium, Message, Samples
from releasegate.core.facts.page import Event, Shown
from releasegate.probes.browser.desk import Desk
from releasegate.probes.browser.loading import events_measured
from releasegate.probes.browser.site import Site
from releasegate.probes.browser.steps import StuckOnPage
from releasegate.probes.browser.viewer import Choice

_MOST_TRIED = 6  # files of a kind that are tried before the kind counts as dead


def choose(site: Site, samples: Samples, desk: Desk | None = None) -> list[Choice]:
    """Return for each kind that the release promises to show the first medium whose file this browser can show.

    Of pictures that it can show nowhere else (asked for with a header of the page's own), one that stands in `desk`.
    """
    interface = site.change.interface
    kinds = interface.kinds if interface else ()
    return [choice for kind in kinds for choice in _first_alive(site, samples, kind, desk)]


def one_of_several(site: Site, samples: Samples, desk: Desk | None = None) -> list[Choice]:
    """Return the last medium of a message with several, where its file can be shown: which one opens tells most."""
    interface = site.change.interface
    kinds = interface.viewed if interface else ()
    found = [(conversation, message.viewed(kinds)[-1]) for conversation, message in samples.with_several]
    return _alive(site, found[:_MOST_TRIED], desk)


def within_reach(desk: Desk, choices: Iterable[Choice]) -> Iterator[Choice]:
    """Give the choices, each opened in `desk` when its turn comes; where the page did not load one, another like it.

    A page may load fewer messages of a conversation than the API lists. Where there is no other, and where the
    conversation cannot be opened, it is the same one: whoever looks at it says what is wrong.
    """
    is_stuck = False
    for conversation, medium in choices:
        found = medium
        try:
            found = medium if is_stuck else _loaded_like(desk, conversation, medium)
        except StuckOnPage:
            is_stuck = True
        yield conversation, found


def several_within_reach(desk: Desk, samples: Samples) -> tuple[Conversation, Message] | None:
    """Return the first message with several attachments that the page loads; the first of all where it loads none."""
    found = samples.with_several
    for conversation, message in found[:_MOST_TRIED]:
        try:
            with desk.thread(conversation) as thread:
                if thread.holds(message.id):
                    return conversation, message
        except StuckOnPage:
            break
    return next(iter(found), None)


def _loaded_like(desk: Desk, conversation: Conversation, medium: Medium) -> Medium:
    """Return `medium`, or one of its kind, of a message with as many, that the page did load. Raises StuckOnPage."""
    with desk.thread(conversation) as thread:
        if thread.holds(medium.message):
            return medium
        there = [one for one in _fresh(conversation.media) if one.kind == medium.kind and thread.holds(one.message)]
    alike = [one for one in there if is_alone(conversation, one) == is_alone(conversation, medium)]
    found = [(conversation, one) for one in reversed(alike or there)]
    return next((one for _, one in _alive(desk.site, found[:_MOST_TRIED])), medium)


def is_alone(conversation: Conversation, medium: Medium) -> bool:
    """Whether a medium is the only one of its message."""
    return all(len(message.media) == 1 for message in conversation.messages if message.id == medium.message)


def events_of(desk: Desk) -> Measurement[tuple[Event, ...]]:
    """Return what went wrong in the desk's windows so far, the one that is open included."""
    began = time.monotonic()
    desk.leave()
    query = f"console and network of {desk.opened} opened conversations"
    return events_measured(tuple(desk.events), desk.opened, query, time.monotonic() - began)


def _first_alive(site: Site, samples: Samples, kind: str, desk: Desk | None) -> list[Choice]:
    found: list[Choice] = []
    for conversation in samples.conversations:
        found += [(conversation, medium) for medium in _fresh(conversation.media) if medium.kind == kind]
    found.sort(key=lambda choice: choice[1].message not in samples.first)
    return _alive(site, found[:_MOST_TRIED], desk)


def _alive(site: Site, choices: list[Choice], desk: Desk | None = None) -> list[Choice]:
    """Return the first choice whose file this browser can show, as a list of one or none.

    Where there is none, the first whose file is on a host that nobody listed: whoever looks at it says so. Else the
    first picture that stands on the page.
    """
    for choice in choices:
        if site.trials.sizes_of([(choice[1].url, choice[1].kind)])[choice[1].url]:
            return [choice]
    away = [choice for choice in choices if site.trials.host_of(choice[1].url)][:1]
    return away or (_painted(desk, choices) if desk else [])


def _painted(desk: Desk, choices: Iterable[Choice]) -> list[Choice]:
    """Return the first of `choices` that is a picture and stands on the page, as a list of one or none.

    Of a film that stands there nobody knows yet whether this browser can play it.
    """
    with suppress(StuckOnPage):
        for conversation, medium in choices:
            with desk.thread(conversation) as thread:
                is_there = medium.kind == "image" and thread.holds(medium.message)
                if is_there and thread.bring_up([medium])[0].shown is Shown.PAINTED:
                    return [(conversation, medium)]
    return []


def _fresh(media: Iterable[Medium]) -> list[Medium]:
    """Return media of which each address stands in the conversation once: those cannot be mistaken for another."""
    known = list(media)
    return [one for one in known if sum(other.url == one.url for other in known) == 1]
