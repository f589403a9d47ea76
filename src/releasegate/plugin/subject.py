"""What a run is about: one change on one target, both read and checked before anything is touched."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path

from pydantic import BaseModel

from releasegate import change as changes
from releasegate import target as targets
from releasegate.change.models import Change
from releasegate.core import UsageError
from releasegate.core.durations import parse_duration
from releasegate.core.gate import Gate
from releasegate.plugin.catalogue import require_known
from releasegate.plugin.gates import BY_MARKER, GATES
from releasegate.target.models import Target


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """The change as this target reads it, the target, and where both came from.

    `deviations` are the places where the target reads differently from the change file ([reading]); `warnings` are
    worth saying before the run (a secret's file that others can read).
    """

    change: Change
    change_path: Path
    change_sha256: str
    target: Target
    target_path: Path
    deviations: tuple[changes.Deviation, ...] = ()
    warnings: tuple[str, ...] = ()

    @property
    def gates(self) -> tuple[Gate, ...]:
        """The gates with the age that this target allows to what is judged before the release.

        A backend whose start migrates changes with step 2 what the others change with steps 3 and 4: what became of it
        is judged by the gates of these steps all the same.
        """
        gates, length, backend = GATES, self.target.policy.max_age, self.target.backend
        if backend is not None and backend.migrates_at_start:
            by_name = {gate.marker: gate for gate in gates}
            early = by_name["backup"].may_change | by_name["backend"].may_change
            gates = tuple(replace(gate, may_change=early) if gate.marker == "backup" else gate for gate in gates)
        if length is None:
            return gates
        age = parse_duration(length, where=f"{self.target_path}: policy.max_age")
        return tuple(gate if gate.is_released else replace(gate, max_age=age) for gate in gates)

    def not_promised(self, promises: Iterable[str]) -> str:
        """Return the first of the dotted places that the change file leaves empty; "" when all are promised."""
        return next((place for place in promises if not is_given(self.change, place)), "")

    def has(self, section: str) -> bool:
        """Whether the target file says something in `section`."""
        return is_given(self.target, section)

    def excused(self, check: str) -> str:
        """Return the target file's reason why `check`, or its whole gate, does not apply; "" when it does."""
        gate = check.partition("/")[0]
        found = (entry.reason for entry in self.target.not_applicable if entry.check in (gate, check))
        return next(found, "")


def load_subject(target_path: Path, change_path: Path | None, project: Path) -> Subject:
    """Read target and change; the change file is the given one, else the target's, else the only one of the project.

    Raises UsageError naming file and key.
    """
    target = targets.load(target_path)
    change = changes.load(change_path or _change_of(target, project))
    read, deviations = changes.with_reading(change.change, target.target.reading, target.path)
    _require_known_gates(target.target, target.path)
    require_known(change.change, change.path, project)
    return Subject(
        change=read,
        change_path=change.path,
        change_sha256=change.sha256,
        target=target.target,
        target_path=target.path,
        deviations=deviations,
        warnings=target.warnings,
    )


def is_given(model: BaseModel, place: str) -> bool:
    """Whether the dotted `place` of `model`, in the words of the file, holds anything."""
    value: object = model
    for key in place.split("."):
        if not isinstance(value, BaseModel):
            return False
        names = {field.alias or name: name for name, field in type(value).model_fields.items()}
        value = getattr(value, names[key])
    return value not in (None, (), {}, "")


def _change_of(target: targets.LoadedTarget, project: Path) -> Path:
    if target.target.change:
        return target.path.parent / target.target.change
    return changes.default_path(project)


def _require_known_gates(target: Target, path: Path) -> None:
    for entry in target.not_applicable:
        if entry.check.partition("/")[0] not in BY_MARKER:
            raise UsageError(
                f"{path}: not_applicable: check {entry.check!r} is of no gate; accepted: {', '.join(BY_MARKER)}"
            )
