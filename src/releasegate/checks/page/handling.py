"""Whether the viewer can be used: by keyboard, at its ends, and again and again.

What no document promises is a warning: it never stops a release.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from releasegate.core import Finding, Judgement, Severity
from releasegate.core.facts.page import AgainFacts, EndsFacts, KeyboardFacts
from releasegate.core.figures import count

_NOBODY = "nobody's promise; worth a look"


def viewer_obeys_keys(check: str, looks: Sequence[KeyboardFacts]) -> Judgement:
    """Judge that a thumbnail opens by Enter, that focus goes in and comes back, and that arrow keys turn."""
    looked = [look for look in looks if not look.trouble]
    is_turned = any(look.keys_turn for look in looked)
    turned = "the arrow keys lead on" if is_turned else "whether the arrow keys lead on was not tried or cannot be told"
    findings = [finding for look in looked for finding in _keys(check, look)]
    findings += [_stuck(check, look.message, look.trouble) for look in looks if look.trouble]
    return Judgement(
        seen=len(looks),
        unit="thumbnails",
        holds=f"{count(len(looked), 'thumbnail')} opened by Enter; focus goes in and comes back; {turned}",
        findings=tuple(findings),
    )


def viewer_keeps_its_ends(check: str, looks: Sequence[EndsFacts], several_in_table: int, rows: int) -> Judgement:
    """Judge that the last attachment is the end, that a counter counts, and that one alone has no arrows."""
    looked = [look for look in looks if not look.trouble and look.wraps is not None]
    findings = [finding for look in looked for finding in _ends(check, look)]
    findings += [
        _stuck(check, look.message, look.trouble or "the last attachment was not reached; smoke/viewer-arrows says why")
        for look in looks
        if look not in looked
    ]
    nothing = f"no message has several attachments (looked at {count(rows, 'row')})" if not several_in_table else ""
    return Judgement(
        seen=len(looks),
        unit="viewers",
        holds=f"{_told_ends(looked)}; one alone has no arrows",
        findings=tuple(findings),
        undecided="" if looks else "no message with several attachments was opened; smoke/viewer-arrows says why",
        not_applicable=nothing,
    )


def viewer_opens_again(check: str, looks: Sequence[AgainFacts], source: str) -> Judgement:
    """Judge that the viewer opens as often as one clicks, and that what is behind it stays where it is."""
    looked = [look for look in looks if look.opened]
    findings = [_stays_shut(check, look, source) for look in looked if look.opened < look.wanted and not look.trouble]
    findings += [_loses_clicks(check, look, source) for look in looked if look.lost]
    findings += [_moves(check, look) for look in looked if look.background_moved]
    times = sum(look.opened for look in looked)
    return Judgement(
        seen=times,
        unit="openings",
        least=2,
        holds=f"opened and closed {times} times; what is behind it stays where it is",
        findings=tuple(findings),
        undecided=next((look.trouble for look in looks if look.trouble), "") or ("" if looked else "no viewer opened"),
    )


def _told_ends(looked: Sequence[EndsFacts]) -> str:
    is_both = any(look.wraps_back is False for look in looked)
    return f"the last attachment is the end{', and the first the beginning' if is_both else ''}"


def _stuck(check: str, message: str, trouble: str) -> Finding:
    """Return that nobody could look: nobody's promise stops no release, and nothing seen is no pass either."""
    return Finding(
        check=check,
        subject=f"viewer of message {message}",
        want=f"it can be looked at ({_NOBODY})",
        have=trouble,
        why="nobody knows how the viewer handles",
        fix="smoke/viewer-opens says whether it opens at all; then try this by hand",
        severity=Severity.WARNING,
    )


def _keys(check: str, look: KeyboardFacts) -> list[Finding]:
    def finding(want: str, have: str) -> Finding:
        return Finding(
            check=check,
            subject=f"viewer of message {look.message}",
            want=f"{want} ({_NOBODY})",
            have=have,
            why="people who use no mouse cannot look at pictures, or lose their place",
            fix="make the thumbnail a button, and the viewer a dialog: focus into it when it opens, and back after it",
            severity=Severity.WARNING,
        )

    if not look.takes_focus:
        return [finding("a thumbnail can be reached by keyboard", "it takes no focus")]
    if look.enter_opens is False:
        return [finding("Enter opens the viewer", "nothing opened")]
    tried = (
        (look.focus_goes_in, "focus goes into the viewer", "it stays behind it"),
        (look.focus_comes_back, "focus comes back to the thumbnail", "it is somewhere else after Escape"),
        (look.keys_turn, "the arrow keys lead to the next attachment", "they lead nowhere"),
    )
    return [finding(want, have) for does, want, have in tried if does is False]


def _ends(check: str, look: EndsFacts) -> list[Finding]:
    def finding(want: str, have: str) -> Finding:
        return Finding(
            check=check,
            subject=f"message {look.message} with {look.attachments} attachments",
            want=f"{want} ({_NOBODY})",
            have=have,
            why="people do not know how much there is to see",
            fix="open the first of them and go on to the last by hand",
            severity=Severity.WARNING,
        )

    first, last = look.counters
    findings = []
    if look.wraps:
        findings.append(finding("the last attachment is the end", "going on from it leads to the first again"))
    if look.wraps_back:
        findings.append(finding("the first attachment is the beginning", "going back from it leads to the last"))
    if first and first == last:
        findings.append(finding("the counter counts", f"{first} at the first and at the last"))
    if look.arrows_alone:
        alone = " and ".join(look.arrows_alone)
        beside = finding("a single attachment has no arrows", f"{alone} can be pressed beside it")
        findings.append(replace(beside, subject=f"message {look.alone} with 1 attachment", fix="open it by hand"))
    return findings


def _stays_shut(check: str, look: AgainFacts, source: str) -> Finding:
    return Finding(
        check=check,
        subject=f"viewer of message {look.message}",
        want=f"a click opens it, {look.wanted} times of {look.wanted} ({source})",
        have=f"{look.opened} times; after that a click opened nothing",
        why="people can look at some pictures and then at no more, until they reload",
        fix="open and close one picture by hand as often; look at the console",
    )


def _loses_clicks(check: str, look: AgainFacts, source: str) -> Finding:
    return Finding(
        check=check,
        subject=f"viewer of message {look.message}",
        want=f"one click opens it each time ({source})",
        have=f"{look.lost} of {look.opened} times it took a second click",
        why="people click and nothing happens",
        fix="open and close one picture by hand as often; look at the console",
        severity=Severity.WARNING,
    )


def _moves(check: str, look: AgainFacts) -> Finding:
    return Finding(
        check=check,
        subject=f"viewer of message {look.message}",
        want=f"the conversation behind it stays where it is ({_NOBODY})",
        have="the wheel scrolls it",
        why="people have lost their place when they close the viewer",
        fix="keep the page from scrolling while the viewer is open",
        severity=Severity.WARNING,
    )
