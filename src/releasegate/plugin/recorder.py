"""The one writer of evidence: what was planned, what was seen, what was judged, and how each gate ended."""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict, replace
from datetime import UTC, datetime
from typing import Any

from releasegate.core import Verdict, worst
from releasegate.core.gate import Gate
from releasegate.evidence.chain import Chain, read
from releasegate.evidence.events import Kind
from releasegate.evidence.folder import Folder
from releasegate.evidence.history import History
from releasegate.plugin.outcome import Outcome
from releasegate.plugin.record import GateRecord
from releasegate.plugin.sentence import gate_sentence


class Recorder:
    """Writes the events of one run into the chain; it lives in the controller only.

    `history` is what the chain said when the current gate began.
    """

    def __init__(self, chain: Chain, folder: Folder) -> None:
        self.chain = chain
        self._folder = folder
        self.history = read(folder)

    def look_back(self) -> History:
        """Read the chain again, before a gate begins, and return what it says."""
        self.history = read(self._folder)
        return self.history

    def begin(self, record: GateRecord, about: dict[str, Any]) -> None:
        """Write the plan of all checks, then the start with everything that identifies this run."""
        gate = record.gate.marker
        self._resume(gate)
        for check in record.plan:
            self.chain.append(Kind.PLAN, gate, check.id, title=check.title, promises=list(check.promises))
        self.chain.append(
            Kind.START,
            gate,
            question=record.gate.question,
            runbook=record.gate.runbook,
            alone=record.alone,
            blocked_by=list(record.blocked_by),
            **about,
        )

    def _resume(self, gate: str) -> None:
        """Say that the gate's last run was cut off, where it was: killed between two lines, it left no gap."""
        last = self.history.latest(gate)
        if last is not None and not last.ended:
            sentence = "the run before never ended; what it saw is kept and decides nothing"
            self.chain.append(Kind.RESUME, gate, run=last.run, began=last.began, sentence=sentence)

    def measured(self, gate: Gate, payload: dict[str, Any], blobs: dict[str, bytes]) -> None:
        """Write one measure; its blobs are kept beside the chain and named in it."""
        check = payload["check"]
        rest = {key: value for key, value in payload.items() if key != "check"}
        kept = {name: self.chain.keep(data, name) for name, data in blobs.items()}
        self.chain.append(Kind.MEASURE, gate.marker, check, **rest, blobs=kept)

    def judged(self, record: GateRecord, outcome: Outcome) -> None:
        """Write one verdict; a later one of the same check (a failing teardown) only counts when it is worse."""
        earlier = record.outcomes.get(outcome.check)
        if earlier and worst([earlier.verdict, outcome.verdict]) is earlier.verdict:
            return
        record.outcomes[outcome.check] = self._waived(outcome)
        data = asdict(outcome) | {"verdict": str(outcome.verdict)}
        check = data.pop("check")
        self.chain.append(Kind.VERDICT, record.gate.marker, check, **data)

    def end(self, record: GateRecord, counts: Counter[str]) -> None:
        """Close the gate: a chain without this event shows that something was cut off."""
        record.sentence = gate_sentence(record)
        self.chain.append(
            Kind.END,
            record.gate.marker,
            verdict=str(record.verdict),
            exit_code=int(record.exit_code),
            sentence=record.sentence,
            open_items=[item.id for item in record.open_items],
            counts=dict(counts),
        )

    def _waived(self, outcome: Outcome) -> Outcome:
        """Return `outcome`, or its waived form where a named person signed it off and the date has not passed."""
        waiver = self.history.waivers.get(outcome.check)
        if waiver is None or not outcome.verdict.can_be_waived or not waiver.counts_at(datetime.now(UTC)):
            return outcome
        sentence = f"waived by {waiver.by} until {waiver.until}: {waiver.reason} (would be: {outcome.sentence})"
        return replace(outcome, verdict=Verdict.WAIVED, sentence=sentence)
