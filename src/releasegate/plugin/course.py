"""The course of one gate run in the controller: gates one after the other, each closed before the next begins."""

from __future__ import annotations

from collections import Counter
from contextlib import ExitStack
from typing import Any

from releasegate.core import ExitCode, Verdict, exit_code
from releasegate.core.gate import Gate
from releasegate.evidence.chain import Chain
from releasegate.plugin import closing, opening
from releasegate.plugin.notebook import SpillReader
from releasegate.plugin.outcome import Outcome
from releasegate.plugin.plan import PlannedCheck
from releasegate.plugin.record import GateRecord
from releasegate.plugin.recorder import Recorder
from releasegate.plugin.run import Run
from releasegate.plugin.seeds import Seeds


class Course:
    """What has happened so far: the gates' records, what pytest counted, and what else went wrong (`also`)."""

    def __init__(self, run: Run) -> None:
        self.run = run
        self.records: list[GateRecord] = []
        self.counts: Counter[str] = Counter()
        self.also: set[ExitCode] = set()
        self.trouble = ""
        self.ticket = ""
        self.uncollected: list[str] = []
        self.is_refused = False
        self._open = ExitStack()
        self._recorder: Recorder | None = None
        self._spill = SpillReader(run.path)
        self._seeds = Seeds(run.subject, self.measured)

    @property
    def current(self) -> GateRecord | None:
        """The gate that is running."""
        return self.records[-1] if self.records else None

    @property
    def recorder(self) -> Recorder:
        """The writer; opening it takes the lock of this deployment's evidence. Raises CannotMeasure when it is busy."""
        if self._recorder is None:
            chain = self._open.enter_context(Chain.open(self.run.folder))
            self._recorder = Recorder(chain, self.run.folder)
        return self._recorder

    def begin(self, gate: Gate, plan: tuple[PlannedCheck, ...]) -> GateRecord:
        """Close the gate before, and write plan and start of this one, with what blocks it."""
        self.close_current()
        opening.attest_in_bulk(self.run, self.recorder.chain, self.recorder.look_back(), gate.marker)
        record, about = opening.open_gate(self.run, self.recorder.look_back(), gate, plan)
        self.records.append(record)
        self.recorder.begin(record, about)
        if self.run.options.seed_samples:
            self._seeds.sow(record)
        if self.run.has_workers:
            opening.tell_workers(self.run.path, record)
        return record

    def measured(self, payload: dict[str, Any], blobs: dict[str, bytes]) -> None:
        """Write one measure of the current gate."""
        if self.current is not None:
            self.recorder.measured(self.current.gate, payload, blobs)

    def judged(self, outcome: Outcome) -> None:
        """Write what a report says, after everything its worker noted before it."""
        self.drain()
        if self.current is not None:
            self.recorder.judged(self.current, outcome)

    def drain(self) -> None:
        """Take over what the workers have noted."""
        for payload, blobs in self._spill.drain():
            self.measured(payload, blobs)

    def close_current(self) -> None:
        """End the current gate; what has no verdict by now is NOT_RUN."""
        record = self.current
        if record is None or record.sentence:
            return
        self.drain()
        if still_there := self._seeds.reap():
            self.trouble = self.trouble or still_there
            self.also.add(ExitCode.CANNOT_TELL)
        for check in record.missing():
            self.recorder.judged(record, Outcome(check=check.id, verdict=Verdict.NOT_RUN, sentence="it did not run"))
        self.recorder.end(record, self.counts)

    def close(self) -> None:
        """End the last gate, write the report, and let go of the evidence."""
        with self._open:
            if self._recorder is not None:
                self.close_current()
                self._spill.close()
                opening.forget_workers(self.run.path)
                self.ticket = closing.report(self.run, self.records)

    def seal(self) -> None:
        """Write the manifest, once every file of the run is there."""
        if self.records:
            closing.seal(self.run)

    def exit_code(self) -> ExitCode:
        """Return the exit code of everything that ran."""
        verdicts = [verdict for record in self.records for verdict in record.verdicts]
        return exit_code(verdicts, *self.also)
