"""Building blocks of faults in the running code: patched builds, and builds of another commit."""

import subprocess
import sys
from pathlib import Path

from reference_inbox import processes, services
from reference_inbox.errors import ReferenceFailed
from reference_inbox.faults.fault import Change
from reference_inbox.faults.kept import cut_log_back, forget, keep_log_size, place, put_files_back, replace_text
from reference_inbox.repositories import GIT_ENV, git
from reference_inbox.state import State

Edit = tuple[str, str, str]
"""A file of the build by its name, the text in it that occurs once, and the text put in its place."""


def patches_backend(fault: str, *edits: Edit) -> Change:
    """Make a change that edits modules of the backend's build and restarts it."""

    def patch(state: State) -> None:
        keep_log_size(state, fault, "backend")
        for module, old, new in edits:
            replace_text(state, fault, state.repository("backend") / "dist" / "inbox_api" / module, old, new)
        services.restart(state, "backend")

    return patch


def patches_page(fault: str, *edits: Edit) -> Change:
    """Make a change that edits files of the pages' build; they are read at each request."""

    def patch(state: State) -> None:
        for name, old, new in edits:
            replace_text(state, fault, public_file(state, name), old, new)
        into_the_image(state)

    return patch


def into_the_image(state: State) -> None:
    """Have the pages' build served as it is now: a container serves from its image, so there it is made anew."""
    if state.read().services == "docker":
        services.restart(state, "frontend")


def public_file(state: State, name: str) -> Path:
    """Find a file of the pages' build by its name. Raises ReferenceFailed when the build has none."""
    found = list((state.repository("frontend") / "dist" / "public").rglob(name))
    if len(found) != 1:
        raise ReferenceFailed(f"the pages' build has {len(found)} files named {name}; is the release out yet?")
    return found[0]


def restores_page(fault: str) -> Change:
    """Make a change that puts the edited files of the pages back."""

    def restore(state: State) -> None:
        put_files_back(state, fault)
        into_the_image(state)

    return restore


def restores_backend(fault: str) -> Change:
    """Make a change that puts the edited modules and the log back and restarts the backend."""

    def restore(state: State) -> None:
        services.stop(state, "backend")
        cut_log_back(state, fault, "backend")
        put_files_back(state, fault)
        services.start(state, "backend")

    return restore


def clone_at(state: State, fault: str, service: str, which: str) -> Path:
    """Clone a service's repository into the fault's folder at a commit, `old` or `new`, build it; return the folder."""
    tree = place(state, fault) / "tree"
    git(state.folder, "clone", "--quiet", str(state.origin / f"{service}.git"), str(tree))
    git(tree, "checkout", "--quiet", state.read().commits[service][which])
    build(state, tree)
    return tree


def build(state: State, tree: Path) -> None:
    """Build what is checked out in a folder. Raises ReferenceFailed with the build's own words."""
    done = subprocess.run(
        [sys.executable, "build.py"],
        check=False,
        cwd=tree,
        capture_output=True,
        text=True,
        env=processes.environment(state, GIT_ENV),
    )
    if done.returncode:
        raise ReferenceFailed(f"the build in {tree} failed: {done.stderr.strip()}")


def serves_other_commit(fault: str, service: str, which: str) -> Change:
    """Make a change that runs the build of another commit, `old` or `new`, while checkout and dist/ stay."""

    def serve(state: State) -> None:
        keep_log_size(state, fault, service)
        tree = clone_at(state, fault, service, which)
        services.stop(state, service)
        services.start(state, service, tree)

    return serve


def serves_own_commit(fault: str, service: str) -> Change:
    """Make a change that runs what is in dist/ again."""

    def serve(state: State) -> None:
        services.stop(state, service)
        cut_log_back(state, fault, service)
        services.start(state, service)
        forget(state, fault)

    return serve
