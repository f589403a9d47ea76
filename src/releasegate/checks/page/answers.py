"""Whether replies show what they reply to, and what people are told where something is gone."""

from __future__ import annotations

from collections.abc import Sequence

from releasegate.core import Finding, Judgement, Severity
from releasegate.core.facts.page import ErrorFacts, FallbackFacts, ReplyFacts
from releasegate.core.figures import count


def replies_shown(
    check: str, replies: Sequence[ReplyFacts], text: str, source: str, *, in_table: int, rows: int
) -> Judgement:
    """Judge that each reply has its box and the original's first words; N/A where the table holds no reply."""
    living = [reply for reply in replies if not reply.is_gone]
    looked = [reply for reply in living if reply.row]
    undecided = next((reply.trouble for reply in living if reply.trouble), "")
    if not undecided and in_table and not looked:
        undecided = f"the table holds {count(in_table, 'reply', 'replies')}, and none of them was found on a page"
    return Judgement(
        seen=len(looked),
        unit="replies",
        holds=f"{count(len(looked), 'reply', 'replies')} with box and preview",
        findings=tuple(finding for reply in looked for finding in _reply_findings(check, reply, text, source)),
        undecided=undecided,
        not_applicable="" if in_table else f"there is no reply (looked at {count(rows, 'row')})",
    )


def deleted_originals_say_so(
    check: str, replies: Sequence[ReplyFacts], looked_at: int, text: str, source: str
) -> Judgement:
    """Judge that a reply to a deleted message shows the promised text; N/A where there is none."""
    gone = [reply for reply in replies if reply.is_gone]
    looked = [reply for reply in gone if reply.row]
    wrong = [reply for reply in looked if not reply.says_gone or reply.shows_gone_text]
    none = f"no reply to a deleted message (looked at {count(looked_at, 'reply', 'replies')})"
    return Judgement(
        seen=len(looked),
        unit="replies to deleted messages",
        holds=f"told by {count(len(looked), 'reply', 'replies')} to a deleted message",
        findings=tuple(_not_told_gone(check, reply, text, source) for reply in wrong),
        undecided=next((reply.trouble for reply in gone if reply.trouble), ""),
        not_applicable="" if gone else none,
    )


def dead_media_shows_fallback(check: str, cuts: Sequence[FallbackFacts], text: str, source: str) -> Judgement:
    """Judge that a medium cut off in the browser leaves the promised text, no broken icon, and its neighbours alone."""
    looked = [cut for cut in cuts if cut.cut and not cut.trouble]
    undecided = next((cut.trouble for cut in cuts if cut.trouble), "")
    if not undecided and cuts and not looked:
        undecided = f"the page asked for {cuts[0].url} by another address, so it could not be cut off"
    return Judgement(
        seen=len(looked),
        unit="media cut off",
        holds=f"{count(len(looked), 'medium', 'media')} cut off in the browser: the text is there, nothing else moved",
        findings=tuple(finding for cut in looked for finding in _fallback_findings(check, cut, text, source)),
        undecided=undecided,
    )


def viewer_shows_fallback(check: str, cuts: Sequence[FallbackFacts], text: str, source: str) -> Judgement:
    """Judge that the viewer of a dead medium says so too, instead of waiting for ever; one that stays shut is fine."""
    looked = [cut for cut in cuts if cut.cut and not cut.trouble]
    other = [cut for cut in looked if cut.viewer and cut.viewer.shown.is_shown and cut.viewer.is_same is False]
    silent = [cut for cut in looked if cut.viewer and not cut.viewer.says_unavailable and cut not in other]
    undecided = next((cut.trouble for cut in cuts if cut.trouble), "")
    if not undecided and other:
        undecided = f"the viewer of message {other[0].message} shows another medium; smoke/viewer-opens judges that"
    opened = sum(cut.viewer is not None for cut in looked)
    return Judgement(
        seen=len(looked),
        unit="media cut off",
        holds=f"{opened} of {count(len(looked), 'dead medium', 'dead media')} opened a viewer, and it says so",
        findings=tuple(_silent(check, cut, text, source) for cut in silent),
        undecided=undecided,
    )


def errors_are_told(check: str, failed: ErrorFacts, *, was_told_before: bool | None) -> Judgement:
    """Judge that a failed request for messages looks otherwise than an empty conversation.

    No document of the release promises it, so it is a warning, and only where the old page did better or nobody knows.
    """
    is_new = failed.is_told is False and was_told_before is not False
    finding = Finding(
        check=check,
        subject=f"conversation {failed.conversation}",
        want="a failed request is told, as an empty conversation is not (nobody's promise; worth a look)",
        have=f"{failed.request} answered 500, and the page reads exactly as with no messages at all",
        why="when the API fails, people believe that their messages are gone",
        fix="show an error with a way to try again",
        severity=Severity.WARNING,
    )
    return Judgement(
        seen=1,
        unit="failed requests",
        holds="a failed request looks otherwise than an empty conversation"
        if failed.is_told
        else "as before the release",
        findings=(finding,) if is_new else (),
        not_applicable=f"not judged: {failed.trouble}" if failed.is_told is None else "",
    )


def _reply_findings(check: str, reply: ReplyFacts, text: str, source: str) -> list[Finding]:
    if not reply.says_reply:
        return [_reply(check, reply, source, f'a box with "{text}"', "no such text in the message")]
    if reply.shows_preview is False:
        return [
            _reply(check, reply, source, "the box shows how the original begins", "the original's words are not there")
        ]
    return []


def _reply(check: str, reply: ReplyFacts, source: str, want: str, have: str) -> Finding:
    return Finding(
        check=check,
        subject=f"reply {reply.message}",
        want=f"{want} ({source})",
        have=have,
        why="people cannot see what an answer is about",
        fix=f"open conversation {reply.conversation}; the screenshot is in the evidence",
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
    def finding(want: str, have: str) -> Finding:
        return Finding(
            check=check,
            subject=f"medium of message {cut.message}, answered 404",
            want=f"{want} ({source})",
            have=have,
            why="dead media must not break a conversation: some always are",
            fix=f"open conversation {cut.conversation} with {cut.url} blocked in the developer tools",
        )

    findings = []
    if not cut.says_unavailable:
        findings.append(finding(f'"{text}" in its place', "no such text"))
    if cut.broken_icons:
        findings.append(finding("no broken-image icon", count(cut.broken_icons, "broken image")))
    if cut.moved:
        findings.append(finding("the other messages keep their size", f"{cut.moved} of {cut.neighbours} changed"))
    if cut.overflows:
        findings.append(finding("the page does not scroll sideways", "it does"))
    findings += [finding("no uncaught error", error) for error in cut.errors]
    return findings


def _silent(check: str, cut: FallbackFacts, text: str, source: str) -> Finding:
    assert cut.viewer is not None
    return Finding(
        check=check,
        subject=f"viewer of message {cut.message}, its file answered 404",
        want=f'"{text}" in the viewer ({source})',
        have=f"no such text; the medium is {cut.viewer.shown}",
        why="people wait for a picture that never comes",
        fix=f"open conversation {cut.conversation} with {cut.url} blocked in the developer tools, and click it",
    )
