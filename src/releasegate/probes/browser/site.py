"""The deployment's page in a real browser: one browser, one login per run, a clean window for every look."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterable, Iterator
from dataclasses import asdict
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from urllib.parse import urlsplit

from playwright.sync_api import Browser, BrowserContext, Error, sync_playwright

from releasegate.change.models import Change
from releasegate.core import CannotMeasure
from releasegate.core.durations import parse_duration
from releasegate.core.facts.page import LoginFacts
from releasegate.core.settings import for_children
from releasegate.probes.browser import executable
from releasegate.probes.browser.finding import Locators
from releasegate.probes.browser.interception import Cut, Interception, Rules
from releasegate.probes.browser.kept import Kept, KeptLogin
from releasegate.probes.browser.login import Login
from releasegate.probes.browser.steps import StuckOnPage, address
from releasegate.probes.browser.visit import Visit
from releasegate.target.models import Frontend, Target

_IN_PAGE = Path(__file__).with_name("in_page.js")


class Site:
    """What the gates look at. `slowest_s` is the longest that one state may take to appear.

    `sizes` are the files that were tried apart from the page: (address, kind) -> width and height, None for dead.
    """

    def __init__(self, browser: Browser, target: Target, change: Change, kept: KeptLogin) -> None:
        if target.frontend is None:
            raise CannotMeasure("the target has no [frontend]")
        self.target = target
        self.frontend: Frontend = target.frontend
        self.change = change
        self.locators = Locators(target.locators)
        self.slowest_s = parse_duration(target.browser.slowest, where="browser.slowest").total_seconds()
        self.media_hosts: set[str] = set()
        self._browser = browser
        self._kept = kept
        self._picture = b""
        self._shared: BrowserContext | None = None
        self.sizes: dict[tuple[str, str], tuple[int, int] | None] = {}
        self._known: tuple[LoginFacts, dict[str, Any] | None] | None = None

    @contextlib.contextmanager
    def visit(self, *, logged_in: bool = True, cuts: Iterable[Cut] = (), bare: bool = False) -> Iterator[Visit]:
        """Give a new window. `cuts` answer some requests otherwise; `bare` ignores the page's content policy.

        Windows that only look share cookies, storage and a renderer, as the tabs of one person do: a new one costs
        half a second of processor time. A window with `cuts` shares nothing, for what another window has loaded
        already is not asked for again. Raises CannotMeasure when logging in is needed and did not work: it is tried
        once per run.
        """
        cuts = list(cuts)
        is_apart = bool(cuts) or bare or not logged_in
        context = self._context(logged_in=logged_in, bare=bare) if is_apart else self._shared_context()
        visit = None
        try:
            visit = self._window(context, cuts)
            yield visit
        except Error as error:
            where = visit.page.url if visit else self.frontend.url
            raise StuckOnPage(f"{where}: the browser could not go on: {str(error).splitlines()[0]}") from error
        finally:
            with contextlib.suppress(Error):  # the browser has gone with it
                if is_apart:
                    context.close()
                elif visit:
                    visit.page.close()

    @property
    def login(self) -> LoginFacts:
        """How the run's one login went; it happens with the first question."""
        return self._login()[0]

    @property
    def login_picture(self) -> bytes:
        """What the page showed where the login got stuck, as JPEG; nothing when it worked or somebody else tried."""
        self._login()
        return self._picture

    def url(self, path: str) -> str:
        """Return a whole address on the page's host."""
        return address(self.frontend.url, path)

    def knows_hosts_of(self, urls: Iterable[str]) -> None:
        """Let the page ask the hosts that the data's own media live on, as every user's browser does (GET only)."""
        self.media_hosts |= {urlsplit(url).hostname or "" for url in urls} - {""}

    def _rules(self) -> Rules:
        backend = self.target.backend
        return Rules.of(
            urls=[self.frontend.url, *([backend.url] if backend else [])],
            hosts=[*self.frontend.hosts, *self.media_hosts],
            writes=self.frontend.allow_writes,
            typed=(self.frontend.email, _password(self.frontend)),
        )

    def _window(self, context: BrowserContext, cuts: list[Cut]) -> Visit:
        page = context.new_page()
        interception = Interception(self._rules(), cuts=cuts)
        page.route("**/*", lambda route: interception.handle(route))  # noqa: PLW0108  Playwright marks the handler it is given
        return Visit(self, page, interception)

    def _shared_context(self) -> BrowserContext:
        """Return the one context of the windows that only look."""
        if self._shared is None:
            self._shared = self._context(logged_in=True, bare=False)
        return self._shared

    def _context(self, *, logged_in: bool, bare: bool) -> BrowserContext:
        state = self._session() if logged_in else None
        settings = self.target.browser
        context = self._browser.new_context(
            storage_state=state["state"] if state else None,
            viewport={"width": settings.viewport[0], "height": settings.viewport[1]},
            locale=settings.locale,
            timezone_id=settings.timezone,
            service_workers="block",
            accept_downloads=False,
            bypass_csp=bare,
            ignore_https_errors=bool(self.target.backend and not self.target.backend.verify_tls),
        )
        context.set_default_timeout(self.slowest_s * 1000)
        context.add_init_script(path=_IN_PAGE)
        if state and state["session_storage"]:
            context.add_init_script(_restoring(self.frontend.url, state["session_storage"]))
        others = Interception(self._rules())  # windows that the page itself opens
        context.route("**/*", lambda route: others.handle(route))  # noqa: PLW0108  Playwright marks the handler it is given
        return context

    def _session(self) -> dict[str, Any]:
        facts, state = self._login()
        if not facts.is_in or state is None:
            raise CannotMeasure(f"not logged in, so nothing behind the login could be looked at: {facts.trouble}")
        return state

    def _login(self) -> tuple[LoginFacts, dict[str, Any] | None]:
        """Return how the login went and what it left behind, from the run's file where somebody tried before."""
        if self._known is None:
            kept = self._kept.get(self._log_in)
            facts = LoginFacts(**{**kept["facts"], "answers": tuple(kept["facts"]["answers"])})
            self._known = (facts, kept["state"])
        return self._known

    def _log_in(self) -> Kept:
        path = self.change.interface.page.path if self.change.interface and self.change.interface.page else "/"
        with self.visit(logged_in=False) as visit:
            try:
                login = Login(visit.page, visit.listener, self.frontend, self.locators, self.slowest_s)
                facts = login.go(path)
            except StuckOnPage as error:
                facts = LoginFacts(url=self.url(path), is_in=False, landed=visit.page.url, trouble=str(error))
            except Error as error:
                trouble = str(error).splitlines()[0]
                facts = LoginFacts(url=self.url(path), is_in=False, landed=visit.page.url, trouble=trouble)
            self._picture = b"" if facts.is_in else visit.picture()
            return {"facts": asdict(facts), "state": _left_behind(visit) if facts.is_in else None}


