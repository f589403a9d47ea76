"""The whole dossier from the events, the change file and the list of gates, and from nothing else."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from releasegate.change.models import Change
from releasegate.core import Verdict
from releasegate.core.figures import moment
from releasegate.core.gate import Gate
from releasegate.evidence.anchor import ticket_line
from releasegate.evidence.attempt import Attempt
from releasegate.evidence.checkpoints import checkpoints
from releasegate.evidence.history import History
from releasegate.report.blobs import Album, from_nowhere
from releasegate.report.course import course
from releasegate.report.gates import Gates
from releasegate.report.headline import headline
from releasegate.report.languages import Language
from releasegate.report.measures import Measures
from releasegate.report.people import said
from releasegate.report.plots.recorded import ReadBlob
from releasegate.report.views import Dossier, Found, GateView, State
from releasegate.report.ways_back import about_them, ways_back

_NOT_JUDGED = (Verdict.NOT_APPLICABLE, Verdict.NOT_RUN, Verdict.BLOCKED, Verdict.ERROR, Verdict.INCONCLUSIVE)


def dossier(
    history: History, change: Change, gates: Sequence[Gate], language: Language, *, read_blob: ReadBlob = from_nowhere
) -> Dossier:
    """Return everything the page shows; the same events give the same dossier, on any day and any machine."""
    measures = Measures(change, language, Album(read_blob, language.t))
    builder = Gates(history, change, language, measures, read_blob)
    stands = checkpoints(history, gates, now=history.as_of, seen={})
    numbered = enumerate(zip(gates, stands, strict=True), start=1)
    views = tuple(builder.view(gate, number, stand) for number, (gate, stand) in numbered)
    last = history.all_attempts[-1] if history.all_attempts else None
    top = headline(history, views, language)
    target = _target(last)
    return Dossier(
        language=language.name,
        change=change.id,
        title=change.title.in_language(language.name),
        target=target,
        document=change.document,
        as_of=moment(history.as_of) if history.events else "",
        headline=top,
        ticket=_ticket(history, change, target),
        counts=_counts(views),
        facts=tuple(_facts(history, change, language)),
        gates=views,
        found=tuple(_found(views)),
        course=course(history, change, gates, language),
        ways_back=ways_back(history, change, gates, language),
        about_ways_back=tuple(about_them(history, change, gates, language)),
        said=tuple(said(history, change, language)),
        deviations=_deviations(history),
        unchecked=tuple(_unchecked(history, views, language)),
        problems=tuple(map(str, history.problems)),
    )


def _found(views: Sequence[GateView]) -> Iterator[Found]:
    for gate in views:
        for check in gate.checks:
            yield from (Found(gate=gate.marker, finding=finding, note=check.waiver) for finding in check.findings)


def _target(last: Attempt | None) -> str:
    target = last.start.get("target") if last else None
    return str(target.get("name") or "") if isinstance(target, dict) else str(target or "")


def _ticket(history: History, change: Change, target: str) -> str:
    """Return the line for the ticket as of the newest gate that ended; "" when none did."""
    ended = [attempt for attempt in history.all_attempts if attempt.ended_seq]
    if not ended:
        return ""
    last = max(ended, key=lambda attempt: attempt.ended_seq or 0)
    event = next(event for event in history.events if event.seq == last.ended_seq)
    return ticket_line(change.id, target or "?", event.seq, event.digest, str(last.recorded))


def _counts(views: Sequence[GateView]) -> tuple[tuple[State, int], ...]:
    counted = Counter(box.state for gate in views for box in gate.boxes)
    return tuple((state, counted[state]) for state in State if counted[state])


def _facts(history: History, change: Change, language: Language) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Yield label and values; a value that differs between runs is shown once for each."""
    t = language.t
    starts = [attempt.start for attempt in history.all_attempts]
    yield t("Who"), _distinct(f"{start.get('who', '')} @ {start.get('host', '')}".strip(" @") for start in starts)
    if history.all_attempts:
        first, last = history.all_attempts[0].began, history.as_of
        yield t("When"), (f"{moment(first)} … {moment(last)}",)
    yield t("Commits"), _pairs(starts, "commits")
    yield t("Fingerprint"), _distinct(str(start.get("fingerprint") or "") for start in starts)
    yield t("Change file"), _distinct(_file(start.get("change")) for start in starts)
    yield t("Target file"), _distinct(_file(start.get("target")) for start in starts)
    yield t("Document"), (change.document,)
    yield t("Versions"), (", ".join(_pairs(starts[-1:], "versions")),)
    seq, digest = history.head
    yield t("Evidence"), (t("{count} events, the last is {digest}", count=seq, digest=digest),)


def _distinct(values: Iterator[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(value for value in values if value))


def _pairs(starts: Sequence[Mapping[str, Any]], key: str) -> tuple[str, ...]:
    found = (start.get(key) for start in starts)
    pairs = (pair for each in found if isinstance(each, dict) for pair in each.items())
    return _distinct(f"{name} {value}" for name, value in pairs if value)


def _file(about: Any) -> str:
    if not isinstance(about, dict):
        return ""
    digest = f" · sha256 {about['sha256']}" if about.get("sha256") else ""
    return f"{about.get('path') or about.get('name') or ''}{digest}"


def _deviations(history: History) -> tuple[str, ...]:
    lists = (attempt.start.get("deviations") for attempt in history.all_attempts)
    return _distinct(str(item) for each in lists if isinstance(each, list) for item in each)


def _unchecked(history: History, views: Sequence[GateView], language: Language) -> Iterator[tuple[str, str]]:
    t = language.t
    for gate in views:
        if gate.verdict is None:
            yield gate.marker, t("this gate has not been run")
        for check in gate.checks:
            if check.verdict in _NOT_JUDGED:
                yield check.id, f"{check.verdict}: {check.sentence}"
        for box in gate.boxes:
            if box.state is State.EMPTY and not (box.checks or box.links) and gate.verdict is not None:
                yield box.text, box.note
    for start in (attempt.start for attempt in history.all_attempts[-1:]):
        unseen = start.get("bonds_unseen")
        for name, why in unseen.items() if isinstance(unseen, dict) else ():
            yield t("whether the {bond} is still the same", bond=name), str(why)
    if history.cut_bytes:
        yield "events.jsonl", t("ends with {bytes} bytes of a line that was cut", bytes=history.cut_bytes)
    unpromised = t("it is not judged; the change file names the source of each promise")
    yield t("everything that no release document promises"), unpromised
    yield t("whether this page matches its evidence"), t("`./gate verify` checks the folder, offline")
