"""Which Chromium is used: the target's, else Playwright's own, else one on PATH; of each, the headless shell first.

The shell is the same engine without the windows around it: it needs two thirds of the processor time, on a machine
that may be the deployment's own. `python -m releasegate.probes.browser.executable` prints what is used, and exits 1
where there is none.
"""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

from playwright.sync_api import Playwright, sync_playwright

from releasegate.core import CannotMeasure

_ON_PATH = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
_SHELLS = "chromium_headless_shell-*/*/*headless*shell"  # beside `chromium-*` where Playwright downloads to
_QUIET = (  # nothing but the page talks to the network
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-default-apps",
    "--disable-domain-reliability",
    "--disable-sync",
    "--disable-features=OptimizationHints,MediaRouter,Translate,AutofillServerCommunication,CertificateTransparencyComponentUpdater",
    "--metrics-recording-only",
    "--no-first-run",
    "--no-pings",
    "--mute-audio",
)


def find(playwright: Playwright, given: str | None) -> str:
    """Return the browser's path. Raises CannotMeasure with the command that gets one."""
    if given:
        if not Path(given).exists():
            raise CannotMeasure(f"browser.executable: {given} does not exist")
        return given
    found = next(_candidates(Path(playwright.chromium.executable_path)), None)
    if found is None:
        raise CannotMeasure(
            f"no Chromium was found: neither Playwright's own nor {', '.join(_ON_PATH)} on PATH",
            run="playwright install chromium   # or, on Debian: apt-get install chromium-headless-shell",
        )
    return found


def _candidates(playwrights: Path) -> Iterator[str]:
    """Give the browsers there are, the preferred first; `playwrights` is where Playwright's own would be."""
    downloads = playwrights.parents[2]
    yield from (str(path) for path in sorted(downloads.glob(_SHELLS), reverse=True) if os.access(path, os.X_OK))
    if playwrights.exists():
        yield str(playwrights)
    yield from filter(None, map(shutil.which, _ON_PATH))


def flags(*, sandbox: bool | None) -> list[str]:
    """Return the browser's flags; its sandbox cannot work as root, and goes only then unless the target says so."""
    wanted = os.geteuid() != 0 if sandbox is None else sandbox
    return [*_QUIET, *(() if wanted else ("--no-sandbox",))]


if __name__ == "__main__":
    with sync_playwright() as started:
        try:
            sys.stdout.write(find(started, None) + "\n")
        except CannotMeasure as error:
            sys.exit(str(error))
