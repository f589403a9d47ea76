"""A page that shows less than the API lists, or takes no click: what can be told is told, the rest in plain words."""

from __future__ import annotations

from dataclasses import replace

import pytest
from playwright.sync_api import Error

from releasegate.checks.page import loading, media
from releasegate.core import Verdict
from releasegate.probes.browser import replies, thread, viewer, walking
from releasegate.probes.browser.desk import Desk
from releasegate.probes.browser.received import loaded_of
from releasegate.probes.browser.steps import StuckOnPage
from releasegate.probes.browser.waiting import poll

LIST = '[{"id": 1, "last": {"id": "m-9"}}, {"id": 2, "last": {"id": "x-4"}}]'


@pytest.mark.parametrize(
    ("ids", "bodies", "loaded"),
    [
        (["m-7", "m-8", "m-9"], [LIST], None),  # the messages came another way: nothing is known
        (["m-7", "m-8", "m-9"], [LIST, '[{"id": "m-8"}, {"id": "m-9"}]'], {"m-8", "m-9"}),
        (["m-7", "m-8", "m-9"], ['[{"id": "m-8"}, {"id": "m-9"}]', '[{"id": "m-7"}, {"id": "m-8"}]'],
         {"m-7", "m-8", "m-9"}),
        (["m-7", "m-8", "m-9"], [LIST, r'push("{\"id\":\"m-8\"},{\"id\":\"m-9\"}")'], {"m-8", "m-9"}),
        (["m-9"], [LIST], {"m-9"}),  # a conversation of one message
        (["7", "8"], ['[{"id":7,"a":1},{"id":8,"a":1},{"id":78,"a":1}]'], {"7", "8"}),
        ([], [LIST], None),
    ],
)  # fmt: skip
def test_one_id_alone_is_no_page_of_messages(ids, bodies, loaded):
    """A list of conversations holds one of each."""
    assert loaded_of(ids, bodies) == loaded


def test_what_is_clicked_is_among_what_the_page_loaded(oficina):
    """The page loads four messages of eighteen: another picture is clicked, and nobody asks for what is not there."""
    site, samples, _ = oficina("short-pages")
    chosen = walking.choose(site, samples)[:1]
    assert chosen[0][1].message == "p-77-013"
    with Desk(site) as desk:
        look = thread.look_at_thread(desk, samples.conversations[0]).value
        assert (look.loaded, {one.message for one in look.media}) == (4, {"p-77-014", "p-77-016"})
        (clicked,) = walking.within_reach(desk, chosen)
        assert (clicked[1].message, walking.several_within_reach(desk, samples)[1].id) == ("p-77-016", "p-77-016")
        views = [one.value for one in viewer.open_each(desk, [clicked, *chosen])]
        seen = [(one.value.message, one.value.row) for one in replies.look_at_replies(desk, samples.conversations[0])]
    judged = media.viewer_opens("smoke/viewer-opens", views, "runbook 6.2")
    assert judged.verdict is Verdict.INCONCLUSIVE
    assert judged.sentence == (
        "message p-77-013: the page did not load it: it received 4 of the 18 that the API lists of conversation p-77; "
        "name one that it shows in the target's [samples] messages"
    )
    assert seen == [("p-77-015", True), ("p-77-017", True)]


@pytest.mark.everything  # waits for what does not come, twice
def test_an_entry_that_takes_no_click_says_what_is_in_its_way(oficina):
    """No traceback: where one is, what was clicked, what lies over it, what else is there, and a picture."""
    site, samples, _ = oficina("veil-over-the-list", browser={"slowest": "2s"})
    with Desk(site) as desk:
        look = thread.look_at_thread(desk, samples.conversations[0])
        replied = [one.value for one in replies.look_at_replies(desk, samples.conversations[0])]
    start = f'conversation p-77: its entry in the list takes no click on {site.frontend.url}#/fila (<div class="veu"'
    assert look.value.trouble.startswith(start), look.value.trouble
    assert look.value.trouble.endswith("intercepts pointer events); there is, as link: nothing")
    assert look.blobs["conversation.jpg"]
    assert [(one.message, one.is_gone, bool(one.trouble)) for one in replied] == [
        ("p-77-015", False, True), ("p-77-017", True, True),
    ]  # fmt: skip


@pytest.mark.everything  # waits for what does not come
def test_a_conversation_that_is_not_in_the_list_says_how_to_name_it(oficina):
    """Its own sentence says which key of the target helps; and a console that nobody saw is not clean."""
    site, samples, _ = oficina(browser={"slowest": "1s"})
    with Desk(site) as desk:
        look = thread.look_at_thread(desk, replace(samples.conversations[0], id="p-99", names=("Nobody",)))
        events = walking.events_of(desk)
    assert look.value.trouble.startswith("conversation p-99 ('Nobody' in the list): not found on"), look.value.trouble
    assert look.value.trouble.endswith(
        "; where the page calls it otherwise, name it: [locators.conversation], or [frontend.steps] conversation"
    )
    judged = loading.console_clean("smoke/console-clean", events.value, "runbook 6", pages=events.rows)
    assert (judged.verdict, judged.sentence) == (
        Verdict.INCONCLUSIVE, "no conversation could be opened, so what goes wrong in one was not seen",
    )  # fmt: skip


def test_an_answer_without_end_keeps_nobody_waiting(oficina):
    """A page that holds a stream open: what it said so far is not waited for, and everything else is read."""
    site, _, _ = oficina("answer-without-end")
    with site.visit() as visit:
        visit.open("/")
        poll(
            visit.page,
            lambda: [one.url for one in visit.listener.responses],
            lambda urls: any("fio" in url for url in urls),
            5,
        )
        bodies = {response.url.rsplit("/", 1)[-1]: body for response, body in visit.listener.data()}
        assert visit.events() is not None
    assert (bodies["fio"], "programa.js" in bodies[""]) == ("", True)


def test_what_the_browser_cannot_do_is_told_with_a_picture(oficina):
    """An address where nobody answers, and a page that throws where the gate asks it."""
    site, samples, _ = oficina()
    with site.visit() as visit, pytest.raises(StuckOnPage, match=r"ERR_UNSAFE_PORT|ERR_CONNECTION_REFUSED") as stuck:
        visit.open("http://127.0.0.1:1/")
    assert stuck.value.screenshot
    with Desk(site) as desk, pytest.raises(StuckOnPage, match="the browser could not go on: ") as stuck:  # noqa: SIM117
        with desk.thread(samples.conversations[1]) as opened:
            opened.visit.page.evaluate("() => { throw new Error('no such thing') }")
    assert stuck.value.screenshot
    assert isinstance(stuck.value.__cause__, Error)
