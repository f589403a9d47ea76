"""What stands on a page more often than the data says, and what a page draws again for good reason."""

from __future__ import annotations

import pytest
from drawn import media, picture


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


# --- a whole message again ---


def message(key, *content, time="", mark="", cls="msg", style=""):
    """Return one message of a list as a page draws it; `key` "" is one without an id."""
    name = f'id="m-{key}" ' if key else ""
    return (
        f'<li {name}class="{cls}" style="{style}"><div class="bubble">{mark}<figure>{"".join(content)}</figure>'
        f"<p>{TEXTS.get(key, 'veja')}</p>{f'<time>{time}</time>' if time else ''}</div></li>"
    )


TEXTS = {"b": "bom dia", "d": "até já", "e": "obrigada"}
ASKED = [
    ("a", "veja", "/m/foto-1.jpg"),
    ("b", "bom dia"),
    ("c", "veja", "/m/foto-2.jpg"),
    ("d", "até já", "/m/doc.pdf"),
]
FIRST, SECOND = picture("/m/foto-1.jpg"), picture("/m/foto-2.jpg", hue=90)


BLOB = picture("blob-1")
LINKED = f"<a href='/m/foto-1.jpg'>{BLOB}</a>"


def thread(*parts):
    return f"<main style='width: 600px'><ul>{''.join(parts)}</ul></main>"


def named(*more, before=""):
    """Return a thread whose messages bear ids; `more` are drawn after the first."""
    return thread(before, message("a", FIRST), *more, message("b"), message("c", SECOND), message("d"))


def unnamed(*more, time="10:32", **first):
    """Return a thread that tells no id; its messages are found by what is in them."""
    texts = [f'<li class="msg"><div class="bubble"><figure></figure><p>{TEXTS[key]}</p></div></li>' for key in "bd"]
    return thread(message("", FIRST, time=time, **first), *more, texts[0], message("", SECOND, time="10:40"), texts[1])


def repeats(page, html, *asked, whole=False, replied=""):
    """Return which media are drawn again with their whole message, and which in a message that has none of them."""
    page.set_content(f"<style>body {{ margin: 0 }} li {{ list-style: none }}</style>{html}")
    page.wait_for_function("[...document.images].every((image) => image.complete)")
    messages = [
        {"id": key, "text": text, "whole": text, "needles": [[one] for one in files]}
        for key, text, *files in asked or ASKED
    ]
    page.evaluate("asked => __releasegate.thread(asked)", {"messages": messages, "css": "", "unavailable": ""})
    found = page.evaluate("asked => __releasegate.repeats(asked)", {"whole": whole, "replied": replied})
    return found["copies"], [(one["medium"], one["message"]) for one in found["strays"]]


SECTION = "<main style='width: 600px'><ul class='msgs'>{}</ul><ul class='msgs'>{}</ul></main>"
AGAIN = (["copy 0 medium a 0"], [])
NOTHING = ([], [])
HEAD = "<b class='who'>Joana</b>"


@pytest.mark.parametrize(
    ("html", "whole"),
    [
        pytest.param(named(message("a", FIRST)), False, id="with its id, right below"),
        pytest.param(named() .replace("</ul>", message("a", FIRST) + "</ul>"), False, id="at the end"),
        pytest.param(named(before=message("a", FIRST)).replace("<ul>", "<ul>" + message("e")), False, id="above"),
        pytest.param(unnamed(message("", FIRST, time="10:32")), False, id="no id, the same time"),
        pytest.param(unnamed(message("", FIRST), time=""), True, id="no id, no time, all messages known"),
        pytest.param(unnamed(message("", FIRST, time="10:32")), True, id="a time, and all messages known"),
        pytest.param(
            SECTION.format(message("a", FIRST) + message("b"), message("a", FIRST) + message("c", SECOND)),
            False, id="pages that overlap",
        ),
        pytest.param(
            named(message("a", FIRST)).replace("<figure>", HEAD + "<figure>", 1).replace("<p>bom", HEAD + "<p>bom"),
            False, id="a name above the first of several",
        ),
        pytest.param(named(message("a", FIRST, cls="msg last")), False, id="the last has a class of its own"),
        pytest.param(
            named(message("a", LINKED)).replace(FIRST, LINKED),
            False, id="the link around it tells",
        ),
        pytest.param(
            named(message("a", BLOB)).replace(FIRST, BLOB), False, id="nothing but its id tells"
        ),
    ],
)  # fmt: skip
def test_a_message_that_is_drawn_twice_is_told(page, html, whole):
    """By its id, by the time beside it, or where there is no other message that it could be."""
    assert repeats(page, html, whole=whole) == AGAIN


