"""What the page is when it is loaded: its answer, its words, its scripts and styles, the marks of its build."""

from __future__ import annotations

import contextlib
import re
import time
from dataclasses import asdict, replace
from typing import Any
from urllib.parse import urlsplit

from playwright.sync_api import Error

from releasegate.core import Measurement
from releasegate.core.facts.inbox import Conversation
from releasegate.core.facts.page import Asset, Event, LoginFacts, PageFacts
from releasegate.probes.browser.site import Site
from releasegate.probes.browser.steps import StuckOnPage
from releasegate.probes.browser.visit import Visit
from releasegate.probes.browser.waiting import poll

_MARKS = """() => {
  const found = {};
  const named = /^(.*[^a-z])?(build|commit|revision|git.?sha|sha|version|release)([^a-z].*)?$/i;
  for (const meta of document.querySelectorAll('meta[name], meta[property]')) {
    const name = meta.name || meta.getAttribute('property');
    if (named.test(name)) found[`meta ${name}`] = meta.content;
  }
  for (const el of [document.documentElement, document.body]) {
    for (const one of el?.attributes ?? []) if (named.test(one.name)) found[`${el.localName} ${one.name}`] = one.value;
  }
  for (const key of Object.keys(window)) {
    if (named.test(key.replace(/([a-z])([A-Z])/g, '$1_$2')) && typeof window[key] === 'string') {
      found[`window.${key}`] = window[key];
    }
  }
  if (window.__NEXT_DATA__?.buildId) found['__NEXT_DATA__.buildId'] = String(window.__NEXT_DATA__.buildId);
  return found;
}"""
_SENT_WORDS = """(html) => {
  const sent = new DOMParser().parseFromString(html, 'text/html');
  for (const el of sent.querySelectorAll('script, style, noscript, template')) el.remove();
  return (sent.body?.textContent.match(/\\p{L}+/gu) ?? []).length;
}"""
_PAINTED = """() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(
  () => done(__releasegate.sideways()))))"""
_STEADY_FRAMES = 3
_NEEDED = ("document", "script", "stylesheet", "fetch", "xhr")  # without which a page may show nothing
_ASSETS = ("script", "stylesheet")
WIDTHS = (("phone", 390, 844), ("tablet", 820, 1180), ("desktop", 1280, 800))  # CSS pixels of common devices
_HEADERS = ("x-commit", "x-git-sha", "x-build", "x-build-id", "x-revision", "x-version", "x-app-version", "x-release")


def look_at_page(
    site: Site, *, in_all_widths: bool = False
) -> tuple[Measurement[PageFacts], Measurement[tuple[Event, ...]]]:
    """Load the page as somebody who is logged in where that works, else as a stranger; also return what went wrong.

    `in_all_widths` also tries it as wide as a phone, a tablet and a desktop.
    """
    began = time.monotonic()
    path = site.change.interface.page.path if site.change.interface and site.change.interface.page else "/"
    with site.visit(logged_in=site.login.is_in) as visit:
        facts = _facts(site, visit, path)
        facts = replace(facts, sideways=_sideways(visit) if in_all_widths and facts.status else ())
        events = tuple(event for event in visit.events() if event.counts)
        blobs = {"page.jpg": visit.picture()}
    took = time.monotonic() - began
    page = Measurement(
        value=facts, unit="pages", rows=1, query=f"GET {facts.url} in a browser", duration_s=took,
        shown=asdict(facts), blobs=blobs,
    )  # fmt: skip
    return page, events_measured(events, 1, f"console and network of {facts.url}", took)


def look_into_a_conversation(site: Site, conversation: Conversation) -> Measurement[tuple[Event, ...]]:
    """Open a conversation, and return what went wrong on the way there and in it, as far as one came."""
    began = time.monotonic()
    with site.visit() as visit:
        with contextlib.suppress(StuckOnPage):
            visit.open_conversation(conversation)
        events = tuple(event for event in visit.events() if event.counts)
    query = f"console and network of conversation {conversation.id}"
    return events_measured(events, 1, query, time.monotonic() - began)


def login_measured(site: Site) -> Measurement[LoginFacts]:
    """Return how the run's one login by the page's form went."""
    began = time.monotonic()
    facts = site.login
    picture = site.login_picture
    return Measurement(
        value=facts, unit="logins", rows=1, query=f"log in by the form of {facts.url}",
        duration_s=time.monotonic() - began, shown=asdict(facts), blobs={"login.jpg": picture} if picture else {},
    )  # fmt: skip


def wrong_password_measured(site: Site) -> Measurement[LoginFacts]:
    """Return how one login with a wrong password went; only where the target asks: it may lock an account."""
    began = time.monotonic()
    facts, picture = site.try_wrong_password()
    return Measurement(
        value=facts, unit="logins", rows=1, query=f"log in at {facts.url} with a wrong password",
        duration_s=time.monotonic() - began, shown=asdict(facts), blobs={"wrong-password.jpg": picture},
    )  # fmt: skip


