"""A folder on a real disk, and a gate's run written into it through the real chain."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from releasegate.evidence import Chain, Folder, Kind
from releasegate.evidence.statement import write_statement

BEGAN = datetime(2025, 11, 3, 2, 0, tzinfo=UTC)


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    return Folder.of(tmp_path / "reports", "FEAT-1", "staging")


@pytest.fixture
def clock() -> Callable[[], datetime]:
    moments = iter(BEGAN + timedelta(seconds=second) for second in range(10_000))
    return lambda: next(moments)


@pytest.fixture
def closed_folder(folder: Folder, clock: Callable[[], datetime]) -> Folder:
    """Two closed gates, a blob, an attested item and a waiver, with manifest and statement."""
    with Chain.open(folder, clock=clock) as chain:
        chain.append(Kind.ATTEST, "preflight", item="team-warned", by="Ana", note="told in the channel")
        for gate, verdicts in {"preflight": ["PASS", "WARN"], "backup": ["PASS", "FAIL"]}.items():
            for number in range(len(verdicts)):
                chain.append(Kind.PLAN, gate, f"{gate}/c{number}", title=f"claim {number}")
            chain.append(Kind.START, gate, run=f"1-{gate}", who="ana", bonds={"server": "s1"}, commits={"b": "a" * 40})
            for number, verdict in enumerate(verdicts):
                blob = chain.keep(f"{gate} {number}".encode(), "output.txt")
                chain.append(Kind.MEASURE, gate, f"{gate}/c{number}", value=number, rows=5, blobs={"output.txt": blob})
                chain.append(Kind.VERDICT, gate, f"{gate}/c{number}", verdict=verdict, seen=5, least=1, findings=[])
            if gate == "backup":
                chain.append(Kind.WAIVER, "backup", "backup/c1", by="Rui", reason="known", until="2025-11-30")
            verdict = "WARN" if gate == "preflight" else "WAIVED"
            chain.append(Kind.END, gate, verdict=verdict, open_items=[], counts={"collected": 2, "executed": 2})
    write_statement(folder)
    return folder
