"""The deployment's page in a real browser: one browser, one login per run, a clean window for every look."""

from __future__ import annotations

import contextlib
import hashlib
import json
import secrets
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict, replace
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from weakref import WeakSet

from playwright.sync_api import Browser, BrowserContext, Error, Page
from pydantic import SecretStr

from releasegate.change.models import Change
from releasegate.core import CannotMeasure
from releasegate.core.durations import parse_duration
from releasegate.core.facts.page import LoginFacts
from releasegate.probes.browser import inside, prepared
from releasegate.probes.browser.fence import Fence
from releasegate.probes.browser.finding import Locators
from releasegate.probes.browser.interception import Cut, Interception, Rules
from releasegate.probes.browser.kept import Kept, KeptLogin
from releasegate.probes.browser.login import Login
from releasegate.probes.browser.process import started
from releasegate.probes.browser.recording import Recording
from releasegate.probes.browser.steps import StuckOnPage, address, run
from releasegate.probes.browser.trials import Trials
from releasegate.probes.browser.visit import Visit
from releasegate.target.models import Frontend, Target

_MOST_STUCK = 5  # media that may each use up their whole time before the rest is taken as it stands


class Site:
    """What the gates look at. `slowest_s` is the longest that one state may take to appear.

    `trials` are of media files, apart from the page. `been_in` are the contexts (cookies and storage) in which the
    target's steps to the inbox were done.
    `patience` is how many more media may use up their whole time before the others are taken as they stand: a page that
    draws none must not keep the gate for minutes. `recording` is what the browser did last, in any window.
    """

    def __init__(self, browser: Browser, fence: Fence, target: Target, change: Change, kept: KeptLogin) -> None:
        if target.frontend is None:
            raise CannotMeasure("the target has no [frontend]")
        self.target = target
        self.frontend: Frontend = target.frontend
        self.change = change
        self.locators = Locators(target.locators)
        self.slowest_s = parse_duration(target.browser.slowest, where="browser.slowest").total_seconds()
        self.media_hosts: set[str] = set()
        self._browser = browser
        self._fence = fence
        self._kept = kept
        self._picture = b""
        self._shared: BrowserContext | None = None
        self.patience = _MOST_STUCK
        self.recording = Recording()
        self.trials = Trials(self)
        self.been_in: WeakSet[BrowserContext] = WeakSet()
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
        state = self._session() if logged_in else None
        context = partial(self._context, state, bare=bare) if is_apart else partial(self._shared_context, state)
        with self._look(context, cuts, has_session=state is not None, is_apart=is_apart) as visit:
            yield visit

    @property
    def login(self) -> LoginFacts:
        """How the run's one login went; it happens with the first question."""
        return self._login()[0]

    @property
    def login_picture(self) -> bytes:
        """What the page showed where the login got stuck, as JPEG; nothing when it worked or somebody else tried."""
        self._login()
        return self._picture

    def try_wrong_password(self) -> tuple[LoginFacts, bytes]:
        """Try to log in once with a password that is wrong; return how it went, and what the page showed."""
        wrong = self.frontend.model_copy(update={"password": SecretStr(f"wrong-{secrets.token_hex(6)}")})
        with self.visit(logged_in=False) as visit:
            visit.interception.rules = self._rules(wrong)
            return self._form(visit, wrong), visit.picture()

    def url(self, path: str) -> str:
        """Return a whole address on the page's host."""
        return address(self.frontend.url, path)

    def knows_hosts_of(self, urls: Iterable[str]) -> None:
        """Let the page ask the hosts that the data's own media live on, as every user's browser does (GET only)."""
        before = self._rules().hosts
        self.media_hosts |= {urlsplit(url).hostname or "" for url in urls} - {""}
        if self._rules().hosts != before:  # the fence around the windows that are open is that of before
            self._shared = None
            self.trials.close()

    @property
    def _written(self) -> tuple[int, str]:
        """What the page is answered when it writes."""
        return self.frontend.write_status, self.frontend.write_body

    def _rules(self, frontend: Frontend | None = None, *, has_session: bool = False) -> Rules:
        backend = self.target.backend
        return Rules.of(
            urls=[self.frontend.url, *([backend.url] if backend else [])],
            hosts=[*self.frontend.hosts, *self.media_hosts],
            writes=self.frontend.allow_writes,
            typed=(self.frontend.email, _password(frontend or self.frontend)),
            has_session=has_session,
        )

    def _window(self, context: BrowserContext, cuts: list[Cut], *, has_session: bool = True) -> Visit:
        page = context.new_page()
        rules = self._rules(has_session=has_session)
        interception = Interception(
            rules, cuts=cuts, written=self._written, is_fenced=self._fence.around(rules) is not None
        )
        _route(page, interception)
        return Visit(self, page, interception, has_session=has_session)

    def _shared_context(self, state: dict[str, Any] | None) -> BrowserContext:
        """Return the one context of the windows that only look."""
        if self._shared is None:
            self._shared = self._context(state)
        return self._shared

    def _context(self, state: dict[str, Any] | None, *, bare: bool = False) -> BrowserContext:
        settings, backend = self.target.browser, self.target.backend
        rules = self._rules(has_session=state is not None)
        context = self._browser.new_context(
            proxy=self._fence.around(rules),
            storage_state=state["state"] if state else None,
            viewport={"width": settings.viewport[0], "height": settings.viewport[1]},
            locale=settings.locale,
            timezone_id=settings.timezone,
            service_workers="block",
            accept_downloads=False,
            bypass_csp=bare,
            ignore_https_errors=not self.frontend.verify_tls or bool(backend and not backend.verify_tls),
        )
        context.set_default_timeout(self.slowest_s * 1000)
        context.add_init_script(inside.SCRIPT)
        if state and state["session_storage"]:
            context.add_init_script(_restoring(self.frontend.url, state["session_storage"]))
        others = Interception(rules, written=self._written)  # windows that the page itself opens
        _route(context, others)
        return context

    def _session(self) -> dict[str, Any]:
        facts, state = self._login()
        if not facts.is_in or state is None:
            raise CannotMeasure(f"not logged in, so nothing behind the login could be looked at: {facts.trouble}")
        return state

    def _login(self) -> tuple[LoginFacts, dict[str, Any] | None]:
        """Return how the login went and what it left behind, from the run's file where somebody tried before."""
        if self._known is None:
            kept = self._kept.get(self._whose, self._log_in, lambda kept: self._lets_in(kept["state"]).is_in)
            facts = LoginFacts(**{**kept["facts"], "answers": tuple(kept["facts"]["answers"])})
            self._known = (facts, kept["state"])
        return self._known

    @property
    def _whose(self) -> str:
        """What tells this login from another's: where, who and how, as a digest."""
        one = self.frontend
        parts = [one.url, one.login, one.email, _password(one), one.token.get_secret_value() if one.token else ""]
        parts += [Path(one.state).read_text("utf-8") if one.state and Path(one.state).exists() else ""]
        return hashlib.sha256("\0".join(parts).encode()).hexdigest()

    def _log_in(self) -> Kept:
        if self.frontend.login != "form":
            state = prepared.state_of(self.frontend)
            facts = replace(self._lets_in(state), prepared=self.frontend.login)
            return {"facts": asdict(facts), "state": state if facts.is_in else None}
        with self.visit(logged_in=False) as visit:
            facts = self._form(visit, self.frontend)
            self._picture = b"" if facts.is_in else visit.picture()
            return {"facts": asdict(facts), "state": _left_behind(visit) if facts.is_in else None}

    def _lets_in(self, state: dict[str, Any]) -> LoginFacts:
        """Open the page with a session that is given, and say whether it asks for a password."""
        path = self.change.interface.page.path if self.change.interface and self.change.interface.page else "/"
        with self._look(partial(self._context, state), [], has_session=True, is_apart=True) as visit:
            try:
                visit.open(path)
                run(visit.page, "first_visit", self.frontend.steps.get("first_visit", ()), self.frontend.url, {})
                is_in = not self.asks_who(visit)
                trouble = "" if is_in else f"{visit.page.url} asks who one is"
            except StuckOnPage as error:
                is_in, trouble = False, str(error)
            facts = LoginFacts(url=self.url(path), is_in=is_in, landed=visit.page.url, trouble=trouble)
            facts = _as_far_as_listed(visit, facts)
            self._picture = b"" if facts.is_in else visit.picture()
            return facts

    def asks_who(self, visit: Visit) -> bool:
        """Whether a window shows a login, or the first of its two steps."""

        def has(name: str) -> bool:
            return self.locators.first(visit.page, name) is not None

        return has("password") or (has("email") and (has("sign_in") or has("onward")))

    @contextlib.contextmanager
    def _look(
        self, context: Callable[[], BrowserContext], cuts: list[Cut], *, has_session: bool, is_apart: bool
    ) -> Iterator[Visit]:
        """Give a window and close it, with its context where that is its own; whatever the browser cannot, is said."""
        own = visit = None
        try:
            own = context()
            visit = self._window(own, cuts, has_session=has_session)
            yield visit
        except Error as error:
            where = visit.page.url if visit else self.frontend.url
            raise StuckOnPage(f"{where}: the browser could not go on: {str(error).splitlines()[0]}") from error
        finally:
            with contextlib.suppress(Error):  # the browser has gone with it
                if is_apart and own:
                    own.close()
                elif visit:
                    visit.page.close()

    def _form(self, visit: Visit, frontend: Frontend) -> LoginFacts:
        """Log in by the page's form, once, and return how it went."""
        path = self.change.interface.page.path if self.change.interface and self.change.interface.page else "/"
        try:
            facts = Login(visit.page, visit.listener, frontend, self.locators, self.slowest_s).go(path)
        except (StuckOnPage, Error) as error:
            trouble = str(error) if isinstance(error, StuckOnPage) else str(error).splitlines()[0]
            facts = LoginFacts(url=self.url(path), is_in=False, landed=visit.page.url, trouble=trouble)
        return _as_far_as_listed(visit, facts)


