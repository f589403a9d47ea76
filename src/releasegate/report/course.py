"""The course of the release: what was done when, how long it took, and how long the document says it takes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

from markupsafe import Markup

from releasegate.change.models import Change, Stretch
from releasegate.core import Verdict
from releasegate.core.durations import parse_duration, show_duration
from releasegate.core.gate import Gate
from releasegate.evidence.attempt import Attempt
from releasegate.evidence.events import Event, Kind
from releasegate.evidence.history import WATCH, History
from releasegate.report.languages import Language
from releasegate.report.views import CourseRow, tone_of

MOST_ROWS = 60
_WIDTH, _HEIGHT = 200, 12


@dataclass(slots=True)
class _Part:
    """What was done in one go: attempts at the gates of one stretch, and the commands before them."""

    stretch: Stretch | None
    began: datetime
    ended: datetime
    attempts: list[Attempt] = field(default_factory=list)
    commands: int = 0


def course(history: History, change: Change, gates: Sequence[Gate], language: Language) -> tuple[CourseRow, ...]:
    """Return a row for each part in the order it was done, then one for each longer stretch of the timetable."""
    by_marker = {gate.marker: gate for gate in gates}
    parts = _parts(history, change)
    rows = [_row(part, by_marker, history.as_of, language) for part in parts[-MOST_ROWS:]]
    sums = [stretch for stretch in change.timetable if _is_sum(stretch, change)]
    return (*rows, *(row for stretch in sums for row in _whole(stretch, parts, language)))


def _parts(history: History, change: Change) -> list[_Part]:
    parts: list[_Part] = []
    waiting: list[Event] = []  # commands, and the watch, for which no gate has run yet
    ends = {attempt.began_seq: attempt for attempt in history.all_attempts}
    for event in history.events:
        if event.kind is Kind.STEP or (event.kind is Kind.MEASURE and event.check == WATCH):
            waiting.append(event)
        elif event.seq in ends:
            _add(parts, ends[event.seq], waiting, _stretch(change, event.gate))
            waiting = []
    if waiting:
        parts.append(_Part(None, _began(waiting[0]), waiting[-1].moment, commands=_commands(waiting)))
    return parts


def _add(parts: list[_Part], attempt: Attempt, commands: list[Event], stretch: Stretch | None) -> None:
    began = min([attempt.began, *map(_began, commands)])
    ended = attempt.ended or attempt.began
    last = parts[-1] if parts else None
    same_gate = last is not None and bool(last.attempts) and last.attempts[-1].gate == attempt.gate
    if last is None or not (same_gate or (stretch is not None and last.stretch == stretch)):
        last = _Part(stretch, began, ended)
        parts.append(last)
    last.attempts.append(attempt)
    last.commands += _commands(commands)
    last.ended = max(last.ended, ended)


def _commands(events: Sequence[Event]) -> int:
    return sum(event.kind is Kind.STEP for event in events)


def _stretch(change: Change, gate: str) -> Stretch | None:
    """Return the stretch of the timetable that `gate` belongs to; None where only a sum of several names it."""
    return next((one for one in change.timetable if gate in one.gates and not _is_sum(one, change)), None)


def _is_sum(stretch: Stretch, change: Change) -> bool:
    """Whether other stretches are parts of this one."""
    return any(set(other.gates) < set(stretch.gates) for other in change.timetable)


def _began(event: Event) -> datetime:
    """Return when a command began, as its event says, else when that was written."""
    try:
        moment = datetime.fromisoformat(str(event.payload.get("began")))
    except ValueError:
        return event.moment
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _row(part: _Part, by_marker: dict[str, Gate], now: datetime, language: Language) -> CourseRow:
    t = language.t
    last = part.attempts[-1] if part.attempts else None
    verdict = _verdict(part, now)
    markers = list(dict.fromkeys(attempt.gate for attempt in part.attempts))
    runbook = next((by_marker[marker].runbook for marker in markers if marker in by_marker), "")
    runs, gates = len(part.attempts), len(markers)
    notes = [t("{count} commands", count=part.commands) if part.commands != 1 else t("1 command")] * bool(part.commands)
    notes += [t("{count} runs", count=runs)] * (runs > gates)
    row = CourseRow(
        name=", ".join(markers) or t("commands without a gate"),
        place=t(runbook) if runbook else "",
        anchor=markers[0] if markers and markers[0] in by_marker else "",
        began=f"{part.began.astimezone(UTC):%Y-%m-%d %H:%M:%S}",
        took=show_duration((part.ended - part.began).total_seconds()) if last is None or last.ended else "",
        note=", ".join(notes),
        verdict=verdict,
        tone=tone_of(verdict),
    )
    return _with_plan(row, part.stretch, part.ended - part.began, language)


def _verdict(part: _Part, now: datetime) -> Verdict | None:
    """Return the worst of the last attempts of the part's gates: what was done again counts as it went then."""
    latest = {attempt.gate: attempt.verdict_at(now) for attempt in part.attempts}
    return min(latest.values(), key=list(Verdict).index, default=None)


