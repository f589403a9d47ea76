"""The catalogue: every check has its page, its box in the runbook or a reason, and a fault that turns it red."""

from __future__ import annotations

import ast
import json
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from releasegate.plugin.gates import BY_MARKER, GATES

PROJECT = Path(__file__).parents[1]
CHANGE = PROJECT / "changes" / "feat-2025-20251103111429.toml"
HEADING = re.compile(r"^### `?([a-z]+/[a-z0-9.-]+)`?$", re.MULTILINE)
# Checks that only an undisturbed machine, or another deployment, can turn red; each with where it is shown instead.
RED_ELSEWHERE = {
    "preflight/database-reachable": "selftests/probes/test_postgres.py stops the server",
    "preflight/host-reachable": "selftests/probes/test_host.py refuses the connection",
    "perf/generator-kept-up": "selftests/probes/test_load.py overloads the generator; no fault of a deployment can",
}


def checks() -> dict[str, str]:
    """Return every check id with the file of its test."""
    found: dict[str, str] = {}
    for path in sorted((PROJECT / "tests").rglob("test_*.py")):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Call) and ast.unparse(node.func) == "pytest.mark.check":
                found[ast.literal_eval(node.args[0])] = str(path.relative_to(PROJECT))
    return found


@pytest.fixture(scope="module")
def faults() -> list[dict]:
    command = [sys.executable, "-m", "reference_inbox", "faults", "--json"]
    return json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout)


@pytest.mark.parametrize("gate", GATES, ids=lambda gate: gate.marker)
def test_a_gate_has_its_page_and_the_page_names_its_checks(gate):
    """The headings of docs/gates/<gate>.md are the ids of the gate's checks."""
    page = (PROJECT / "docs" / "gates" / f"{gate.marker}.md").read_text("utf-8")
    assert gate.question in page
    assert set(HEADING.findall(page)) == {check for check in checks() if check.startswith(f"{gate.marker}/")}


def test_a_test_lies_in_the_folder_of_its_phase():
    """Folders under tests/ are phases, markers are gates."""
    wrong = {check: path for check, path in checks().items() if path.split("/")[1] != BY_MARKER[check.split("/")[0]].phase}
    assert not wrong


def test_every_check_can_fail(faults):
    """A check that no fault turns red does not exist."""
    tripped = {check for fault in faults for check in fault["trips"]} | set(RED_ELSEWHERE)
    assert not set(checks()) - tripped


def test_a_fault_trips_checks_that_exist(faults):
    """A fault's declared set names checks of the gates, at least one of them its own gate's."""
    for fault in faults:
        assert set(fault["trips"]) <= set(checks()), fault["name"]
        assert any(check.startswith(f"{fault['gate']}/") for check in fault["trips"]), fault["name"]


def test_the_runbook_s_boxes_rest_on_checks_that_exist():
    """Every box of the checklist is bound to known checks or steps, or is left to a person."""
    change = tomllib.loads(CHANGE.read_text("utf-8"))
    known = set(checks())
    for item in change["checklist"]:
        assert set(item.get("checks", ())) <= known, item["id"]
        assert item.get("checks") or item.get("steps") or item.get("manual"), item["id"]
        assert item["gate"] in BY_MARKER, item["id"]


def test_the_reasons_are_of_checks_that_exist():
    """Nobody is excused who is not there."""
    assert set(RED_ELSEWHERE) <= set(checks())
