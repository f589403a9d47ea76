"""Logging in by the page's own form: on one page or in two steps, with what the target says a person types."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import Final
from urllib.parse import urlsplit

from playwright.sync_api import Error, Locator, Page

from releasegate.core.facts.page import LoginFacts
from releasegate.probes.browser.finding import Locators, visible
from releasegate.probes.browser.listening import Listener
from releasegate.probes.browser.steps import address, run, stuck
from releasegate.probes.browser.waiting import POLL_MS, settle
from releasegate.target.models import Frontend, StepsName

_AT_ONCE_MS: Final = 1000  # for what is there already
_TOLD_BY: Final = "el => ['type', 'name', 'placeholder', 'aria-label'].map((name) => el.getAttribute(name)).join()"


class Login:
    """One try to log in on `page`. Nothing is tried twice: logins may be rationed, and accounts locked."""

    def __init__(
        self, page: Page, listener: Listener, frontend: Frontend, locators: Locators, slowest_s: float
    ) -> None:
        self._page = page
        self._listener = listener
        self._frontend = frontend
        self._locators = locators
        self._slowest_s = slowest_s
        self._first_step = "password"
        self._began_with: tuple[str, str] | None = None

    def go(self, path: str) -> LoginFacts:
        """Open the page, log in, and say how it went. Raises StuckOnPage where the form cannot be found."""
        url = address(self._frontend.url, path)
        self._page.goto(url, wait_until="domcontentloaded")
        self._run("first_visit")
        steps = self._frontend.steps.get("login")
        if steps:
            self._run("login")
        else:
            self._by_form()
        facts = self._outcome(url)
        if facts.is_in:
            self._run("account")
        return replace(facts, survives=self._survives()) if facts.is_in else facts

    def _by_form(self) -> None:
        first = self._await(("password", "email", "to_login"), "the login form")
        if first == "to_login" and not self._has("password") and not self._has("email"):
            self._click("to_login")
            first = self._await(("password", "email"), "the login form")
        if self._has("email"):
            self._first_step = "password" if self._has("password") else "email"
            self._began_with = self._email_field()
            self._fill("email", self._frontend.email)
        if not self._has("password"):
            self._click("onward")
            self._await(("password",), "the password's field, after the e-mail")
        self._fill("password", self._password())
        if self._has("sign_in"):
            self._click("sign_in")
        else:
            self._page.keyboard.press("Enter")

    def _outcome(self, url: str) -> LoginFacts:
        """Wait until what was typed is answered and the password's field is gone, or an answer refused it.

        A form can make place for "one moment" meanwhile, and come back with the answer: what stands there once the
        page has settled counts.
        """
        deadline = time.monotonic() + self._slowest_s
        while time.monotonic() < deadline and not self._was_refused() and (self._is_at_login() or self._is_waiting()):
            self._page.wait_for_timeout(POLL_MS)
        went = not self._is_at_login()
        if went and not self._was_refused():
            settle(self._page, self._listener, self._slowest_s)
        trouble = self._trouble(went=went)
        is_in = not trouble
        return LoginFacts(
            url=url,
            is_in=is_in,
            landed=self._page.url,
            trouble=trouble,
            answers=tuple(self._answers()),
            said="" if is_in else self._said(),
        )

    def _trouble(self, *, went: bool) -> str:
        """Return why one is not in, "" where one is; `went` says that the form had gone away in between."""
        if self._was_refused():
            return f"the login was refused: {', '.join(self._answers())}"
        if self._is_at_login():
            return f"the login form is {'there again' if went else f'still there after {self._slowest_s:.0f} s'}"
        if self._is_waiting():
            return f"the login was not answered within {self._slowest_s:.0f} s"
        return "the page asks for the e-mail again" if self._is_at_first_step() else ""

    def _survives(self) -> bool:
        """Reload, and see whether one is still in: the field that the login began with is not there again."""
        settle(self._page, self._listener, self._slowest_s)
        is_inside_too = self._has(self._first_step)
        self._page.reload(wait_until="domcontentloaded")
        self._run("after_reload")
        settle(self._page, self._listener, self._slowest_s)
        return not self._is_at_login() and (is_inside_too or not self._has(self._first_step))

    def _run(self, name: StepsName) -> None:
        """Do the steps that the target declares under `name`, if any."""
        run(self._page, name, self._frontend.steps.get(name, ()), self._frontend.url, self._secrets())

    def _await(self, names: tuple[str, ...], what: str) -> str:
        """Return the first of `names` that becomes visible. Raises StuckOnPage when none does in time."""
        deadline = time.monotonic() + self._slowest_s
        while time.monotonic() < deadline:
            found = next((name for name in names if self._has(name)), "")
            if found:
                return found
            self._page.wait_for_timeout(POLL_MS)
        raise stuck(self._page, f"login: {what} ({self._locators.describe(names[0])})", role="textbox")

    def _click(self, name: str) -> None:
        self._need(name).click()

    def _fill(self, name: str, value: str) -> None:
        self._need(name).fill(value)

    def _need(self, name: str) -> Locator:
        found = self._locators.first(self._page, name)
        if found is None:
            raise stuck(self._page, f"login: {self._locators.describe(name)}", role=self._locators.role_of(name))
        return found

    def _has(self, name: str) -> bool:
        return self._locators.first(self._page, name) is not None

    def _is_at_login(self) -> bool:
        return self._has("password")

    def _is_at_first_step(self) -> bool:
        """Whether the first of two steps is there again, where it was: what is inside may hold such a field too."""
        began = self._began_with
        return self._first_step == "email" and began is not None and self._email_field() == began

    def _email_field(self) -> tuple[str, str] | None:
        """Return where the e-mail's field stands and what tells it from others of its page; None for no field."""
        field = self._locators.first(self._page, "email")
        try:
            return (self._page.url, str(field.evaluate(_TOLD_BY, timeout=_AT_ONCE_MS))) if field else None
        except Error:  # it has gone meanwhile
            return None

    def _is_waiting(self) -> bool:
        """Whether a request that carries what was typed is not answered yet."""
        rules = self._listener.interception.rules
        answered = {response.request for response in list(self._listener.responses)}
        return any(rules.carries_typed(request) for request in self._listener.asked if request not in answered)

    def _answers(self) -> list[str]:
        rules = self._listener.interception.rules
        return [
            f"{response.request.method} {urlsplit(response.url).path} {response.status}"
            for response in list(self._listener.responses)
            if response.request.method not in ("GET", "HEAD", "OPTIONS") and rules.carries_typed(response.request)
        ]

    def _was_refused(self) -> bool:
        return any(int(answer.rsplit(" ", 1)[-1]) >= 400 for answer in self._answers())

    def _said(self) -> str:
        """Return what the page says about it, where it says so as an alert."""
        found = visible(self._page.locator("[role=alert], [aria-live]:not([aria-live=off])"))
        try:
            return " ".join((found.inner_text() if found else "").split())[:160]
        except Error:
            return ""

    def _password(self) -> str:
        return self._frontend.password.get_secret_value() if self._frontend.password else ""

    def _secrets(self) -> dict[str, str]:
        return {"${EMAIL}": self._frontend.email, "${PASSWORD}": self._password()}
