"""What a load left behind in the backend."""

from __future__ import annotations

from typing import Final

from releasegate.core import Finding, Judgement, Severity
from releasegate.core.figures import gigabytes

_GROWN: Final = 2.0  # times what it was,
_LEAST_BYTES: Final = 200_000_000  # and by so much: a runtime that fills its heap for the first time takes less


def memory_stayed(check: str, before: int | None, after: int | None, *, run: str) -> Judgement:
    """Judge that the backend did not take much more memory with the load; both in bytes, None where nobody knows.

    No release document promises it, so a finding is a warning.
    """
    if before is None or after is None:
        return Judgement(seen=1, unit="looks", holds="how much memory the backend takes is not known here")
    grown = after - before
    findings = (
        [
            Finding(
                check=check,
                subject="backend's memory",
                want=f"less than {_GROWN:g} times what it was before the load",
                have=f"{gigabytes(after)}, before it {gigabytes(before)}",
                why="what every request leaves behind fills the machine within days, and then the backend is killed",
                fix="load again and look whether it grows by as much again; then take a heap profile",
                run=run,
                severity=Severity.WARNING,
            )
        ]
        if grown >= _LEAST_BYTES and after >= _GROWN * before
        else []
    )
    return Judgement(
        seen=2,
        unit="looks at the backend's memory",
        holds=f"the backend takes {gigabytes(after)}, before the load {gigabytes(before)}",
        findings=tuple(findings),
    )
