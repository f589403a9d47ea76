"""Whether old media is there, opens large, closes again, and can be paged through."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from releasegate.checks.page.repeats import too_often
from releasegate.core import Finding, Judgement, Severity
from releasegate.core.facts.page import (
    ArrowFacts,
    ClosingFacts,
    MediumFacts,
    Shown,
    ThreadFacts,
    ViewerFacts,
    is_large,
)
from releasegate.core.figures import count

_FULL = 0.9  # of the window; scrollbars and rounded corners stay out
_MOST_LISTED = 8


def old_media_shown(
    check: str,
    threads: Sequence[ThreadFacts],
    kinds: Sequence[str],
    in_data: Iterable[str],
    source: str,
    *,
    once: bool = True,
) -> Judgement:
    """Judge that every living old medium of `kinds` stands in its conversation, and none is called unavailable.

    What is drawn more often than the data says is a warning, unless not `once`.
    `in_data` are the kinds that the sampled conversations hold. Files that this browser cannot show on an empty
    page are counted, not judged.
    """
    looked = [thread for thread in threads if not thread.trouble]
    media = [medium for thread in looked for medium in thread.media if medium.is_old and medium.kind in kinds]
    shown = [medium for medium in media if medium.shown.is_shown and not medium.says_unavailable]
    dead = [medium for medium in media if not medium.shown.is_shown and medium.is_alive is False]
    findings = [_empty(check, thread, source) for thread in looked if _is_empty(thread)]
    findings += [
        finding for thread in looked if not _is_empty(thread) for finding in _missing(check, thread, kinds, source)
    ]
    findings += [finding for thread in looked if once for finding in too_often(check, thread, kinds)]
    unseen = [kind for kind in kinds if kind in set(in_data) and not any(medium.kind == kind for medium in shown)]
    return Judgement(
        seen=len(shown),
        unit="old media",
        holds=f"{count(len(shown), 'old medium', 'old media')} shown in {count(len(looked), 'conversation')}; "
        f"not judged, for they do not answer: {count(len(dead), 'file')}",
        findings=tuple(findings),
        undecided=_undecided(threads, unseen),
    )


def viewer_opens(check: str, views: Sequence[ViewerFacts], source: str) -> Judgement:
    """Judge that a click on a thumbnail opens the same medium, large, over the whole window."""
    looked = [view for view in views if not view.trouble]
    findings = [finding for view in looked for finding in _viewer_findings(check, view, source)]
    unsure = [view for view in looked if view.opened and view.enlarged and view.enlarged.is_same is None]
    undecided = _troubles(view.trouble for view in views)
    if not undecided and unsure:
        undecided = (
            f"whether the viewer shows the medium that was clicked cannot be told by its address ({unsure[0].url})"
        )
    return Judgement(
        seen=len(looked),
        unit="thumbnails",
        holds=f"{count(len(looked), 'thumbnail')} opened, each with its own medium, over the whole window",
        findings=tuple(findings),
        undecided=undecided,
    )


def viewer_closes(check: str, closings: Sequence[ClosingFacts], source: str) -> Judgement:
    """Judge that every promised way closes the viewer."""
    looked = [closing for closing in closings if not closing.trouble]
    lost = [one for one in looked if not one.closed and not one.found and one.controls]
    findings = [_not_closed(check, one, source) for one in looked if not one.closed and one not in lost]
    undecided = _troubles(closing.trouble for closing in closings)
    if not undecided and lost:
        names = ", ".join(lost[0].controls)
        undecided = f"no close button was recognised among: {names}; name it in the target's [locators.close]"
    return Judgement(
        seen=len(looked),
        unit="ways to close",
        holds=f"the viewer closes by {' and by '.join(dict.fromkeys(one.found or one.way for one in looked))}",
        findings=tuple(findings),
        undecided=undecided,
    )


def arrows_lead_on(
    check: str, arrows: Sequence[ArrowFacts], several_in_table: int, rows: int, source: str
) -> Judgement:
    """Judge that arrows lead from one attachment to the next and back; N/A where no message has several."""
    looked = [arrow for arrow in arrows if not arrow.trouble]
    nothing = f"no message has several attachments (looked at {count(rows, 'row')})" if not several_in_table else ""
    undecided = _troubles(arrow.trouble for arrow in arrows)
    if not arrows and several_in_table:
        undecided = (
            f"{several_in_table} messages have several attachments, and none of them with several to look at is in "
            "what the API shows first; name one in the target's [samples] messages"
        )
    unsure = [arrow for arrow in looked if arrow.led_on is None]
    if not undecided and unsure:
        undecided = (
            f"whether the {unsure[0].way} arrow leads on cannot be told: neither address nor proportions say which of "
            f"the {unsure[0].attachments} attachments of message {unsure[0].message} is shown"
        )
    return Judgement(
        seen=len(looked),
        unit="arrows",
        holds="the arrows lead to the next attachment and back",
        findings=tuple(_not_led(check, arrow, source) for arrow in looked if arrow.led_on is False),
        undecided=undecided,
        not_applicable=nothing,
    )


def _is_empty(thread: ThreadFacts) -> bool:
    """Whether nothing of a conversation is there, for all that the page was given."""
    return thread.messages > 0 and thread.found == 0 and not thread.way_on


def _empty(check: str, thread: ThreadFacts, source: str) -> Finding:
    errors = f"; {', '.join(thread.errors[:3])}" if thread.errors else ""
    if thread.unlisted:
        errors += f"; not asked, for the target does not list them: {', '.join(thread.unlisted[:3])}"
    return Finding(
        check=check,
        subject=f"conversation {thread.conversation}",
        want=f"its {count(thread.messages, 'message')} and their media are there ({source})",
        have=f"none of them is on the page{errors}",
        why="people open a conversation and see nothing of it",
        fix="look at what the API answered to the page, and at the console",
    )


def _missing(check: str, thread: ThreadFacts, kinds: Sequence[str], source: str) -> list[Finding]:
    media = [medium for medium in thread.media if medium.is_old and medium.kind in kinds]
    gone = [medium for medium in media if not medium.shown.is_shown and medium.is_alive and not medium.says_unavailable]
    wrongly = [medium for medium in media if medium.says_unavailable and medium.is_alive]
    findings = []
    if gone and _can_tell(thread):
        findings.append(_not_shown(check, thread, gone, len(media), source))
    if wrongly:
        findings.append(_called_unavailable(check, thread, wrongly, source))
    return findings


def _can_tell(thread: ThreadFacts) -> bool:
    """Whether a medium that was not found is really missing: its messages were found, or others' media were."""
    return thread.found > 0 and (thread.loaded is not None or any(medium.tied_by for medium in thread.media))


