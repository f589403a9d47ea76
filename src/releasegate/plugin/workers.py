"""How many processes a gate's tests are spread over, where the command line does not say."""

from __future__ import annotations

import os

import pytest

from releasegate.plugin.run import Run

_PER_PROCESSOR = 2  # half of a browser's time goes into waiting for what must come, or must not


def spread(config: pytest.Config, run: Run) -> None:
    """Give the gate its worker processes (`-n` says otherwise; `-n 0` is none), whole test files to each.

    The tests of a file share what was looked at. xdist reads these options in its own pytest_configure, after ours.
    """
    option = config.option
    if run.is_worker or option.collectonly or len(run.gates) != 1 or not hasattr(option, "numprocesses"):
        return
    if option.numprocesses is None and option.dist == "no" and not option.tx and not option.usepdb:
        workers = min(run.gates[0].workers, _PER_PROCESSOR * (os.cpu_count() or 1))
        if workers > 1:
            option.numprocesses, option.tx, option.dist = workers, ["popen"] * workers, "loadfile"
    elif option.numprocesses and option.dist == "load":
        option.dist = "loadfile"
    if option.dist == "loadfile":
        option.loadscopereorder = False  # the files stand in the order that keeps both workers busy