def _route(where: Page | BrowserContext, interception: Interception) -> None:
    """Have requests and WebSockets go through `interception`, by functions that Playwright may mark as its own."""
    where.route("**/*", lambda route: interception.handle(route))  # noqa: PLW0108  as said
    where.route_web_socket(lambda url: interception.bars(url), lambda socket: interception.close(socket))  # noqa: PLW0108


@contextlib.contextmanager
def open_site(
    target: Target, change: Change, session: Path, *, began: float | None = None, anew: bool = False
) -> Iterator[Site]:
    """Start the browser, and stop it at the end; nothing is asked for before the first look.

    `session` is the file that keeps the login for all processes, `began` when the run did (seconds since the epoch);
    with `anew` no login from before counts. Raises CannotMeasure where no browser can be had.
    """
    began = time.time() if began is None else began
    with Fence(target.browser.proxy) as fence, started(target.browser) as browser:
        yield Site(browser, fence, target, change, KeptLogin(session, began, anew=anew))


def _as_far_as_listed(visit: Visit, facts: LoginFacts) -> LoginFacts:
    """Return how a login went; where the page itself went to a host that nobody listed, nobody can tell."""
    gone = visit.interception.gone
    if not gone and (facts.is_in or not visit.interception.way_on):
        return facts
    return replace(facts, is_in=False, trouble=visit.interception.way_on, is_kept_out=True)


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
