"""Whether the API answers what it promised, to those it should, and to nobody else."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from releasegate.core import Finding, Judgement
from releasegate.core.facts.http import Answer, Listing
from releasegate.core.figures import count


def answers_as_promised(check: str, answer: Answer, status: int, *, source: str, run: str) -> Judgement:
    """Judge that one request was answered with `status`; no answer at all is wrong too."""
    finding = Finding(
        check=check,
        subject=answer.url,
        want=f"{status} ({source})",
        have=str(answer),
        why="whoever asks this address, people and monitoring alike, takes the backend for broken",
        fix="read the backend's log from its start on; mend it, or go back to the build before",
        run=run,
    )
    return Judgement(
        seen=1,
        unit="requests",
        holds=f"{answer.url} answered {answer.status} in {answer.elapsed_ms:.0f} ms",
        findings=() if answer.status == status else (finding,),
    )


def lists_conversations(check: str, listing: Listing, status: int, *, source: str, run: str) -> Judgement:
    """Judge that the list is answered with `status` and holds at least one thing with an id.

    An empty list is no verdict: there is nothing to see, or this user sees nothing.
    """
    answer = listing.answer
    if answer.status != status or not listing.is_list:
        finding = Finding(
            check=check,
            subject=answer.url,
            want=f"{status} and a list of conversations ({source})",
            have=_no_list(listing),
            why="the inbox stays empty or shows an error",
            fix="read the backend's log at this request; where the list only stands elsewhere in the answer, give its "
            "place in the target's [reading]",
            run=run,
        )
        return Judgement(seen=len(listing.items), unit="conversations", holds="", findings=(finding,))
    return Judgement(
        seen=len(listing.known_ids),
        unit="conversations with an id",
        holds=f"{answer.status} with {count(len(listing.known_ids), 'conversation')}",
        undecided=listing.why_no_id,
    )


def stranger_is_refused(check: str, answer: Answer, promised: Sequence[int], *, source: str, run: str) -> Judgement:
    """Judge that the same question without a token is answered with one of the `promised` statuses."""
    accepted = " or ".join(map(str, promised))
    finding = Finding(
        check=check,
        subject=f"{answer.url}, without a token",
        want=f"{accepted} ({source})",
        have=str(answer),
        why="everybody who knows the address can read what customers wrote",
        fix="put the authentication back in front of this endpoint before anything else, or stop the backend",
        run=run,
    )
    return Judgement(
        seen=1 if answer.status is not None else 0,
        unit="answers",
        holds=f"a stranger is answered {answer.status}",
        findings=(finding,) if answer.status is not None and answer.status not in promised else (),
        undecided="" if answer.status is not None else f"{answer.url}: {answer}; nobody was let in, nobody refused",
    )


def messages_are_listed(
    check: str, listings: Sequence[tuple[str, Listing, str]], status: int, *, source: str
) -> Judgement:
    """Judge that the messages of every sampled conversation are answered with `status` and a list.

    `listings` are (conversation id, what was answered, the command that asks again); at least one message must have
    been seen in all of them together, because an empty thread proves nothing.
    """
    findings = [
        replace(_messages_missing(check, conversation, listing, f"{status} and a list of messages ({source})"), run=run)
        for conversation, listing, run in listings
        if listing.answer.status != status or not listing.is_list
    ]
    messages = sum(len(listing.items) for _, listing, _ in listings)
    return Judgement(
        seen=messages,
        unit="messages",
        holds=f"{count(messages, 'message')} in {count(len(listings), 'conversation')}, each answered {status}",
        findings=tuple(findings),
    )


def _messages_missing(check: str, conversation: str, listing: Listing, want: str) -> Finding:
    return Finding(
        check=check,
        subject=f"conversation {conversation}",
        want=want,
        have=_no_list(listing),
        why="who opens this conversation sees an error, or nothing",
        fix="read the backend's log at this request; it names the message that could not be answered",
    )


def _no_list(listing: Listing) -> str:
    answer = listing.answer
    is_ok = answer.status is not None and answer.status < 300
    return f"{answer}, an answer without a list of objects" if is_ok else str(answer)
