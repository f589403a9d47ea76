"""Which Chromium is used: the target's, else Playwright's own, else one on PATH.

`python -m releasegate.probes.browser.executable` prints it, and exits 1 where there is none.
"""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

from playwright.sync_api import Playwright, sync_playwright

from releasegate.core import CannotMeasure

_ON_PATH = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
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
    if Path(playwright.chromium.executable_path).exists():
        return playwright.chromium.executable_path
    found = next((path for path in map(shutil.which, _ON_PATH) if path), None)
    if found is None:
        raise CannotMeasure(
            f"no Chromium was found: neither Playwright's own nor {', '.join(_ON_PATH)} on PATH",
            run="playwright install chromium   # or, on Debian: apt-get install chromium",
        )
    return found


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
