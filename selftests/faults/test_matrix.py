"""The fault matrix: what each fault turns red is declared, contains its own check, and is the same every time."""

from __future__ import annotations

from typing import Any

import pytest

from releasegate.cli import reference
from releasegate.cli.walk import GATES_AT
from releasegate.core import Verdict

from .conftest import WAY, Reference, verdicts

# At least one fault of every gate; `gate selftest --all` walks them all.
QUICK = {
    "no-read-right",
    "wrong-server",
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
    "fast-errors",
    "error-burst",
    "coverage-decays",
    "rollback-leaves-rows",
}
# What no fault of a deployment shows: a command of the runbook that went wrong, as `gate step` records it.
COMMANDS = (
    {
        "name": "build-failed",
        "at": "backend",
        "gate": "backend",
        "step": "2.3-build",
        "command": "echo \"src/app.ts(3,7): error TS2304: Cannot find name 'reply'.\"; exit 2",
        "trips": ["backend/step-output"],
    },
    {  # psql -f without ON_ERROR_STOP ends with 0
        "name": "statement-failed",
        "at": "migrated",
        "gate": "migration",
        "step": "3.1-migrate",
        "command": "echo 'psql:039.sql:7: ERROR:  must be owner of table messages'",
        "trips": ["migration/step-output"],
    },
    {
        "name": "backfill-says-nothing",
        "at": "backfilled",
        "gate": "backfill",
        "step": "4.3-backfill",
        "command": "echo 'NOTICE:  Messages to migrate: 700'",
        "trips": ["backfill/step-output"],
    },
    {
        "name": "backfill-of-another-database",
        "at": "backfilled",
        "gate": "backfill",
        "step": "4.3-backfill-script",
        "command": "echo 'Total messages: 31.337, messages to migrate: 9 999'",
        "trips": ["backfill/rows-announced"],
    },
    {  # 3 s are expected for so few rows, and twice that is worth a look
        "name": "backfill-slow",
        "at": "backfilled",
        "gate": "backfill",
        "step": "4.3-backfill",
        "command": "sleep 7; echo 'Migration completed successfully! Migration verification PASSED'",
        "trips": ["backfill/duration"],
    },
    {
        "name": "pages-not-compiled",
        "at": "released",
        "gate": "frontend",
        "step": "5.3-build",
        "command": "echo 'Failed to compile.'; exit 1",
        "trips": ["frontend/step-output"],
    },
)
SILENT = (Verdict.PASS, Verdict.NOT_APPLICABLE)
PICKS_AT_RANDOM = {"backfill/spot-check"}  # five of hundreds of rows: meets a few wrong ones, or does not


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Take the faults from the reference's own catalogue, in the order of the walk: by moment, then by gate."""
    if "fault" not in metafunc.fixturenames:
        return
    every = metafunc.config.getoption("--everything")
    catalogue = [fault for fault in reference.catalogue() if "process" in fault["services"]]
    faults = [fault for fault in (*catalogue, *COMMANDS) if every or fault["name"] in QUICK]
    faults.sort(key=lambda fault: (WAY.index(fault["at"]), GATES_AT[fault["at"]].index(fault["gate"])))
    metafunc.parametrize("fault", faults, ids=[fault["name"] for fault in faults])


def test_a_fault_turns_red_what_it_declares(deployment, fault):
    """Clean before; while it is broken, exactly the declared checks speak: red, or a warning that was not there."""
    declared = set(fault["trips"])
    red, broken = red_now(deployment, fault)
    assert red == declared, {check: str(broken[check]) for check in sorted(red ^ declared)}


def red_now(deployment: Reference, fault: dict[str, Any]) -> tuple[set[str], dict[str, Verdict]]:
    """Return which checks a fault turns red, and what each check says while it is there."""
    clean = deployment.ready_for(fault["gate"], fault["at"])
    broken = verdicts(deployment.run_broken(fault))
    red = {check for check, verdict in broken.items() if verdict not in SILENT and verdict != clean[check]}
    return red - (PICKS_AT_RANDOM - set(fault["trips"])), broken
