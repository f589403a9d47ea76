"""Deployments that number their rows: 12 is neither 112 nor the 12 of another sentence."""

from __future__ import annotations

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


def test_a_conversation_is_opened_by_its_own_number(page):
    """The links of other conversations whose numbers end with it, or begin with it, are none of its."""
    page.set_content(LIST)
    by_id, _ = _entries_by_id("7")
    assert page.locator(by_id).all_inner_texts() == ["7", "7?tab=all"]
