"""One gate of the timeline: its boxes in the order of the runbook, each with its evidence, and earlier attempts."""

from __future__ import annotations

from collections.abc import Sequence

from releasegate.change.models import Change, Item
from releasegate.core import Verdict, worst
from releasegate.core.durations import show_duration
from releasegate.core.figures import moment
from releasegate.core.gate import Gate
from releasegate.evidence.attempt import Attempt, Payload, Result, read_verdict
from releasegate.evidence.checkpoints import Checkpoint
from releasegate.evidence.events import Event
from releasegate.evidence.grouping import read_findings
from releasegate.evidence.history import History
from releasegate.report.languages import Language
from releasegate.report.measures import Measures, seen, took
from releasegate.report.people import lapsed
from releasegate.report.plots import OfGate, of_gate
from releasegate.report.plots.recorded import ReadBlob
from releasegate.report.promises import promised
from releasegate.report.views import Box, CheckView, Earlier, GateView, Link, Plot, State, StepView

MOST_MEASURES = 12
WHY_EMPTY = ("not checked yet", "nobody has attested this", "not required; nobody has attested this")
_STATES = {
    Verdict.PASS: State.TICKED,
    Verdict.WARN: State.TICKED,
    Verdict.FAIL: State.CROSSED,
    Verdict.WAIVED: State.WAIVED,
    Verdict.NOT_APPLICABLE: State.NOT_APPLICABLE,
    Verdict.NOT_RUN: State.EMPTY,
}


class Gates:
    """Turns the history of gates into views; evidence is shown in full once, at the first box that it belongs to."""

    def __init__(
        self, history: History, change: Change, language: Language, measures: Measures, read_blob: ReadBlob
    ) -> None:
        self._history, self._change, self._language, self._measures = history, change, language, measures
        self._read_blob = read_blob
        self._checks: dict[str, dict[str, CheckView]] = {}
        self._placed: set[str] = set()

    def view(self, gate: Gate, number: int, stand: Checkpoint) -> GateView:
        """Return `gate`, the `number`-th of the runbook, as the page shows it."""
        attempt = self._history.latest(gate.marker)
        verdict = attempt.verdict_at(self._history.as_of) if attempt else None
        counts = attempt is not None and attempt is self._history.latest_closed(gate.marker)
        checks = self._checks_of(gate.marker)
        boxes = tuple(self._box(item, checks) for item in self._change.checklist if item.gate == gate.marker)
        return GateView(
            marker=gate.marker,
            number=number,
            question=self._language.t(gate.question),
            runbook=self._language.t(gate.runbook),
            verdict=verdict,
            is_released=gate.is_released,
            sentence=self._sentence(attempt),
            when=self._span(attempt) if attempt else "",
            closed=stand.why_closed if counts and verdict and verdict.opens else "",
            alone=bool(attempt and attempt.alone),
            undone=counts and stand.undone,
            boxes=boxes,
            checks=tuple(checks.values()),
            others=tuple(check for name, check in checks.items() if name not in self._placed),
            earlier=tuple(self._earlier_run(one) for one in self._history.attempts(gate.marker)[:-1]),
            plots=self._plots(attempt) if attempt else (),
        )

    def _plots(self, attempt: Attempt) -> tuple[Plot, ...]:
        return of_gate(
            OfGate(
                attempt=attempt,
                history=self._history,
                read=self._read_blob,
                change=self._change,
                language=self._language,
            )
        )

    def _sentence(self, attempt: Attempt | None) -> str:
        if attempt is None:
            return ""
        if not attempt.ended:
            return self._language.t("This run never ended: what it saw is kept and decides nothing.")
        sentence = str(attempt.end.get("sentence") or "")
        if attempt.recorded is attempt.verdict_at(self._history.as_of):
            return sentence
        return self._language.t("At its end it said {sentence}", sentence=sentence)  # signed off or attested since

    def _span(self, attempt: Attempt) -> str:
        if attempt.ended is None:
            return moment(attempt.began)
        span = show_duration((attempt.ended - attempt.began).total_seconds())
        return self._language.t("{began}, took {span}", began=moment(attempt.began), span=span)

    def _earlier_run(self, attempt: Attempt) -> Earlier:
        return Earlier(
            number=attempt.number,
            when=self._span(attempt),
            verdict=attempt.verdict_at(self._history.as_of),
            sentence=str(attempt.end.get("sentence") or ""),
        )

    def _checks_of(self, gate: str) -> dict[str, CheckView]:
        if gate not in self._checks:
            attempt = self._history.latest(gate)
            self._checks[gate] = {check: self._check(attempt, check) for check in attempt.checks} if attempt else {}
        return self._checks[gate]

    def _check(self, attempt: Attempt, check: str) -> CheckView:
        result = attempt.results.get(check)
        plan = attempt.plans.get(check, {})
        if result is None:
            silent = attempt.check_verdict(check)
            return CheckView(
                id=check, title=str(plan.get("title") or ""), verdict=silent, promises=self._promises(plan),
                sentence=self._language.t("planned, and no verdict was reached"), earlier=self._earlier(attempt, check),
            )  # fmt: skip
        return CheckView(
            id=check,
            title=str(plan.get("title") or ""),
            verdict=result.verdict_at(self._history.as_of),
            sentence=result.sentence,
            promises=self._promises(plan),
            seen=seen(result.seen, result.unit) if result.unit or result.seen else "",
            least=seen(result.least, result.unit) if result.unit else "",
            took=took(result.duration_s),
            findings=result.findings,
            measures=tuple(self._measures.view(check, payload) for payload in result.measures[:MOST_MEASURES]),
            more_measures=max(0, len(result.measures) - MOST_MEASURES),
            traceback=result.traceback,
            waiver=self._waiver(result),
            lapsed=self._lapsed(result),
            earlier=self._earlier(attempt, check),
        )

    def _promises(self, plan: Payload) -> tuple[tuple[str, str], ...]:
        places = plan.get("promises") or plan.get("promise") or []
        return promised(self._change, [places] if isinstance(places, str) else map(str, places))

    def _waiver(self, result: Result) -> str:
        waiver = result.waived_by
        if waiver is None or result.verdict_at(self._history.as_of) is not Verdict.WAIVED:
            return ""
        return self._language.t(
            "{by} signed this off until {until}: {reason}. Measured: {verdict}.",
            by=waiver.by, until=waiver.until, reason=waiver.reason.rstrip("."), verdict=str(result.verdict),
        )  # fmt: skip

    def _lapsed(self, result: Result) -> str:
        """Return whose waiver does not count, where the check would need one."""
        waiver, now = result.waived_by, self._history.as_of
        if waiver is None or not result.verdict.can_be_waived or waiver.counts_at(now):
            return ""
        return f"{waiver.by}: {waiver.reason} ({lapsed(waiver, self._language)})"

    def _earlier(self, attempt: Attempt, check: str) -> tuple[Earlier, ...]:
        earlier = [one for one in self._history.attempts(attempt.gate) if one.number < attempt.number]
        return tuple(
            Earlier(
                number=one.number, when=moment(one.began), verdict=one.check_verdict(check),
                sentence=one.results[check].sentence if check in one.results else "",
            )
            for one in earlier if check in one.checks
        )  # fmt: skip

    def _box(self, item: Item, own: dict[str, CheckView]) -> Box:
        checks = [view for name in item.checks for view in self._named(name)]
        steps = [_step(event) for name in dict.fromkeys((item.id, *item.steps)) for event in self._history.steps(name)]
        state, note = self._state(item, checks, steps)
        here = tuple(check for check in checks if check.id in own and check.id not in self._placed)
        run_here = tuple(step for step in steps if step.id not in self._placed)
        self._placed.update(check.id for check in here)
        self._placed.update(step.id for step in run_here)
        return Box(
            id=item.id,
            text=item.text.in_language(self._language.name),
            source=item.source,
            state=state,
            note=note,
            command=_command(item) if state is State.EMPTY else "",
            checks=here,
            steps=run_here,
            links=(
                *(_link_to_step(step) for step in steps if step not in run_here),
                *(Link(id=check.id, text=check.id, verdict=check.verdict) for check in checks if check not in here),
            ),
        )

    def _named(self, name: str) -> list[CheckView]:
        """Return the check called `name` and every `name.parameter`, from the latest attempt of their gate."""
        known = self._checks_of(name.partition("/")[0])
        return [view for check, view in known.items() if check == name or check.startswith(f"{name}.")]

    def _state(self, item: Item, checks: Sequence[CheckView], steps: Sequence[StepView]) -> tuple[State, str]:
        """Return what became of the box: a person's word where it is theirs to give, else the worst of its evidence."""
        attested = self._history.attested(item.id) if item.manual else None
        if attested is not None:
            return State.ATTESTED, self._attestation(attested)
        verdicts = [check.verdict for check in checks]
        verdicts += [step.verdict for step in _latest_of_each(steps) if step.verdict]
        verdict = worst(verdicts)
        if verdicts and not (item.manual and verdict.opens):
            state = _STATES.get(verdict, State.UNCLEAR)
            return state, str(verdict) if state is State.UNCLEAR else ""
        return State.EMPTY, self._language.t(_why_empty(item))

    def _attestation(self, attested: Event) -> str:
        by, note = (str(attested.payload.get(key) or "") for key in ("by", "note"))
        said = self._language.t("attested by {by}, {when}", by=by, when=moment(attested.moment))
        return f"{said}: {note}" if note else said