def _environment(own: str) -> dict[str, str | float | bool]:
    """Return the browser's environment: what it keeps for itself goes to `own`, not to the operator's folders."""
    return {**for_children(), "XDG_CONFIG_HOME": own, "XDG_CACHE_HOME": own}


@contextlib.contextmanager
def open_site(target: Target, change: Change, run_folder: Path) -> Iterator[Site]:
    """Start the browser, and stop it at the end; nothing is asked for before the first look.

    `run_folder` is the same for every process of a run; what the login left lies there while one of them is open.
    Raises CannotMeasure where no browser can be had.
    """
    with TemporaryDirectory(prefix="releasegate-", ignore_cleanup_errors=True) as own, sync_playwright() as playwright:
        path = executable.find(playwright, target.browser.executable)
        try:
            browser = playwright.chromium.launch(
                executable_path=path,
                args=executable.flags(sandbox=target.browser.sandbox),
                env=_environment(own),
            )
        except Error as error:
            raise CannotMeasure(f"{path} did not start: {str(error).splitlines()[0]}") from error
        kept = KeptLogin(run_folder)
        try:
            with kept.in_use():
                yield Site(browser, target, change, kept)
        finally:
            browser.close()


def _password(frontend: Frontend) -> str:
    return frontend.password.get_secret_value() if frontend.password else ""


def _left_behind(visit: Visit) -> dict[str, Any]:
    """Return cookies, local storage and session storage."""
    kept = visit.page.evaluate("({...sessionStorage})")
    return {"state": visit.page.context.storage_state(indexed_db=True), "session_storage": kept}


def _restoring(url: str, values: dict[str, str]) -> str:
    parts = urlsplit(url)
    origin = json.dumps(f"{parts.scheme}://{parts.netloc}")
    return (
        f"if (location.origin === {origin} && !sessionStorage.length)"
        f" for (const [key, value] of Object.entries({json.dumps(values)})) sessionStorage.setItem(key, value);"
    )
