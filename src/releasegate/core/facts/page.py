"""What a browser saw: what the page logged, what it showed, and what it did when somebody clicked."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from releasegate.core.log_text import shape_of

Size = tuple[float, float]  # width and height, in CSS pixels
_ROUNDING = 0.98


class Kind(StrEnum):
    """What happened on a page."""

    CONSOLE = "console error"
    UNCAUGHT = "uncaught error"
    FAILED = "failed request"


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """One thing that went wrong on a page, as the browser tells it.

    `url` is the resource or the script it is about, `status` its HTTP status (None: no answer, or no request).
    `is_ours` says that this program caused it by answering or cutting off a request; `is_medium` that it is a file
    which the data names, so that its death is the data's; `after_ours` that this program had answered a request of
    the same page before, which may have upset it.
    """

    kind: Kind
    text: str
    url: str = ""
    status: int | None = None
    page: str = ""
    is_ours: bool = False
    is_medium: bool = False
    after_ours: bool = False

    @property
    def counts(self) -> bool:
        """Whether it can be the page's fault."""
        return not (self.is_ours or self.is_medium)

    @property
    def shape(self) -> str:
        """What tells it from others of its kind, without numbers, ids, quoted text and build hashes."""
        place = self.url.split("?")[0].split("#")[0] if self.kind is Kind.FAILED or "load resource" in self.text else ""
        return f"{self.kind}: {shape_of(self.text)} {shape_of(place.partition('://')[2].partition('/')[2])}".strip()

    @property
    def shown(self) -> dict[str, Any]:
        """What evidence keeps."""
        return {"kind": str(self.kind), "text": self.text, "url": self.url, "status": self.status, "shape": self.shape}


@dataclass(frozen=True, slots=True, kw_only=True)
class Asset:
    """One script or style sheet; `status` is None where nothing answered, `sha256` "" where there was no body."""

    url: str
    kind: str
    status: int | None
    sha256: str = ""

    @property
    def is_loaded(self) -> bool:
        """Whether it came: 2xx, or 304 from the browser's own memory."""
        return self.status is not None and (200 <= self.status < 300 or self.status == 304)


@dataclass(frozen=True, slots=True, kw_only=True)
class PageFacts:
    """One page as it was loaded. `status` is None where nothing answered; then `error` says why.

    `words` counts the words that are visible, `pictures` the visible pictures. `marks` are where the page shows its
    build: name -> value. `texts` are the promised texts (by name) that stand in what was loaded. `blocked` are
    addresses on hosts that the target does not list. `sideways` is by how many CSS pixels the page is wider than the
    window: (name of the width, its pixels, pixels too many). `unlisted` are all hosts that were not asked, for the
    target does not list them; `led_to` those that were, for another host's answer led the browser there. `not_asked`
    counts the scripts and styles of hosts that were not asked; `is_kept_out` says that the page itself was on one.
    `from_server` says that at least half of its words stand in the document as it was sent: a server wrote the page,
    and not its scripts.
    """

    url: str
    status: int | None
    title: str = ""
    words: int = 0
    pictures: int = 0
    error: str = ""
    assets: tuple[Asset, ...] = ()
    marks: tuple[tuple[str, str], ...] = ()
    texts: tuple[str, ...] = ()
    blocked: tuple[str, ...] = ()
    sideways: tuple[tuple[str, int, int], ...] = ()
    unlisted: tuple[str, ...] = ()
    led_to: tuple[str, ...] = ()
    not_asked: int = 0
    from_server: bool = False
    is_kept_out: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class LoginFacts:
    """How logging in by the page's own form went. `trouble` says where it got stuck, with what was there instead.

    `answers` are the statuses of the requests that carried what was typed; `survives` whether one was still logged
    in after a reload, None where it was not tried. `prepared` is how one was logged in without the form ("state",
    "token", "none"), "" for the form. `is_kept_out` says that the page led on to a host that nobody listed.
    """

    url: str
    is_in: bool
    landed: str = ""
    trouble: str = ""
    answers: tuple[str, ...] = ()
    survives: bool | None = None
    said: str = ""
    prepared: str = ""
    is_kept_out: bool = False


class Shown(StrEnum):
    """How a medium stands on the page."""

    PAINTED = "painted"  # decoded by the browser
    PLAYER = "player"  # a video or audio that waits for a click before it loads anything
    WAITING = "still loading"
    BROKEN = "broken"
    LINK = "only a link"
    HIDDEN = "there but invisible"
    MISSING = "not there"

    @property
    def is_shown(self) -> bool:
        """Whether a person sees the medium."""
        return self in (Shown.PAINTED, Shown.PLAYER)


