"""The browser as a process: how it is started, what may interrupt it, and how it ends."""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Iterator
from tempfile import TemporaryDirectory

from playwright.sync_api import Browser, Error, Playwright, sync_playwright

from releasegate.core import CannotMeasure
from releasegate.core.settings import for_children
from releasegate.probes.browser import executable
from releasegate.target import models


@contextlib.contextmanager
def started(settings: models.Browser) -> Iterator[Browser]:
    """Start the browser, and stop it at the end.

    Ctrl-C in a terminal reaches every process of the gate: only the gate itself heeds it, and then ends the browser.
    Raises CannotMeasure where no browser can be had.
    """
    with TemporaryDirectory(prefix="releasegate-", ignore_cleanup_errors=True) as own, _driver() as playwright:
        browser = _launched(playwright, settings, own)
        try:
            yield browser
        finally:
            with contextlib.suppress(Error):  # it has gone by itself, or the driver has
                browser.close()


def _launched(playwright: Playwright, settings: models.Browser, own: str) -> Browser:
    path = executable.find(playwright, settings.executable)
    try:
        return playwright.chromium.launch(
            executable_path=path,
            args=executable.flags(sandbox=settings.sandbox),
            env=_environment(own),
            proxy={"server": settings.proxy} if settings.proxy else None,
            handle_sigint=False,
        )
    except Error as error:
        raise CannotMeasure(f"{path} did not start: {str(error).splitlines()[0]}") from error


def _environment(own: str) -> dict[str, str | float | bool]:
    """Return the browser's environment: what it keeps for itself goes to `own`, not to the operator's folders."""
    return {**for_children(), "XDG_CONFIG_HOME": own, "XDG_CACHE_HOME": own}


@contextlib.contextmanager
def _driver() -> Iterator[Playwright]:
    """Start the process through which Playwright speaks to the browser.

    When it has gone, what was asked of it fails where it was asked; asyncio would report the same once more on
    stderr, at some time after the gate's last sentence. Nothing else here uses asyncio.
    """
    logging.getLogger("asyncio").setLevel(logging.CRITICAL)
    with contextlib.ExitStack() as open_:
        try:
            playwright = open_.enter_context(sync_playwright())
        except Exception as error:  # a plain one when the process ends at once
            said = str(error).splitlines() or [type(error).__name__]
            raise CannotMeasure(f"Playwright's driver did not start: {said[0]}") from error
        yield playwright
