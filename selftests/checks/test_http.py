"""What the checks of the API say, and when they stay silent."""

from __future__ import annotations

import pytest

from releasegate.checks.http import (
    answers_as_promised,
    lists_conversations,
    messages_are_listed,
    stranger_is_refused,
)
from releasegate.core import Verdict
from releasegate.core.facts.http import Answer, Listing

URL = "http://inbox:3000/health"
RUN = "curl -sS -i http://inbox:3000/health"


def answer(status: int | None, error: str = "") -> Answer:
    return Answer(url=URL, status=status, elapsed_ms=12.4, error=error)


NO_ID = (
    "none of 2 conversations has an id where the change file looks for one: the first holds name; "
    "set api.conversations.id in the target's [reading]"
)


def listing(status: int | None = 200, *keys: str | None, is_list: bool = True, error: str = "") -> Listing:
    items = tuple({"id": key} if key else {"name": "Ana"} for key in keys)
    return Listing(items=items, ids=keys, answer=answer(status, error), pages=1, is_list=is_list, is_whole=True)


def test_an_unhealthy_backend_is_said_in_full():
    """A 503 of the health endpoint stops the release."""
    judgement = answers_as_promised("backend/health", answer(503), 200, source="runbook 2.5", run=RUN)
    assert judgement.verdict is Verdict.FAIL
    assert str(judgement.findings[0]) == (
        "backend/health: http://inbox:3000/health\n"
        "  want: 200 (runbook 2.5)\n"
        "  have: 503\n"
        "  why:  whoever asks this address, people and monitoring alike, takes the backend for broken\n"
        "  fix:  read the backend's log from its start on; mend it, or go back to the build before\n"
        "  run:  curl -sS -i http://inbox:3000/health"
    )


@pytest.mark.parametrize(
    ("found", "verdict", "have"),
    [
        (answer(200), Verdict.PASS, ""),
        (answer(204), Verdict.FAIL, "204"),
        (answer(302), Verdict.FAIL, "302"),
        (answer(None, "connection refused"), Verdict.FAIL, "no answer: connection refused"),
        (answer(None, "no answer within 10s"), Verdict.FAIL, "no answer: no answer within 10s"),
        (answer(500, "the login answered 500"), Verdict.FAIL, "500: the login answered 500"),
    ],
)
def test_only_the_promised_status_is_healthy(found, verdict, have):
    """Another good status, a redirect and silence are not what was promised."""
    judgement = answers_as_promised("backend/health", found, 200, source="runbook 2.5", run=RUN)
    assert judgement.verdict is verdict
    assert [finding.have for finding in judgement.findings] == ([have] if have else [])


@pytest.mark.parametrize(
    ("found", "verdict", "sentence"),
    [
        (listing(200, "1", "2"), Verdict.PASS, "200 with 2 conversations"),
        (listing(200, "1", None), Verdict.PASS, "200 with 1 conversation"),
        (listing(500, is_list=False), Verdict.FAIL, f"{URL}: 500"),
        (listing(401, is_list=False), Verdict.FAIL, f"{URL}: 401"),
        (listing(200, is_list=False), Verdict.FAIL, f"{URL}: 200, an answer without a list of objects"),
        (listing(None, is_list=False, error="cut off"), Verdict.FAIL, f"{URL}: no answer: cut off"),
        (
            listing(200),
            Verdict.INCONCLUSIVE,
            "the list is empty: there is no conversation, or this user sees none; log in as somebody who has some",
        ),
        (
            listing(200, None, None),
            Verdict.INCONCLUSIVE,
            NO_ID,
        ),
    ],
)
def test_a_list_of_conversations_must_hold_one(found, verdict, sentence):
    """An error, a page without a list and an empty list are never a pass."""
    judgement = lists_conversations("backend/conversations", found, 200, source="runbook 2.5", run=RUN)
    assert (judgement.verdict, judgement.sentence) == (verdict, sentence)


def test_an_open_api_is_said_in_full():
    """A stranger who gets the list is a finding."""
    judgement = stranger_is_refused("backend/stranger-refused", answer(200), (401, 403), source="api docs", run=RUN)
    assert str(judgement.findings[0]) == (
        "backend/stranger-refused: http://inbox:3000/health, without a token\n"
        "  want: 401 or 403 (api docs)\n"
        "  have: 200\n"
        "  why:  everybody who knows the address can read what customers wrote\n"
        "  fix:  put the authentication back in front of this endpoint before anything else, or stop the backend\n"
        "  run:  curl -sS -i http://inbox:3000/health"
    )


@pytest.mark.parametrize(
    ("found", "verdict"),
    [
        (answer(401), Verdict.PASS),
        (answer(403), Verdict.PASS),
        (answer(404), Verdict.FAIL),
        (answer(None, "connection refused"), Verdict.INCONCLUSIVE),
    ],
)
def test_a_stranger_is_refused_only_by_an_answer(found, verdict):
    """A backend that does not answer has refused nobody."""
    judgement = stranger_is_refused("backend/stranger-refused", found, (401, 403), source="api docs", run=RUN)
    assert judgement.verdict is verdict


def test_one_conversation_of_three_that_breaks_is_named():
    """The finding names the conversation and the command."""
    pages = [("7", listing(200, "1"), "a"), ("8", listing(500, is_list=False), "b"), ("9", listing(200, "2"), "c")]
    judgement = messages_are_listed("backend/messages", pages, 200, source="runbook 6.5")
    assert [(f.subject, f.want, f.have, f.run) for f in judgement.findings] == [
        ("conversation 8", "200 and a list of messages (runbook 6.5)", "500", "b")
    ]


@pytest.mark.parametrize(
    ("pages", "verdict"),
    [
        ([], Verdict.INCONCLUSIVE),
        ([("7", listing(200), "a")], Verdict.INCONCLUSIVE),
        ([("7", listing(200), "a"), ("8", listing(200, "1"), "b")], Verdict.PASS),
        ([("7", listing(200, None), "a")], Verdict.PASS),
        ([("7", listing(200, is_list=False), "a")], Verdict.FAIL),
    ],
)
def test_empty_threads_prove_nothing(pages, verdict):
    """At least one message must have been seen."""
    assert messages_are_listed("backend/messages", pages, 200, source="runbook 6.5").verdict is verdict
