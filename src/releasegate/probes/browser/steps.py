"""The steps that a target declares for getting to a place on its page, run one after the other."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from playwright.sync_api import Error, Locator, Page
from playwright.sync_api import TimeoutError as TooLate

from releasegate.core import CannotMeasure
from releasegate.probes.browser.finding import either, locate, names_there, show, visible
from releasegate.probes.browser.pictures import picture
from releasegate.target.models import BrowserStep


class StuckOnPage(CannotMeasure):
    """A thing that was needed to get on is not on the page; `screenshot` shows what is there instead (PNG or "")."""

    def __init__(self, message: str, *, screenshot: bytes = b"") -> None:
        super().__init__(message)
        self.screenshot = screenshot


def run(
    page: Page, name: str, steps: Sequence[BrowserStep], base: str, values: Mapping[str, str], *, again: bool = False
) -> None:
    """Do `steps` of [frontend.steps] `name`; `values` fill the placeholders, e.g. {"id": …, "${EMAIL}": …}.

    Where they were done `again` with the same cookies and storage, the page may remember what the first ones chose: on
    a page that has settled these are left out when what they look for is not there. Raises StuckOnPage naming the
    step, the page, what was looked for and what is there instead.
    """
    is_remembered = again
    for number, step in enumerate(steps, 1):
        is_remembered = is_remembered and step.find is not None and not _is_there(page, step, values)
        if is_remembered:
            continue
        try:
            _do(page, step, base, values)
        except (TooLate, Error) as error:
            raise stuck(page, f"[frontend.steps] {name}, step {number} ({_told(step)})", step, error) from error


def press(page: Page, found: Locator, what: str, role: str = "button") -> None:
    """Click `found`. Raises StuckOnPage where it takes no click, with what is in its way and what is there."""
    try:
        found.click()
    except Error as error:
        there = either(names_there(page, role))
        raise StuckOnPage(
            f"{what} takes no click on {page.url} ({_in_the_way(error)}); there is, as {role}: {there}",
            screenshot=picture(page),
        ) from error


def stuck(
    page: Page,
    where: str,
    step: BrowserStep | None = None,
    error: Exception | None = None,
    role: str = "button",
    *,
    instead: str = "",
) -> StuckOnPage:
    """Return what to raise when one cannot get on: which step, on which page, what is there; `instead`: what to try."""
    wanted = step.find.name or step.find.text or "" if step and step.find else ""
    role = (step.find.role if step and step.find and step.find.role else role) or role
    there = either(names_there(page, role, wanted))
    reason = "" if error is None or isinstance(error, TooLate) else f" ({str(error).splitlines()[0][:160]})"
    return StuckOnPage(
        f"{where}: not found on {page.url}{reason}; there is, as {role}: {there}" + (f"; {instead}" if instead else ""),
        screenshot=picture(page),
    )


def _in_the_way(error: Error) -> str:
    """Return the last of what Playwright says of why it could not click, else its first line."""
    lines = [line.strip(" -") for line in str(error).splitlines() if line.strip()]
    reasons = [line for line in lines if "intercepts pointer events" in line or line.startswith("element ")]
    return (reasons[-1] if reasons else lines[0])[:160]


def address(base: str, path: str) -> str:
    """Return `path` below `base`, which may have a path of its own; a whole address stays as it is."""
    return path if "://" in path else f"{base.rstrip('/')}/{path.lstrip('/')}"


def _is_there(page: Page, step: BrowserStep, values: Mapping[str, str]) -> bool:
    return step.find is not None and visible(locate(page, step.find, _plain(values))) is not None


def _plain(values: Mapping[str, str]) -> dict[str, str]:
    return {key: part for key, part in values.items() if not key.startswith("$")}


def _do(page: Page, step: BrowserStep, base: str, values: Mapping[str, str]) -> None:
    value = _fill(step.value, values)
    if step.do == "goto":
        page.goto(address(base, value), wait_until="domcontentloaded")
        return
    if step.do == "press" and step.find is None:
        page.keyboard.press(value)
        return
    if step.find is None:
        raise CannotMeasure(f"[frontend.steps]: {step.do!r} needs a `find`")
    found = locate(page, step.find, _plain(values)).filter(visible=True).first
    if step.do == "click":
        found.click()
    elif step.do == "fill":
        found.fill(value)
    elif step.do == "press":
        found.press(value)
    else:
        found.wait_for(state="visible")


def _fill(text: str, values: Mapping[str, str]) -> str:
    for key, value in values.items():
        text = text.replace(key if key.startswith("$") else f"{{{key}}}", value)
    return text


def _told(step: BrowserStep) -> str:
    return f"{step.do} {show(step.find)}" if step.find else f"{step.do} {step.value}"
