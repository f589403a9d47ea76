"""Deployments that number their rows: 12 is neither 112 nor the 12 of another sentence."""

from __future__ import annotations

import pytest

from releasegate.probes.browser.visit import _entries_by_id

ROWS = "".join(f'<li id="message-{key}"><p>words of {key}</p></li>' for key in (112, 12, 2))
LIST = "".join(f'<a href="/inbox/{key}">{key}</a> ' for key in (217, 17, 7, "7?tab=all", 70))


def test_a_number_is_found_whole(page):
    """Every message is found in its own row, though one number ends with the other."""
    page.set_content(f"<ul>{ROWS}</ul>")
    asked = [{"id": key, "text": "", "needles": []} for key in ("2", "12", "112")]
    state = page.evaluate("asked => __releasegate.thread(asked)", {"messages": asked, "css": "", "unavailable": ""})
    found = {key: page.evaluate("key => __releasegate.kept.get(key).id", f"row {key}") for key in state["found"]}
    assert found == {"2": "message-2", "12": "message-12", "112": "message-112"}


def test_a_choice_in_a_form_is_no_message(page):
    """People are numbered too: two lists of them do not draw message 2 twice, and one is not where it stands."""
    people = '<select><option value="2">Ana</option><option value="12">Bia</option></select>'
    row = '<li><p>words of 12</p></li><li><span class="badge">gone</span></li>'
    for forms in (people, people * 2):
        page.set_content(f"<ul>{row}</ul>{forms}")
        asked = [{"id": "12", "text": "words of 12", "needles": []}, {"id": "2", "text": "", "needles": [["/2.jpg"]]}]
        state = page.evaluate("asked => __releasegate.thread(asked)", {"messages": asked, "css": "", "unavailable": ""})
        assert state["found"] == ["12"]


def test_a_conversation_is_opened_by_its_own_number(page):
    """The links of other conversations whose numbers end with it, or begin with it, are none of its."""
    page.set_content(LIST)
    by_id, _ = _entries_by_id("7")
    assert page.locator(by_id).all_inner_texts() == ["7", "7?tab=all"]


TICKETS = """<nav><a href="/inbox?saved_search=2">mine</a> <a href="/people/40">Ana</a></nav><table>{}</table>
<a href="/inbox?page=2">2</a> <a href="/inbox?page=3">3</a>""".format(
    "".join(
        f'<tr><td><a href="/tickets/{key}/edit">edit</a></td><td><a href="/tickets/{key}">about {key}</a></td>'
        f'<td><a href="/people/{key - 37}">someone</a></td></tr>'
        for key in (38, 39, 40, 41)
    )
)


@pytest.mark.parametrize(
    ("key", "names", "last", "opened"),
    [
        ("40", ["about 40"], False, "/tickets/40"),
        ("2", ["about 2"], False, None),
        ("2", ["about 2"], True, None),
        ("3", ["about 3 others"], True, None),
    ],
)
def test_a_number_that_other_things_have_too_is_the_conversation_s(page, key, names, last, opened):
    """Saved searches, people and pages of the list are numbered as the tickets are; ticket 2 is not on this page."""
    page.set_content(TICKETS)
    assert entry_of(page, key, names, ["about 38", "about 39"], last=last) == opened


def test_a_number_alone_counts_where_a_list_shows_other_names_and_at_the_last(page):
    """The API's texts are not those of the list: the form of the most numbered links is that of the list."""
    page.set_content(TICKETS.replace("/people/40", "/people/me").replace("/people/3", "/people/1"))
    assert entry_of(page, "40", ["Ana Souza"], ["Bruno Lima"], last=False) is None
    assert entry_of(page, "40", ["Ana Souza"], ["Bruno Lima"], last=True) == "/tickets/40"


def entry_of(page, key, names, neighbours, *, last):
    asked = {"css": ", ".join(_entries_by_id(key)), "names": names, "neighbours": neighbours, "last": last}
    page.evaluate("asked => __releasegate.entry(asked)", asked)
    return page.evaluate("() => __releasegate.kept.get('entry')?.getAttribute('href') ?? null")
