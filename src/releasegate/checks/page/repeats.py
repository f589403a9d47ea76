"""What a conversation shows more often than its data says. No release document promises that it does not: warnings."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from releasegate.core import Finding, Severity
from releasegate.core.facts.page import MediumFacts, ThreadFacts
from releasegate.core.figures import count

_MOST_LISTED = 8
_NOBODYS = "(nobody's promise; worth a look)"


def too_often(check: str, thread: ThreadFacts, kinds: Sequence[str]) -> list[Finding]:
    """Return what is wrong with old media of `kinds`: drawn again in its message, with it, or in another one."""
    media = {(one.message, one.url): one for one in thread.media if one.is_old and one.kind in kinds}

    def those(is_so: Callable[[MediumFacts], object]) -> list[MediumFacts]:
        return [one for one in media.values() if is_so(one)]

    findings = (
        _in_its_message(check, thread, those(lambda one: one.spare)),
        _with_its_message(check, thread, those(lambda one: one.copies)),
        _in_another(check, thread, those(lambda one: one.strays)),
    )
    return [finding for finding in findings if finding]


def _in_its_message(check: str, thread: ThreadFacts, spare: Sequence[MediumFacts]) -> Finding | None:
    if not spare:
        return None
    return Finding(
        check=check,
        subject=f"conversation {thread.conversation}",
        want=f"each picture and video as often as the data says {_NOBODYS}",
        have=f"{count(len(spare), 'is drawn again', 'are drawn again')} in the same message: "
        + _listed([f"{one.kind} of message {one.message}, {one.spare} too many" for one in spare]),
        why="people believe that it was sent twice",
        fix="look whether the page draws the old field and the new attachments, one beside the other",
        severity=Severity.WARNING,
    )


def _with_its_message(check: str, thread: ThreadFacts, media: Sequence[MediumFacts]) -> Finding | None:
    if not media:
        return None
    copies = {one.message: max(each.copies for each in media if each.message == one.message) for one in media}
    return Finding(
        check=check,
        subject=f"conversation {thread.conversation}",
        want=f"each message with a picture or video once {_NOBODYS}",
        have=f"{count(len(copies), 'is drawn again as a whole', 'are drawn again as a whole')}: "
        + _listed([f"message {message}, {copies[message]} too many" for message in copies]),
        why="people believe that it was sent twice",
        fix="look whether pages of the list overlap, or what tells of new messages adds one that is there",
        severity=Severity.WARNING,
    )


def _in_another(check: str, thread: ThreadFacts, media: Sequence[MediumFacts]) -> Finding | None:
    if not media:
        return None
    pairs = [f"{one.kind} of message {one.message} in message {other}" for one in media for other in one.strays]
    return Finding(
        check=check,
        subject=f"conversation {thread.conversation}",
        want=f"each message shows its own pictures and videos alone {_NOBODYS}",
        have=f"{count(len(pairs), 'stands', 'stand')} in another message too, whose data has none of it: "
        + _listed(pairs),
        why="people take a picture for a part of what somebody else wrote",
        fix="look whether the page draws a message with what it kept of the one before",
        severity=Severity.WARNING,
    )


def _listed(told: Sequence[str]) -> str:
    more = f" and {len(told) - _MOST_LISTED} more" if len(told) > _MOST_LISTED else ""
    return "; ".join(told[:_MOST_LISTED]) + more
