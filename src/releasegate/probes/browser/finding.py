"""How one thing on a page is found: as the target's [locators] say, else by role, label, type and the usual words."""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Iterable, Mapping
from typing import Final

from playwright.sync_api import Error, Locator, Page

from releasegate.core import CannotMeasure
from releasegate.probes.browser import words
from releasegate.target.models import Locator as Given

Finder = Callable[[Page], Locator]

_MOST_NAMES = 8
_HIDDEN_FIELD: Final = "input[type=password]:visible"
_EMAIL: Final = (
    "input:visible:is([type=email], [autocomplete~=username], [autocomplete~=email], [name=email], [name=username], "
    "[name=login], [name=usuario], [id=email], [id=username], [id=login])"
)

_BUILT_IN: Final[Mapping[str, tuple[Finder, ...]]] = {
    "password": (lambda page: page.locator(_HIDDEN_FIELD),),
    "email": (
        lambda page: page.locator(_EMAIL),
        lambda page: page.get_by_label(words.EMAIL),
        lambda page: page.get_by_placeholder(words.EMAIL),
        lambda page: page.get_by_role("textbox", name=words.EMAIL),
    ),
    "sign_in": (
        lambda page: page.locator("form:has(input[type=password]) :is(button, input)[type=submit]:visible"),
        lambda page: page.get_by_role("button", name=words.SIGN_IN),
        lambda page: page.get_by_role("link", name=words.SIGN_IN),
        lambda page: page.locator("form:has(input[type=password]) button:visible:not([type=button])"),
        lambda page: page.get_by_text(words.SIGN_IN),
    ),
    "onward": (
        lambda page: page.get_by_role("button", name=words.ONWARD),
        lambda page: page.get_by_role("link", name=words.ONWARD),
        lambda page: page.get_by_text(words.ONWARD),
        lambda page: page.locator("form:visible :is(button, input)[type=submit]:visible"),
    ),
    "to_login": (
        lambda page: page.get_by_role("link", name=words.SIGN_IN),
        lambda page: page.get_by_role("button", name=words.SIGN_IN),
    ),
    "more": (
        lambda page: page.get_by_role("button", name=words.MORE),
        lambda page: page.get_by_role("link", name=words.MORE),
        lambda page: page.get_by_text(words.MORE),
    ),
    "inbox": (
        lambda page: page.get_by_role("link", name=words.INBOX),
        lambda page: page.get_by_role("button", name=words.INBOX),
        lambda page: page.get_by_role("tab", name=words.INBOX),
        lambda page: page.get_by_text(words.INBOX),
    ),
}
_ROLE_OF: Final = {"email": "textbox", "password": "textbox", "conversation": "link"}


class Locators:
    """Finds named things; what the target says comes before what is built in."""

    def __init__(self, given: Mapping[str, Given]) -> None:
        self.given = given

    def finders(self, name: str) -> tuple[Finder, ...]:
        """Return the ways to find `name`, the first to be tried first; () where there is none."""
        own = self.given.get(name)
        return (lambda page: locate(page, own),) if own else _BUILT_IN.get(name, ())

    def first(self, page: Page, name: str) -> Locator | None:
        """Return the first visible match of the first way that has one, without waiting."""
        return next(filter(None, (visible(finder(page)) for finder in self.finders(name))), None)

    def css(self, name: str) -> str:
        """Return the CSS selector that the target gives for `name`, "" where it gives none."""
        own = self.given.get(name)
        if own is None:
            return ""
        return own.css or (f'[data-testid="{own.test_id}"]' if own.test_id else "")

    def describe(self, name: str) -> str:
        """Return what was looked for, for a message."""
        own = self.given.get(name)
        return (
            f"[locators.{name}] {show(own)}" if own else f"{name.replace('_', ' ')} by role, label and the usual words"
        )

    def role_of(self, name: str) -> str:
        """Return the role whose names help when `name` was not found."""
        own = self.given.get(name)
        return (own.role if own and own.role else None) or _ROLE_OF.get(name, "button")


def locate(page: Page, given: Given, values: Mapping[str, str] | None = None) -> Locator:
    """Return what `given` finds on `page`; {id} and {conversation} in it stand for `values`."""
    pattern = _pattern_maker(values or {})
    scope = _filled(given.css, values or {}, css=True)
    if given.role:
        found = page.get_by_role(given.role, name=pattern(given.name)) if given.name else page.get_by_role(given.role)  # type: ignore[arg-type]  # a role is any word in the target file
    elif given.label:
        found = page.get_by_label(pattern(given.label))
    elif given.alt:
        found = page.get_by_alt_text(pattern(given.alt))
    elif given.test_id:
        found = page.get_by_test_id(_filled(given.test_id, values or {}))
    elif scope:
        found = page.locator(scope)
        return found.filter(has_text=pattern(given.text)) if given.text else found
    elif given.text or given.name:
        found = page.get_by_text(pattern(given.text or given.name or ""))
    else:
        raise CannotMeasure("a locator without role, name, label, text, alt, test_id or css finds nothing")
    return page.locator(scope).locator(found) if scope else found


def visible(found: Locator) -> Locator | None:
    """Return the first match that is visible now, None where none is."""
    try:
        shown = found.filter(visible=True)
        return shown.first if shown.count() else None
    except Error:  # the page went on in between: nothing is visible now
        return None


def show(given: Given | None) -> str:
    """Return a locator as one writes it."""
    if given is None:
        return "(nothing)"
    return ", ".join(f"{key} {value!r}" for key, value in given.model_dump(exclude_none=True).items())


def names_there(page: Page, role: str, wanted: str = "") -> list[str]:
    """Return the names of the visible things of `role`, the nearest to `wanted` first."""
    try:
        found = page.get_by_role(role).filter(visible=True).all()[:40]  # type: ignore[arg-type]  # as above
        names = [_name(one) for one in found]
    except Error:
        return []
    unique = list(dict.fromkeys(name for name in names if name))
    near = difflib.get_close_matches(wanted, unique, n=3, cutoff=0.3) if wanted else []
    return [*near, *(name for name in unique if name not in near)][:_MOST_NAMES]


def _name(one: Locator) -> str:
    text: str = one.evaluate(
        "el => window.__releasegate ? __releasegate.nameOf(el) || el.placeholder || el.name || '' : ''"
    )
    return " ".join(text.split())[:40]


def _pattern_maker(values: Mapping[str, str]) -> Callable[[str], re.Pattern[str]]:
    def pattern(source: str) -> re.Pattern[str]:
        return re.compile(_filled(source, {key: re.escape(value) for key, value in values.items()}), re.IGNORECASE)

    return pattern


def _filled(text: str | None, values: Mapping[str, str], *, css: bool = False) -> str:
    for key, value in values.items():
        text = (text or "").replace(f"{{{key}}}", value.replace('"', r"\"") if css else value)
    return text or ""


def either(names: Iterable[str]) -> str:
    """Return a list for a message: `a, b and c`, "nothing" for none."""
    found = [f"{name!r}" for name in names]
    if not found:
        return "nothing"
    return found[0] if len(found) == 1 else f"{', '.join(found[:-1])} and {found[-1]}"
