"""Whether replies show what they reply to, and what people are told where something is gone."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from releasegate.checks.page.loading import doubt, is_allowed
from releasegate.core import Finding, Judgement, Severity
from releasegate.core.facts.page import ErrorFacts, FallbackFacts, ReplyFacts
from releasegate.core.figures import count

_NOBODY = "nobody's promise; worth a look"
_READS = {
    "empty": "reads exactly as with no messages at all",
    "blank": "shows no word at all",
    "silent": "says nothing of it",
}
_TALL = 0.4  # of the window: a preview that pushes the answer out of sight
_NAMELESS = (
    "; the name in {count} was not judged: neither the table nor the API ([api.fields] sender) says who wrote it"
)
_JUMP_PX = 24.0  # a line of text: below that nobody notices


def replies_shown(
    check: str, replies: Sequence[ReplyFacts], text: str, source: str, *, in_table: int, rows: int
) -> Judgement:
    """Judge that each reply has its box and the original's first words; N/A where the table holds no reply."""
    living = [reply for reply in replies if not reply.is_gone]
    looked = [reply for reply in living if reply.row]
    wordless = sum(reply.shows_preview is None for reply in looked)
    nameless = sum(reply.knows_sender is False for reply in looked)
    words = f"box; the original's words in {len(looked) - wordless}, in {wordless} there are none, or too few to tell"
    undecided = next((reply.trouble for reply in living if reply.trouble), "")
    if not undecided and in_table and not looked:
        undecided = _none_found(living, in_table)
    return Judgement(
        seen=len(looked),
        unit="replies",
        holds=f"{count(len(looked), 'reply', 'replies')} with {words if wordless else 'box and preview'}"
        + (_NAMELESS.format(count=nameless) if nameless else ""),
        findings=tuple(finding for reply in looked for finding in _reply_findings(check, reply, text, source)),
        undecided=undecided,
        not_applicable="" if in_table else f"there is no reply (looked at {count(rows, 'row')})",
    )


def _none_found(replies: Sequence[ReplyFacts], in_table: int) -> str:
    """Return why none of the replies could be looked at, and what to set for the next time."""
    held = f"the table holds {count(in_table, 'reply', 'replies')}, and "
    if not replies:
        return f"{held}none of them is in what the API shows first; name one in the target's [samples] messages"
    if not any(reply.loaded for reply in replies):
        return (
            f"{held}the page loaded none of the {len(replies)} looked for; name one that it shows in [samples] messages"
        )
    return (
        f"{held}none of the {len(replies)} looked for was found on the page; say in the target how: the column of "
        "their text, [reading] backfill.preview_column, or the way to a message, [locators] message"
    )


def deleted_originals_say_so(
    check: str,
    replies: Sequence[ReplyFacts],
    text: str,
    source: str,
    *,
    in_table: int,
    looked_up: int,
    gone_in_data: int,
) -> Judgement:
    """Judge that a reply to a deleted message shows the promised text; N/A where there is none.

    The table holds `in_table` replies; of `looked_up` of them the originals are known, and `gone_in_data` of these are
    deleted.
    """
    gone = [reply for reply in replies if reply.is_gone]
    looked = [reply for reply in gone if reply.row]
    wrong = [reply for reply in looked if not reply.says_gone or reply.shows_gone_text]
    none = f"no reply to a deleted message (looked at {count(looked_up, 'reply', 'replies')})"
    undecided = next((reply.trouble for reply in gone if reply.trouble), "")
    is_none = not gone and not gone_in_data and (looked_up or not in_table)
    if not undecided and not looked and not is_none:
        undecided = _not_seen(in_table, looked_up, gone_in_data or len(gone))
    return Judgement(
        seen=len(looked),
        unit="replies to deleted messages",
        holds=f"told by {count(len(looked), 'reply', 'replies')} to a deleted message",
        findings=tuple(_not_told_gone(check, reply, text, source) for reply in wrong),
        undecided=undecided,
        not_applicable=none if is_none else "",
    )


def _not_seen(in_table: int, looked_up: int, gone: int) -> str:
    if looked_up:
        return f"of {count(gone, 'reply', 'replies')} to a deleted message in the data none was found on a page"
    return f"the table holds {count(in_table, 'reply', 'replies')}, and none of them is in what the API shows first"


