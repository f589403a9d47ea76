"""Who may import whom: the house rules of ARCHITECTURE.md, read from the imports themselves."""

from __future__ import annotations

import ast
import sys
from pathlib import Path

import pytest

PROJECT = Path(__file__).parents[1]
SOURCE = PROJECT / "src" / "releasegate"
MAY_IMPORT = {
    "core": set(),
    "files": {"core"},
    "change": {"core", "files"},
    "target": {"core", "files"},
    "evidence": {"core"},
    "checks": {"core"},
    "probes": {"core", "target", "change"},
    "report": {"core", "evidence", "change"},
    "plugin": {"core", "files", "change", "target", "evidence", "checks", "probes", "report"},
    "cli": {"core", "files", "change", "target", "evidence", "checks", "probes", "report", "plugin"},
}
IO = {"psycopg", "httpx", "playwright", "testinfra", "locust", "requests", "socket", "subprocess", "urllib.request"}
# Run with Locust, in processes of their own; never imported by a gate.
LOCUST_FILES = {SOURCE / "probes" / "load" / f"{name}.py" for name in ("arrivals", "driver", "conductor", "locustfile")}
RUNS_PROGRAMS = {"signature.py: subprocess"}  # ssh-keygen signs and checks; it reaches nothing
ONLY_IN = {
    "psycopg": {"probes"},
    "httpx": {"probes"},
    "playwright": {"probes"},
    "testinfra": {"probes"},
    "pytest": {"plugin"},
    "locust": set(),
}


def imports_of(path: Path) -> set[str]:
    """Return the dotted names that a file imports."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found |= {f"{node.module}.{alias.name}" for alias in node.names}
    return found


def files_of(room: str) -> list[Path]:
    return sorted((SOURCE / room).rglob("*.py"))


@pytest.mark.parametrize("room", MAY_IMPORT)
def test_a_room_imports_only_what_lies_below_it(room):
    """No package imports one that it may not know."""
    wrong = [
        f"{path.relative_to(PROJECT)}: {name}"
        for path in files_of(room)
        for name in imports_of(path)
        if name.startswith("releasegate.") and name.split(".")[1] in MAY_IMPORT
        if name.split(".")[1] not in MAY_IMPORT[room] | {room}
    ]
    assert not wrong, "\n".join(wrong)


def test_every_package_is_a_room():
    """A new package must be given its place in the house."""
    assert {path.name for path in SOURCE.iterdir() if path.is_dir() and path.name[0] != "_"} == set(MAY_IMPORT)


def test_core_needs_the_standard_library_only():
    """The words of the product depend on nothing that can be missing."""
    wrong = {
        f"{path.relative_to(PROJECT)}: {name}"
        for path in files_of("core")
        for name in imports_of(path)
        if name.split(".")[0] not in sys.stdlib_module_names | {"releasegate"}
    }
    assert not wrong


@pytest.mark.parametrize("room", ["core", "change", "checks", "evidence"])
def test_a_pure_room_has_no_way_to_reach_a_deployment(room):
    """Checks, models and evidence cannot open a connection."""
    wrong = {f"{path.name}: {name}" for path in files_of(room) for name in imports_of(path) if _reaches(name)}
    assert not wrong - RUNS_PROGRAMS


def _reaches(name: str) -> bool:
    return any(name == package or name.startswith(f"{package}.") for package in IO) and name != "socket.gethostname"


def test_checks_have_no_clock():
    """A verdict can be computed again from stored evidence: no check reads the time."""
    wrong = {
        f"{path.name}: {name}"
        for path in files_of("checks")
        for name in imports_of(path)
        if name.split(".")[0] in ("time", "random") or "now(" in path.read_text("utf-8")
    }
    assert not wrong


@pytest.mark.parametrize("package", ONLY_IN)
def test_a_tool_is_used_in_one_room(package):
    """A driver is imported only where its room says; Locust nowhere, because it patches the process that imports it."""
    wrong = {
        str(path.relative_to(PROJECT))
        for room in MAY_IMPORT
        if room not in ONLY_IN[package]
        for path in files_of(room)
        if path not in LOCUST_FILES and package in {name.split(".")[0] for name in imports_of(path)}
    }
    assert not wrong


def test_the_gates_know_only_checks_probes_and_core():
    """Everything else arrives as a fixture."""
    allowed = {"checks", "probes", "core"}
    wrong = {
        f"{path.relative_to(PROJECT)}: {name}"
        for path in sorted((PROJECT / "tests").rglob("*.py"))
        for name in imports_of(path)
        if name.startswith("releasegate.") and name.split(".")[1] not in allowed
    }
    assert not wrong


def test_the_reference_and_the_gates_do_not_know_each_other():
    """The reference is a deployment like any other: started as a process, never imported."""
    reference = PROJECT / "src" / "reference_inbox"
    theirs = {name for path in reference.rglob("*.py") for name in imports_of(path) if name.startswith("releasegate")}
    ours = {name for path in SOURCE.rglob("*.py") for name in imports_of(path) if name.startswith("reference_inbox")}
    assert not theirs | ours
