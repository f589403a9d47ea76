"""Conversations repeat themselves: the same words, the same picture, and a list that shows the last words again."""

from __future__ import annotations

PIXEL = "data:image/gif;base64,R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7"


def rows(page, html, *messages):
    """Return which element's id each message was found in; a message is (id, text) or (id, text, name of a file)."""
    page.set_content(html)
    asked = [{"id": key, "text": text, "needles": [list(file)] if file else []} for key, text, *file in messages]
    state = page.evaluate("asked => __releasegate.thread(asked)", {"messages": asked, "css": "", "unavailable": ""})
    return {key: page.evaluate("key => __releasegate.kept.get(key).id", f"row {key}") for key in state["found"]}


def bubbles(*texts):
    return "<main>" + "".join(f'<p id="p{at}">{text}</p>' for at, text in enumerate(texts)) + "</main>"


def test_the_same_words_are_told_apart_by_their_neighbours(page):
    """Three times "ok", and each is found between what stands around it."""
    found = rows(
        page, bubbles("bom dia", "ok", "até já", "ok", "ok"),
        ("a", "Bom dia"), ("b", "ok"), ("c", "até já"), ("d", "ok"), ("e", "ok"),
    )  # fmt: skip
    assert found == {"a": "p0", "b": "p1", "c": "p2", "d": "p3", "e": "p4"}


def test_the_newest_may_stand_first(page):
    """The API lists the newest first, and the page shows it last."""
    found = rows(page, bubbles("ok", "oi", "até já", "ok"), ("d", "ok"), ("c", "até já"), ("b", "oi"), ("a", "ok"))
    assert found == {"a": "p0", "b": "p1", "c": "p2", "d": "p3"}


def test_where_either_end_may_be_the_newest_only_the_middle_is_said(page):
    """Read from above and from below it is the same."""
    found = rows(page, bubbles("ok", "bom dia", "ok"), ("c", "ok"), ("b", "bom dia"), ("a", "ok"))
    assert set(found) == {"b"}


def test_a_list_that_repeats_the_last_words_is_not_the_message(page):
    """The preview beside the conversation stands before everything else, and the last message behind it."""
    aside = '<aside><a id="preview">obrigada</a></aside>'
    found = rows(page, aside + bubbles("bom dia", "até já", "obrigada"),
                 ("c", "obrigada"), ("b", "até já"), ("a", "bom dia"))  # fmt: skip
    assert found == {"a": "p0", "b": "p1", "c": "p2"}


def test_where_two_places_are_possible_none_is_said(page):
    """Of two messages with the same words only one is drawn: which of them, nobody can tell."""
    found = rows(page, bubbles("ok", "bom dia"), ("a", "ok"), ("b", "ok"), ("c", "bom dia"))
    assert set(found) == {"c"}


def test_a_picture_that_was_sent_twice_stands_in_both_messages(page):
    """A signed address holds the unsigned one, and neither message is taken for the other."""
    picture = '<img width="60" height="60" src="%s" data-file="foto-1.jpg%s">'
    found = rows(
        page, bubbles("bom dia", picture % (PIXEL, "?sig=1"), "veja", picture % (PIXEL, "")),
        ("a", "bom dia"), ("b", "", "foto-1.jpg?sig=1", "foto-1.jpg"), ("c", "veja"), ("d", "", "foto-1.jpg"),
    )  # fmt: skip
    assert found == {"a": "p0", "b": "p1", "c": "p2", "d": "p3"}


def test_a_thread_that_changes_behind_the_viewer_says_nothing_of_it(page):
    """A picture in the thread turns out dead after the viewer opened: that is no matter of the medium in front."""
    page.set_content(f'<p id="thread"></p><img id="thumb" width="60" height="60" src="{PIXEL}">')
    page.evaluate("() => __releasegate.remember()")
    page.evaluate(
        """src => {
            document.getElementById("thread").innerHTML = "<span>Content unavailable</span>";
            const picture = `<img width="600" height="400" src="${src}">`;
            const over = `<div style="position:fixed;inset:0;background:#000">${picture}</div>`;
            document.body.insertAdjacentHTML("beforeend", over);
        }""",
        PIXEL,
    )
    asked = {"css": "", "needles": [PIXEL], "others": [], "ratio": None, "unavailable": "Content unavailable"}
    state = page.evaluate("asked => __releasegate.viewer(asked)", asked)
    assert (state["covers"], state["state"], state["says"]) == (1, "painted", False)