def dead_media_shows_fallback(
    check: str,
    cuts: Sequence[FallbackFacts],
    text: str,
    source: str,
    *,
    known: Iterable[str] = (),
    allowed: Sequence[tuple[str, str]] = (),
) -> Judgement:
    """Judge that a medium cut off in the browser leaves the promised text, no broken icon, and its neighbours alone.

    `known` and `allowed` uncaught errors are none of it, as for `loading.console_clean`; one that came only after this
    program had answered a request itself is a warning.
    """
    before = set(known)
    cuts = [
        replace(
            cut, errors=tuple(one for one in cut.errors if one.shape not in before and not is_allowed(one, allowed))
        )
        for cut in cuts
    ]
    looked = [cut for cut in cuts if cut.cut and not cut.trouble]
    undecided = next((cut.trouble for cut in cuts if cut.trouble), "")
    if not undecided and cuts and not looked:
        undecided = f"the page did not ask for {cuts[0].url}, or by another address, so it could not be cut off"
    return Judgement(
        seen=len(looked),
        unit="media cut off",
        holds=f"{count(len(looked), 'medium', 'media')} cut off in the browser ({_ways(looked)}): the text is there, "
        "nothing else moved",
        findings=tuple(finding for cut in looked for finding in _fallback_findings(check, cut, text, source)),
        undecided=undecided,
    )


def viewer_shows_fallback(check: str, cuts: Sequence[FallbackFacts], text: str, source: str) -> Judgement:
    """Judge that the viewer of a dead medium says so too, instead of waiting for ever; one that stays shut is fine."""
    cut_off = [cut for cut in cuts if cut.cut and not cut.trouble]
    looked = [cut for cut in cut_off if cut.clicked]
    other = [cut for cut in looked if cut.viewer and cut.viewer.shown.is_shown and cut.viewer.is_same is False]
    silent = [cut for cut in looked if cut.viewer and not cut.viewer.says_unavailable and cut not in other]
    undecided = next((cut.trouble for cut in cuts if cut.trouble), "")
    if not undecided and other:
        undecided = f"the viewer of message {other[0].message} shows another medium; smoke/viewer-opens judges that"
    if not undecided and cut_off and not looked:
        undecided = f"where the medium of message {cut_off[0].message} stood, nothing could be clicked"
    missed = len(cut_off) - len(looked)
    opened = sum(cut.viewer is not None for cut in looked)
    return Judgement(
        seen=len(looked),
        unit="media cut off",
        holds=f"{opened} of {count(len(looked), 'dead medium', 'dead media')} opened a viewer, and it says so"
        + (f"; {missed} more could not be clicked" if missed else ""),
        findings=tuple(_silent(check, cut, text, source) for cut in silent),
        undecided=undecided,
    )


def errors_are_told(check: str, looks: Sequence[ErrorFacts], *, promised_by: str = "") -> Judgement:
    """Judge that messages which do not come look otherwise than no messages, and that late ones come.

    A warning, and N/A where it could not be tried, unless a document of the release promises it (`promised_by`).
    """
    looked = [look for look in looks if look.is_told is not None]
    findings = [_looks_empty(check, look, promised_by) for look in looked if not look.is_told]
    findings += [_never_came(check, look, promised_by) for look in looked if look.is_told and look.came is False]
    unable = next((look.trouble for look in looks if look.trouble), "")
    told = ", ".join(str(look.what) for look in looked)
    nothing = f"not judged: {unable}" if unable and not looked else ""
    return Judgement(
        seen=len(looked),
        unit="requests in trouble",
        holds=f"a request for messages {told}: each is told otherwise than an empty conversation"
        + (f"; the others were not tried: {unable}" if unable else ""),
        findings=tuple(findings),
        undecided=nothing if promised_by else "",
        not_applicable="" if promised_by else nothing,
    )


def _looks_empty(check: str, look: ErrorFacts, promised_by: str) -> Finding:
    return Finding(
        check=check,
        subject=f"conversation {look.conversation}",
        want=f"messages that do not come are told, otherwise than none at all ({promised_by or _NOBODY})",
        have=f"{look.request} {look.what}, and the page {_READS[look.reads]}",
        why="when the API fails or is late, people believe that their messages are gone",
        fix="show that it is loading, or an error with a way to try again",
        severity=Severity.ERROR if promised_by else Severity.WARNING,
    )


