"""Packages that a real npm installed, against its own lock, and what pnpm and yarn wrote; no registry is asked."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import pytest

from releasegate.checks.code import packages_are_as_locked
from releasegate.core import Verdict
from releasegate.probes.installed import installed

from .conftest import tool

ENTRY = {"version": "1.2.0"}


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A checkout with a lock of two packages and one for development, installed as npm notes it."""
    lock = {"": {"name": "inbox"}, "node_modules/a": ENTRY, "node_modules/b": ENTRY,
            "node_modules/c": {**ENTRY, "dev": True}}  # fmt: skip
    write(tmp_path / "package-lock.json", lock)
    write(tmp_path / "node_modules" / ".package-lock.json", {"node_modules/a": ENTRY, "node_modules/b": ENTRY})
    return tmp_path


def write(path: Path, packages: dict) -> None:
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps({"lockfileVersion": 3, "packages": packages}))


def judged(here, checkout: Path):
    facts = installed(here, "backend", str(checkout)).value
    return packages_are_as_locked("backend/installed", facts, "runbook 2.2")


def test_packages_as_locked_pass(here, checkout):
    """What is for development alone need not be there."""
    judgement = judged(here, checkout)
    assert (judgement.verdict, judgement.sentence) == (Verdict.PASS, "backend: 2 packages installed as locked")


def test_a_package_of_another_version_differs(here, checkout):
    """And so does one that is not there."""
    write(checkout / "node_modules" / ".package-lock.json", {"node_modules/a": {"version": "1.1.9"}})
    (finding,) = judged(here, checkout).findings
    assert str(finding).splitlines()[1:3] == [
        "  want: 2 packages installed as locked (runbook 2.2)",
        "  have: 2 packages not: a 1.1.9 (1.2.0 is locked); b missing (1.2.0 is locked)",
    ]


def test_without_a_lock_or_without_packages_nothing_is_judged(here, checkout, tmp_path_factory):
    """A container has them in its image; another package manager has another lock."""
    (checkout / "node_modules" / ".package-lock.json").unlink()
    assert judged(here, checkout).verdict is Verdict.NOT_APPLICABLE
    (checkout / "package-lock.json").write_text("no JSON")
    assert judged(here, checkout).verdict is Verdict.NOT_APPLICABLE
    assert judged(here, tmp_path_factory.mktemp("empty")).verdict is Verdict.NOT_APPLICABLE


def test_what_a_real_npm_installs_is_as_it_locked(here, tmp_path):
    """A package of this very machine, so that nothing is fetched; a lock that says otherwise is seen."""
    npm = tool("npm", "npm")
    package = tmp_path / "parts" / "bell-1.0.0.tgz"
    (tmp_path / "parts" / "package").mkdir(parents=True)
    (tmp_path / "parts" / "package" / "package.json").write_text('{"name": "bell", "version": "1.0.0"}')
    subprocess.run(["tar", "-C", tmp_path / "parts", "-czf", package, "package"], check=True)
    checkout = tmp_path / "checkout"
    checkout.mkdir()
    (checkout / "package.json").write_text(json.dumps({"name": "inbox", "dependencies": {"bell": f"file:{package}"}}))
    quiet = ["--offline", "--no-audit", "--no-fund", f"--cache={tmp_path / 'cache'}"]
    environment = os.environ | {"HOME": str(tmp_path), "NO_UPDATE_NOTIFIER": "1"}
    subprocess.run([npm, "install", *quiet], cwd=checkout, check=True, capture_output=True, env=environment)
    assert judged(here, checkout).verdict is Verdict.PASS
    lock = json.loads((checkout / "package-lock.json").read_text())
    lock["packages"]["node_modules/bell"]["version"] = "2.0.0"
    (checkout / "package-lock.json").write_text(json.dumps(lock))
    assert judged(here, checkout).verdict is Verdict.FAIL


