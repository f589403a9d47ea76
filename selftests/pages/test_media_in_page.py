"""Which picture is whose, and which message a text is about: what only looks like a thumbnail is none."""

from __future__ import annotations

import pytest
from drawn import GONE, media, picture

ICON = "data:image/gif;base64,R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7"
FACE = "ana.svg"
SHOWN, MISSING = ("painted", "address", False), ("not there", "", False)
LINK = ("only a link", "address", False)
BY_MESSAGE = ("painted", "message", False)


def face(size=40):
    return picture(FACE, size, size, 20)


@pytest.mark.parametrize(("size", "found"), [("padding-left:20px", LINK), ("width:160px;height:120px", SHOWN)])
def test_a_link_with_an_icon_before_its_words_is_no_thumbnail(page, size, found):
    """A release that offers a film as a file to be fetched does not show it; a box with a sign to play it may."""
    icon = f"display:inline-block;line-height:16px;background:url({ICON}) no-repeat 0 0"
    rows = {
        "a": picture("foto-1.jpg") + "oi",
        "b": f'<a href="/media/film-7.webm" style="{icon};{size}">film-7.webm</a>',
    }
    page.set_content("")
    media(page, rows, ("a", "foto-1.jpg"), ("b", "film-7.webm"))
    page.wait_for_timeout(200)
    assert media(page, rows, ("a", "foto-1.jpg"), ("b", "film-7.webm")) == [SHOWN, found]


def test_a_number_that_begins_another_is_another_file(page):
    """Where files are named by number: of a message with pictures 7 and 71, only the second is shown."""
    rows = {"a": picture("album/71"), "b": picture("album/8")}
    assert media(page, rows, ("a", "album/7", "album/71"), ("b", "album/8")) == [MISSING, SHOWN, SHOWN]


@pytest.mark.parametrize("end", ["?w=640", "-small.webp", ".webp", "/thumb"])
def test_what_stands_behind_a_number_belongs_to_its_file(page, end):
    rows = {"a": picture(f"album/7{end}"), "b": picture("album/71")}
    assert media(page, rows, ("a", "album/7"), ("b", "album/71")) == [SHOWN, SHOWN]


def test_a_face_is_no_thumbnail(page):
    """It stands beside messages without media too."""
    rows = {"a": face(48) + "oi", "b": face(48) + "veja"}
    assert media(page, rows, ("a",), ("b", "foto-1.jpg")) == [MISSING]


def test_a_face_of_its_own_is_no_thumbnail_beside_larger_ones(page):
    """Where the page shows the addresses of others, what is far smaller is none."""
    rows = {"a": picture("foto-1.jpg") + "oi", "b": face() + "veja"}
    assert media(page, rows, ("a", "foto-1.jpg"), ("b", "foto-2.jpg")) == [SHOWN, MISSING]


@pytest.mark.parametrize("quoted", [picture("foto-1.jpg", 80, 60), picture("x-91b.jpg", 80, 60)])
def test_a_quoted_picture_is_not_the_reply_s_own(page, quoted):
    """Another message's, by its address, or because it stands there larger."""
    rows = {"a": picture(quoted.rsplit("#", 1)[1].removesuffix('">')), "b": f"<div>{quoted}</div>veja"}
    assert media(page, rows, ("a", "foto-1.jpg"), ("b", "foto-2.jpg"))[1] == MISSING


def test_a_picture_of_unknown_address_is_found_in_its_message(page):
    """The near miss: a page that shows no address at all, with faces beside every message."""
    rows = {"a": face() + "oi", "b": face() + picture("blob-1"), "c": face() + picture("blob-2", hue=90)}
    assert media(page, rows, ("a",), ("b", "foto-1.jpg"), ("c", "foto-2.jpg")) == [BY_MESSAGE, BY_MESSAGE]
    assert page.evaluate("__releasegate.kept.get('medium b 0').src.endsWith('blob-1')")


def test_the_same_picture_sent_twice_is_in_both_messages(page):
    """Also where the page names the file by what is in it."""
    rows = {"a": face() + picture("hash-1"), "b": face() + picture("hash-1")}
    assert media(page, rows, ("a", "foto-1.jpg"), ("b", "foto-2.jpg")) == [BY_MESSAGE, BY_MESSAGE]


def test_a_picture_behind_another_name_is_found_among_some_that_are_not(page):
    """A converted file beside others that kept theirs, of a thumbnail's size."""
    rows = {"a": picture("foto-1.jpg"), "b": picture("c0ffee.webp", 120, 90)}
    assert media(page, rows, ("a", "foto-1.jpg"), ("b", "foto-2.heic")) == [SHOWN, BY_MESSAGE]


def test_the_text_is_about_the_dead_one_of_several(page):
    """One picture lives and one is dead, in one message: nobody calls the living one dead."""
    rows = {"a": picture("foto-1.jpg") + f"<p>{GONE}</p>"}
    assert media(page, rows, ("a", "foto-1.jpg", "foto-2.jpg")) == [SHOWN, ("not there", "", True)]


def test_the_text_beside_a_living_one_is_about_that(page):
    """The near miss: it is the only one, and the text stands there all the same."""
    rows = {"a": picture("foto-1.jpg") + f"<p>{GONE}</p>", "b": picture("foto-2.jpg")}
    assert media(page, rows, ("a", "foto-1.jpg"), ("b", "foto-2.jpg")) == [("painted", "address", True), SHOWN]


@pytest.mark.parametrize("css", [".row", "article"])
def test_a_locator_of_every_message_is_a_list_of_rows(page, css):
    """Without {id} each message is found in its own row, not all of them in the first."""
    rows = {"a": '<div class="row">oi</div>', "b": f'<div class="row">{picture("foto-1.jpg")}</div>', "c": "tchau"}
    assert media(page, rows, ("a",), ("b", "foto-1.jpg"), css=css) == [SHOWN]
    kept = {
        key: page.evaluate("key => __releasegate.kept.get(key)?.innerHTML.slice(0, 4)", f"row {key}") for key in "ab"
    }
    assert kept == ({"a": "oi", "b": "<img"} if css == ".row" else {"a": "<div", "b": "<div"})
    assert page.evaluate("__releasegate.kept.get('row a') !== __releasegate.kept.get('row b')")


def test_a_locator_with_an_id_is_that_message(page):
    """With {id} nothing has to be told apart."""
    rows = {"a": "oi", "b": picture("foto-1.jpg")}
    assert media(page, rows, ("a",), ("b", "foto-1.jpg"), css="#m-{id}") == [SHOWN]
