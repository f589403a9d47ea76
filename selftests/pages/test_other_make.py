"""The gates' probes and checks on a page of another make: it passes by configuration alone, its faults are found."""

from __future__ import annotations

import io
import stat
from dataclasses import replace

import pytest
from PIL import Image

from releasegate.checks.page import answers, handling, loading, media
from releasegate.core import Judgement, Verdict
from releasegate.core.facts.inbox import Original
from releasegate.probes.browser import access, fallback, replies, thread, trouble, viewer, walking
from releasegate.probes.browser import handling as handles
from releasegate.probes.browser import loading as probe
from releasegate.probes.browser.desk import Desk

KINDS = ("image", "video")


def old_media(site, samples) -> Judgement:
    with Desk(site) as desk:
        looks = [thread.look_at_thread(desk, one).value for one in samples.conversations]
    return media.old_media_shown("smoke/old-media-shown", looks, KINDS, KINDS, "runbook 6.1")


def viewer_opens(site, samples) -> Judgement:
    choices = [*walking.choose(site, samples), *walking.one_of_several(site, samples)]
    with Desk(site) as desk:
        views = [view.value for view in viewer.open_each(desk, choices)]
    return media.viewer_opens("smoke/viewer-opens", views, "runbook 6.2")


def viewer_closes(site, samples) -> Judgement:
    with Desk(site) as desk:
        closings = viewer.close_each(desk, walking.choose(site, samples)[:1], ("button", "escape"))
    return media.viewer_closes("smoke/viewer-closes", [one.value for one in closings], "runbook 6.2")


def arrows(site, samples) -> Judgement:
    pairs = [(one, each) for one in samples.conversations for each in one.messages if each.has_several(KINDS)]
    with Desk(site) as desk:
        turned = [one.value for one in viewer.follow_arrows(desk, *pairs[0])]
    return media.arrows_lead_on("smoke/viewer-arrows", turned, samples.several, samples.rows, "runbook 6.2")


def seen_replies(site, samples):
    with Desk(site) as desk:
        return [reply.value for one in samples.conversations for reply in replies.look_at_replies(desk, one)]


def reply_shown(site, samples) -> Judgement:
    seen = seen_replies(site, samples)
    return answers.replies_shown("smoke/reply-shown", seen, "Em resposta a", "runbook 6.3", in_table=2, rows=20)


def deleted_original(site, samples) -> Judgement:
    seen = seen_replies(site, samples)
    return answers.deleted_originals_say_so(
        "smoke/deleted-original", seen, "foi apagada", "runbook 6.3",
        in_table=2, looked_up=samples.replies_read, gone_in_data=1,
    )  # fmt: skip


def keyboard(site, samples) -> Judgement:
    with Desk(site) as desk:
        looks = [handles.by_keyboard(desk, *walking.choose(site, samples)[0], several=False).value]
    return handling.viewer_obeys_keys("smoke/viewer-keyboard", looks)


def ends(site, samples) -> Judgement:
    ((conversation, message),) = [
        (one, each) for one in samples.conversations for each in one.messages if each.has_several(KINDS)
    ]
    with Desk(site) as desk:
        looks = [handles.at_its_ends(desk, conversation, message, walking.choose(site, samples)[0]).value]
    return handling.viewer_keeps_its_ends("smoke/viewer-ends", looks, samples.several, samples.rows)


def again(site, samples) -> Judgement:
    with Desk(site) as desk:
        looks = [handles.again_and_again(desk, *walking.choose(site, samples)[0]).value]
    return handling.viewer_opens_again("smoke/viewer-again", looks, "runbook 6.2")


def cut_off(site, samples):
    with Desk(site) as desk:
        planned = fallback.plan(desk, walking.choose(site, samples)[:1])
        return [cut.value for conversation, dead in planned for cut in fallback.cut_off(desk, conversation, dead)]


