"""The two git repositories: a checkout each, at the old release, and an origin that already has the new one."""

import os
import shutil
import subprocess
from importlib import resources
from pathlib import Path
from typing import Final

from reference_inbox.errors import ReferenceFailed
from reference_inbox.state import State

SERVICES: Final = ("backend", "frontend")
OLD, NEW = "1.8.0", "1.9.0"
SHARED: Final = "both-releases"
BOTH_SERVICES: Final = "both-services"
SUBJECTS: Final = {OLD: "release 1.8.0", NEW: "feat: message reply and attachments (FEAT-2025-20251103111429)"}

# The caller's own git configuration (hooks, signing, templates) has no say here.
GIT_ENV: Final = {"GIT_CONFIG_GLOBAL": "/dev/null", "GIT_CONFIG_NOSYSTEM": "1", "GIT_TERMINAL_PROMPT": "0"}
AUTHOR: Final = ("-c", "user.name=Inbox Team", "-c", "user.email=team@aurora.example")


def create(state: State, service: str) -> dict[str, str]:
    """Make origin and checkout of a service; return the commit ids as `old` and `new`.

    The checkout's main stands at the old release, one commit behind origin, as a server does before a deployment.
    """
    checkout, origin = state.repository(service), state.origin / f"{service}.git"
    origin.parent.mkdir(parents=True, exist_ok=True)
    git(state.folder, "init", "--quiet", "--bare", "--initial-branch=main", str(origin))
    git(state.folder, "init", "--quiet", "--initial-branch=main", str(checkout))
    git(checkout, "remote", "add", "origin", str(origin))
    commits = {"old": commit(checkout, service, OLD), "new": commit(checkout, service, NEW)}
    git(checkout, "push", "--quiet", "--set-upstream", "origin", "main")
    git(checkout, "reset", "--quiet", "--hard", commits["old"])
    return commits


def commit(checkout: Path, service: str, release: str) -> str:
    """Commit a release as its whole tree and return the commit's id."""
    for entry in checkout.iterdir():
        if entry.name != ".git":
            shutil.rmtree(entry) if entry.is_dir() else entry.unlink()
    lay_out(service, release, checkout)
    git(checkout, "add", "--all")
    git(checkout, *AUTHOR, "commit", "--quiet", "-m", SUBJECTS[release])
    return git(checkout, "rev-parse", "HEAD")


def lay_out(service: str, release: str, folder: Path) -> None:
    """Write a release's tree: what both services share, what both releases share, then its own.

    Times are not copied: git takes a file of the same size and time for the same file.
    """
    with resources.as_file(resources.files("reference_inbox") / "releases") as trees:
        for part in (trees / BOTH_SERVICES, trees / service / SHARED, trees / service / release):
            shutil.copytree(
                part,
                folder,
                dirs_exist_ok=True,
                copy_function=shutil.copyfile,
                ignore=shutil.ignore_patterns("__pycache__"),
            )


def git(folder: Path, *arguments: str) -> str:
    """Run git and return what it printed. Raises ReferenceFailed with its own words."""
    done = subprocess.run(
        ["git", *arguments], check=False, cwd=folder, capture_output=True, text=True, env=os.environ | GIT_ENV
    )
    if done.returncode:
        raise ReferenceFailed(f"git {arguments[0]} failed in {folder}: {(done.stderr or done.stdout).strip()}")
    return done.stdout.strip()
