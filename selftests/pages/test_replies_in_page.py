"""What a reply shows of its original: never its own words, never a name that everybody there bears."""

from __future__ import annotations

import pytest

from releasegate.core.facts.inbox import Conversation, Message, Original, with_customers
from releasegate.probes.browser.replies import _names_of

ASKED = {"pattern": "Replied to", "gone": "was deleted", "css": "", "sender": "", "others": [], "person": []}


def state(page, html, own, preview, **asked):
    """Return how the reply "r" stands, whose row is `html`."""
    page.set_content(f'<main><p id="m-a">bom dia</p><article id="m-r">{html}</article></main>')
    messages = [{"id": "a", "text": "bom dia", "needles": []}, {"id": "r", "text": own, "needles": []}]
    page.evaluate("asked => __releasegate.thread(asked)", {"messages": messages, "css": "", "unavailable": ""})
    return page.evaluate("asked => __releasegate.reply(asked)",
                         {**ASKED, "id": "r", "own": own, "preview": preview, **asked})  # fmt: skip


def box(quoted, own, name="Ana"):
    return f"<div>Replied to {name}<br><span>{quoted}</span></div><p>{own}</p><time>10:32</time>"


@pytest.mark.parametrize(
    ("quoted", "own", "preview", "shown"),
    [
        ("This was deleted", "Tem essa sela azul aí?", "Tem essa sel", False),  # its own words, not the deleted ones
        ("Tem essa sela", "Tem essa sela azul aí?", "Tem essa sel", True),  # here they stand there
        ("Tem essa sela", "Tem essa sela", "Tem essa sel", True),  # both
        ("…", "Tem essa sela", "Tem essa sel", False),  # its own alone
        ("Tem essa sela azul", "sela", "Tem essa sel", True),  # its own stand in the original's too
        ("“Tem <b>essa</b> sela…”", "Temos", "Tem essa sel", True),
        ('Tem <img alt="🙂"> essa sela', "Temos", "Tem 🙂 essa sel", True),
    ],
)
def test_the_reply_s_own_words_are_not_the_original_s(page, quoted, own, preview, shown):
    """What the reply itself says is left out, wherever it may stand."""
    assert state(page, box(quoted, own), own, preview)["preview"] is shown


def test_who_answers_is_known_by_writing_in_many_conversations():
    """A customer's name is one that stands in a single conversation, and in its entry of the list; oneself is "You"."""

    def conversation(key, *senders):
        messages = tuple(Message(id=f"{key}-{at}", sender=name) for at, name in enumerate(senders))
        return Conversation(id=key, names=("Joana Prado", "joana.p", "Até já, Maria"), messages=messages)

    one, other = with_customers([conversation("1", "Joana", "Maria"), conversation("2", "Bento", "Maria", "")])
    assert (one.customers, other.customers) == (("Joana",), ("Bento",))
    assert _names_of(Original(id="x", sender="Joana"), one) == ("Joana", "joana.p")
    assert _names_of(Original(id="x", sender="Maria"), one) == ()
    assert _names_of(Original(id="x", sender="Bento"), other) == ()
    assert with_customers([one])[0].customers == ()


@pytest.mark.parametrize("preview", ["ok", "Oi", "R$ 150", "10:32", ""])
def test_words_too_few_to_tell_are_not_judged(page, preview):
    """They stand in any message by chance."""
    assert state(page, box("ok", "ok, obrigada"), "ok, obrigada", preview)["preview"] is None


def test_a_name_and_the_promised_words_are_no_preview(page):
    """An original that says "Joana" cannot be told from the box that names her."""
    html = box("This was deleted", "está bem", name="Joana")
    assert state(page, html, "está bem", "Joana", sender="Joana")["preview"] is None
    assert state(page, html, "está bem", "Replied to", sender="Joana")["preview"] is None


def test_a_text_that_is_cut_short_cannot_be_left_out(page):
    """Where the reply's own text begins like the original and is not there whole, nothing is said."""
    html = box("…", "Tem essa sela azul… <a>ver mais</a>")
    assert state(page, html, "Tem essa sela azul ou só a preta?", "Tem essa sel")["preview"] is None


def test_words_that_nobody_can_see_do_not_count(page):
    """What is hidden, or there for readers aloud alone."""
    hidden = '<i style="display:none">Tem essa sela</i>'
    aloud = '<i style="position:absolute;width:1px;height:1px;overflow:hidden">Tem essa sela</i>'
    assert state(page, box(hidden + aloud, "Temos"), "Temos", "Tem essa sel")["preview"] is False


