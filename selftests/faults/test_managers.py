"""The faults of Docker and PM2, on references whose services they run: each walks the runbook's own option."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator

import pytest

from releasegate.cli import reference
from releasegate.cli.walk import GATES_AT

from .conftest import WAY, Reference
from .test_matrix import red_now

pytestmark = pytest.mark.everything
NEEDED = {"docker": ("dockerd", "docker", "docker-compose"), "pm2": ("pm2", "node")}
# Besides the manager's own faults, one of each kind that reaches the services another way: by the build, by the log.
ALSO = {"backend-down", "old-backend-answers", "fatal-line", "console-error", "error-burst"}


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Take the faults that only this manager has, and some of the common ones, in the order of the walk."""
    faults = [
        (manager, fault)
        for manager in NEEDED
        for fault in sorted(reference.catalogue(), key=_place)
        if manager in fault["services"] and ("process" not in fault["services"] or fault["name"] in ALSO)
    ]
    ids = [f"{manager}-{fault['name']}" for manager, fault in faults]
    metafunc.parametrize(("managed", "fault"), faults, ids=ids, indirect=["managed"], scope="module")


def _place(fault: dict) -> tuple[int, int]:
    return WAY.index(fault["at"]), GATES_AT[fault["at"]].index(fault["gate"])


@pytest.fixture(scope="module")
def managed(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Reference]:
    """A reference whose services run under one manager; all of it is gone afterwards."""
    manager = request.param
    missing = [name for name in NEEDED[manager] if shutil.which(name) is None]
    if missing or (manager == "docker" and os.getuid() != 0):
        pytest.skip(f"no reference under {manager}: {', '.join(missing) or 'this is not root'}")
    found = Reference(tmp_path_factory.mktemp(manager), manager)
    found.up()
    yield found
    found.down()


def test_a_fault_of_the_manager_turns_red_what_it_declares(managed: Reference, fault: dict) -> None:
    """Clean before, exactly the declared checks while it is broken, as under plain processes."""
    red, broken = red_now(managed, fault)
    assert red == set(fault["trips"]), {check: str(broken[check]) for check in sorted(red ^ set(fault["trips"]))}