def _whole(stretch: Stretch, parts: Sequence[_Part], language: Language) -> Iterator[CourseRow]:
    """Yield the row of a stretch that several parts fill, once its last gate was run."""
    inside = [part for part in parts for attempt in part.attempts if attempt.gate in stretch.gates]
    if not inside or not any(attempt.gate == stretch.gates[-1] for part in inside for attempt in part.attempts):
        return
    span = inside[-1].ended - inside[0].began
    row = CourseRow(
        name=language.t("{first} to {last}", first=stretch.gates[0], last=stretch.gates[-1]),
        began=f"{inside[0].began.astimezone(UTC):%Y-%m-%d %H:%M:%S}",
        took=show_duration(span.total_seconds()),
        is_sum=True,
    )
    yield _with_plan(row, stretch, span, language)


def _with_plan(row: CourseRow, stretch: Stretch | None, took: timedelta, language: Language) -> CourseRow:
    if stretch is None:
        return row
    t, place = language.t, "timetable"
    most = parse_duration(stretch.most, where=place)
    least = parse_duration(stretch.least, where=place) if stretch.least else timedelta()
    over = took - most
    is_over = over > timedelta(seconds=1)
    if not least:
        planned = t("at most {most}", most=_short(most))
    elif least == most:
        planned = _short(most)
    else:
        planned = t("{least} to {most}", least=_short(least), most=_short(most))
    return replace(
        row,
        planned=planned,
        source=stretch.source,
        over=t("{span} longer", span=show_duration(over.total_seconds())) if is_over else "",
        bar=_bar(least, most, took),
    )


def _short(span: timedelta) -> str:
    """Return a planned length as a document writes it: `5 min`, `2 h`."""
    seconds = int(span.total_seconds())
    for unit, name in ((86400, "d"), (3600, "h"), (60, "min")):
        if seconds % unit == 0:
            return f"{seconds // unit} {name}"
    return f"{seconds} s"


def _bar(least: timedelta, most: timedelta, took: timedelta) -> Markup:
    """Return what was planned as a band and what it took as a bar, on one scale; the words beside it say the same."""
    longest = max(most, took) * 1.06
    low, high, done = (round(_WIDTH * (span / longest), 1) for span in (least, most, took))
    kind = "over" if took > most else "within"
    return Markup(
        '<svg class="bar {kind}" viewBox="0 0 {w} {h}" preserveAspectRatio="none" aria-hidden="true">'
        '<rect class="plan" x="{low}" width="{band}" height="{h}"/>'
        '<rect class="took" y="3" width="{done}" height="6"/></svg>'
    ).format(kind=kind, w=_WIDTH, h=_HEIGHT, low=low, band=max(high - low, 2), done=max(done, 2))
