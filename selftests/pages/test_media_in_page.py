"""Which picture is whose, and which message a text is about: what only looks like a thumbnail is none."""

from __future__ import annotations

import pytest

ICON = "data:image/gif;base64,R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7"
GONE = "Content unavailable"
FACE = "ana.svg"
SVG = (
    "<svg xmlns='http://www.w3.org/2000/svg' width='160' height='120'>"
    "<rect fill='hsl(%s 50%%25 50%%25)' width='160' height='120'/></svg>"
)


def picture(name, width=160, height=120, hue=200):
    """Return a picture that the browser paints, whose address ends with `name`."""
    return f'<img width="{width}" height="{height}" src="data:image/svg+xml,{SVG % hue}#{name}">'


def face(size=40):
    return picture(FACE, size, size, 20)


def media(page, rows, *messages, **asked):
    """Return how the media stand on a page of `rows`; a message is (id, address, ...)."""
    page.set_content(
        "<main>" + "".join(f'<article id="m-{at}">{row}</article>' for at, row in rows.items()) + "</main>"
    )
    page.wait_for_function("[...document.images].every((image) => image.complete)")
    given = [{"id": key, "text": "", "needles": [[one] for one in files]} for key, *files in messages]
    state = page.evaluate("asked => __releasegate.thread(asked)",
                          {"messages": given, "css": "", "unavailable": GONE, **asked})  # fmt: skip
    return [(one["state"], one["tied"], one["says"]) for one in state["media"]]


SHOWN, MISSING = ("painted", "address", False), ("not there", "", False)
LINK = ("only a link", "address", False)
BY_MESSAGE = ("painted", "message", False)


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


def spares(page, rows, *messages, **asked):
    """Return which media stand in their messages more often than the data says: key -> how many too many."""
    media(page, rows, *messages, **asked)
    return page.evaluate("__releasegate.spares()")


OTHER = {"b": picture("foto-2.jpg") + "veja"}
TWICE = picture("foto-1.jpg") + picture("foto-1.jpg")


@pytest.mark.parametrize(
    "row",
    [
        pytest.param(TWICE, id="side by side"),
        pytest.param(f"<p>{picture('foto-1.jpg')}</p><p>{picture('foto-1.jpg', 120, 90)}</p>", id="a little smaller"),
        pytest.param(f"<div style='height: 90px; overflow: auto'>{TWICE}</div>", id="cut a little"),
    ],
)
def test_a_picture_that_stands_twice_in_its_message_is_one_too_many(page, row):
    """The data says one: by the old field and by the new attachments, one below the other."""
    assert spares(page, {"a": row} | OTHER, ("a", "foto-1.jpg"), ("b", "foto-2.jpg")) == {"medium a 0": 1}


LAID = "<div style='position: relative; width: 160px; height: 120px'>{}</div>"
OVER = "<div style='position: absolute; inset: 0'>{}</div>"
STRIP = "<div style='width: 160px; overflow: hidden; white-space: nowrap; font-size: 0'>{}</div>"
NARROW = picture("foto-1.jpg", 60, 45)


@pytest.mark.parametrize(
    "row",
    [
        pytest.param(LAID.format(OVER.format(picture("foto-1.jpg")) * 2), id="a placeholder below"),
        pytest.param(
            LAID.format(OVER.format(picture("foto-1.jpg", 300, 220)) + picture("foto-1.jpg")), id="a backdrop"
        ),
        pytest.param(
            STRIP.format(picture("foto-1.jpg") + picture("foto-3.jpg") + picture("foto-1.jpg")), id="a gallery"
        ),
        pytest.param(picture("foto-1.jpg") + NARROW, id="a small one to choose by"),
        pytest.param(f"{picture('foto-1.jpg')}<span hidden>{picture('foto-1.jpg')}</span>", id="one that is hidden"),
        pytest.param(f"{picture('foto-1.jpg')}<p style='margin-left: -900px'>{picture('foto-1.jpg')}</p>", id="beside"),
        pytest.param(
            f"{picture('foto-1.jpg')}<a href='/foto-1.jpg'>{picture('save.svg')}</a>", id="a link to the file"
        ),
        pytest.param(
            f"{picture('foto-1.jpg')}<img width='160' height='120' src='x:/foto-1.jpg'>", id="one that is none"
        ),
    ],
)
def test_what_a_page_draws_again_for_good_reason_is_none_too_many(page, row):
    """Layers of one picture, a gallery's turned copy, a strip of small ones: people see one."""
    files = ("foto-1.jpg", "foto-3.jpg") if "foto-3" in row else ("foto-1.jpg",)
    assert spares(page, {"a": row} | OTHER, ("a", *files), ("b", "foto-2.jpg")) == {}


def test_a_picture_that_was_sent_twice_stands_there_twice(page):
    """In one message, as its data says, and in two, where a row may hold more than is known."""
    rows = {"a": TWICE} | OTHER
    assert spares(page, rows, ("a", "foto-1.jpg", "foto-1.jpg"), ("b", "foto-2.jpg")) == {}
    assert spares(page, rows, ("a", "foto-1.jpg"), ("b", "foto-2.jpg"), ("c", "foto-1.jpg")) == {}


def test_a_message_that_is_found_alone_may_be_the_whole_page(page):
    """A panel with all of a customer's pictures beside it holds them again."""
    assert spares(page, {"a": TWICE}, ("a", "foto-1.jpg")) == {}


def test_an_address_that_begins_as_another_s_is_another(page):
    """/media/1 is not /media/12."""
    rows = {"a": picture("media/1") + picture("media/12")} | OTHER
    assert spares(page, rows, ("a", "media/1", "media/12"), ("b", "foto-2.jpg")) == {}
