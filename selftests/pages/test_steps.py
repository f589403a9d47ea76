"""Steps and locators of a target file, done on a page: each verb, each way to find a thing."""

from __future__ import annotations

import pytest

from releasegate.probes.browser.finding import locate
from releasegate.probes.browser.steps import StuckOnPage, press, run
from releasegate.target.models import BrowserStep, Locator

FORM = """
<form onsubmit="said.textContent = who.value + '/' + pass.value; return false">
  <label>Seu e-mail <input id="who"></label> <input id="pass" type="password" data-testid="senha">
  <button hidden></button>
  <button type="button" onclick="said.textContent = 'limpo'"><img alt="Limpar tudo" width="20" height="20"></button>
</form>
<p hidden>Atendimento 7</p><p id="said"></p><a href="#/fila">Fila de <b>espera</b></a>
"""
VALUES = {"${EMAIL}": "ana@x", "${PASSWORD}": "couro", "id": "7", "conversation": "Joana (a de sempre)"}


def do(page, *steps, **values):
    page.set_default_timeout(400)
    run(page, "login", [BrowserStep.model_validate(step) for step in steps], "http://x", VALUES | values)
    return page.locator("#said").text_content()


def test_what_is_typed_and_pressed_arrives(page):
    """By label, by test id; a key on a thing, and a key on whatever has the focus; placeholders are filled in."""
    page.set_content(FORM)
    fill = [
        {"do": "fill", "find": {"label": "^seu e-mail"}, "value": "${EMAIL}"},
        {"do": "fill", "find": {"test_id": "senha"}, "value": "${PASSWORD}"},
    ]
    assert do(page, *fill, {"do": "press", "find": {"test_id": "senha"}, "value": "Enter"}) == "ana@x/couro"
    assert do(page, {"do": "click", "find": {"alt": "limpar"}}) == "limpo"
    assert do(page, *fill, {"do": "press", "value": "Enter"}) == "ana@x/couro"


@pytest.mark.parametrize("verb", ["expect", "wait_for"])
def test_what_is_expected_must_be_seen(page, verb):
    """A thing that is there and hidden is not seen; what is seen is no trouble."""
    page.set_content(FORM)
    do(page, {"do": verb, "find": {"role": "link", "name": "^fila de espera$"}})
    with pytest.raises(StuckOnPage) as stuck:
        do(page, {"do": verb, "find": {"text": "Atendimento {id}"}})
    assert str(stuck.value) == (
        f"[frontend.steps] login, step 1 ({verb} text 'Atendimento {{id}}'): not found on about:blank; "
        "there is, as button: 'Limpar tudo'"
    )
    assert stuck.value.screenshot


def test_what_lies_over_a_thing_is_named(page):
    """A click that cannot be done says what is in its way; a disabled thing says that it is."""
    page.set_default_timeout(400)
    page.set_content('<button>Entrar</button><div class="veu" style="position:fixed;inset:0"></div>')
    with pytest.raises(StuckOnPage, match=r"takes no click on about:blank \(<div class=\"veu\"></div> intercepts"):
        press(page, page.get_by_role("button"), "the way in")
    page.set_content("<button disabled>Entrar</button>")
    with pytest.raises(StuckOnPage, match=r"\(element is not enabled\); there is, as button: 'Entrar'$"):
        press(page, page.get_by_role("button"), "the way in")


@pytest.mark.parametrize(
    ("given", "found"),
    [
        ({"css": "li", "text": "{conversation}"}, ["b"]),
        ({"css": "[data-id='{id}']"}, ["c"]),
        ({"test_id": "papo-{id}"}, ["a"]),
        ({"css": "ul", "role": "listitem", "name": ""}, ["a", "b", "c"]),
        ({"label": "a de {id}"}, ["c"]),
    ],
)
def test_what_stands_in_braces_is_taken_as_it_is(page, given, found):
    """A name with brackets is no pattern."""
    page.set_content(
        '<ul><li id="a" data-testid="papo-7">Joana a de sempre<li id="b">Joana (a de sempre)'
        '<li id="c" data-id="7" aria-label="A de 7">Bento</ul>'
    )
    plain = {key: value for key, value in VALUES.items() if not key.startswith("$")}
    there = locate(page, Locator.model_validate(given), plain)
    assert [one.get_attribute("id") for one in there.all()] == found