def last_events(site: Site, when: str) -> Measurement[list[str]]:
    """Return what the browser did last before something failed, in a test's setup, call or teardown.

    The whole recording lies beside it: `playwright show-trace trace.zip`.
    """
    told = site.recording.told
    return Measurement(
        value=told,
        unit="events",
        rows=len(told),
        query=f"the browser's last events, when the {when} failed",
        duration_s=0,
        blobs={"trace.zip": site.recording.as_trace()},
    )


def events_measured(
    events: tuple[Event, ...], pages: int, query: str, duration_s: float
) -> Measurement[tuple[Event, ...]]:
    """Return events of `pages` pages as a measurement."""
    shown = [event.shown for event in events]
    return Measurement(value=events, unit="pages", rows=pages, query=query, duration_s=duration_s, shown=shown)


def _facts(site: Site, visit: Visit, path: str) -> PageFacts:
    try:
        status = visit.open(path)
    except StuckOnPage as error:
        kept = visit.interception.gone
        return PageFacts(
            url=site.url(path), status=None, error=str(error), is_kept_out=bool(kept), unlisted=tuple(kept)
        )
    words, pictures = visit.page.evaluate("[__releasegate.words(), __releasegate.pictures()]")
    return PageFacts(
        url=visit.page.url,
        status=status,
        title=visit.page.title(),
        words=words,
        pictures=pictures,
        assets=_once(visit.listener.assets()),
        marks=_marks(visit),
        texts=_texts_in_code(site, visit),
        unlisted=visit.interception.unlisted,
        led_to=visit.interception.led_to,
        blocked=tuple(dict.fromkeys(url for kind, url in visit.interception.blocked if kind in _NEEDED)),
        not_asked=len({url for kind, url in visit.interception.blocked if kind in _ASSETS}),
        from_server=words > 0 and 2 * _words_sent(visit) >= words,
    )


def _words_sent(visit: Visit) -> int:
    """Return how many words the document had as it was sent; 0 where the browser keeps it no more."""
    sent = [
        response
        for response in list(visit.listener.responses)
        if response.request.resource_type == "document"
        and response.ok
        and response.url == visit.page.url.partition("#")[0]
    ]
    try:
        return int(visit.page.evaluate(_SENT_WORDS, sent[-1].text())) if sent else 0
    except Error:
        return 0


def _sideways(visit: Visit) -> tuple[tuple[str, int, int], ...]:
    """Return by how much the page is too wide for a phone, a tablet and a desk; the window gets its own width back."""
    page, own = visit.page, visit.page.viewport_size
    found = []
    for name, width, height in WIDTHS:
        page.set_viewport_size({"width": width, "height": height})
        found.append((name, width, _steady_width(visit)))
    if own:
        page.set_viewport_size(own)
    return tuple(found)


def _steady_width(visit: Visit) -> int:
    """Return by how much the page is too wide once that stays the same from one painted frame to the next ones."""
    seen: list[int] = []

    def look() -> bool:
        seen.append(int(visit.page.evaluate(_PAINTED)))
        return len(seen) > _STEADY_FRAMES and len(set(seen[-_STEADY_FRAMES:])) == 1

    poll(visit.page, look, bool, visit.site.slowest_s)
    return seen[-1]


def _marks(visit: Visit) -> tuple[tuple[str, str], ...]:
    found: dict[str, Any] = visit.page.evaluate(_MARKS)
    for response in list(visit.listener.responses):
        if response.request.resource_type == "document":
            found |= {f"header {name}": value for name, value in _headers(response) if name in _HEADERS}
    paths = {urlsplit(asset.url).path for asset in visit.listener.assets()}
    found |= {f"asset {path}": path for path in paths if re.search(r"[0-9a-f]{7,40}", path)}
    return tuple((name, str(value)[:200]) for name, value in found.items())


def _headers(response: Any) -> list[tuple[str, str]]:
    try:
        return list(response.all_headers().items())
    except Error:
        return []


def _texts_in_code(site: Site, visit: Visit) -> tuple[str, ...]:
    """Return which of the texts that the release promises stand in the code that was loaded."""
    code = visit.listener.code()
    return tuple(name for name, pattern in promised_texts(site) if re.search(pattern, code, re.IGNORECASE))


def promised_texts(site: Site) -> tuple[tuple[str, str], ...]:
    """Return the texts that people see after the release: name -> pattern."""
    interface = site.change.interface
    if interface is None:
        return ()
    given = {"reply": interface.reply, "deleted_original": interface.deleted_original, "fallback": interface.fallback}
    return tuple((name, shown.text) for name, shown in given.items() if shown)


def _once(assets: tuple[Asset, ...]) -> tuple[Asset, ...]:
    return tuple({asset.url: asset for asset in assets}.values())
