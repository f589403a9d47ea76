"""Events sorted into attempts: which gate's run each of them belongs to."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Any

from releasegate.core import Finding, Severity
from releasegate.evidence.attempt import Attempt, Result, Waiver, read_verdict
from releasegate.evidence.events import Event, Kind

_OF_A_RUN = frozenset({Kind.PLAN, Kind.START, Kind.MEASURE, Kind.VERDICT, Kind.END})


def group(events: Iterable[Event]) -> list[list[Event]]:
    """Return the events of each attempt, in the order the attempts began.

    An attempt begins with its start event and holds the plans around it: those that directly follow, and those
    that came before it while no attempt of the gate was collecting. It is over with its end, or when the gate
    starts again because the run was killed. Measures outside a run (`gate watch`) belong to none.
    """
    begun: list[list[Event]] = []
    current: dict[str, list[Event]] = {}
    waiting: dict[str, list[Event]] = {}
    for event in events:
        if event.kind not in _OF_A_RUN:
            continue
        run = current.get(event.gate)
        if event.kind is Kind.START:
            current[event.gate] = [event, *waiting.pop(event.gate, [])]
            begun.append(current[event.gate])
        elif event.kind is Kind.PLAN and not (run and _is_collecting(run)):
            waiting.setdefault(event.gate, []).append(event)
        elif run:
            run.append(event)
            if event.kind is Kind.END:
                del current[event.gate]
    return begun


def _is_collecting(run: list[Event]) -> bool:
    return all(event.kind in (Kind.START, Kind.PLAN) for event in run)


def attempt(
    events: list[Event], *, number: int, waivers: Mapping[str, Waiver], attested: Collection[str]
) -> Attempt:  # fmt: skip
    """Return the attempt that `events` tell; its open items are those nobody has attested since."""
    start, last = events[0], events[-1]
    ended = last if last.kind is Kind.END else None
    plans = {event.check: event.payload for event in events if event.kind is Kind.PLAN}
    verdicts = {event.check: event.payload for event in events if event.kind is Kind.VERDICT}
    items = _texts(ended.payload.get("open_items")) if ended else ()
    return Attempt(
        gate=start.gate,
        number=number,
        began=start.moment,
        began_seq=start.seq,
        start=start.payload,
        planned=tuple(plans),
        plans=plans,
        results={
            check: _result(check, payload, _measures(events, check), waivers.get(check))
            for check, payload in verdicts.items()
        },
        ended=ended.moment if ended else None,
        ended_seq=ended.seq if ended else None,
        end=ended.payload if ended else {},
        open_items=tuple(item for item in items if item not in attested),
    )


def _measures(events: Iterable[Event], check: str) -> tuple[dict[str, Any], ...]:
    return tuple(event.payload for event in events if event.kind is Kind.MEASURE and event.check == check)


def _result(
    check: str, payload: Mapping[str, Any], measures: tuple[dict[str, Any], ...], waiver: Waiver | None
) -> Result:  # fmt: skip
    known = {"verdict", "sentence", "seen", "least", "unit", "findings", "duration_s", "traceback"}
    return Result(
        check=check,
        verdict=read_verdict(payload.get("verdict")),
        sentence=_text(payload, "sentence"),
        seen=int(_number(payload, "seen")),
        least=int(_number(payload, "least")),
        unit=_text(payload, "unit"),
        findings=read_findings(payload.get("findings")),
        measures=measures,
        duration_s=_number(payload, "duration_s"),
        traceback=_text(payload, "traceback"),
        waived_by=waiver,
        extra={key: value for key, value in payload.items() if key not in known},
    )


def read_findings(value: Any) -> tuple[Finding, ...]:
    """Return the findings that a payload lists; what is no finding there is left out."""
    return tuple(_finding(item) for item in value if isinstance(item, dict)) if isinstance(value, list) else ()


def _finding(data: Mapping[str, Any]) -> Finding:
    is_warning = data.get("severity") == Severity.WARNING
    texts = {key: _text(data, key) for key in ("check", "subject", "want", "have", "why", "fix", "run")}
    return Finding(severity=Severity.WARNING if is_warning else Severity.ERROR, **texts)


def _text(payload: Mapping[str, Any], key: str) -> str:
    value = payload.get(key)
    return "" if value is None else str(value)


def _number(payload: Mapping[str, Any], key: str) -> float:
    value = payload.get(key)
    return value if isinstance(value, int | float) else 0


def _texts(value: Any) -> tuple[str, ...]:
    return tuple(map(str, value)) if isinstance(value, list) else ()