@pytest.mark.parametrize(
    ("name", "person", "named"),
    [
        ("Joana", ["Joana Prado"], True),
        ("@joana.p", ["Joana Prado", "joana.p"], True),
        ('<img alt="Joana Prado">', ["Joana Prado"], True),
        ("", ["Joana Prado"], False),
        ("a message", ["Joana Prado"], False),
        ("você", ["Joana Prado"], None),
        ("", [], None),
        ("", ["Li"], None),
    ],
)
def test_a_box_that_names_nobody(page, name, person, named):
    """By any part of the name, in words or in a picture's; unknown names are not asked for."""
    assert state(page, box("Tem essa sela", "Temos", name), "Temos", "Tem essa sel", person=person)["named"] is named


def test_the_next_line_is_a_name_only_where_it_is_no_preview(page):
    """Words that mention somebody, below the box, name nobody else."""
    asked = {"sender": "Joana", "others": ["Bento"]}
    assert state(page, box("Bento, tem essa sela?", "Temos", ""), "Temos", "Bento, tem e", **asked)["other"] is False
    assert state(page, box("Tem essa sela?", "Temos", "<br>Bento<br>"), "Temos", "Tem essa sel", **asked)["other"]


def test_a_long_answer_is_no_tall_preview(page):
    """The height is that of the quote."""
    long = "Tem essa sela azul? " + "Sim! " * 900
    assert state(page, box("Tem essa sela", f"<span>{long}</span>"), long, "Tem essa sel")["height"] < 0.1


def test_an_answer_that_quotes_itself_is_found_and_wrong(page):
    """Its words stand twice in its row, and nobody else's between them."""
    for box in ("<div>", '<div data-answers="7">'):
        rows = ("<p>{0}</p>", "<p>{0}</p>", f"<p>{{0}}</p>{box}Replied to <i>{{0}}</i></div>")
        for newest_first in (False, True):
            assert quoting(page, rows, newest_first) == (["of-6", "of-7", "of-8"], False)


def quoting(page, rows, newest_first=False):
    """Return in which of `rows` (templates) the messages 6, 7 and 8 are found, 8 answering 7, and what 8 shows of 7."""
    texts = {"6": "bom dia, tudo bem?", "7": "a tampa chegou quebrada", "8": "obrigado, trocamos"}
    items = [
        f'<li class="of-{key}">{row.format(text)}</li>' for (key, text), row in zip(texts.items(), rows, strict=True)
    ]
    page.set_content(f"<ul>{''.join(reversed(items) if newest_first else items)}</ul>")
    messages = [{"id": key, "text": text, "needles": [], "quoted": key == "7"} for key, text in texts.items()]
    page.evaluate("asked => __releasegate.thread(asked)", {"messages": messages, "css": "", "unavailable": ""})
    row = "key => __releasegate.kept.get(key)?.closest('li')?.className"
    said = page.evaluate("asked => __releasegate.reply(asked)",
                         {**ASKED, "id": "8", "own": texts["8"], "preview": texts["7"][:12]})  # fmt: skip
    return [page.evaluate(row, f"row {key}") for key in texts], said and said["says"] and said["preview"]


_WHOLE, _CUT = "a tampa chegou quebrada", "a tampa chegou…"


@pytest.mark.parametrize("newest_first", [False, True])
@pytest.mark.parametrize(
    ("first", "second", "answer"),
    [
        ("<p>{}</p>", "<p>{}</p>", f'<p>{{}}</p><div data-answers="7">Replied to <i>{_WHOLE}</i></div>'),
        ("<p>{}</p>", "<p>{}</p>", f'<div data-answers="7">Replied to <i>{_WHOLE}</i></div><p>{{}}</p>'),
        ("<p>{}</p>", "<p>{}</p>", f'<a href="#m-7">Replied to <i>{_CUT}</i></a><p>{{}}</p>'),
        ('<p id="m-6">{}</p>', '<p id="m-7">{}</p>', f'<p id="m-8">{{}}</p><div>Replied to <i>{_WHOLE}</i></div>'),
        ('<p data-id="6">{}</p>', '<p data-id="7">{}</p>',
         f'<div>Replied to <i>{_WHOLE}</i></div><p data-id="8">{{}}</p>'),
    ],
    ids=["below", "above", "a link", "rows with ids", "rows with data"],
)  # fmt: skip
def test_the_original_is_not_where_an_answer_names_it(page, first, second, answer, newest_first):
    """The box of an answer may carry the original's id and its words: it is the answer's all the same."""
    assert quoting(page, (first, second, answer), newest_first) == (["of-6", "of-7", "of-8"], True)
