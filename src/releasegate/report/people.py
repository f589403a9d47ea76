"""What people said: what they attested, what they took on themselves, and whether that still counts."""

from __future__ import annotations

from collections.abc import Iterator

from releasegate.change.models import Change
from releasegate.core import Verdict
from releasegate.core.figures import moment
from releasegate.evidence.events import Event, Kind
from releasegate.evidence.history import History, Result, Waiver
from releasegate.report.languages import Language
from releasegate.report.views import Said, Tone


def said(history: History, change: Change, language: Language) -> Iterator[Said]:
    """Yield everything that was attested or waived, the oldest first; what no longer counts says so."""
    texts = {item.id: item.text.in_language(language.name) for item in change.checklist if item.manual}
    for event in history.events:
        if event.kind is Kind.ATTEST:
            yield _attested(history, event, texts, language)
        elif event.kind is Kind.WAIVER:
            yield _waived(history, event, language)


def who_typed(event: Event) -> str:
    """Return who sat at the keyboard, where that is somebody else than who is named."""
    by, typed = (str(event.payload.get(key) or "") for key in ("by", "typed_by"))
    return typed if typed != by else ""


def _attested(history: History, event: Event, texts: dict[str, str], language: Language) -> Said:
    item = str(event.payload.get("item") or "")
    notes = []
    if item not in texts:
        notes.append(language.t("no manual item of this change"))
    elif history.attested(item) is not event:
        notes.append(language.t("said again later"))
    return Said(
        what=texts.get(item, item),
        by=str(event.payload.get("by") or ""),
        typed_by=who_typed(event),
        when=moment(event.moment),
        text=str(event.payload.get("note") or ""),
        counts="; ".join(notes) or language.t("it counts"),
        tone=Tone.QUIET if notes else Tone.GOOD,
    )


def _waived(history: History, event: Event, language: Language) -> Said:
    check = str(event.payload.get("check") or event.check)
    counts, tone = _standing(history, event, check, language)
    return Said(
        what=check,
        by=str(event.payload.get("by") or ""),
        typed_by=who_typed(event),
        when=moment(event.moment),
        text=str(event.payload.get("reason") or ""),
        until=str(event.payload.get("until") or ""),
        counts=counts,
        tone=tone,
    )


def _standing(history: History, event: Event, check: str, language: Language) -> tuple[str, Tone]:
    t = language.t
    waiver = history.waivers.get(check)
    if waiver is None or waiver.seq != event.seq:
        return t("replaced by a later one"), Tone.QUIET
    result = _result(history, check)
    if result is None:
        return t("no check of this name has run"), Tone.UNSURE
    if not waiver.counts_at(history.as_of):
        return lapsed(waiver, language), Tone.UNSURE
    if result.verdict_at(history.as_of) is not Verdict.WAIVED:
        return t("not needed: measured {verdict}", verdict=str(result.verdict)), Tone.QUIET
    return t("counts; measured {verdict}", verdict=str(result.verdict)), Tone.LOOK


def lapsed(waiver: Waiver, language: Language) -> str:
    """Return why a waiver does not count."""
    if not (waiver.by and waiver.reason) or waiver.ends is None:
        return language.t("incomplete: it counts for nothing")
    return language.t("expired at the end of {until}: it counts no longer", until=waiver.until)


def _result(history: History, check: str) -> Result | None:
    attempt = history.latest(check.partition("/")[0])
    return attempt.results.get(check) if attempt else None
