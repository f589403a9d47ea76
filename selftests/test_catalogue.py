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
# Checks that only an undisturbed machine, or another deployment, can turn red: where each is shown red, and why there.
RED_ELSEWHERE = {
    "preflight/database-reachable": (
        "probes/test_postgres.py::test_a_server_that_is_not_there_cannot_be_measured",
        "a reference without its server is no reference",
    ),
    "preflight/room-to-write": (
        "checks/test_capacity.py::test_too_little_room_is_a_warning_with_the_estimate",
        "nobody's disk is filled for a rehearsal",
    ),
    "backup/room-to-restore": (
        "checks/test_restore.py::test_too_little_room_for_a_second_database_is_a_warning",
        "nobody's disk is filled for a rehearsal",
    ),
    **dict.fromkeys(
        ("backend/installed", "frontend/installed"),
        (
            "probes/test_installed.py::test_a_package_of_another_version_differs",
            "the reference has no packages of npm; real ones of npm are looked at there",
        ),
    ),
    **dict.fromkeys(
        [f"{gate.marker}/clock" for gate in GATES if gate.marker != "preflight"],
        (
            "checks/test_host.py::test_a_clock_five_minutes_ahead_is_a_warning",
            "judged as preflight/clock, which clock-off turns red; a date that lies would turn other checks red too",
        ),
    ),
    "preflight/read-only": (
        "checks/test_database.py::test_a_write_that_is_taken_or_refused_for_another_reason_is_a_finding",
        "nothing stands between the reference's server and us that could drop BEGIN READ ONLY",
    ),
    "preflight/signals-on-record": (
        "watch/test_shapes.py::test_a_signal_that_was_not_seen_before_the_release_is_a_warning",
        "a deployment of which some signal cannot be seen has other checks that say so first",
    ),
    "followup/time-passed": (
        "checks/test_followup.py::test_a_week_that_is_not_over_is_a_warning",
        "it judges when the gate is run; no fault of a deployment can turn it red",
    ),
    "followup/feature-used": (
        "checks/test_followup.py::test_what_nobody_uses_after_a_week_is_a_warning",
        "it is asked after a week, and a rehearsal has none",
    ),
    "followup/old-column-readers": (
        "checks/test_followup.py::test_statements_that_cannot_be_seen_are_a_warning",
        "it is asked after a week, and the reference shows its statements",
    ),
    "monitoring/coverage": (
        "watch/test_rounds.py::test_what_nobody_watched_did_not_stay_well",
        "it judges the watch; no fault of a deployment can turn it red",
    ),
    "monitoring/disk-stayed-free": (
        "watch/test_shapes.py::test_a_disk_that_is_full_tomorrow_is_a_warning",
        "nobody's disk is filled for a rehearsal",
    ),
    "monitoring/success-criteria": (
        "watch/test_success.py::test_what_was_never_run_is_no_success",
        "a gate that was not run, or was not open, stands in the evidence alone",
    ),
    "frontend/wrong-password": (
        "pages/test_other_make.py::test_a_wrong_password_that_lets_one_in_is_a_finding",
        "the reference's target does not ask for the try, as most do not",
    ),
    "perf/generator-kept-up": (
        "bench/test_load.py::test_an_overloaded_generator_gives_no_verdict",
        "it judges the generator; no fault of a deployment can turn it red",
    ),
    **dict.fromkeys(
        ("backend/step-output", "migration/step-output", "backfill/step-output", "frontend/step-output"),
        (
            "faults/test_matrix.py::test_a_fault_turns_red_what_it_declares",
            "a command that went wrong stands in the evidence, not in the deployment; see COMMANDS there",
        ),
    ),
    "backfill/rows-announced": (
        "faults/test_matrix.py::test_a_fault_turns_red_what_it_declares",
        "what a command printed stands in the evidence alone; see COMMANDS there",
    ),
    "backfill/duration": (
        "faults/test_matrix.py::test_a_fault_turns_red_what_it_declares",
        "how long a command took stands in the evidence alone; see COMMANDS there",
    ),
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
    wrong = {
        check: path for check, path in checks().items() if path.split("/")[1] != BY_MARKER[check.split("/")[0]].phase
    }
    assert not wrong


def test_every_check_can_fail(faults):
    """A check that no fault turns red does not exist."""
    tripped = {check for fault in faults for check in fault["trips"]} | set(RED_ELSEWHERE)
    assert not set(checks()) - tripped


def test_every_fault_has_a_name_of_its_own(faults):
    """One name breaks one thing, and mends it."""
    names = [fault["name"] for fault in faults]
    assert sorted(names) == sorted(set(names))


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


def test_what_is_shown_elsewhere_is_shown_there():
    """Nobody is excused who is not there, or who has no self-test."""
    assert set(RED_ELSEWHERE) <= set(checks())
    for shown, _ in RED_ELSEWHERE.values():
        path, _, test = shown.partition("::")
        assert f"def {test}(" in (PROJECT / "selftests" / path).read_text("utf-8"), shown