def _not_shown(check: str, thread: ThreadFacts, gone: Sequence[MediumFacts], of: int, source: str) -> Finding:
    listed = "; ".join(
        f"{medium.kind} of message {medium.message} is {_told(medium.shown)}" for medium in gone[:_MOST_LISTED]
    )
    more = f" and {len(gone) - _MOST_LISTED} more" if len(gone) > _MOST_LISTED else ""
    return Finding(
        check=check,
        subject=f"conversation {thread.conversation}",
        want=f"its {count(of, 'old picture or video', 'old pictures and videos')} are shown ({source})",
        have=f"{len(gone)} whose files answer are not: {listed}{more}",
        why="people miss pictures and videos that were there before the release",
        fix="compare what the API answers for these messages with what the page draws for that type",
    )


def _told(shown: Shown) -> str:
    return str(shown)


def _called_unavailable(check: str, thread: ThreadFacts, media: Sequence[MediumFacts], source: str) -> Finding:
    listed = ", ".join(medium.message for medium in media[:_MOST_LISTED])
    return Finding(
        check=check,
        subject=f"conversation {thread.conversation}",
        want=f"no medium whose file answers is called unavailable ({source})",
        have=f"{count(len(media), 'is', 'are')}, in the messages {listed}",
        why="people are told that a picture is gone which is there",
        fix="look why the page could not load the file: its address, its type, the page's content policy",
    )


