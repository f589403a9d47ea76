"""What surrounds the rows: the spot check, how long it took, what the API makes of it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Protocol
from urllib.parse import urlsplit

from releasegate.checks.words import some
from releasegate.core import Finding, Judgement, Severity
from releasegate.core.durations import show_duration
from releasegate.core.facts.rows import ReadBack, Spot, Stored
from releasegate.core.figures import count
from releasegate.core.url_rule import Case, accepted_types


def spots_are_right(
    spots: Sequence[Spot], cases: Sequence[Case], *, source: str, least: int, held: Sequence[Stored] = ()
) -> Judgement:
    """Every row picked at random shows the same url on both sides, and a type that the rule accepts.

    `held` is all that these rows hold: one that holds an address twice is a warning.
    """
    findings = tuple(finding for spot in spots if (finding := _spot(spot, cases, source)))
    findings += tuple(finding for one in held if (finding := _twice(one)))
    if not spots and not least:
        return Judgement(seen=0, unit="rows picked", holds="", not_applicable="no row with media to pick from")
    holds = f"{count(len(spots), 'row')} picked at random: {some([f'{one.id} {one.type}' for one in spots])}"
    return Judgement(seen=len(spots), unit="rows picked", holds=holds, findings=findings)


def _spot(spot: Spot, cases: Sequence[Case], source: str) -> Finding | None:
    accepted = accepted_types(cases, spot.source, spot.fields)
    if spot.url == spot.source and (accepted is None or spot.type in accepted):
        return None
    wanted = f", type {' or '.join(accepted)}" if accepted else ""
    return Finding(
        check="backfill/spot-check",
        subject=f"row {spot.id}",
        want=f"url {spot.source}{wanted} ({source})",
        have=f"url {spot.url or 'none'}, type {spot.type or 'none'}",
        why="one of a handful picked at random is wrong, so many are",
        fix="see backfill/every-row for all of them",
    )


def _twice(held: Stored) -> Finding | None:
    most = max((held.urls.count(url) for url in held.urls if url), default=0)
    if most < 2:
        return None
    return Finding(
        check="backfill/spot-check",
        subject=f"row {held.id}",
        want="each address once (nobody's promise; worth a look)",
        have=f"the same address {most} times among {count(len(held.urls), 'attachment')}",
        why="people see the same picture as often",
        fix="see whether the backfill ran twice: one that may be repeated leaves out the rows that are done",
        severity=Severity.WARNING,
    )


class Expected(Protocol):
    """One line of the runbook's table of durations."""

    @property
    def up_to_rows(self) -> int | None: ...  # noqa: D102  the change file's own word
    @property
    def seconds(self) -> float: ...  # noqa: D102


def took_as_long_as_expected(
    durations: Sequence[float], rows: int, table: Sequence[Expected], *, source: str
) -> Judgement:
    """The last recorded run took no more than the line of the runbook's table for that many rows says, about.

    The table says "about", so only twice the time is worth a look, and never stops a release.
    """
    if not durations:
        nothing = "the backfill was not run with `gate step`: no duration to judge"
        return Judgement(seen=0, unit="recorded runs", holds="", not_applicable=nothing)
    expected = next((line.seconds for line in table if line.up_to_rows is None or rows <= line.up_to_rows), None)
    took = durations[-1]
    if expected is None:
        nothing = f"the table has no line for {count(rows, 'row')}"
        return Judgement(seen=0, unit="recorded runs", holds="", not_applicable=nothing)
    findings: tuple[Finding, ...] = ()
    if took > 2 * expected:
        findings = (
            Finding(
                check="backfill/duration",
                subject="the backfill",
                want=f"about {show_duration(expected)} for {count(rows, 'row')} ({source})",
                have=show_duration(took),
                why="it took so much longer than expected that something else may be slow: a lock, a missing index",
                fix="look at what else runs on the server before the next step",
                severity=Severity.WARNING,
            ),
        )
    holds = f"{show_duration(took)} for {count(rows, 'row')}; about {show_duration(expected)} was expected"
    return Judgement(seen=len(durations), unit="recorded runs", holds=holds, findings=findings)


