"""An address that stands beside an attachment in the API's answer is that of the same file."""

from __future__ import annotations

import pytest

from releasegate.change.models import MessageFields
from releasegate.core.facts.inbox import Medium, Message
from releasegate.probes.browser.addresses import forms_of
from releasegate.probes.handed_out import with_other_addresses

STORED = "https://store.example/v/{}/original.jpg"
FIELDS = MessageFields(attachments=("/attachments",), attachment_url=("/url",), media_url=("/mediaUrl",))


def message(key: str, *numbers: int) -> Message:
    media = tuple(Medium(url=STORED.format(one), kind="image", message=key) for one in numbers)
    return Message(id=key, media=media)


def handed_out(number: int, *, names: bool = True, **more: object) -> dict[str, object]:
    own = {"url": STORED.format(number)} if names else {}
    return {**own, "type": "image", "thumbUrl": f"/media/thumb/{number}.webp", **more}


def others(found):
    return [list(medium.others) for one in found for medium in one.media]


@pytest.mark.parametrize("names", [True, False])
def test_what_stands_beside_an_attachment_is_its_own(names):
    """By the address that it names, else by its place; however deep, and only what is an address as a whole."""
    item = {
        "avatar": "/faces/7.png",
        "attachments": [
            handed_out(1, names=names, caption="see /media/9 there", sizes=[{"src": "https://cdn.example/large/1"}]),
            handed_out(2, names=names),
        ],
    }
    found = with_other_addresses([message("a", 1, 2)], {"a": item}, FIELDS)
    assert others(found) == [["/media/thumb/1.webp", "https://cdn.example/large/1"], ["/media/thumb/2.webp"]]
    assert "/media/thumb/1.webp" in forms_of(found[0].media[0])


def test_what_several_files_share_tells_none_of_them():
    """One picture for all films is nobody's; a message with no attachments, or with fewer, has none."""
    shared = {"poster": "/static/film.png"}
    items = {
        "a": {"attachments": [handed_out(1, **shared)]},
        "b": {"attachments": [handed_out(2, **shared)]},
        "c": {"attachments": [handed_out(3, names=False)]},
    }
    messages = [message("a", 1), message("b", 2), message("c", 3, 4), message("d", 5)]
    found = with_other_addresses(messages, items, FIELDS)
    assert others(found) == [["/media/thumb/1.webp"], ["/media/thumb/2.webp"], [], [], []]
