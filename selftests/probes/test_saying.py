"""What a window says of its trouble: more than the same page says anyway, whatever the clock shows."""

from __future__ import annotations

import json

import pytest

from releasegate.change.models import ListEndpoint
from releasegate.probes.browser import trouble
from releasegate.probes.browser.saying import Saying

EMPTY = Saying("Inbox\nJoana 14:31\nhá 3 min\nNo messages yet", signs=1)
LOADED = Saying("Inbox\nJoana 14:31\nhá 3 min\nNão foi possível pagar, vou tentar de novo\nok", signs=1)


@pytest.mark.parametrize(
    ("text", "signs", "tells"),
    [
        ("Inbox\nJoana 14:31\nhá 3 min\nThe messages could not be loaded", 1, True),
        ("Inbox\nJoana 14:31\nhá 3 min\nErro", 1, True),
        ("Inbox\nJoana 14:31\nhá 3 min\nNão foi possível carregar", 1, True),
        ("Inbox\nJoana 14:31\nhá 3 min", 2, True),
        ("Inbox\nJoana 14:33\nhá 2 horas\nNo messages yet", 1, False),
        ("Inbox\nJoana 14:31\nhá 3 min", 1, False),
        ("", 0, False),
    ],
)
def test_what_neither_the_empty_nor_the_loaded_page_says_is_told(text, signs, tells):
    """A clock that went on and a white page tell nobody that messages are missing; a spinner without words does."""
    assert Saying(text, signs).tells_more_than(EMPTY, LOADED) is tells


@pytest.mark.parametrize(
    ("given", "emptied"),
    [
        ({"success": True, "hasMore": True, "total": 40}, {"success": True, "hasMore": False, "total": 0}),
        (
            {"ok": True, "page": {"has_next": True, "nextCursor": "x"}},
            {"ok": True, "page": {"has_next": False, "nextCursor": None}},
        ),
        ({"account": True, "discount": 10, "seguinte": 2}, {"account": True, "discount": 10, "seguinte": 0}),
    ],
)
def test_an_answer_without_messages_is_no_failed_one(given, emptied):
    """Only what says that more follows is taken back: a page shows an error where `success` is false."""
    endpoint = ListEndpoint.model_validate({"path": "/m", "list": ["/items"], "id": ["/id"], "source": "runbook"})
    body = trouble._emptied(json.dumps({**given, "items": [{"id": "1"}]}), endpoint)
    assert json.loads(body) == {**emptied, "items": []}
