"""A way in that the target declares: each step at its moment; and what the page is answered when it would write."""

from __future__ import annotations

import pytest

from releasegate.core import CannotMeasure
from releasegate.probes.browser import handling, thread, viewer, walking
from releasegate.probes.browser.desk import Desk

TAKE = {"do": "click", "find": {"alt": "aceitar"}}
WAY_IN = {
    "first_visit": [TAKE],
    "login": [
        {"do": "fill", "find": {"css": ".u"}, "value": "${EMAIL}"},
        {"do": "click", "find": {"text": "^Continuar$"}},
        {"do": "fill", "find": {"css": "[type=password]"}, "value": "${PASSWORD}"},
        {"do": "click", "find": {"text": "^Entrar$"}},
    ],
    "account": [{"do": "click", "find": {"text": "Balcão 1"}}],
    "after_reload": [TAKE],
}


def test_a_declared_way_in_is_gone_step_by_step(oficina):
    """Cookies on every page, a login of its own, a counter to choose: each at its moment, and nothing twice."""
    site, samples, running = oficina("asks-for-cookies", "asks-which-counter", steps=WAY_IN, browser={"slowest": "5s"})
    assert site.login.is_in, site.login.trouble
    with Desk(site) as desk:
        look = thread.look_at_thread(desk, samples.conversations[1]).value
    assert (look.trouble, [one.shown.is_shown for one in look.media], running.logins) == ("", [True], 1)


@pytest.mark.everything  # waits for what does not come
@pytest.mark.parametrize("left_out", ["first_visit", "login", "account", "after_reload"])
def test_a_step_that_is_left_out_is_missed(oficina, left_out):
    """Each moment is needed: without its steps nobody gets to the conversation."""
    steps = {name: given for name, given in WAY_IN.items() if name != left_out}
    steps["login"] = steps.get("login") or [{"do": "wait_for", "find": {"text": "^Continuar$"}}]
    site, samples, _ = oficina("asks-for-cookies", "asks-which-counter", steps=steps, browser={"slowest": "2s"})
    with Desk(site) as desk, pytest.raises(CannotMeasure), desk.thread(samples.conversations[1]):  # fmt: skip
        pytest.fail("nothing was missed")


def test_what_would_write_is_answered_as_the_target_says(oficina):
    """[frontend] write_status and write_body; the page's own worker in the background is not there at all."""
    site, _, running = oficina(write_status=202, write_body='{"aceito": true}')
    with site.visit() as visit:
        visit.open("/")
        sent = visit.page.evaluate(
            "async () => { const one = await fetch('servico/papo', {method: 'PUT', body: 'x'});"
            " return [one.status, await one.json()]; }"
        )
        workers = visit.page.evaluate(
            "async () => { await navigator.serviceWorker.register('fundo.js').catch(() => {});"
            " return (await navigator.serviceWorker.getRegistrations()).length; }"
        )
    assert (sent, workers, running.writes) == ([202, {"aceito": True}], 0, [])


@pytest.mark.everything  # the viewer by keyboard and by its arrows
def test_nothing_is_typed_to_a_customer(oficina):
    """The message box has the focus from the start, and tells every letter; keys that open and turn are none."""
    site, samples, running = oficina("message-box")

    def typed():
        return [one for one in running.asked if "digitou" in one]

    with Desk(site) as desk:
        keys = handling.by_keyboard(desk, *walking.choose(site, samples)[0], several=False).value
        arrows = [one.value.led_on for one in viewer.follow_arrows(desk, *samples.with_several[0])]
        assert (keys.enter_opens, arrows, typed()) == (True, [True, True], [])
        with desk.thread(samples.conversations[1]) as opened:
            opened.visit.page.keyboard.type("o")
            opened.visit.settle()
    assert len(typed()) == 1
