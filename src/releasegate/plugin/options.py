"""The gates' command-line options and markers, and the run they describe."""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from pathlib import Path

import pytest

from releasegate.core import UsageError
from releasegate.plugin.gates import GATES
from releasegate.plugin.run import RUN, Run, load_run
from releasegate.plugin.workers import spread

PROJECT = Path(__file__).parents[3]


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options of a gate run."""
    group = parser.getgroup("releasegate", "deployment gates")
    group.addoption("--target", metavar="FILE", help="the deployment to look at (see targets/example.toml)")
    group.addoption("--change", metavar="FILE", help="what the release promises (default: the file in changes/)")
    group.addoption("--reports", metavar="DIR", help="where evidence goes (default: reports/ of the project)")
    group.addoption("--alone", action="store_true", help="judge what can be judged now, without earlier gates")
    group.addoption("--kind", choices=("code", "data", "restore"), help="rollback: which way back was taken")
    group.addoption("--after", choices=("24h", "7d"), default="24h", help="followup: how long after the release")
    group.addoption("--seed-samples", action="store_true", help="smoke: write tagged rows, and remove them")
    group.addoption("--sign", metavar="KEY", help="sign the statement with this ssh key (a .pub: by the agent)")
    group.addoption("--settle", metavar="SECONDS", type=float, default=0.0, help="look again after this long")


@pytest.hookimpl(tryfirst=True)
def pytest_cmdline_main(config: pytest.Config) -> None:
    """Start again with the project's own configuration where pytest has taken the target's folder for its root.

    That is how pytest reads `--target FILE` when FILE lies elsewhere: it looks for its root before it knows the
    option, and a path after a space looks like a test file.
    """
    settings = PROJECT / "pyproject.toml"
    if not config.option.target or config.invocation_params.dir != PROJECT or config.inipath == settings:
        return
    capture = config.pluginmanager.getplugin("capturemanager")
    if capture is not None:
        capture.stop_global_capturing()
    arguments = ["-c", str(settings), f"--rootdir={PROJECT}", *map(str, config.invocation_params.args)]
    os.execv(sys.executable, [sys.executable, "-m", "pytest", *arguments])  # noqa: S606 - our own arguments


@pytest.hookimpl(tryfirst=True)  # before the plugins that write the raw logs read their options
def pytest_configure(config: pytest.Config) -> None:
    """Register the markers, and read target and change before anything else happens."""
    for gate in GATES:
        config.addinivalue_line("markers", f"{gate.marker}: {gate.question} ({gate.runbook})")
    config.addinivalue_line(
        "markers",
        "check(id, promise=..., target=..., baseline=...): the gate/check that a test answers, the parts of the "
        "change file that promise it (none: N/A), the sections of the target it needs, and whether it compares "
        "with what an earlier gate recorded",
    )
    try:
        run = load_run(config, PROJECT)
    except UsageError as error:
        raise pytest.UsageError(str(error)) from error
    if run is not None:
        config.stash[RUN] = run
        spread(config, run)
        _work_apart(config, run)
        _keep_raw_logs(config, run)


def _work_apart(config: pytest.Config, run: Run) -> None:
    """Give pytest a temporary folder of this run's own, gone when it ends.

    In the one that all of a user's runs share, pytest tidies up after the others, and what it cannot remove there
    (a folder that somebody mounted) would end a gate that has nothing to do with it.
    """
    if run.is_worker or config.option.collectonly or config.option.basetemp:
        return
    folder = tempfile.mkdtemp(prefix="releasegate-pytest-")
    config.option.basetemp = folder
    config.add_cleanup(lambda: shutil.rmtree(folder, ignore_errors=True))


def _keep_raw_logs(config: pytest.Config, run: Run) -> None:
    """Have JUnit XML and pytest-html's page written into the run's folder, unless they were asked for elsewhere."""
    if run.is_worker or config.option.collectonly:
        return
    config.option.xmlpath = config.option.xmlpath or str(run.path / "junit.xml")
    if not config.option.htmlpath:
        config.option.htmlpath = str(run.path / "pytest.html")
        config.option.self_contained_html = True


def run_of(config: pytest.Config) -> Run | None:
    """Return the gate run that the command line describes; None when it names no gate."""
    return config.stash.get(RUN, None)