def fallback_shown(site, samples) -> Judgement:
    return answers.dead_media_shows_fallback(
        "smoke/fallback", cut_off(site, samples), "Mídia indisponível", "runbook 6.4"
    )


def fallback_in_viewer(site, samples) -> Judgement:
    cuts = cut_off(site, samples)
    return answers.viewer_shows_fallback("smoke/fallback-in-viewer", cuts, "Mídia indisponível", "runbook 6.4")


def error_shown(site, samples) -> Judgement:
    with Desk(site) as desk, trouble.late_answer(desk, samples.conversations[0]) as late:
        looks = [look.value for look in trouble.look_at_troubles(desk, late)]
    return answers.errors_are_told("smoke/error-is-shown", looks)


def clean(site, samples) -> Judgement:
    with Desk(site) as desk:
        viewer.open_each(desk, walking.choose(site, samples))
        events = walking.events_of(desk)
    return loading.console_clean("smoke/console-clean", events.value, "runbook 6", pages=events.rows)


def page_loads(site, _) -> Judgement:
    page, _ = probe.look_at_page(site)
    return loading.page_loads("frontend/page-loads", page.value, "runbook 5.5")


def login(site, _) -> Judgement:
    return loading.login_works("frontend/login", probe.login_measured(site).value, "runbook 5.5")


ALL = (
    page_loads, login, old_media, viewer_opens, viewer_closes, arrows, reply_shown, deleted_original, fallback_shown,
    fallback_in_viewer, error_shown, clean, keyboard, ends, again,
)  # fmt: skip
SPEAKS = {
    "escape-dead": (viewer_closes, "it stays open"),
    "x-dead": (viewer_closes, "it stays open ('Fechar ✕' was clicked)"),
    "arrow-dead": (arrows, "it is not shown ("),
    "wrong-picture": (viewer_opens, "image of message p-77-016: another one"),
    "viewer-does-not-open": (viewer_opens, "nothing opened"),
    "films-missing": (old_media, "1 whose files answer are not: video of message p-77-014 is not there"),
    "second-missing": (old_media, "image of message p-77-016 is not there"),
    "pictures-never-load": (old_media, "whose files answer are not"),
    "first-twice": (old_media, "image of message p-77-013, 1 too many"),
    "pages-overlap": (old_media, "message p-77-013, 1 too many; message p-77-014, 1 too many; message p-77-016, 1 too"),
    "neighbours-pictures": (old_media, "image of message p-77-013 in message p-77-014"),
    "shown-for-another": (old_media, "image of message p-77-013 is not there"),
    "fallback-on-living": (old_media, "in the messages p-77-000"),
    "fallback-missing": (fallback_shown, "no such text"),
    "viewer-silent": (fallback_in_viewer, "no such text"),
    "no-reply-box": (reply_shown, "no such text in the message"),
    "no-preview": (reply_shown, "the original's words are not there"),
    "empty-conversation": (old_media, "none of them is on the page"),
    "uncaught": (clean, "naoExiste is not defined"),
    "script-404": (page_loads, "answers 404"),
    "login-dead": (login, "the login was refused: POST /loja/servico/entrada 404"),
    "forgets": (login, "after a reload the login form is there again"),
    "viewer-in-a-corner": (viewer_opens, "of it"),
    "error-as-empty": (error_shown, "the page reads exactly as with no messages at all"),
    "gives-up": (error_shown, "answered 10 s late, and the page did not change any more"),
    "no-keyboard": (keyboard, "it takes no focus"),
    "round-and-round": (ends, "going on from it leads to the first again"),
    "arrows-beside-one": (ends, "can be pressed beside it"),
    "back-to-the-last": (ends, "going back from it leads to the last"),
    "every-other-click": (again, "19 of 20 times it took a second click"),
    "dead-media-throws": (fallback_shown, "naoExiste is not defined"),
    "tires": (again, "4 times; after that a click opened nothing"),
    "shrinks": (fallback_shown, "its message shrank by"),
    "wrong-name": (reply_shown, "it names somebody else of the conversation"),
    "names-nobody": (reply_shown, "it names nobody"),
    "deleted-shown": (deleted_original, "the deleted words stand there"),
}
WARNINGS = {
    "error-as-empty", "gives-up", "no-keyboard", "round-and-round", "arrows-beside-one", "shrinks", "back-to-the-last",
    "every-other-click", "first-twice", "pages-overlap", "neighbours-pictures",
}  # fmt: skip
"""Fault -> what must speak, and a piece of what it says."""


