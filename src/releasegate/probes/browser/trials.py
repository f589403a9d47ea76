"""Media files tried apart from the page: whether this browser can show them, and how large they are."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import ExitStack
from typing import TYPE_CHECKING
from urllib.parse import urljoin

from playwright.sync_api import Error, Request

from releasegate.core.facts.inbox import Medium
from releasegate.probes.browser.interception import Cut
from releasegate.probes.browser.steps import StuckOnPage
from releasegate.probes.browser.visit import Visit

if TYPE_CHECKING:
    from releasegate.probes.browser.site import Site

Size = tuple[int, int]

_TRY = """([url, kind, budget]) => new Promise((done) => {
  const el = kind === 'image' ? new Image() : document.createElement('video');
  const size = () => [el.naturalWidth || el.videoWidth || 1, el.naturalHeight || el.videoHeight || 1];
  const end = (is) => done(is ? size() : null);
  el.onload = el.onloadedmetadata = () => end(true);
  el.onerror = () => end(false);
  setTimeout(() => end(false), budget);
  if (kind !== 'image') { el.preload = 'metadata'; el.muted = true; }
  el.src = url;
  if (kind !== 'image') el.load();
})"""


class Trials:
    """The files that were tried, each once, in a window that stays open: a new one is half a second of work.

    Its document is the site's own without its scripts and its content policy: what those prevent is the page's fault,
    not the file's. (A document answered from here would not do: Chromium lets none such load files of this machine.)
    """

    def __init__(self, site: Site) -> None:
        self._site = site
        self._sizes: dict[tuple[str, str], Size | None] = {}
        self._hosts: dict[str, str] = {}
        self._others: dict[str, tuple[str, ...]] = {}
        self._by_other: set[str] = set()
        self._open = ExitStack()
        self._visit: Visit | None = None

    def know(self, media: Iterable[Medium]) -> None:
        """Have each medium tried by its other addresses too, where its own shows nothing."""
        self._others |= {medium.url: medium.others for medium in media if medium.others}

    def is_own(self, url: str) -> bool:
        """Whether what was tried is the file at `url` itself, and not what the API hands out for it (a cut-out)."""
        return url not in self._by_other

    def sizes_of(self, media: Iterable[tuple[str, str]]) -> dict[str, Size | None]:
        """Return for each (url, kind) the size in pixels that this browser decodes, None for none.

        Raises StuckOnPage where the window cannot be had.
        """
        wanted = list(dict.fromkeys(media))
        try:
            for url, kind in wanted:
                if (url, kind) not in self._sizes:
                    self._sizes[url, kind] = self._try(url, kind)
        except Error as error:
            self.close()
            where = self._site.frontend.url
            raise StuckOnPage(f"{where}: the browser could not go on: {str(error).splitlines()[0]}") from error
        return {url: self._sizes[url, kind] for url, kind in wanted}

    def host_of(self, url: str) -> str:
        """Return the host that nobody listed to which a file that was tried leads, "" for none."""
        return self._hosts.get(url, "")

    def close(self) -> None:
        """Close the window; the next file opens another."""
        self._visit = None
        self._open.close()

    def _try(self, url: str, kind: str) -> Size | None:
        found = self._try_at(url, kind)
        for other in () if found else self._others.get(url, ()):
            found = self._try_at(other, kind)
            if found:
                self._by_other.add(url)
                return found
        return found

    def _try_at(self, url: str, kind: str) -> Size | None:
        site, visit = self._site, self._window()
        led = visit.interception.led
        bases = [site.frontend.url, *([site.target.backend.url] if site.target.backend else [])]
        for whole in dict.fromkeys(urljoin(base, url) for base in bases):
            before = len(led)
            found = visit.page.evaluate(_TRY, [whole, kind, site.slowest_s * 1000])
            if found:
                return found[0], found[1]
            if len(led) > before:
                self._hosts[url] = led[-1].host
        return None

    def _window(self) -> Visit:
        if self._visit is None:
            cut = Cut(fits=_is_script, status=200, content_type="text/javascript")
            visit = self._open.enter_context(self._site.visit(bare=True, cuts=[cut]))
            visit.page.goto(self._site.frontend.url, wait_until="domcontentloaded")
            self._visit = visit
        return self._visit


def _is_script(request: Request) -> bool:
    return request.resource_type == "script"