def test_each_time_and_each_medium_counts(page):
    """Three times in all, with two pictures each."""
    both = FIRST + picture("/m/foto-3.jpg", hue=300)
    html = named(message("a", both), message("a", both)).replace(message("a", FIRST), message("a", both))
    copies, _ = repeats(page, html, ("a", "veja", "/m/foto-1.jpg", "/m/foto-3.jpg"), *ASKED[1:])
    assert copies == [f"copy {at} medium a {place}" for place in (0, 1) for at in (0, 1)]


PANEL = "<div style='display: flex'>{}<main style='width: 600px'><ul>{}</ul></main></div>"
PIN = "<svg width='16' height='16'><path d='M4 4h8v8'/></svg>"


@pytest.mark.parametrize(
    "html",
    [
        pytest.param(named(), id="once"),
        pytest.param(named(before=message("a", FIRST, style="position: sticky; top: 0")), id="pinned, it stays on top"),
        pytest.param(named(before=message("a", FIRST, mark="<em>Fixada</em>")), id="pinned, it says so"),
        pytest.param(named(before=message("a", FIRST, cls="msg pinned")), id="pinned, by a class"),
        pytest.param(named(before=message("a", FIRST, cls="msg sender-preview")), id="a preview, by a class"),
        pytest.param(named(before=message("a", FIRST, mark=PIN)), id="pinned, by an icon"),
        pytest.param(
            SECTION.format(message("a", FIRST), message("a", FIRST) + message("b") + message("c", SECOND)),
            id="a list of its own for what is pinned",
        ),
        pytest.param(
            SECTION.format(message("a", FIRST) + message("b") + message("c", SECOND), message("a", FIRST)),
            id="a list of its own below",
        ),
        pytest.param(
            "<nav><ul>" + message("a", picture("/m/foto-1.jpg", 64, 48)) + "</ul></nav>" + named(), id="in the inbox"
        ),
        pytest.param(PANEL.format(named(), message("a", FIRST)), id="a panel beside, of the same make"),
        pytest.param("<div style='display: flex'>" + named() * 2 + "</div>", id="two panes with the same conversation"),
        pytest.param(f"<section>{FIRST}{SECOND}</section>" + named(), id="a gallery above"),
        pytest.param(named() + f"<ul><li><div><figure>{FIRST}</figure></div></li></ul>", id="a gallery below"),
        pytest.param(
            named(message("a", FIRST, style="position: fixed; left: 0; top: 300px")),
            id="a copy that lies over the page",
        ),
        pytest.param(named(message("a", FIRST, style="visibility: hidden")), id="a copy that nobody sees"),
        pytest.param(named(message("a", FIRST, style="display: none")), id="one for smaller screens"),
        pytest.param(named(message("a", picture("/m/foto-1.jpg", 80, 60))), id="a smaller one"),
        pytest.param(named(message("z", FIRST)), id="another message, by its id"),
        pytest.param(unnamed(message("", FIRST, time="09:15")), id="another message, by its time"),
        pytest.param(unnamed(message("", FIRST), time=""), id="another message, for all one knows"),
        pytest.param(unnamed(message("", FIRST, time="há 3 dias"), time="há 3 dias"), id="no time of day"),
    ],
)
def test_what_stands_there_again_for_good_reason_is_silent(page, html):
    """Pinned, in a panel, in a gallery, kept for later; or a message that the data's first page does not hold."""
    assert repeats(page, html) == NOTHING