def _undecided(threads: Sequence[ThreadFacts], unseen: Sequence[str]) -> str:
    trouble = _troubles(thread.trouble or (thread.way_on if thread.found == 0 else "") for thread in threads)
    if trouble:
        return trouble
    answered = next(
        (thread for thread in threads if _is_empty(thread) and thread.answered_by_us and not thread.errors), None
    )
    if answered:
        return (
            f"conversation {answered.conversation} stayed empty, and the page had sent {answered.answered_by_us[0]}, "
            "which this gate answered itself; if that only reads, allow it in the target's [frontend] allow_writes"
        )
    if not unseen:
        return ""
    elsewhere = next((thread.way_on for thread in threads if thread.way_on), "")
    return elsewhere or f"no old {' and no old '.join(unseen)} could be seen, although the data holds some"


def _troubles(troubles: Iterable[str]) -> str:
    found = [trouble for trouble in troubles if trouble]
    more = f" (and {len(found) - 1} more)" if len(found) > 1 else ""
    return f"{found[0]}{more}" if found else ""


def _viewer_findings(check: str, view: ViewerFacts, source: str) -> list[Finding]:
    large = view.enlarged
    if not view.opened or large is None:
        return [_viewer(check, view, source, "a click opens it in full", "nothing opened")]
    findings = []
    if large.says_unavailable or not large.shown.is_shown:
        told = "the text for dead media" if large.says_unavailable else f"the medium {large.shown}"
        findings.append(_viewer(check, view, source, "the viewer shows the medium", told))
    elif large.is_same is False:
        findings.append(_viewer(check, view, source, "the viewer shows the medium that was clicked", "another one"))
    elif not is_large((large.width, large.height), view.thumbnail, view.window):
        want = "the medium is larger than its thumbnail"
        findings.append(_viewer(check, view, source, want, f"{large.width:.0f} by {large.height:.0f} pixels"))
    if view.covers < _FULL:
        findings.append(_viewer(check, view, source, "the viewer covers the whole window", f"{view.covers:.0%} of it"))
    if view.kind == "video" and view.is_playable is False and large.shown.is_shown:
        have = "it neither plays nor has controls"
        findings.append(replace(_viewer(check, view, "nobody's promise; worth a look", "a video can be played", have),
                                severity=Severity.WARNING))  # fmt: skip
    return findings


def _viewer(check: str, view: ViewerFacts, source: str, want: str, have: str) -> Finding:
    return Finding(
        check=check,
        subject=f"{view.kind} of message {view.message}",
        want=f"{want} ({source})",
        have=have,
        why="people cannot look at what they were sent",
        fix=f"open conversation {view.conversation} and click the {view.kind}; the screenshot is in the evidence",
    )


def _not_closed(check: str, closing: ClosingFacts, source: str) -> Finding:
    what = "the Escape key" if closing.way == "escape" else "the X button"
    tried = f" ({closing.found!r} was clicked)" if closing.way == "button" and closing.found else ""
    return Finding(
        check=check,
        subject=f"viewer of message {closing.message}",
        want=f"{what} closes the viewer ({source})",
        have=f"it stays open{tried}" if closing.found else "nothing in it can be clicked",
        why="people are caught in the viewer and have to reload the page",
        fix="open a picture and try it by hand",
    )


def _not_led(check: str, arrow: ArrowFacts, source: str) -> Finding:
    tried = (
        f"{arrow.found!r} was clicked" if arrow.found else f"no arrow among {', '.join(arrow.controls) or 'nothing'}"
    )
    return Finding(
        check=check,
        subject=f"message {arrow.message} with {arrow.attachments} attachments",
        want=f"the {arrow.way} arrow leads to the {arrow.way} attachment ({source})",
        have=f"it is not shown ({tried})",
        why="people see only one of several pictures",
        fix="open the first of them and try the arrows by hand",
    )