def test_the_other_page_passes_everything(oficina):
    """A page of another make passes every check, and nothing but the login was written."""
    site, samples, running = oficina()
    said = {judge.__name__: (judge(site, samples).verdict, judge(site, samples).sentence) for judge in ALL}
    assert {name: verdict for name, (verdict, _) in said.items()} == dict.fromkeys(said, Verdict.PASS), said
    assert running.writes == []


@pytest.mark.parametrize("fault", SPEAKS)
@pytest.mark.everything  # twenty times a browser
def test_its_faults_are_found(oficina, fault):
    """Each fault of the page is found, in words that say what is wrong."""
    site, samples, _ = oficina(fault)
    judge, piece = SPEAKS[fault]
    judged = judge(site, samples)
    expected = Verdict.WARN if fault in WARNINGS else Verdict.FAIL
    assert (judged.verdict, piece in judged.sentence) == (expected, True), judged.sentence


@pytest.mark.everything  # a browser
def test_an_arrow_whose_medium_cannot_be_told_is_undecided(oficina):
    """A blob's address says nothing of the file: neither that the arrow leads on nor that it does not."""
    site, samples, _ = oficina("blobs")
    judged = arrows(site, samples)
    assert (judged.verdict, "whether the next arrow leads on cannot be told" in judged.sentence) == (
        Verdict.INCONCLUSIVE, True,
    )  # fmt: skip


@pytest.mark.everything  # a browser each
@pytest.mark.parametrize("faults", [["blurred-behind"], ["first-twice"]])
def test_a_picture_that_has_another_right_to_stand_there_is_none_too_many(oficina, faults):
    """A blurred copy behind it; and, twice in its message, what a reply may quote, or an address in a text shows."""
    site, samples, _ = oficina(*faults)

    def with_right(one):
        original = Original(id="o", text="Bom dia!")
        return replace(one, original=original) if len(one.media) == 1 else replace(one, text=one.media[0].url)

    if "first-twice" in faults:
        changed = [replace(one, messages=tuple(with_right(each) if each.media else each for each in one.messages))
                   for one in samples.conversations]  # fmt: skip
        samples = replace(samples, conversations=tuple(changed))
    judged = old_media(site, samples)
    assert judged.verdict is Verdict.PASS, judged.sentence


@pytest.mark.everything  # a browser each
@pytest.mark.parametrize("habits", [["pinned-on-top", "panel-beside", "gallery-above"], ["keeps-nodes"],
                                    ["uses-nodes-again"], ["pages-overlap"]])  # fmt: skip
def test_what_a_page_draws_again_for_good_reason_is_no_message_twice(oficina, habits):
    """Pinned, beside, in nodes of before; or, of a page without ids and times, a message that the data may not know."""
    site, samples, _ = oficina(*habits)
    if habits == ["pages-overlap"]:
        samples = replace(samples, conversations=tuple(replace(one, is_whole=False) for one in samples.conversations))
    judged = old_media(site, samples)
    assert judged.verdict is Verdict.PASS, judged.sentence


