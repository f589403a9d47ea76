"""Processes that the command line starts, and how they end when the operator interrupts it."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from releasegate.core.settings import for_children
from releasegate.plugin.signals import postponed

_CLOSING_S = 20.0  # a gate closes its browser and its evidence, and writes its report


def finish(command: Sequence[str], *, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    """Run `command` to its end and return what it printed.

    It runs in a process group of its own, so that Ctrl-C reaches it once, through us: it is asked to stop, and the
    group is killed when it has not closed what it has open within 20 s. Then KeyboardInterrupt goes on.
    """
    process: subprocess.Popen[str] | None = None
    try:
        with postponed():
            process = subprocess.Popen(
                command, cwd=cwd, env=for_children(), process_group=0, stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, errors="replace",
            )  # fmt: skip
        stdout, stderr = process.communicate()
    except BaseException:
        if process is not None:
            _stop(process)
        raise
    return subprocess.CompletedProcess(process.args, process.returncode, stdout, stderr)


def _stop(process: subprocess.Popen[str]) -> None:
    process.send_signal(signal.SIGINT)
    try:
        process.communicate(timeout=_CLOSING_S)
    except (subprocess.TimeoutExpired, KeyboardInterrupt):  # it hangs, or the operator insists
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.communicate()