def _why_empty(item: Item) -> str:
    checked, required, optional = WHY_EMPTY
    return (required if item.required else optional) if item.manual else checked


def _command(item: Item) -> str:
    """Return the command that would fill an empty box; "" where running its gate does."""
    if item.manual:
        return f"./gate attest {item.id} --by WHO --target FILE" if item.required else ""
    return f"./gate step {item.steps[0]} --target FILE -- COMMAND" if item.steps and not item.checks else ""


def _link_to_step(step: StepView) -> Link:
    return Link(id=step.id, text=f"$ {step.command}", verdict=step.verdict)


def _latest_of_each(steps: Sequence[StepView]) -> list[StepView]:
    """Return the last run of each step: one that was done again counts as it went then."""
    return list({step.item: step for step in steps}.values())


def _step(event: Event) -> StepView:
    payload = event.payload
    command = payload.get("command")
    return StepView(
        id=f"step-{event.seq}",
        item=str(payload.get("item") or ""),
        command=" ".join(map(str, command)) if isinstance(command, list) else str(command or ""),
        exit_code=str(payload.get("exit_code", "")),
        when=moment(event.moment),
        took=took(payload.get("duration_s")),
        output=str(payload.get("output") or ""),
        file=str(payload.get("output_blob") or ""),
        verdict=_step_verdict(payload),
        findings=read_findings(payload.get("findings")),
    )


def _step_verdict(payload: Payload) -> Verdict | None:
    if payload.get("verdict"):
        return read_verdict(payload["verdict"])
    return None if payload.get("exit_code") is None else Verdict.FAIL if payload["exit_code"] else Verdict.PASS