@dataclass(frozen=True, slots=True, kw_only=True)
class MediumFacts:
    """How one medium of the data stands in the thread.

    `is_alive` says whether this browser can show the file on an empty page; None where it was not tried.
    `tied_by` is how it was recognised: its address, or the message it stands in. `says_unavailable` that the
    message shows the fallback text. `spare` is how often it stands in its message beyond what the data says, `copies`
    how often its whole message stands in the conversation again, both 0 where that cannot be told; `strays` are the
    ids of other messages that show it though their data has none of it.
    """

    url: str
    kind: str
    message: str
    is_old: bool
    shown: Shown
    tied_by: str = ""
    is_alive: bool | None = None
    says_unavailable: bool = False
    spare: int = 0
    copies: int = 0
    strays: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ThreadFacts:
    """One conversation as the page shows it.

    `loaded` counts the messages that the page received, None where its traffic does not tell; `found` those of
    them that are on the page. `media` are those of the loaded messages. `errors` are requests for data that
    answered 4xx, 5xx or not at all; `answered_by_us` the requests that this program answered itself meanwhile, and
    `unlisted` the hosts that it did not ask; `led_to` those not listed that an answer led the browser to. `way_on`
    says which data of a listed host is on one that was not asked. `sockets` are the page's WebSockets, with how many
    messages it sent.
    `trouble` says why the conversation could not be looked at. `unavailable` counts the places where the text
    that says so is visible.
    """

    conversation: str
    url: str
    messages: int
    loaded: int | None = None
    found: int = 0
    media: tuple[MediumFacts, ...] = ()
    unavailable: int = 0
    errors: tuple[str, ...] = ()
    answered_by_us: tuple[str, ...] = ()
    unlisted: tuple[str, ...] = ()
    led_to: tuple[str, ...] = ()
    way_on: str = ""
    sockets: tuple[tuple[str, int], ...] = ()
    trouble: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Enlarged:
    """What stood in the viewer: the medium and its size in CSS pixels.

    `is_same` is None where neither its address nor its proportions nor what is painted tell. `says_unavailable` that
    the fallback text stands there.
    """

    shown: Shown
    width: float = 0
    height: float = 0
    is_same: bool | None = None
    says_unavailable: bool = False


def is_large(size: Size, thumbnail: Size, window: Size) -> bool:
    """Whether a medium is larger than its thumbnail in one direction at least, or fills half the window."""
    pairs = zip(size, thumbnail, window, strict=True)
    return any(one > least * _ROUNDING or one > most / 2 for one, least, most in pairs)


@dataclass(frozen=True, slots=True, kw_only=True)
class ViewerFacts:
    """What a click on one thumbnail did.

    `covers` is the share of the window that lies under the viewer, 0 to 1; `thumbnail` and `window` are sizes in
    CSS pixels. `controls` are the names of what can be clicked in it; `is_playable` says of a video whether it plays
    or can be made to. `trouble` says why nobody could look.
    """

    conversation: str
    message: str
    url: str
    kind: str
    opened: bool = False
    covers: float = 0.0
    enlarged: Enlarged | None = None
    thumbnail: tuple[float, float] = (0, 0)
    window: tuple[float, float] = (0, 0)
    controls: tuple[str, ...] = ()
    is_playable: bool | None = None
    trouble: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ClosingFacts:
    """Whether one way of closing closed the viewer; `found` is the name of what was clicked, "" for none found."""

    way: str
    message: str
    closed: bool
    found: str = ""
    controls: tuple[str, ...] = ()
    trouble: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ArrowFacts:
    """Whether an arrow led from one attachment to the one it should lead to.

    `led_on` is None where neither address nor proportions tell which one is shown.
    """

    way: str
    message: str
    attachments: int
    led_on: bool | None
    found: str = ""
    controls: tuple[str, ...] = ()
    trouble: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyboardFacts:
    """The viewer without a mouse. None is what could not be tried: there was nothing to begin with.

    `takes_focus`: the thumbnail can be reached; `enter_opens`; `focus_goes_in` when it opens; `focus_comes_back` when
    it closes; `keys_turn`: the right arrow key leads to the next attachment.
    """

    conversation: str
    message: str
    takes_focus: bool = False
    enter_opens: bool | None = None
    focus_goes_in: bool | None = None
    focus_comes_back: bool | None = None
    keys_turn: bool | None = None
    trouble: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class EndsFacts:
    """A viewer with several attachments at its last one, and one with a single attachment.

    `counters` are what counts them at the first and at the last ("1/3", "" where nothing does); `wraps` that going
    on from the last leads to the first again, None where it was not reached, `wraps_back` that going back from the
    first leads to the last, None where it was not tried; `arrows_alone` the names of arrows that can be pressed beside
    a single attachment, that of message `alone`.
    """

    conversation: str
    message: str
    attachments: int
    counters: tuple[str, str] = ("", "")
    wraps: bool | None = None
    wraps_back: bool | None = None
    arrows_alone: tuple[str, ...] | None = None
    alone: str = ""
    trouble: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class AgainFacts:
    """The same medium opened and closed `wanted` times, of which `opened` opened; `how` it was closed.

    `lost` counts the openings that took a second click.
    `background_moved` says that the conversation behind scrolled under the wheel while it was open.
    """

    conversation: str
    message: str
    wanted: int
    opened: int = 0
    how: str = ""
    lost: int = 0
    background_moved: bool = False
    trouble: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplyFacts:
    """How one reply stands on the page.

    `row` says whether the message itself could be found, `loaded` whether the page received it at all, as far as
    its traffic tells. `says_reply` is the promised text beside it; `shows_preview` whether the original's first
    words stand there, None where it has none (only media) or where they are too few to tell. `says_gone` is, for a
    deleted original, whether the promised text stands there, None where none is promised. `shows_gone_text` that
    the deleted original's words stand there all the same. `other_sender` says that the box names somebody else of
    the conversation, and not who wrote the original; `names_sender` whether the message names who did, None where
    that is not promised, or where the page's name for this person is not known; `knows_sender` whether a name of who
    wrote it is known at all, None where it is not promised. `height` is how much of the
    window's the preview takes, 0 to 1. `leads` says whether a click on the box brings the original into sight, None
    where it offers none, or where the original is in sight already.
    """

    conversation: str
    message: str
    row: bool
    says_reply: bool = False
    shows_preview: bool | None = None
    is_gone: bool = False
    says_gone: bool | None = None
    shows_gone_text: bool = False
    other_sender: bool = False
    names_sender: bool | None = None
    knows_sender: bool | None = None
    height: float = 0.0
    leads: bool | None = None
    loaded: bool = True
    trouble: str = ""