@pytest.mark.everything  # a browser
def test_every_picture_of_the_viewer_outlines_what_it_is_about(oficina):
    """What is shown enlarged, or, once the viewer is shut, the thumbnail: in the colour of an outline."""
    site, samples, _ = oficina()
    choice = walking.choose(site, samples)[0]
    ((conversation, message),) = [
        (one, each) for one in samples.conversations for each in one.messages if each.has_several(KINDS)
    ]
    with Desk(site) as desk:
        looks = [
            *viewer.open_each(desk, [choice]),
            *viewer.close_each(desk, [choice], ("button", "escape")),
            *viewer.follow_arrows(desk, conversation, message),
            handles.by_keyboard(desk, *choice, several=False),
            handles.at_its_ends(desk, conversation, message, choice),
            handles.again_and_again(desk, *choice),
        ]
    for look in looks:
        image = Image.open(io.BytesIO(look.blobs["viewer.jpg"])).convert("RGB").tobytes()
        colours = zip(image[::3], image[1::3], image[2::3], strict=True)
        outlined = sum(r > 180 and g < 90 and 70 < b < 150 for r, g, b in colours)
        assert outlined > 500, look.query


@pytest.mark.everything  # a browser
def test_a_viewer_that_fades_away_is_waited_for(oficina):
    """A click into what fades is lost by haste, not by the page: none is needed twice."""
    site, samples, _ = oficina("fades-away", "deaf-while-fading")
    judged = again(site, samples)
    assert (judged.verdict, judged.sentence[:26]) == (Verdict.PASS, "opened and closed 20 times")


@pytest.mark.everything  # a browser
def test_a_viewer_that_takes_no_key_while_it_opens_is_waited_for(oficina):
    """Nobody closes what is not there yet; it has no button that could be clicked instead."""
    site, samples, _ = oficina("x-dead", "deaf-while-it-opens", "opens-late")
    judged = again(site, samples)
    assert (judged.verdict, judged.sentence[:26]) == (Verdict.PASS, "opened and closed 20 times")


@pytest.mark.everything  # a browser
def test_what_fades_in_is_no_pale_text(oficina):
    """Contrast is judged once everything stands."""
    site, samples, _ = oficina("fades-in")
    with Desk(site) as desk:
        look = access.in_viewer(desk, *walking.choose(site, samples)[0]).value
    assert (look.trouble, [one.rule for one in look.barriers if "legenda" in one.example]) == ("", [])


@pytest.mark.everything  # a browser
def test_a_page_that_throws_at_our_answer_does_so_with_living_media_too(oficina):
    """That is none of what dead media does to it."""
    site, samples, _ = oficina("throws-at-our-answer")
    assert fallback_shown(site, samples).verdict is Verdict.PASS


def test_a_form_that_goes_away_until_it_is_answered_lets_nobody_in(oficina):
    """Refused with 200 and the first of two steps again; with the right password it goes away for good."""
    site, _, _ = oficina("waits-at-the-door", "polite-refusal")
    tried = probe.wrong_password_measured(site).value
    judged = loading.wrong_password_refused("frontend/wrong-password", [tried], "runbook 5.5")
    assert (judged.verdict, tried.trouble) == (Verdict.PASS, "the page asks for the e-mail again")
    assert site.login.is_in


def test_a_socket_to_a_host_that_nobody_listed_is_not_opened(oficina):
    """It is listed as not asked, and what the page says of it stops no release."""
    site, samples, _ = oficina("socket-elsewhere")
    with site.visit() as visit:
        visit.open("/")
        assert ("websocket", "ws://avisos.invalid/fio") in visit.interception.blocked
        events = [event for event in visit.events() if event.counts]
    judged = loading.console_clean("smoke/console-clean", events, "runbook 6", pages=1)
    assert judged.verdict is Verdict.WARN
    assert clean(site, samples).verdict is Verdict.WARN


