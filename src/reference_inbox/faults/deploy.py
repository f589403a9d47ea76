"""Faults of a deployment that was done by halves: not pulled, not built, not restarted. Of both services."""

import os
import shutil
from typing import Final

from reference_inbox import moments, processes, services
from reference_inbox.faults.code import build, clone_at
from reference_inbox.faults.fault import Fault
from reference_inbox.faults.kept import (
    cut_log_back,
    forget,
    keep_file,
    keep_log_size,
    place,
    put_files_back,
)
from reference_inbox.repositories import git
from reference_inbox.state import State

DAY_S: Final = 86_400
REFLOGS: Final = ("HEAD", "refs/heads/main")


def set_build_aside(state: State, fault: str, service: str) -> None:
    """Move a service's dist/ out of its checkout."""
    (state.repository(service) / "dist").rename(place(state, fault) / "dist")


def put_build_back(state: State, fault: str, service: str) -> None:
    """Put the dist/ that was set aside in the place of whatever is there now."""
    dist = state.repository(service) / "dist"
    shutil.rmtree(dist, ignore_errors=True)
    (place(state, fault) / "dist").rename(dist)


def not_pulled(service: str, at: str, trips: tuple[str, ...]) -> Fault:
    """Make a fault in which the checkout stayed at the old release, which was built and started again."""
    name = f"{service}-not-pulled"

    def strike(state: State) -> None:
        repository = state.repository(service)
        for log in REFLOGS:  # they tell when the release came, which mending must not change
            keep_file(state, name, repository / ".git" / "logs" / log)
        keep_log_size(state, name, service)
        set_build_aside(state, name, service)
        git(repository, "reset", "--quiet", "--hard", state.read().commits[service]["old"])
        build(state, repository)
        services.restart(state, service)

    def mend(state: State) -> None:
        services.stop(state, service)
        cut_log_back(state, name, service)
        git(state.repository(service), "reset", "--quiet", "--hard", state.read().commits[service]["new"])
        put_build_back(state, name, service)
        put_files_back(state, name)
        services.start(state, service)

    what = f"the {service}'s checkout stayed at the old release, which was built and started again"
    return Fault(name, at, service, what, trips, strike, mend)


def not_restarted(service: str, at: str, trips: tuple[str, ...]) -> Fault:
    """Make a fault in which the service's pid file names a process that began before the release did.

    That is what a restart leaves that was never done; the database's process is one of that age.
    """
    name = f"{service}-not-restarted"

    def strike(state: State) -> None:
        path = state.run / f"{service}.pid"
        keep_file(state, name, path)
        path.write_text((state.run / "postgres.pid").read_text())

    what = f"the {service}'s pid file names a process from before the release"
    return Fault(name, at, service, what, trips, strike, lambda state: put_files_back(state, name), ("process",))


def remove_build(state: State) -> None:
    """Take the backend's build away; the process has what it needs of it in its memory."""
    set_build_aside(state, "build-missing", "backend")


def return_build(state: State) -> None:
    """Put the backend's build back."""
    put_build_back(state, "build-missing", "backend")
    forget(state, "build-missing")


def serve_build_of_yesterday(state: State) -> None:
    """Leave in the frontend's dist/ what was built before the release was checked out."""
    tree = clone_at(state, "build-forgotten", "frontend", "old")
    set_build_aside(state, "build-forgotten", "frontend")
    then = processes.started_at(state, "postgres") - DAY_S
    for path in (tree / "dist").rglob("*"):
        os.utime(path, (then, then))
    (tree / "dist").rename(state.repository("frontend") / "dist")


def serve_build_of_today(state: State) -> None:
    """Put the release's own build back."""
    put_build_back(state, "build-forgotten", "frontend")
    forget(state, "build-forgotten")


FAULTS: Final = (
    not_pulled("backend", moments.BACKEND, ("backend/commit",)),
    not_restarted("backend", moments.BACKEND, ("backend/service-up",)),
    Fault(
        "build-missing",
        moments.BACKEND,
        "backend",
        "the folder that the backend's build fills is not there",
        ("backend/built",),
        remove_build,
        return_build,
    ),
    not_pulled("frontend", moments.RELEASED, ("frontend/commit",)),
    not_restarted("frontend", moments.RELEASED, ("frontend/service-up",)),
    Fault(
        "build-forgotten",
        moments.RELEASED,
        "frontend",
        "the frontend was pulled and not built: it serves the build of yesterday",
        ("frontend/built", "frontend/right-build"),
        serve_build_of_yesterday,
        serve_build_of_today,
        ("process", "pm2"),  # a container serves from its image
    ),
)
