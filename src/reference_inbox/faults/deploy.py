"""Faults of a deployment that was done by halves: not pulled, not built, not restarted. Of both services."""

import os
import shutil
import sys
import time
from pathlib import Path
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
from reference_inbox.managers import environments
from reference_inbox.repositories import git
from reference_inbox.state import State
from reference_inbox.waiting import wait_until

DAY_S: Final = 86_400
A_WHILE_S: Final = 4  # a gate takes lines of up to 2 s before a start for the start's own
REFLOGS: Final = ("HEAD", "refs/heads/main")
NOW: Final = "datetime.datetime.now(datetime.timezone.utc).isoformat()"
WAITS: Final = f"""
import datetime, sys, time
with open(sys.argv[1], "a") as log:
    log.write({NOW} + " WARNING the port is taken, waiting for it\\n")
time.sleep(3600)
"""
SUPERVISES: Final = f"""
import datetime, os, subprocess, sys, time
running = []
try:
    while True:
        running.append(subprocess.Popen([sys.executable, "-c", "import time; time.sleep(3600)"]))
        with open(sys.argv[1] + ".new", "w") as file:
            file.write(f"{{running[-1].pid}}\\n")
        with open(sys.argv[2], "a") as log:
            log.write({NOW} + " WARNING it ended and is started again\\n")
        os.replace(sys.argv[1] + ".new", sys.argv[1])
        for old in running[:-1]:
            old.kill()
            old.wait()
        del running[:-1]
        time.sleep(1)
finally:
    for one in running:
        one.kill()
"""  # the new one is noted before the old one ends: a look never finds nobody


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


def leave_the_old_build(state: State) -> None:
    """Leave the backend's dist/ as it was yesterday, as a build that failed does; the process keeps what it has."""
    set_build_aside(state, "old-build-left", "backend")
    dist = state.repository("backend") / "dist"
    shutil.copytree(place(state, "old-build-left") / "dist", dist)
    then = processes.started_at(state, "postgres") - DAY_S
    for path in dist.rglob("*"):
        os.utime(path, (then, then))


def put_the_new_build_back(state: State) -> None:
    """Put the release's own build back."""
    put_build_back(state, "old-build-left", "backend")
    forget(state, "old-build-left")


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


def change_the_checkout(state: State) -> None:
    """Change a file of the backend's checkout by hand, as one does at night, and commit nothing."""
    readme = state.repository("backend") / "README.md"
    keep_file(state, "dirty-tree", readme)
    readme.write_text(readme.read_text("utf-8") + "changed on the server\n", "utf-8")


def said_in(state: State, service: str) -> str:
    """Return the log that tells of it: the backend's does, the pages' is as silent as it is on a good day."""
    return state.read().logs[service] if service == "backend" else os.devnull


def port_held(service: str, at: str, trips: tuple[str, ...]) -> Fault:
    """Make a fault in which another process has the service's port, and the service itself waits for it for ever."""
    name, holder = f"{service}-port-held", f"{service}-holder"

    def strike(state: State) -> None:
        record = state.read()
        services.stop(state, service)
        wait_until("a silence in the log", lambda: just_wrote(state, service), budget_s=2 * A_WHILE_S)
        module, variables = environments.MODULES[service], environments.of(state, record, service)
        command, log = [sys.executable, "-m", module], place(state, name) / "holder.log"
        processes.launch(state, holder, command, log=log, env=variables, cwd=state.folder)
        processes.launch(
            state, service, [sys.executable, "-c", WAITS, said_in(state, service)], log=log, env={}, cwd=state.folder
        )
        services.wait_for_answer(state, service)

    def mend(state: State) -> None:
        processes.stop(state, holder)
        services.restart(state, service)
        forget(state, name)

    what = f"another process listens on the {service}'s port, and the {service} that was restarted does not"
    return Fault(name, at, service, what, trips, strike, mend, ("process",))


def just_wrote(state: State, service: str) -> str | None:
    """Return how lately a service wrote to its log, while that may count as what the next start wrote."""
    ago = time.time() - Path(state.read().logs[service]).stat().st_mtime
    return f"a line {ago:.1f} s ago" if ago < A_WHILE_S else None


def just_started(state: State, service: str) -> str | None:
    """Return how lately a service was started, while what it wrote then may count as the next start's own."""
    ago = time.time() - processes.started_at(state, service)
    return f"{ago:.1f} s ago" if ago < A_WHILE_S else None


def starts_again(service: str, at: str, trips: tuple[str, ...]) -> Fault:
    """Make a fault in which a supervisor finds the service ended, and starts it again, every second."""
    name, supervisor = f"{service}-starts-again", f"{service}-supervisor"

    def strike(state: State) -> None:
        wait_until(f"a while since the {service}'s own start", lambda: just_started(state, service), 20)
        path = state.run / f"{service}.pid"
        keep_file(state, name, path)
        command = [sys.executable, "-c", SUPERVISES, str(path), said_in(state, service)]
        log = place(state, name) / "supervisor.log"
        processes.launch(state, supervisor, command, log=log, env={}, cwd=state.folder)
        was = path.read_text()
        wait_until("the supervisor's first start", lambda: None if path.read_text() != was else "not yet", 20)

    def mend(state: State) -> None:
        processes.stop(state, supervisor)
        put_files_back(state, name)

    what = f"a supervisor starts the {service} again every second, as after a crash"
    return Fault(name, at, service, what, trips, strike, mend, ("process",))


FAULTS: Final = (
    not_pulled("backend", moments.BACKEND, ("backend/commit", "backend/checkout-clean", "backend/migration-files")),
    Fault(
        "dirty-tree",
        moments.BACKEND,
        "backend",
        "a file of the backend's checkout was changed on the server and not committed",
        ("backend/checkout-clean",),
        change_the_checkout,
        lambda state: put_files_back(state, "dirty-tree"),
    ),
    port_held("backend", moments.BACKEND, ("backend/port", "backend/started-line")),
    starts_again("backend", moments.BACKEND, ("backend/service-stays", "backend/port", "backend/started-line")),
    port_held("frontend", moments.RELEASED, ("frontend/port", "frontend/log-clean")),
    starts_again("frontend", moments.RELEASED, ("frontend/service-stays", "frontend/port", "frontend/log-clean")),
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
    Fault(
        "old-build-left",
        moments.BACKEND,
        "backend",
        "the backend's build failed and left the folder of the build before",
        ("backend/built",),
        leave_the_old_build,
        put_the_new_build_back,
    ),
    not_pulled("frontend", moments.RELEASED, ("frontend/commit", "frontend/checkout-clean")),
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