# What pnpm 8.15 and 9, yarn 1.22 and yarn 3 wrote of one dependency, shortened: file -> text.
PNPM_8 = (
    "lockfileVersion: '6.0'\n\ndependencies:\n  left-pad:\n    specifier: ^1.3.0\n    version: 1.3.0\n\npackages:\n\n"
)
PNPM_8_ENTRY = "  /left-pad@1.3.0:\n    resolution: {integrity: sha512-XI5==}\n    dev: false\n"
PNPM_8_DEV = "  /@types/node@20.1.0:\n    resolution: {integrity: sha512-41C==}\n    dev: true\n\n"
PNPM_9 = "lockfileVersion: '9.0'\n\npackages:\n\n  '@types/node@20.1.0':\n    resolution: {integrity: sha512-41C==}\n\n"
PNPM_9 += "  left-pad@1.3.0:\n    resolution: {integrity: sha512-XI5==}\n\nsnapshots:\n\n  left-pad@1.3.0: {}\n"
TARBALL = "https://registry.yarnpkg.com/left-pad/-/left-pad-1.3.0.tgz#5b8a3a"
YARN_1 = f'# yarn lockfile v1\n\n\nleft-pad@^1.3.0, "left-pad@>=1":\n  version "1.3.0"\n  resolved "{TARBALL}"\n'
YARN_1_NOTE = json.dumps(
    {"flags": ["production"], "lockfileEntries": {"left-pad@^1.3.0": TARBALL, "left-pad@>=1": TARBALL}}
)
YARN_3 = '__metadata:\n  version: 6\n\n"left-pad@npm:^1.3.0":\n  version: 1.3.0\n  resolution: "left-pad@npm:1.3.0"\n'
YARN_3_NOTE = '__metadata:\n  version: 1\n\n"left-pad@npm:1.3.0":\n  locations:\n    - "node_modules/left-pad"\n\n'
YARN_3_NOTE += '"x@workspace:.":\n  locations:\n    - ""\n'
OTHERS = {
    "pnpm 8": ("pnpm-lock.yaml", PNPM_8 + PNPM_8_DEV + PNPM_8_ENTRY, ".pnpm/lock.yaml", PNPM_8 + PNPM_8_ENTRY),
    "pnpm 9": ("pnpm-lock.yaml", PNPM_9, ".pnpm/lock.yaml", PNPM_9),
    "yarn 1": ("yarn.lock", YARN_1, ".yarn-integrity", YARN_1_NOTE),
    "yarn 3": ("yarn.lock", YARN_3, ".yarn-state.yml", YARN_3_NOTE),
}


@pytest.mark.parametrize("manager", OTHERS)
def test_what_pnpm_and_yarn_installed_is_compared_with_their_locks(here, tmp_path, manager):
    """A part of the lock is enough; a lock that was pulled and not installed is seen, with what installs it."""
    file, lock, note, noted = OTHERS[manager]
    (tmp_path / file).write_text(lock)
    assert judged(here, tmp_path).verdict is Verdict.NOT_APPLICABLE  # an image holds the packages
    (tmp_path / "node_modules" / note).parent.mkdir(parents=True)
    (tmp_path / "node_modules" / note).write_text(noted)
    assert judged(here, tmp_path).verdict is Verdict.PASS
    (tmp_path / file).write_text(lock.replace("1.3.0", "1.3.1"))
    (finding,) = judged(here, tmp_path).findings
    assert "left-pad 1.3.0 (1.3.1 is locked)" in finding.have
    assert finding.fix.startswith(f"{manager.split()[0]} install --")


def test_a_lock_of_another_manager_that_was_left_behind_is_not_taken_for_the_own(here, tmp_path):
    """The one counts for which an installation is noted; a note that says nothing is not judged."""
    write(tmp_path / "package-lock.json", {"node_modules/a": ENTRY})
    file, lock, note, noted = OTHERS["yarn 1"]
    (tmp_path / file).write_text(lock)
    (tmp_path / "node_modules").mkdir()
    (tmp_path / "node_modules" / note).write_text(noted)
    assert judged(here, tmp_path).verdict is Verdict.PASS
    (tmp_path / "node_modules" / note).write_text("half a no")
    assert judged(here, tmp_path).verdict is Verdict.NOT_APPLICABLE
