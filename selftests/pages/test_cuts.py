"""Which requests are cut off with a medium: those for its own file, however it is asked for, and for no other."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from releasegate.core.facts.inbox import Medium, Message, Original
from releasegate.probes.browser import fallback


def medium(url):
    return Medium(url=url, kind="image", message="7", is_old=True)


def fits(url, asked, *others, kind="image"):
    known = [medium(url), *map(medium, others)]
    return fallback._asks_for(known[0], known)(SimpleNamespace(url=asked, resource_type=kind))


@pytest.mark.parametrize(
    ("url", "asked", "others", "is_cut"),
    [
        ("https://m/a/foto-1.jpg", "https://m/a/foto-1.jpg", (), True),
        ("https://m/a/foto-1.jpg?sig=1", "https://m/a/foto-1.jpg?sig=2", (), True),
        ("https://m/a/foto-1.jpg", "https://x/mini?de=https%3A%2F%2Fm%2Fa%2Ffoto-1.jpg&w=48", (), True),
        ("https://m/a/foto-1.jpg", "https://m/a/foto-2.jpg", (), False),
        ("https://m/media/1", "https://m/media/12", (), False),
        ("https://m/1/image.jpg", "https://m/2/image.jpg", ("https://m/2/image.jpg",), False),
        ("https://m/1/image.jpg", "https://m/1/image.jpg", ("https://m/2/image.jpg",), True),
        ("https://m/a.jpg?sig=1", "https://m/a.jpg?sig=2", ("https://m/a.jpg?sig=2",), False),
        ("https://m/a.jpg?sig=1", "https://m/a.jpg?sig=1", ("https://m/a.jpg?sig=2",), True),
    ],
)
def test_a_request_is_cut_off_where_it_asks_for_this_file(url, asked, others, is_cut):
    assert fits(url, asked, *others) is is_cut


def test_a_script_is_never_cut_off():
    assert not fits("https://m/a/foto-1.jpg", "https://m/a/foto-1.jpg", kind="script")


def test_of_files_that_are_the_same_one_is_taken():
    urls = ("https://m/a.jpg?sig=2", "https://m/b.jpg?sig=3", "https://m/b.jpg?sig=4", "https://m/c.jpg")
    chosen = fallback._of_other_files(medium("https://m/a.jpg?sig=1"), map(medium, urls))
    assert [one.url for one in chosen] == ["https://m/b.jpg?sig=3", "https://m/c.jpg"]


@pytest.mark.parametrize(
    ("then", "now", "is_told"),
    [
        ([("painted", False)], [("painted", False)], True),
        ([], [], True),
        ([("still loading", False)], [("broken", True)], False),
        ([("still loading", False)], [("still loading", False)], False),
    ],
)
def test_a_neighbour_whose_own_picture_came_meanwhile_tells_nothing(then, now, is_told):
    """It grew or shrank by itself: what was cut off beside it has no part in that."""
    looks = [{"boxes": {"m": [0, 300, height]}, "media": {"m": states}} for height, states in ((200, then), (40, now))]
    assert fallback._can_be_compared("m", *looks) is is_told


def test_a_reply_that_quotes_what_is_dead_is_no_neighbour():
    """The small picture in its box is the same file: where it dies too, the reply may change."""
    messages = (
        Message(id="6"),
        Message(id="7", media=(medium("https://m/a.jpg"),)),
        Message(id="8", original=Original(id="7", has_media=True)),
        Message(id="9", original=Original(id="6")),
    )
    thread = SimpleNamespace(messages=messages)
    assert fallback._neighbours(thread, messages[1].media[0], {"7"}) == ["6", "9"]