def api_agrees(
    read: Sequence[ReadBack], stored: Iterable[Stored], *, source: str, strata: int, match: str = "equal"
) -> Judgement:
    """Every conversation read is answered, and each message with media shows the attachments that are stored.

    Messages that the API does not list (deleted ones, another page) are not judged; `strata` counts the kinds of
    old media that the conversations were chosen to cover, `match` is the change file's
    `url_match`. An API that shows every single one under another url, and none under that of another message,
    rewrites them (signs, proxies), which is worth a look and no fault.
    """
    known = {message.id: message for message in stored}
    pairs = [(one, known[key]) for one in read for key in one.urls if key in known]
    findings = [_not_answered(one, source) for one in read if not one.is_answered]
    if pairs and all(one.urls[message.id] is None for one, message in pairs):
        undecided = "no message of the API's answers shows attachments where [reading] looks for them"
        return Judgement(seen=0, unit="messages read back", holds="", findings=tuple(findings), undecided=undecided)
    rewrites = _rewrites(pairs, match)
    differing = [(one, wrong) for one in read if (wrong := _differing(one, pairs, match))]
    findings += [_differs(one, wrong, source, rewrites=rewrites) for one, wrong in differing]
    holds = (
        f"{count(len(pairs), 'message')} with media in {count(len(read), 'conversation')} come back as stored; "
        f"{count(strata, 'kind')} of old media covered"
    )
    return Judgement(seen=len(pairs), unit="messages read back", holds=holds, findings=tuple(findings))


def _differing(read: ReadBack, pairs: Sequence[tuple[ReadBack, Stored]], match: str) -> list[Stored]:
    return [message for one, message in pairs if one is read and not _agree(one.urls[message.id], message.urls, match)]


def _rewrites(pairs: Sequence[tuple[ReadBack, Stored]], match: str) -> bool:
    """Whether every message is shown under another url that is not stored for another one of them either."""
    stored = {url for _, message in pairs for url in message.urls}
    shown = {url for one, message in pairs for url in one.urls[message.id] or ()}
    return (
        bool(pairs)
        and not stored & shown
        and all(_has_other_url(one.urls[message.id], message.urls, match) for one, message in pairs)
    )


def _has_other_url(shown: _Urls | None, stored: _Urls, match: str) -> bool:
    return shown is not None and len(shown) == len(stored) and not _agree(shown, stored, match)


def _agree(shown: _Urls | None, stored: _Urls, match: str) -> bool:
    """Whether as many attachments are shown as stored, each with a url that agrees."""
    if shown is None or len(shown) != len(stored):
        return shown == stored
    return all(one == other or _urls_agree(one, other, match) for one, other in zip(shown, stored, strict=True))


def _urls_agree(shown: str | None, stored: str | None, match: str) -> bool:
    if not shown or not stored:
        return False
    if match == "same-path":
        path = _path(stored)
        return bool(path.strip("/")) and _path(shown) == path
    return match == "ends-with" and (shown.endswith(stored) or stored.endswith(shown))


def _path(url: str) -> str:
    """Return the path of a url, without scheme, host, query and fragment; of one that cannot be read, itself."""
    try:
        return urlsplit(url).path
    except ValueError:  # a host that begins with [
        return url


def _not_answered(read: ReadBack, source: str) -> Finding:
    return Finding(
        check="backfill/api-agrees",
        subject=f"conversation {read.conversation}",
        want=f"the API answers with its messages ({source})",
        have=read.said,
        why="the backend refuses what the backfill wrote: this conversation cannot be opened",
        fix="read the backend's log for the message that it does not accept; correct that row",
        run=read.run,
    )


def _differs(read: ReadBack, wrong: Sequence[Stored], source: str, *, rewrites: bool) -> Finding:
    first = wrong[0]
    return Finding(
        check="backfill/api-agrees",
        subject=f"conversation {read.conversation}",
        want=f"message {first.id} with {count(len(first.urls), 'attachment')} as stored ({source})",
        have=f"{_shown(read.urls[first.id], first.urls)}; {count(len(wrong), 'message')} so here",
        why="people see what the API answers, whatever the table holds",
        fix="compare one message by hand; look for a validation or a mapping that drops it",
        run=read.run,
        severity=Severity.WARNING if rewrites else Severity.ERROR,
    )


def _shown(urls: tuple[str | None, ...] | None, stored: Sequence[str | None]) -> str:
    if not urls:
        return "no attachments"
    return count(len(urls), "attachment") if len(urls) != len(stored) else "another url"


_Urls = tuple[str | None, ...]
