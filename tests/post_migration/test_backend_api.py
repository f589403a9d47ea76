"""What the new backend answers. Runbook 2.5."""

import pytest

from releasegate.checks import http as checks

pytestmark = pytest.mark.backend

SAMPLED = 5  # conversations whose messages are asked for: enough to meet a broken one, few enough for production


@pytest.fixture
def listing(api):
    return api.conversations(SAMPLED)


@pytest.mark.check("backend/health", promise="api.health", target="backend")
def test_the_backend_says_it_is_healthy(api, change, require):
    health = change.api.health
    answer = api.ask(health, with_token=False)
    require(
        checks.answers_as_promised(
            "backend/health", answer.value, health.status, source=health.source, run=answer.query
        ),
        answer,
    )


@pytest.mark.check("backend/conversations", promise="api.conversations", target="backend")
def test_the_conversations_are_listed(listing, change, require):
    promise = change.api.conversations
    require(
        checks.lists_conversations(
            "backend/conversations", listing.value, promise.status, source=promise.source, run=listing.query
        ),
        listing,
    )


@pytest.mark.check("backend/stranger-refused", promise="api.conversations.without_token", target="backend")
def test_a_stranger_reads_nothing(api, change, require):
    promise = change.api.conversations
    answer = api.ask(promise, with_token=False)
    require(
        checks.stranger_is_refused(
            "backend/stranger-refused", answer.value, promise.without_token, source=promise.source, run=answer.query
        ),
        answer,
    )


@pytest.mark.check("backend/messages", promise=("api.conversations", "api.messages"), target="backend")
def test_the_messages_of_a_conversation_are_listed(api, listing, change, require):
    promise = change.api.messages
    pages = [(conversation, api.messages(conversation)) for conversation in listing.value.known_ids[:SAMPLED]]
    judgement = checks.messages_are_listed(
        "backend/messages",
        [(conversation, page.value, page.query) for conversation, page in pages],
        promise.status,
        source=promise.source,
    )
    require(judgement, listing, *(page for _, page in pages))
