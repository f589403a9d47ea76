"""The line that shows how a long measurement is going, on a terminal as wide as it is."""

from __future__ import annotations

import os
import pty
import subprocess
import sys
import termios

import pytest

from releasegate.core.lines import cut

SHOWS = """
def test_it(live):
    live("x" * 200)
    live("")
"""


@pytest.mark.parametrize("columns", [60, 130])
@pytest.mark.parametrize("capture", ["fd", "no"])
def test_a_line_is_cut_at_the_edge_of_the_terminal(tmp_path, columns, capture):
    """While pytest captures, its standard output is a file; what is asked for its width is the terminal."""
    (tmp_path / "test_it.py").write_text(SHOWS)
    ours, theirs = pty.openpty()
    termios.tcsetwinsize(theirs, (24, columns))
    command = [sys.executable, "-m", "pytest", "-p", "releasegate.plugin.live", f"--capture={capture}", "test_it.py"]
    without = {name: value for name, value in os.environ.items() if name != "COLUMNS"}
    with subprocess.Popen(command, cwd=tmp_path, env=without, stdin=theirs, stdout=theirs, stderr=theirs) as running:
        os.close(theirs)
        said = _all_of(ours)
    assert running.returncode == 0, said
    assert cut("x" * 200, columns - 1) in said
    assert "x" * (columns - 1) not in said


def _all_of(terminal: int) -> str:
    """Return what is written to `terminal` until its other side is closed."""
    found = b""
    while True:
        try:
            more = os.read(terminal, 4096)
        except OSError:  # EIO: Linux's word for the end
            more = b""
        if not more:
            os.close(terminal)
            return found.decode()
        found += more
