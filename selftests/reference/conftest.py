"""One small deployment for a module of tests, ended with it."""

from collections.abc import Iterator

import psutil
import pytest

from reference_inbox import life, moments, processes, walking
from reference_inbox.state import State

ROWS = 600  # twice the least: every kind of row, and a start that costs a second


@pytest.fixture(scope="module")
def deployment(tmp_path_factory: pytest.TempPathFactory) -> Iterator[State]:
    """A deployment at `before`; what it started is gone afterwards, whatever the tests did to it."""
    state = State(tmp_path_factory.mktemp("reference") / "inbox")
    life.up(state, moments.BEFORE, ROWS, life.DEFAULT_SEED, ())
    yield state
    life.down(state)


def go_to(state: State, moment: str) -> None:
    """Walk to a moment from wherever the deployment stands; a way back starts at `released`."""
    if moment in moments.ROLLBACKS and state.read().moment != moment:
        walking.advance(state, moments.RELEASED)
    if not moments.has_passed(state.read().moment, moment):
        walking.advance(state, moment)


def alive(state: State) -> list[str]:
    """List what still runs of a deployment: its mark or one of its folders in the process."""
    folders = [state.folder / "postgres" / "data"]
    return [process.name() for process in processes.strays(state, folders) if processes.is_alive(process)]


def is_gone(pid: int) -> bool:
    """Tell whether a process id runs no code any more."""
    return not psutil.pid_exists(pid) or psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
