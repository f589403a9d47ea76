"""`--seed-samples`: rows written before the gate's tests and removed after them, by the controller alone."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from releasegate.core import CannotMeasure, Measurement, UsageError
from releasegate.core.settings import command_name
from releasegate.plugin.notebook import as_payload
from releasegate.plugin.record import GateRecord
from releasegate.plugin.signals import postponed
from releasegate.plugin.subject import Subject
from releasegate.probes.seeding import Seeder, open_seeder

_GATE = "smoke"
_SHOWN_AT = "smoke/old-media-shown"  # the check that looks at the data first: there the report shows what was written

Note = Callable[[dict[str, Any], dict[str, bytes]], None]


class Seeds:
    """The tagged rows of one run. `note` records a measure in the evidence."""

    def __init__(self, subject: Subject, note: Note) -> None:
        self._subject = subject
        self._note = note
        self._lie = False

    def sow(self, record: GateRecord) -> None:
        """Remove what a killed run has left, and write the rows; nothing where the gate is blocked."""
        if record.gate.marker != _GATE or record.blocked_by:
            return
        with open_seeder(self._subject.target, self._subject.change) as seeder:
            self._removed(seeder, "what an earlier run left")
            self._lie = True
            with postponed():
                written = seeder.write()
            self._record(written, "written for the try")

    def reap(self) -> str:
        """Remove the rows again; return what to say where that did not work, "" else."""
        if not self._lie:
            return ""
        self._lie = False
        try:
            with postponed(), open_seeder(self._subject.target, self._subject.change) as seeder:
                self._removed(seeder, "removed after the try")
        except CannotMeasure as error:
            remedy = f"{command_name()} unseed --target {self._subject.target_path}"
            return f"the rows of --seed-samples are still there: {error}; remove them: {remedy}"
        return ""

    def _removed(self, seeder: Seeder, what: str) -> None:
        self._record(seeder.remove(), what)

    def _record(self, found: Measurement[Any], what: str) -> None:
        payload = as_payload(found)
        self._note({"check": _SHOWN_AT, **payload, "query": f"{what}: {payload['query']}"}, {})


def require_seed(subject: Subject, gates: tuple[str, ...]) -> None:
    """Raise UsageError where rows may not be written, naming the key that says so."""
    if gates != (_GATE,):
        raise UsageError(f"--seed-samples: gate {' and '.join(gates)} looks at no samples; only {_GATE} does")
    if subject.target.production:
        raise UsageError(f"--seed-samples: {subject.target_path} says production = true; nothing is ever written there")
    if subject.target.samples.seed is None:
        raise UsageError(
            f"--seed-samples: {subject.target_path} has no [samples.seed], which says what may be written and as whom"
        )