def _never_came(check: str, look: ErrorFacts, promised_by: str) -> Finding:
    return Finding(
        check=check,
        subject=f"conversation {look.conversation}",
        want=f"late messages are shown when they come ({promised_by or _NOBODY})",
        have=f"{look.request} {look.what}, and the page did not change any more",
        why="on a slow day people have to reload until they see their messages",
        fix="give a late answer its place, or offer to try again",
        severity=Severity.ERROR if promised_by else Severity.WARNING,
    )


def _ways(cuts: Sequence[FallbackFacts]) -> str:
    return ", ".join(dict.fromkeys(str(cut.way) for cut in cuts))


def _reply_findings(check: str, reply: ReplyFacts, text: str, source: str) -> list[Finding]:
    if not reply.says_reply:
        return [_reply(check, reply, f'a box with "{text}" ({source})', "no such text in the message")]
    findings = []
    if reply.shows_preview is False:
        want = f"the box shows how the original begins ({source})"
        findings.append(_reply(check, reply, want, "the original's words are not there"))
    if reply.other_sender:
        want = f"the box names who wrote the original ({source})"
        findings.append(_reply(check, reply, want, "it names somebody else of the conversation"))
    if reply.names_sender is False and not reply.other_sender:
        want = f"the box names who wrote the original ({source})"
        findings.append(_reply(check, reply, want, "it names nobody"))
    if reply.height > _TALL:
        have = f"the preview alone takes {reply.height:.0%} of the window's height"
        findings.append(_reply(check, reply, f"a long original is cut ({_NOBODY})", have, Severity.WARNING))
    if reply.leads is False:
        have = "a click on the box does not bring it into sight"
        findings.append(_reply(check, reply, f"the box leads to the original ({_NOBODY})", have, Severity.WARNING))
    return findings


def _reply(check: str, reply: ReplyFacts, want: str, have: str, severity: Severity = Severity.ERROR) -> Finding:
    return Finding(
        check=check,
        subject=f"reply {reply.message}",
        want=want,
        have=have,
        why="people cannot see what an answer is about",
        fix=f"open conversation {reply.conversation}; the screenshot is in the evidence",
        severity=severity,
    )


def _not_told_gone(check: str, reply: ReplyFacts, text: str, source: str) -> Finding:
    have = "the deleted words stand there" if reply.shows_gone_text else "no such text in the message"
    return Finding(
        check=check,
        subject=f"reply {reply.message}",
        want=f'"{text}" in the place of the deleted message ({source})',
        have=have,
        why="people look for a message that is gone, or read what somebody deleted",
        fix=f"open conversation {reply.conversation}; the screenshot is in the evidence",
    )


def _fallback_findings(check: str, cut: FallbackFacts, text: str, source: str) -> list[Finding]:
    def finding(want: str, have: str, severity: Severity = Severity.ERROR) -> Finding:
        return Finding(
            check=check,
            subject=f"medium of message {cut.message}, {cut.way}",
            want=f"{want} ({source})",
            have=have,
            why="dead media must not break a conversation: some always are",
            fix=f"open conversation {cut.conversation} with {cut.url} blocked in the developer tools",
            severity=severity,
        )

    findings = []
    if not cut.says_unavailable:
        findings.append(finding(f'"{text}" in its place', "no such text"))
    if cut.broken_icons:
        findings.append(finding("no broken-image icon", count(cut.broken_icons, "broken image")))
    if cut.moved:
        findings.append(finding("the other messages keep their size", f"{cut.moved} of {cut.neighbours} changed"))
    if abs(cut.jumped) > _JUMP_PX:
        how = "grew" if cut.jumped > 0 else "shrank"
        have = f"its message {how} by {abs(cut.jumped):.0f} pixels"
        findings.append(finding("what stands below does not jump", have, Severity.WARNING))
    if cut.overflows:
        findings.append(finding("the page does not scroll sideways", "it does"))
    for event in {event.shape: event for event in cut.errors}.values():
        severity = Severity.WARNING if event.after_ours else Severity.ERROR
        findings.append(finding("no uncaught error", f"{event.text}{doubt(is_sure=not event.after_ours)}", severity))
    return findings


def _silent(check: str, cut: FallbackFacts, text: str, source: str) -> Finding:
    assert cut.viewer is not None
    return Finding(
        check=check,
        subject=f"viewer of message {cut.message}, its file {cut.way}",
        want=f'"{text}" in the viewer ({source})',
        have=f"no such text; the medium is {cut.viewer.shown}",
        why="people wait for a picture that never comes",
        fix=f"open conversation {cut.conversation} with {cut.url} blocked in the developer tools, and click it",
    )