def test_a_file_that_two_messages_hold_stands_in_both(page):
    """It was sent again, and the data says so."""
    html = unnamed(message("", FIRST, time="10:32"))
    asked = (ASKED[0], ("x", "veja", "/m/foto-1.jpg"), *ASKED[1:])
    assert repeats(page, html, *asked, whole=True) == NOTHING


def test_a_time_in_the_text_is_none_of_the_message(page):
    """What a company answers again and again holds its opening hours."""
    html = unnamed(message("", FIRST), time="").replace("veja", "Abrimos às 08:30")
    asked = [(key, text.replace("veja", "Abrimos às 08:30"), *files) for key, text, *files in ASKED]
    assert repeats(page, html, *asked) == NOTHING


# --- a medium in a message that has none of it ---

STRAY = ([], [("medium a 0", "b")])
UNNAMED_STRAY = unnamed().replace("<figure></figure><p>bom", f"<figure>{FIRST}</figure><p>bom")


@pytest.mark.parametrize(
    ("html", "whole"),
    [
        pytest.param(named().replace(message("b"), message("b", FIRST)), False, id="by the ids"),
        pytest.param(
            unnamed().replace("<figure></figure><p>bom", f"<figure>{FIRST}</figure><p>bom"), True, id="no ids"
        ),
    ],
)
def test_a_medium_in_the_next_message_is_told(page, html, whole):
    """One message's attachments are drawn in its neighbour too."""
    asked = [("a", "", "/m/foto-1.jpg"), *ASKED[1:]]
    assert repeats(page, html.replace("<p>veja</p>", ""), *asked, whole=whole) == STRAY


@pytest.mark.parametrize(
    ("html", "asked"),
    [
        pytest.param(named().replace("<p>bom", f"<q><div><figure>{FIRST}</figure></div></q><p>bom"), {}, id="quoted"),
        pytest.param(named().replace(message("b"), message("b", FIRST, mark="Em resposta a Joana")),
                     {"replied": "Em resposta a"}, id="a reply that the data does not know"),
        pytest.param(named().replace(message("b"), message("b", FIRST, mark="<p>veja</p>")), {}, id="with its words"),
        pytest.param(named().replace(message("b"), message("b", picture("/m/foto-1.jpg", 80, 60))), {}, id="small"),
        pytest.param(UNNAMED_STRAY, {}, id="no ids"),
        pytest.param(named().replace(message("b"), message("b", picture("sticker.webp"))), {}, id="a sticker"),
    ],
)  # fmt: skip
def test_a_medium_that_may_stand_in_another_message_is_silent(page, html, asked):
    """Quoted, small, or of no row at all: stickers and previews of links have none either."""
    keys = [("a", "veja!", "/m/foto-1.jpg"), *ASKED[1:]] if "<p>veja</p><figure>" not in html else ASKED
    assert repeats(page, html, *keys, **asked) == NOTHING


def test_the_next_message_may_hold_the_same_file(page):
    """The data says so."""
    html = named().replace(message("b"), message("b", FIRST))
    assert repeats(page, html, ASKED[0], ("b", "bom dia", "/m/foto-1.jpg"), *ASKED[2:], whole=True) == NOTHING


def test_what_stands_in_place_of_a_promised_one_leaves_that_missing(page):
    """The second message shows the first one's picture: its own is not there, and that is no warning."""
    html = named().replace(SECOND, FIRST)
    assert repeats(page, html, ("a", "", "/m/foto-1.jpg"), *ASKED[1:]) == ([], [("medium a 0", "c")])
    state = page.evaluate("() => __releasegate.parts.lastSeen().entries.map(({ key, state }) => [key, state])")
    assert dict(state)["medium c 0"] == "not there"
