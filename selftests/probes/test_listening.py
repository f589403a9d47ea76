"""What a page logs: which lines count, and what is kept of the last things that happened."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from releasegate.probes.browser.interception import Interception, Rules
from releasegate.probes.browser.listening import Listener
from releasegate.probes.browser.recording import Recording

PAGE = SimpleNamespace(on=lambda *_: None, url="https://x/")


class Answer(SimpleNamespace):
    """An answer; like Playwright's, it is the same as itself alone."""

    __hash__ = object.__hash__


def listener(recording=None):
    return Listener(PAGE, Interception(Rules(hosts=frozenset({"x"}))), recording)


@pytest.mark.parametrize(
    ("kind", "text", "counts"),
    [
        ("error", "settings could not be read", True),
        ("assert", "Assertion failed", True),
        ("warning", "Mixed Content: The page at 'https://x/' requested an insecure image 'http://x/1.jpg'.", True),
        ("warning", "a prop is deprecated", False),
        ("log", "Mixed feelings", False),
    ],
)
def test_errors_and_mixed_content_count(kind, text, counts):
    """Chromium upgrades mixed pictures and only warns; people see them missing all the same."""
    heard = listener()
    heard._on_console(SimpleNamespace(type=kind, text=text, location={}))
    assert [event.text for event in heard.events()] == ([text] if counts else [])


def test_what_a_page_sends_through_its_sockets_is_counted():
    """By address without its query: nobody holds it back, so the evidence says how much it was."""
    heard, sends = listener(), []
    for url in ("wss://x/live?token=t0p", "wss://x/quiet"):
        heard._on_socket(SimpleNamespace(url=url, on=lambda _, told: sends.append(told)))
    sends[0]("read 7")
    sends[0]("read 8")
    assert heard.sockets == {"wss://x/live": 2, "wss://x/quiet": 0}


def test_the_last_things_are_told_without_what_may_be_secret():
    """Method, address and status; nothing after the question mark, and no more than there is room for."""
    recording = Recording()
    heard = listener(recording)
    for number in range(30):
        request = SimpleNamespace(method="GET", resource_type="image")
        heard._on_response(Answer(request=request, url=f"https://x/{number}?token=t0p", status=200))
    assert [told.partition(" ")[2] for told in recording.told] == [
        f"GET https://x/{number} answered 200" for number in range(10, 30)
    ]
