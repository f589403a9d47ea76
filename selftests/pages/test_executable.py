"""Which Chromium is taken, of those that lie on a machine."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import pytest

from releasegate.core import CannotMeasure
from releasegate.probes.browser import executable

PLAYWRIGHTS = "browsers/chromium-1200/chrome-linux/chrome"
PLAYWRIGHTS_SHELL = "browsers/chromium_headless_shell-1200/chrome-linux/headless_shell"
SHELL, WHOLE, GOOGLES = "bin/chromium-headless-shell", "bin/chromium", "bin/google-chrome"


@pytest.fixture
def found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Return `found(*files)`: which of these programs is taken when they are all there is, below one folder."""
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))

    def found(*files: str) -> str:
        for file in files:
            program = tmp_path / file
            program.parent.mkdir(parents=True, exist_ok=True)
            program.touch(mode=0o755)
        playwright = SimpleNamespace(chromium=SimpleNamespace(executable_path=str(tmp_path / PLAYWRIGHTS)))
        return str(Path(executable.find(playwright, None)).relative_to(tmp_path))

    return found


@pytest.mark.parametrize(
    "order", [(PLAYWRIGHTS_SHELL, PLAYWRIGHTS), (PLAYWRIGHTS, SHELL), (SHELL, WHOLE), (WHOLE, GOOGLES)]
)
def test_the_first_is_taken_before_the_second(found, order):
    assert found(*order) == order[0]


@pytest.mark.parametrize("alone", [PLAYWRIGHTS_SHELL, PLAYWRIGHTS, SHELL, WHOLE, GOOGLES])
def test_the_only_one_is_taken(found, alone):
    assert found(alone) == alone


def test_a_machine_without_one_says_what_gets_it(found):
    with pytest.raises(CannotMeasure, match="no Chromium was found"):
        found()
