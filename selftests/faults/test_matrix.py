"""The fault matrix: what each fault turns red is declared, contains its own check, and is the same every time."""

from __future__ import annotations

import pytest

from releasegate.cli import reference

CLEAN = ("PASS", "N/A", "WARN")

# At least one fault of every gate; `gate selftest --all` walks them all.
QUICK = {
    "no-read-right",
    "frontend-down",
    "dump-truncated",
    "dump-without-messages",
    "old-backend-answers",
    "health-503",
    "index-invalid",
    "attachments-text",
    "rows-left-out",
    "coverage-by-two-wrongs",
    "console-error",
    "escape-dead",
    "thumbnails-missing",
    "slow-api",
    "error-burst",
    "coverage-decays",
    "rollback-leaves-rows",
}


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Take the faults from the reference's own catalogue, in the order in which they strike."""
    every = metafunc.config.getoption("--everything")
    faults = [fault for fault in reference.catalogue() if every or fault["name"] in QUICK]
    metafunc.parametrize("fault", faults, ids=[fault["name"] for fault in faults])


def test_a_fault_turns_red_what_it_declares(references, fault):
    """Clean before, exactly the declared checks red while broken."""
    deployment = references.at(fault["at"])
    deployment.ready_for(fault["gate"], fault["at"])
    clean = deployment.clean[fault["gate"]]
    verdicts = deployment.verdicts_with(fault)
    red = {check for check, verdict in verdicts.items() if verdict not in CLEAN or verdict != clean.get(check)}
    assert red == set(fault["trips"]), {check: verdicts[check] for check in sorted(red ^ set(fault["trips"]))}
