"""The viewer that a click on a thumbnail opens: what it covers, what it shows, what closes it, where arrows lead."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import asdict
from typing import Any

from playwright.sync_api import Error

from releasegate.core import Measurement
from releasegate.core.facts.inbox import Conversation, Medium, Message
from releasegate.core.facts.page import ArrowFacts, ClosingFacts, Enlarged, Shown, ViewerFacts, is_large
from releasegate.probes.browser import words
from releasegate.probes.browser.addresses import forms_of
from releasegate.probes.browser.desk import Desk
from releasegate.probes.browser.site import Site
from releasegate.probes.browser.steps import StuckOnPage
from releasegate.probes.browser.thread import Thread, unavailable_text
from releasegate.probes.browser.visit import Visit
from releasegate.probes.browser.waiting import poll

_IS_OPEN = 0.5  # the share of the window from which on something counts as opened over it
IS_CLOSED = 0.1
_CLICK_MS = 3000  # for a control that is visible already: to become enabled, and to stop moving
_PUT_AWAY_S = 2  # whether it closes is judged by smoke/viewer-closes; here only the next look depends on it
_STILL_LOOKS = 4
_FADES_S = 2
_COMES_S = 1  # how long a control may take to come, once the medium is there
_WORDS = {"close": words.CLOSE, "next": words.NEXT, "previous": words.PREVIOUS}

Choice = tuple[Conversation, Medium]


class Viewer:
    """The viewer of one open conversation."""

    def __init__(self, thread: Thread) -> None:
        self.thread = thread
        self.visit: Visit = thread.visit
        self.css = self.visit.locators.css("viewer")
        self.thumbnail = (0.0, 0.0)

    def open(self, medium: Medium) -> tuple[float, float]:
        """Click the thumbnail of `medium` and return its size; raises StuckOnPage where it cannot be clicked."""
        self.thread.bring_up([medium])
        element = self.visit.kept(self.thread.key_of(medium))
        if element is None:
            raise StuckOnPage(
                f"message {medium.message}: its thumbnail is not on the page", screenshot=self.visit.picture()
            )
        element.scroll_into_view_if_needed()
        box = element.bounding_box() or {"width": 0.0, "height": 0.0}
        self.visit.evaluate("remember")
        try:
            with self.visit.doing(f"click the thumbnail of message {medium.message}"):
                element.click()
        except Error as error:
            reason = str(error).splitlines()[0]
            raise StuckOnPage(f"message {medium.message}: its thumbnail takes no click: {reason}") from error
        self.thumbnail = (box["width"], box["height"])
        return self.thumbnail

    def look(self, medium: Medium, ratio: float | None = None) -> dict[str, Any]:
        """Return how the viewer stands now, with `medium` as what it should show."""
        keys = self.thread.keys
        others = [other for other in self.thread.conversation.media if other.url != medium.url]
        asked = {
            "css": self.css, "needles": forms_of(medium), "others": [forms_of(other) for other in others],
            "key": keys.get(medium), "otherKeys": [keys[other] for other in others if other in keys],
            "ratio": ratio, "unavailable": unavailable_text(self.visit.site),
        }  # fmt: skip
        answer: dict[str, Any] = self.visit.evaluate("viewer", asked)
        return answer

    def await_medium(self, medium: Medium, ratio: float | None = None, *, grown: bool = False) -> dict[str, Any]:
        """Wait until the viewer is open and its medium stands, and shows `medium` where that can be told.

        What is smaller than the thumbnail may be a spinner; where it has to be `grown`, the medium may be on its way
        out of the thumbnail too.
        """
        return self._poll(
            lambda: self.look(medium, ratio),
            lambda state: _stands(state) and (bool(state["same"] and not grown) or self._is_large(state)),
        )

    def _is_large(self, state: dict[str, Any]) -> bool:
        window = self.visit.page.viewport_size or {"width": 0, "height": 0}
        return is_large((state["width"], state["height"]), self.thumbnail, (window["width"], window["height"]))

    def await_shown(self, medium: Medium, budget_s: float) -> None:
        """Wait until `medium` stands in the open viewer: many take no key while they open."""
        poll(self.visit.page, lambda: self.look(medium), _stands, budget_s)

    def await_still(self) -> None:
        """Wait until nothing in the viewer moves or fades; what plays or turns for ever is not waited for long."""
        seen: list[object] = []

        def look() -> bool:
            seen.append(self.visit.evaluate("poses", self.css))
            return len(seen) >= _STILL_LOOKS and all(one == seen[-1] for one in seen[-_STILL_LOOKS:])

        poll(self.visit.page, look, bool, _FADES_S)

    def await_closed(self, medium: Medium) -> bool:
        """Wait until the viewer is gone; return whether it went."""
        state = self._poll(lambda: self.look(medium), lambda state: state["covers"] < IS_CLOSED)
        return bool(state["covers"] < IS_CLOSED)

    def put_away(self, medium: Medium) -> bool:
        """Close what is open, by key or by button; return whether the conversation lies bare again."""
        return self.look(medium)["covers"] < IS_CLOSED or bool(self.shut(medium))

    def shut(self, medium: Medium, how: str = "Escape") -> str:
        """Close the viewer by `how`, else by key, else by its button; return what did it, "" where nothing does."""
        for way in dict.fromkeys((how, "Escape", "close")):
            if way == "Escape":
                self.visit.page.keyboard.press("Escape")
            elif not self.press("close"):
                continue
            if self._is_gone(medium):
                return way
        return ""

    def turn(self, way: str) -> str:
        """Press an arrow, by its key where no button is found; return the button's name."""
        found = self.press(way)
        if not found:
            self.visit.page.keyboard.press("ArrowRight" if way == "next" else "ArrowLeft")
        return found

    def usable(self, what: str) -> str:
        """Return the name of the control for `what` that can be pressed now, "" for none."""
        name, control = self._control(what, named=True)
        return name if control is not None and control.is_enabled() else ""

    def is_barred(self, what: str) -> bool:
        """Whether there is a control for `what`, and it cannot be pressed now."""
        _, control = self._control(what, named=True)
        return control is not None and not control.is_enabled()

    def _is_gone(self, medium: Medium) -> bool:
        state = poll(self.visit.page, lambda: self.look(medium), lambda now: now["covers"] < IS_CLOSED, _PUT_AWAY_S)
        return bool(state["covers"] < IS_CLOSED)

    def press(self, what: str) -> str:
        """Click the viewer's control for `what` (close, next, previous); return its name, "" where none was found.

        Some come only after the medium has faded in.
        """
        name, control = poll(self.visit.page, lambda: self._control(what), lambda found: found[1] is not None, _COMES_S)
        if control is not None:
            with self.visit.doing(f"click what is for {what}"):
                _try_to_click(control)
        return name

    def _control(self, what: str, *, named: bool = False) -> tuple[str, Any]:
        """Return the control for `what` with its name, ("", None) for none; `named` leaves out where one may stand."""
        given = self.visit.locators.first(self.visit.page, what) if what in self.visit.locators.given else None
        if given is not None:
            return self.visit.locators.describe(what), given
        asked = {"css": self.css, "what": what, "source": _WORDS[what].pattern, "named": named}
        name: str | None = self.visit.evaluate("control", asked)
        return (name, self.visit.kept("control")) if name else ("", None)

    def _poll(self, look: Callable[[], dict[str, Any]], is_done: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
        return poll(self.visit.page, look, is_done, self.visit.site.slowest_s)


def _try_to_click(element: Any) -> None:
    """Click, where that can be done: a control that is disabled or covered does nothing, and that is what it does."""
    with contextlib.suppress(Error):
        element.click(timeout=_CLICK_MS)


@contextlib.contextmanager
def viewer_of(desk: Desk, conversation: Conversation, medium: Medium) -> Iterator[Viewer]:
    """Give the viewer of a conversation, shut; it is put away again. Raises StuckOnPage."""
    with desk.thread(conversation) as thread:
        viewer = Viewer(thread)
        yield viewer
        if not viewer.put_away(medium):
            desk.leave()


def open_each(desk: Desk, choices: Iterable[Choice]) -> list[Measurement[ViewerFacts]]:
    """Click each chosen thumbnail, and say what opened."""
    return [_opened(desk, conversation, medium) for conversation, medium in choices]


def close_each(desk: Desk, choices: Iterable[Choice], ways: Sequence[str]) -> list[Measurement[ClosingFacts]]:
    """Open the viewer once for each of `ways` (button, escape), and say whether that closed it."""
    return [_closed(desk, conversation, medium, way) for conversation, medium in choices for way in ways]


def follow_arrows(desk: Desk, conversation: Conversation, message: Message) -> list[Measurement[ArrowFacts]]:
    """Open a message's first attachment, go on to the next and back again, and say where one came to."""
    began = time.monotonic()
    try:
        with viewer_of(desk, conversation, viewed(desk.site, message)[0]) as viewer:
            facts = _follow(viewer, message)
            picture = viewer.visit.picture(outlined=viewer.visit.kept("enlarged"))
    except StuckOnPage as error:
        count = len(viewed(desk.site, message))
        facts = [ArrowFacts(way="next", message=message.id, attachments=count, led_on=False, trouble=str(error))]
        picture = error.screenshot
    took = time.monotonic() - began
    return [measured(fact, "arrows", f"message {message.id}: arrow {fact.way}", took, picture) for fact in facts]


def _opened(desk: Desk, conversation: Conversation, medium: Medium) -> Measurement[ViewerFacts]:
    began = time.monotonic()
    ratio = ratio_of(desk.site, medium)
    try:
        with viewer_of(desk, conversation, medium) as viewer:
            thumbnail = viewer.open(medium)
            state = viewer.await_medium(medium, ratio, grown=True)
            is_shown = Shown(state["state"]).is_shown and not state["says"]
            viewer.thread.require_asked(["enlarged"], [] if is_shown else [medium.url])
            facts = _viewer_facts(conversation, medium, state, thumbnail, viewer.visit)
            picture = viewer.visit.picture(outlined=viewer.visit.kept("enlarged") if facts.opened else None)
    except StuckOnPage as error:
        facts = ViewerFacts(conversation=conversation.id, message=medium.message, url=medium.url, kind=medium.kind,
                            trouble=str(error))  # fmt: skip
        picture = error.screenshot
    return measured(facts, "thumbnails", f"click on {medium.url}", time.monotonic() - began, picture)


def _viewer_facts(
    conversation: Conversation, medium: Medium, state: dict[str, Any], thumbnail: tuple[float, float], visit: Visit
) -> ViewerFacts:
    window = visit.page.viewport_size or {"width": 0, "height": 0}
    return ViewerFacts(
        conversation=conversation.id,
        message=medium.message,
        url=medium.url,
        kind=medium.kind,
        opened=is_open(state),
        covers=state["covers"],
        enlarged=enlarged(state),
        thumbnail=thumbnail,
        window=(window["width"], window["height"]),
        controls=tuple(state["controls"]),
        is_playable=visit.evaluate(
            "isPlayable",
            {"css": visit.locators.css("viewer"), "others": {what: named.pattern for what, named in _WORDS.items()}},
        ),
    )


def enlarged(state: dict[str, Any]) -> Enlarged:
    """Return what stands in the viewer."""
    return Enlarged(
        shown=Shown(state["state"]),
        width=state["width"],
        height=state["height"],
        is_same=state["same"],
        says_unavailable=state["says"],
    )


def _closed(desk: Desk, conversation: Conversation, medium: Medium, way: str) -> Measurement[ClosingFacts]:
    began = time.monotonic()
    try:
        with viewer_of(desk, conversation, medium) as viewer:
            facts = _close(viewer, medium, way)
            left = viewer.thread.key_of(medium) if facts.closed else "enlarged"
            picture = viewer.visit.picture(outlined=viewer.visit.kept(left))
    except StuckOnPage as error:
        facts = ClosingFacts(way=way, message=medium.message, closed=False, trouble=str(error))
        picture = error.screenshot
    return measured(facts, "ways to close", f"click on {medium.url}, then {way}", time.monotonic() - began, picture)


def _close(viewer: Viewer, medium: Medium, way: str) -> ClosingFacts:
    viewer.open(medium)
    state = viewer.await_medium(medium)
    if not is_open(state):
        return ClosingFacts(way=way, message=medium.message, closed=False, trouble="no viewer opened")
    controls = tuple(state["controls"])
    if way == "escape":
        viewer.visit.page.keyboard.press("Escape")
        found = "Escape"
    else:
        found = viewer.press("close")
    closed = bool(found) and viewer.await_closed(medium)
    return ClosingFacts(way=way, message=medium.message, closed=closed, found=found, controls=controls)


def _follow(viewer: Viewer, message: Message) -> list[ArrowFacts]:
    media = viewed(viewer.visit.site, message)
    viewer.open(media[0])
    state = viewer.await_medium(media[0])
    if not is_open(state):
        return [
            ArrowFacts(way="next", message=message.id, attachments=len(media), led_on=False, trouble="no viewer opened")
        ]
    onward = _turn(viewer, message, len(media), way="next", to=media[1])
    if onward.led_on is False:  # there is nothing to come back from
        return [onward]
    return [onward, _turn(viewer, message, len(media), way="previous", to=media[0])]


def _turn(viewer: Viewer, message: Message, count: int, *, way: str, to: Medium) -> ArrowFacts:
    """Press one arrow (by its key where no button is found), and wait for the medium that it leads to."""
    ratio = ratio_of(viewer.visit.site, to)
    state = viewer.look(to, ratio)
    found = viewer.turn(way)
    after = viewer.await_medium(to, ratio)
    return ArrowFacts(
        way=way, message=message.id, attachments=count, led_on=_led_on(after), found=found,
        controls=tuple(state["controls"]),
    )  # fmt: skip


def _led_on(after: dict[str, Any]) -> bool | None:
    """Whether the medium is there that an arrow leads to, None where that cannot be told; an empty viewer has none."""
    same: bool | None = after["same"]
    return same if is_open(after) and after["state"] != Shown.MISSING else False


def viewed(site: Site, message: Message) -> tuple[Medium, ...]:
    """Return what the viewer shows of a message: its media of the kinds that a click opens."""
    interface = site.change.interface
    return message.viewed(interface.viewed if interface else ())


def ratio_of(site: Site, medium: Medium) -> float | None:
    """Return a medium's width by its height, None where this browser cannot show the file that the data names."""
    size = site.trials.sizes_of([(medium.url, medium.kind)])[medium.url]
    return size[0] / size[1] if size and site.trials.is_own(medium.url) else None


def is_open(state: dict[str, Any]) -> bool:
    return bool(
        state["covers"] >= _IS_OPEN
        or (state["state"] in ("painted", "player") and state["same"] and state["covers"] >= IS_CLOSED)
    )


def _stands(state: dict[str, Any]) -> bool:
    """Whether the viewer shows what was asked for; what it shows instead may still be on its way out."""
    return is_open(state) and state["state"] in ("painted", "player") and state["same"] is not False


def measured(facts: Any, unit: str, query: str, duration_s: float, picture: bytes) -> Measurement[Any]:
    return Measurement(
        value=facts, unit=unit, rows=1, query=query, duration_s=duration_s, shown=asdict(facts),
        blobs={"viewer.jpg": picture} if picture else {},
    )  # fmt: skip


__all__ = ["Choice", "Viewer", "close_each", "enlarged", "follow_arrows", "open_each", "ratio_of", "viewed"]