def test_the_login_is_kept_where_only_its_owner_can_read_it(oficina, tmp_path):
    """The session lies in its file with mode 0600."""
    site, _, _ = oficina()
    assert site.login.is_in
    (file,) = tmp_path.glob("session-*.json")
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_a_wrong_password_is_tried_once(oficina):
    """A refused login is one finding, and nobody tries again."""
    site, samples, _ = oficina(password="errada")
    judged = login(site, samples)
    assert judged.verdict is Verdict.FAIL
    assert judged.findings[0].have == (
        'the login was refused: POST /loja/servico/entrar 403; the page says "Senha errada"'
    )


@pytest.mark.parametrize(
    ("faults", "verdict", "said"),
    [((), Verdict.PASS, ""), (("any-password",), Verdict.FAIL, "it lets one in, at http://127.0.0.1:")],
)
def test_a_wrong_password_that_lets_one_in_is_a_finding(oficina, faults, verdict, said):
    """The target asks for the try: the page refuses it, and one that compares nothing does not."""
    site, _, _ = oficina(*faults)
    tried = probe.wrong_password_measured(site).value
    judged = loading.wrong_password_refused("frontend/wrong-password", [tried], "runbook 5.5")
    assert (judged.verdict, said in judged.sentence) == (verdict, True)


def test_a_step_that_fails_says_what_is_there_instead(oficina):
    """A declared step that finds nothing names itself, the page, and what is there."""
    step = {"do": "click", "find": {"role": "link", "name": "Fila"}}
    site, samples, _ = oficina(steps={"inbox": [step]})
    with Desk(site) as desk:
        look = thread.look_at_thread(desk, samples.conversations[0])
    assert look.value.trouble.startswith(
        "[frontend.steps] inbox, step 1 (click role 'link', name 'Fila'): not found on http://127.0.0.1:"
    )
    assert look.blobs["conversation.jpg"]


def test_declared_steps_and_locators_replace_what_is_built_in(oficina):
    """A target's own steps lead to a conversation as well."""
    steps = {
        "inbox": [{"do": "goto", "value": "/#/fila"}, {"do": "wait_for", "find": {"css": ".pessoa"}}],
        "conversation": [{"do": "click", "find": {"css": ".pessoa", "text": "{conversation}"}}],
    }
    site, samples, _ = oficina(steps=steps)
    assert old_media(site, samples).verdict is Verdict.PASS


@pytest.mark.parametrize("more", [[], [{"do": "click", "find": {"text": "Atendimento"}}]])
def test_a_step_that_the_page_remembers_is_left_out_the_next_time(oficina, more):
    """Which counter one works at is asked in the first window alone; the other windows share what it remembers."""
    steps = {"inbox": [{"do": "click", "find": {"text": "Balcão 1"}}, *more]}
    site, samples, _ = oficina("asks-which-counter", steps=steps)
    judged = old_media(site, samples)
    assert judged.verdict is Verdict.PASS, judged.sentence


def test_what_writes_never_reaches_the_deployment(oficina):
    """Opening a conversation marks it as read; the gate answers that itself."""
    site, samples, running = oficina()
    with Desk(site) as desk:
        look = thread.look_at_thread(desk, samples.conversations[0])
    assert (running.writes, look.value.answered_by_us) == ([], ("POST /loja/servico/papo/p-77/lida",))


def test_what_the_target_lets_through_reaches_the_deployment(oficina):
    """A write that the target allows by method and path is sent."""
    site, samples, running = oficina(allow_writes=["POST /papo/.*/lida$"])
    with Desk(site) as desk:
        look = thread.look_at_thread(desk, samples.conversations[0])
    assert (running.writes, look.value.answered_by_us) == (["POST /loja/servico/papo/p-77/lida"], ())


def test_hosts_that_nobody_listed_are_never_asked(oficina):
    """A beacon to somebody else's host is answered by the gate, and is no error of the page."""
    site, _, _ = oficina()
    with site.visit() as visit:
        visit.open("/")
        assert ("ping", "https://medidas.invalid/visita") in visit.interception.blocked
        assert visit.interception.unlisted == ("medidas.invalid",)
        assert [event for event in visit.events() if event.counts] == []
