"""What a gate is going to check, known before the first measurement."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import pytest

from releasegate.plugin.gates import BY_MARKER


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedCheck:
    """One test of a gate. `promises` are dotted places in the change file, `needs` sections of the target file."""

    id: str
    gate: str
    node: str
    title: str
    promises: tuple[str, ...] = ()
    needs: tuple[str, ...] = ()
    baseline: bool = False

    @classmethod
    def of(cls, item: pytest.Item) -> PlannedCheck | None:
        """Return what `item` checks; None for a test of no gate.

        Raises UsageError for a gate's test that does not say what it checks.
        """
        gate = next((mark.name for mark in item.iter_markers() if mark.name in BY_MARKER), None)
        if gate is None:
            return None
        mark = item.get_closest_marker("check")
        if mark is None or not mark.args:
            raise pytest.UsageError(
                f'{item.nodeid}: a test of a gate says what it checks: @pytest.mark.check("{gate}/…")'
            )
        return cls(
            id=_with_parameter(mark.args[0], item),
            gate=gate,
            node=item.nodeid,
            title=_title(item),
            promises=_several(mark.kwargs.get("promise", ())),
            needs=_several(mark.kwargs.get("target", ())),
            baseline=mark.kwargs.get("baseline", False),
        )


def write_plan(path: Path, plan: Iterable[PlannedCheck]) -> None:
    """Write `plan` where the controller can read it; a worker process knows its tests, the controller does not."""
    partial = path.with_suffix(".partial")
    partial.write_text(json.dumps([asdict(check) for check in plan]), encoding="utf-8")
    partial.replace(path)


def read_plan(path: Path) -> tuple[PlannedCheck, ...]:
    """Return the plan that `write_plan` wrote."""
    return tuple(PlannedCheck(**_tuples(data)) for data in json.loads(path.read_text(encoding="utf-8")))


def _tuples(data: dict[str, Any]) -> dict[str, Any]:
    return {key: tuple(value) if isinstance(value, list) else value for key, value in data.items()}


def _several(value: str | tuple[str, ...]) -> tuple[str, ...]:
    return (value,) if isinstance(value, str) else tuple(value)


def _with_parameter(check: str, item: pytest.Item) -> str:
    callspec = getattr(item, "callspec", None)
    return f"{check}.{callspec.id}" if callspec else check


def _title(item: pytest.Item) -> str:
    """Return the promise that the test's name states, as words."""
    name = getattr(item, "originalname", None) or item.name
    return str(name).removeprefix("test_").replace("_", " ")