class DeadWay(StrEnum):
    """In which way a medium's file was dead."""

    NOT_FOUND = "answered 404"
    TIMED_OUT = "timed out"
    REFUSED = "refused"
    HTML = "answered with HTML"
    BROKEN = "answered with a broken file"


@dataclass(frozen=True, slots=True, kw_only=True)
class FallbackFacts:
    """What the page made of a medium whose file was cut off in the browser.

    `cut` counts the requests answered so; `broken_icons` the pictures that show as broken; `moved` the neighbouring
    messages whose box changed; `jumped` by how many pixels its own message grew (below 0: shrank); `overflows` that
    the page scrolls sideways as it did not before. `errors` are uncaught ones that the whole conversation did not
    cause. `clicked` says that what stands in its place was clicked, `viewer` what stood in the viewer that this opened,
    None where none opened.
    """

    conversation: str
    message: str
    url: str
    cut: int
    way: DeadWay = DeadWay.NOT_FOUND
    says_unavailable: bool = False
    broken_icons: int = 0
    moved: int = 0
    neighbours: int = 0
    jumped: float = 0.0
    overflows: bool = False
    errors: tuple[Event, ...] = ()
    clicked: bool = True
    viewer: Enlarged | None = None
    trouble: str = ""


class Trouble(StrEnum):
    """What became of the page's own request for messages."""

    FAILED = "answered 500"
    LATE = "answered 10 s late"
    OFFLINE = "sent without a network"


@dataclass(frozen=True, slots=True, kw_only=True)
class ErrorFacts:
    """Whether the page shows a request for messages in trouble otherwise than an empty conversation.

    `request` is the page's own request, "" where none could be told. `is_told` says whether the page said something,
    or gave a sign, that it gives neither with its messages nor without any; None where the comparison could not be
    made. Where it did not, `reads` says what there is instead: "empty" as without messages, "blank" no word at all,
    "silent" some words of either. `came` says, of a late answer, whether the messages stood there once it had come.
    """

    conversation: str
    request: str
    what: Trouble = Trouble.FAILED
    is_told: bool | None = None
    reads: str = "empty"
    came: bool | None = None
    trouble: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Barrier:
    """One rule of axe that is broken: its id, its impact (minor to critical), on how many elements, one of them."""

    rule: str
    impact: str
    elements: int
    example: str = ""

    @property
    def is_serious(self) -> bool:
        """Whether it keeps somebody from using the page."""
        return self.impact in ("serious", "critical")


@dataclass(frozen=True, slots=True, kw_only=True)
class AccessFacts:
    """What axe says of the new parts of a page: `where` they are, how many `parts` were looked at."""

    where: str
    parts: int
    barriers: tuple[Barrier, ...] = ()
    trouble: str = ""
