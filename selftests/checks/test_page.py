"""The judgements about a page, each speaking, silent near by, and undecided on nothing."""

from __future__ import annotations

from dataclasses import replace

import pytest

from releasegate.checks.page import access, answers, handling, loading, media
from releasegate.core import Verdict
from releasegate.core.facts.inbox import Conversation, Medium, Message, Samples
from releasegate.core.facts.page import (
    AccessFacts,
    AgainFacts,
    ArrowFacts,
    Asset,
    Barrier,
    ClosingFacts,
    DeadWay,
    EndsFacts,
    Enlarged,
    ErrorFacts,
    Event,
    FallbackFacts,
    KeyboardFacts,
    Kind,
    LoginFacts,
    MediumFacts,
    PageFacts,
    ReplyFacts,
    Shown,
    ThreadFacts,
    Trouble,
    ViewerFacts,
)

NEW, OLD = "a" * 40, "b" * 40
SCRIPT = Asset(url="https://x/app.js", kind="script", status=200, sha256="1")
PAGE = PageFacts(url="https://x/", status=200, title="x", words=20, assets=(SCRIPT,))
ERROR = Event(kind=Kind.UNCAUGHT, text="TypeError: a is undefined", page="https://x/")
IN = LoginFacts(url="https://x/", is_in=True, answers=("POST /login 200",), survives=True)
PHOTO = MediumFacts(
    url="https://m/1.jpg", kind="image", message="m1", is_old=True, shown=Shown.PAINTED, tied_by="address"
)
THREAD = ThreadFacts(conversation="c1", url="https://x/c1", messages=3, loaded=3, found=3, media=(PHOTO,))
LARGE = Enlarged(shown=Shown.PAINTED, width=900, height=600, is_same=True)
VIEW = ViewerFacts(conversation="c1", message="m1", url="u", kind="image", opened=True, covers=1.0, enlarged=LARGE,
                   thumbnail=(240, 160), window=(1280, 800), controls=("Close",))  # fmt: skip
CLOSED = ClosingFacts(way="button", message="m1", closed=True, found="Close", controls=("Close",))
LED = ArrowFacts(way="next", message="m1", attachments=2, led_on=True, found="Next")
REPLY = ReplyFacts(conversation="c1", message="m2", row=True, says_reply=True, shows_preview=True)
GONE = ReplyFacts(conversation="c1", message="m3", row=True, is_gone=True, says_gone=True)
CUT = FallbackFacts(conversation="c1", message="m1", url="u", cut=1, says_unavailable=True, neighbours=4)


def loads(page=PAGE):
    return loading.page_loads("frontend/page-loads", page, "runbook 5.5")


def clean(*events, pages=1, known=(), allowed=()):
    return loading.console_clean(
        "frontend/console-clean", events, "runbook 5.5", pages=pages, known=known, allowed=allowed
    )


def build(page=PAGE, commits=(NEW, OLD), before=None, promised=("reply",)):
    return loading.right_build(
        "frontend/right-build", page, "runbook 5.1", commits=commits, before=before, promised=promised
    )


def old_media(*threads, in_data=("image",)):
    return media.old_media_shown("smoke/old-media-shown", threads, ("image", "video"), in_data, "runbook 6.1")


def test_a_page_that_waits_for_a_host_that_nobody_listed_cannot_be_told():
    """Blank because of what this program answered: nobody knows; blank by itself, and with words, it is judged."""
    blank = replace(PAGE, words=0, pictures=0)
    waiting = loads(replace(blank, blocked=("https://cdn.x/app.js",)))
    assert (waiting.verdict, waiting.sentence) == (
        Verdict.INCONCLUSIVE,
        (
            "the page asks for https://cdn.x/app.js, which the target does not list; add it to [frontend] hosts and "
            "look again"
        ),
    )
    assert loads(blank).verdict is Verdict.FAIL
    assert loads(replace(PAGE, blocked=("https://cdn.x/app.js",))).verdict is Verdict.PASS


def test_a_finding_reads_as_an_operator_needs_it():
    """A missing script is told with want, have, why, fix and the command."""
    judged = loads(replace(PAGE, assets=(SCRIPT, replace(SCRIPT, url="https://x/b.js", status=404))))
    assert str(judged.findings[0]) == (
        "frontend/page-loads: https://x/b.js\n"
        "  want: every script and style sheet that the page asks for answers 2xx (runbook 5.5)\n"
        "  have: answers 404\n"
        "  why:  a page without one of its files is broken, or an old page asks for files of another build\n"
        "  fix:  build the frontend again and restart it, so that page and files are of one build\n"
        "  run:  curl -sS -i 'https://x/b.js'"
    )


@pytest.mark.parametrize(
    ("page", "have"),
    [
        (replace(PAGE, status=502), "answers 502"),
        (replace(PAGE, status=None, error="connection refused"), "no answer: connection refused"),
        (replace(PAGE, words=0), "it answers 200 and shows neither a word nor a picture"),
    ],
)
def test_a_page_that_does_not_load_fails(page, have):
    """A page without 2xx or without content is a finding."""
    assert loads(page).sentence == f"https://x/: {have}"


def test_what_was_not_asked_is_no_file_that_came():
    """Scripts of hosts that nobody listed are counted apart, and where a listed host leads elsewhere it is said."""
    judged = loads(replace(PAGE, not_asked=16, led_to=("sso.x",)))
    assert (judged.verdict, judged.sentence) == (
        Verdict.PASS,
        (
            "https://x/ answers 200, with 20 words and 1 script or style; 16 more, of hosts that the target does not "
            "list, were not asked; its hosts led on to sso.x, not listed either"
        ),
    )


KEPT_OUT = "the page leads on to sso.x, which the target does not list; add it to [frontend] hosts and look again"


def test_a_page_on_a_host_that_was_not_asked_cannot_be_told():
    """Nor can a login that leads there, whatever was answered before."""
    page = replace(PAGE, status=None, words=0, error=KEPT_OUT, is_kept_out=True)
    assert (loads(page).verdict, loads(page).sentence) == (Verdict.INCONCLUSIVE, KEPT_OUT)
    kept_out = replace(IN, is_in=False, is_kept_out=True, trouble=KEPT_OUT)
    judged = loading.login_works("frontend/login", kept_out, "runbook 5.5")
    assert (judged.verdict, judged.sentence) == (
        Verdict.INCONCLUSIVE,
        f"whether the form lets one in cannot be told: {KEPT_OUT}",
    )


def test_a_page_of_one_picture_loads():
    """A page without words but with a picture is silent."""
    assert loads(replace(PAGE, words=0, pictures=1)).verdict is Verdict.PASS


def test_an_error_in_the_console_is_one_finding_however_often():
    """The same error three times is told once, with its count."""
    judged = clean(ERROR, ERROR, ERROR)
    assert judged.sentence == "uncaught error on https://x/: TypeError: a is undefined, 3 times"
    assert judged.verdict is Verdict.FAIL


@pytest.mark.parametrize("event", [replace(ERROR, is_ours=True), replace(ERROR, is_medium=True)])
def test_what_we_caused_and_dead_media_is_no_finding(event):
    """Our own interception and the data's dead files stay out."""
    assert clean(event).verdict is Verdict.PASS


def test_what_the_old_release_did_too_is_no_finding():
    """An error with the shape of a recorded one is silent, whatever numbers it holds."""
    known = [replace(ERROR, text="took 12 ms at 4").shape]
    assert clean(replace(ERROR, text="took 977 ms at 5"), known=known).verdict is Verdict.PASS


def test_what_the_target_allows_is_no_finding():
    """An allowed pattern is silent; another error beside it is not."""
    allowed = [("a is undefined", "known since March")]
    assert clean(ERROR, allowed=allowed).verdict is Verdict.PASS
    assert clean(ERROR, replace(ERROR, text="other"), allowed=allowed).verdict is Verdict.FAIL


def test_an_error_after_our_own_answer_is_a_warning():
    """What may come from a request that the gate answered itself does not stop a release."""
    assert clean(replace(ERROR, after_ours=True)).verdict is Verdict.WARN
    assert clean(replace(ERROR, after_ours=True), ERROR).verdict is Verdict.FAIL


def test_a_console_nobody_looked_at_is_undecided():
    """No page, no pass."""
    assert clean(pages=0).verdict is Verdict.INCONCLUSIVE


@pytest.mark.parametrize(
    ("kind", "text", "why"),
    [
        (Kind.FAILED, "404", "what was asked for is missing on the page"),
        (Kind.CONSOLE, "Mixed Content: The page at", "on an encrypted page browsers ask for it otherwise than it says"),
        (Kind.CONSOLE, "no such thing", "a script that stops half-way leaves people with a page"),
    ],
)
def test_what_went_wrong_says_why_it_matters(kind, text, why):
    """A missing file, a file asked for in the open, and a script each harm people in another way."""
    (finding,) = clean(replace(ERROR, kind=kind, text=text)).findings
    assert finding.why.startswith(why)


def test_a_refused_login_is_a_finding_and_a_form_not_found_is_not():
    """Only a login that was really tried can be wrong."""
    refused = replace(IN, is_in=False, answers=("POST /login 401",), trouble="the login was refused: POST /login 401")
    judged = loading.login_works("frontend/login", replace(refused, said="Senha errada"), "runbook 5.5")
    assert judged.sentence == 'https://x/: the login was refused: POST /login 401; the page says "Senha errada"'
    nowhere = replace(refused, answers=(), trouble="the form was not found")
    assert loading.login_works("frontend/login", nowhere, "runbook 5.5").verdict is Verdict.INCONCLUSIVE
    assert loading.login_works("frontend/login", IN, "runbook 5.5").verdict is Verdict.PASS


def test_a_session_that_a_reload_forgets_is_a_finding():
    """Logged in, and out again after a reload."""
    judged = loading.login_works("frontend/login", replace(IN, survives=False), "runbook 5.5")
    assert judged.sentence == "https://x/: after a reload the login form is there again"


def test_the_build_is_told_by_a_commit_of_any_length():
    """A page that shows seven digits of the newest commit is new; of an older one it is stale."""
    assert build(replace(PAGE, marks=(("meta build", NEW[:7]),))).holds == "meta build shows the commit aaaaaaaaa"
    stale = build(replace(PAGE, marks=(("meta build", OLD[:12]),)))
    assert stale.sentence == "https://x/: meta build shows bbbbbbbbb"
    assert stale.findings[0].want == "the page is built from commit aaaaaaaaa (runbook 5.1)"


def test_files_that_did_not_change_are_the_old_build():
    """The same bytes under all addresses are not a new release."""
    assert build(before={"assets": {"/app.js": "1"}}).verdict is Verdict.FAIL
    assert build(before={"assets": {"/app.js": "2"}}).verdict is Verdict.INCONCLUSIVE


FROM_SERVER = replace(PAGE, from_server=True, assets=(replace(SCRIPT, url="https://x/js/jquery-ui-1.13.2.min.js?17"),))


def test_files_of_a_page_that_a_server_writes_tell_nothing():
    """A release of templates changes no script, however its name is made; one that holds the templates does tell."""
    before = {"assets": {"/js/jquery-ui-1.13.2.min.js": "1"}}
    judged = build(FROM_SERVER, before=before)
    assert judged.verdict is Verdict.INCONCLUSIVE
    assert judged.sentence.startswith(
        "a server writes this page, its scripts and styles are those of before the release and it shows no commit; name"
    )
    for url in ("https://x/_next/static/a.js", "https://x/_nuxt/a.js", "https://x/_app/immutable/start.4f5a9c21.js"):
        assert build(replace(FROM_SERVER, assets=(replace(SCRIPT, url=url),)), before=before).verdict is Verdict.FAIL
    for url in (f"https://x/assets/application-{NEW}{NEW}.js", "https://x/static/base.5af66c1b1797.css",
                "https://x/assets/index-BQ3x9aZt.js", "https://x/static/dataTables.bootstrap5.css"):  # fmt: skip
        page = replace(FROM_SERVER, assets=(replace(SCRIPT, url=url),))
        assert build(page, before=before).verdict is Verdict.INCONCLUSIVE
        assert old(page, before=before | {"texts": ()}, released=before).verdict is Verdict.INCONCLUSIVE
    assert build(replace(FROM_SERVER, from_server=False), before=before).verdict is Verdict.FAIL
    assert build(replace(FROM_SERVER, texts=("reply",)), before=before).verdict is Verdict.PASS


def test_files_that_neither_release_changed_are_not_the_page_from_before():
    """Of a page that a server writes: the same before, with and after the release."""
    same = {"assets": {"/js/jquery.js": "1"}, "texts": ()}
    assert old(FROM_SERVER, before=same, released=same).verdict is Verdict.INCONCLUSIVE
    assert old(FROM_SERVER, before=same, released={"assets": {"/js/jquery.js": "2"}}).verdict is Verdict.PASS


def test_a_text_only_the_new_release_has_tells_the_build():
    """A promised text in what is served is new, unless the old page had it too."""
    page = replace(PAGE, texts=("reply",))
    assert build(page, commits=()).holds == "what is served holds the new release's texts (reply)"
    assert build(page, commits=(), before={"assets": {"/a": "0"}, "texts": ["reply"]}).verdict is Verdict.INCONCLUSIVE


def old(page=PAGE, commits=(OLD,), before=None, released=None):
    return loading.old_build(
        "rollback/old-page-answers", page, "runbook", commits=commits, before=before, released=released,
        promised=("reply",),
    )  # fmt: skip


def test_the_page_from_before_is_told_by_its_files():
    """The same bytes are the old page whatever it shows; the new release's are not."""
    assert old(before={"assets": {"/app.js": "1"}, "texts": ()}).verdict is Verdict.PASS
    judged = old(before={"assets": {"/app.js": "0"}}, released={"assets": {"/app.js": "1"}})
    assert str(judged.findings[0]) == (
        "rollback/old-page-answers: https://x/\n"
        "  want: the page from before the release (runbook)\n"
        "  have: all 1 scripts and styles are byte for byte those of the new release\n"
        "  why:  people go on with the page that was to be taken back\n"
        "  fix:  build the old commit of the frontend, restart its service, and empty caches in front of it"
    )


@pytest.mark.parametrize(
    ("page", "released", "verdict"),
    [
        (replace(PAGE, texts=("reply",)), None, Verdict.FAIL),
        (replace(PAGE, marks=(("meta build", OLD[:9]),)), None, Verdict.PASS),
        (replace(PAGE, marks=(("meta build", NEW[:9]),)), None, Verdict.INCONCLUSIVE),
        (PAGE, {"assets": {"/app.js": "9"}, "texts": ["reply"]}, Verdict.PASS),
        (PAGE, {"assets": {"/app.js": "9"}, "texts": []}, Verdict.INCONCLUSIVE),
        (PAGE, None, Verdict.INCONCLUSIVE),
    ],
)
def test_a_new_build_of_old_code_is_told_by_texts_or_by_its_commit(page, released, verdict):
    """Other files than before prove nothing: a build is seldom the same twice."""
    assert old(page, before={"assets": {"/app.js": "0"}, "texts": ()}, released=released).verdict is verdict


def test_a_missing_thumbnail_of_a_living_file_fails():
    """What the data says and the page lacks is told with message and kind."""
    gone = replace(PHOTO, shown=Shown.MISSING, is_alive=True)
    judged = old_media(replace(THREAD, media=(PHOTO, gone)))
    assert judged.sentence == "conversation c1: 1 whose files answer are not: image of message m1 is not there"
    assert judged.findings[0].want == "its 2 old pictures and videos are shown (runbook 6.1)"


def test_dead_files_and_new_or_other_media_are_not_judged():
    """A missing thumbnail whose file is dead, or that nobody promised, is silent."""
    dead = replace(PHOTO, shown=Shown.BROKEN, is_alive=False)
    voice = replace(PHOTO, kind="audio", shown=Shown.MISSING, is_alive=True)
    judged = old_media(replace(THREAD, media=(PHOTO, dead, voice)))
    assert judged.verdict is Verdict.PASS
    assert judged.holds == "1 old medium shown in 1 conversation; not judged, for they do not answer: 1 file"


def test_an_empty_conversation_is_never_a_pass():
    """A page that shows none of the messages fails, with what its requests were answered."""
    judged = old_media(replace(THREAD, found=0, loaded=None, media=(), errors=("GET /messages answered 500",)))
    assert judged.sentence == "conversation c1: none of them is on the page; GET /messages answered 500"
    elsewhere = old_media(replace(THREAD, found=0, loaded=None, media=(), way_on=KEPT_OUT))
    assert (elsewhere.verdict, elsewhere.sentence) == (Verdict.INCONCLUSIVE, KEPT_OUT)
    waiting = old_media(replace(THREAD, found=0, loaded=None, media=(), unlisted=("push.example",)))
    assert waiting.sentence == (
        "conversation c1: none of them is on the page; not asked, for the target does not list them: push.example"
    )


def test_a_medium_that_stands_there_too_often_is_a_warning():
    """Nobody promises that it does not; another message's is told once, and an old page's is its habit."""
    thread = replace(THREAD, media=(replace(PHOTO, spare=1), replace(PHOTO, spare=1), replace(PHOTO, message="m2")))
    judged = old_media(thread)
    assert judged.verdict is Verdict.WARN
    assert str(judged.findings[0]) == (
        "smoke/old-media-shown: conversation c1\n"
        "  want: each picture and video as often as the data says (nobody's promise; worth a look)\n"
        "  have: 1 is drawn again in the same message: image of message m1, 1 too many\n"
        "  why:  people believe that it was sent twice\n"
        "  fix:  look whether the page draws the old field and the new attachments, one beside the other"
    )
    old_page = media.old_media_shown("rollback/x", [thread], ("image",), ("image",), "runbook", once=False)
    assert (old_page.verdict, old_media(THREAD).verdict) == (Verdict.PASS, Verdict.PASS)


def test_a_message_that_stands_there_twice_is_a_warning():
    """Told once for all of its media, and of an old page not at all."""
    both = (replace(PHOTO, copies=1), replace(PHOTO, url="other", copies=1), replace(PHOTO, message="m2", copies=2))
    thread = replace(THREAD, media=both)
    judged = old_media(thread)
    assert judged.verdict is Verdict.WARN
    assert str(judged.findings[0]) == (
        "smoke/old-media-shown: conversation c1\n"
        "  want: each message with a picture or video once (nobody's promise; worth a look)\n"
        "  have: 2 are drawn again as a whole: message m1, 1 too many; message m2, 2 too many\n"
        "  why:  people believe that it was sent twice\n"
        "  fix:  look whether pages of the list overlap, or what tells of new messages adds one that is there"
    )
    old_page = media.old_media_shown("rollback/x", [thread], ("image",), ("image",), "runbook", once=False)
    assert old_page.verdict is Verdict.PASS


def test_a_medium_in_another_message_is_a_warning_and_in_place_of_a_promised_one_a_failure():
    """What is not promised stops nothing; that the other message lacks its own does."""
    stray = replace(PHOTO, strays=("m2",))
    judged = old_media(replace(THREAD, media=(stray,)))
    assert judged.verdict is Verdict.WARN
    assert str(judged.findings[0]) == (
        "smoke/old-media-shown: conversation c1\n"
        "  want: each message shows its own pictures and videos alone (nobody's promise; worth a look)\n"
        "  have: 1 stands in another message too, whose data has none of it: image of message m1 in message m2\n"
        "  why:  people take a picture for a part of what somebody else wrote\n"
        "  fix:  look whether the page draws a message with what it kept of the one before"
    )
    gone = replace(PHOTO, message="m2", url="other", shown=Shown.MISSING, is_alive=True)
    assert old_media(replace(THREAD, media=(stray, gone))).verdict is Verdict.FAIL


def test_a_living_medium_called_unavailable_fails():
    """The fallback's text in the place of a file that answers is a finding."""
    judged = old_media(
        replace(THREAD, media=(replace(PHOTO, shown=Shown.MISSING, says_unavailable=True, is_alive=True),))
    )
    assert judged.sentence == "conversation c1: 1 is, in the messages m1"


def test_nothing_seen_is_undecided():
    """No conversation, a conversation that was not found, or a kind of which none was seen: no pass."""
    assert old_media().verdict is Verdict.INCONCLUSIVE
    assert old_media(replace(THREAD, trouble="not in the list")).sentence == "not in the list"
    assert old_media(THREAD, in_data=("image", "video")).verdict is Verdict.INCONCLUSIVE


@pytest.mark.parametrize(
    ("view", "have"),
    [
        (replace(VIEW, opened=False), "nothing opened"),
        (replace(VIEW, enlarged=replace(LARGE, is_same=False)), "another one"),
        (replace(VIEW, enlarged=replace(LARGE, shown=Shown.BROKEN)), "the medium broken"),
        (replace(VIEW, enlarged=replace(LARGE, says_unavailable=True)), "the text for dead media"),
        (replace(VIEW, enlarged=replace(LARGE, width=100, height=70)), "100 by 70 pixels"),
        (replace(VIEW, covers=0.6), "60% of it"),
    ],
)
def test_a_viewer_that_does_less_than_promised_fails(view, have):
    """Each way in which a viewer can fall short is told."""
    judged = media.viewer_opens("smoke/viewer-opens", [view], "runbook 6.2")
    assert judged.sentence == f"image of message m1: {have}"


def test_a_good_viewer_is_silent_and_none_at_all_undecided():
    """A small picture at its own size is fine; a medium that cannot be told is not."""
    small = replace(VIEW, enlarged=replace(LARGE, width=260, height=170))
    assert media.viewer_opens("smoke/viewer-opens", [VIEW, small], "runbook 6.2").verdict is Verdict.PASS
    unsure = replace(VIEW, enlarged=replace(LARGE, is_same=None))
    assert media.viewer_opens("smoke/viewer-opens", [unsure], "runbook 6.2").verdict is Verdict.INCONCLUSIVE
    assert media.viewer_opens("smoke/viewer-opens", [], "runbook 6.2").verdict is Verdict.INCONCLUSIVE


def test_a_viewer_that_stays_open_fails():
    """A dead key, a dead button and a viewer with nothing to click are told apart; an unknown button is undecided."""

    def judged(closing):
        return media.viewer_closes("smoke/viewer-closes", [closing], "runbook 6.2")

    escape = replace(CLOSED, way="escape", found="Escape", closed=False)
    assert judged(escape).findings[0].want == "the Escape key closes the viewer (runbook 6.2)"
    assert judged(replace(CLOSED, closed=False)).findings[0].have == "it stays open ('Close' was clicked)"
    assert (
        judged(replace(CLOSED, closed=False, found="", controls=())).findings[0].have == "nothing in it can be clicked"
    )
    assert judged(replace(CLOSED, closed=False, found="")).verdict is Verdict.INCONCLUSIVE
    assert judged(CLOSED).verdict is Verdict.PASS
    assert media.viewer_closes("smoke/viewer-closes", [], "runbook 6.2").verdict is Verdict.INCONCLUSIVE


def test_arrows_are_judged_where_there_is_something_to_lead_to():
    """A dead arrow fails; no message with several attachments is N/A with the count; unseen ones are undecided."""

    def judged(*arrows, several=1):
        return media.arrows_lead_on("smoke/viewer-arrows", arrows, several, 1200, "runbook 6.2")

    assert judged(replace(LED, led_on=False)).sentence == (
        "message m1 with 2 attachments: it is not shown ('Next' was clicked)"
    )
    assert judged(LED).verdict is Verdict.PASS
    unsure = judged(LED, replace(LED, way="previous", led_on=None))
    assert (unsure.verdict, unsure.sentence) == (
        Verdict.INCONCLUSIVE,
        (
            "whether the previous arrow leads on cannot be told: neither address nor proportions say which of the 2 "
            "attachments of message m1 is shown"
        ),
    )
    assert judged(several=0).sentence == "no message has several attachments (looked at 1 200 rows)"
    assert judged(several=4).verdict is Verdict.INCONCLUSIVE


def test_replies_are_judged_where_there_are_any():
    """Missing box, missing preview; a media-only original has no words to show; none at all is N/A."""

    def judged(*replies, in_table=3):
        return answers.replies_shown(
            "smoke/reply-shown", replies, "Replied to", "runbook 6.3", in_table=in_table, rows=50
        )

    assert judged(replace(REPLY, says_reply=False)).findings[0].want == 'a box with "Replied to" (runbook 6.3)'
    assert judged(replace(REPLY, shows_preview=False)).sentence == "reply m2: the original's words are not there"
    assert judged(replace(REPLY, shows_preview=None, names_sender=True)).sentence == (
        "1 reply with box; the original's words in 0, in 1 there are none, or too few to tell"
    )
    assert judged(replace(REPLY, knows_sender=False), replace(REPLY, knows_sender=True)).sentence == (
        "2 replies with box and preview; the name in 1 was not judged: neither the table nor the API ([api.fields] "
        "sender) says who wrote it"
    )
    assert judged(in_table=0).sentence == "there is no reply (looked at 50 rows)"
    for replies, why in [
        ([replace(REPLY, row=False)],
         ("none of the 1 looked for was found on the page; say in the target how: the column of their text, "
          "[reading] backfill.preview_column, or the way to a message, [locators] message")),
        ([replace(REPLY, row=False, loaded=False)],
         "the page loaded none of the 1 looked for; name one that it shows in [samples] messages"),
        ([], "none of them is in what the API shows first; name one in the target's [samples] messages"),
    ]:  # fmt: skip
        found = judged(*replies)
        assert (found.verdict, found.sentence) == (Verdict.INCONCLUSIVE, f"the table holds 3 replies, and {why}")


def deleted(*replies, in_table=9, looked_up=4, gone_in_data=0):
    return answers.deleted_originals_say_so(
        "smoke/deleted-original", replies, "deleted", "runbook 6.3",
        in_table=in_table, looked_up=looked_up, gone_in_data=gone_in_data,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("replies", "counts", "verdict", "said"),
    [
        ([], {}, Verdict.NOT_APPLICABLE, "no reply to a deleted message (looked at 4 replies)"),
        ([], {"in_table": 0, "looked_up": 0}, Verdict.NOT_APPLICABLE, "no reply to a deleted message (looked at 0 "),
        ([], {"looked_up": 0}, Verdict.INCONCLUSIVE,
         "the table holds 9 replies, and none of them is in what the API shows first"),
        ([REPLY], {"gone_in_data": 2}, Verdict.INCONCLUSIVE,
         "of 2 replies to a deleted message in the data none was found on a page"),
        ([replace(GONE, row=False, loaded=False)], {"gone_in_data": 1}, Verdict.INCONCLUSIVE,
         "of 1 reply to a deleted message in the data none was found on a page"),
        ([replace(GONE, row=False, trouble="not in the list")], {"gone_in_data": 1}, Verdict.INCONCLUSIVE,
         "not in the list"),
        ([GONE, replace(GONE, row=False, loaded=False)], {"gone_in_data": 2}, Verdict.PASS, "told by 1 reply to a"),
    ],
)  # fmt: skip
def test_a_deleted_original_that_nobody_saw_is_no_pass(replies, counts, verdict, said):
    """N/A is what the data shows, with the count looked at; what stands in the data and was not seen is undecided."""
    judged = deleted(*replies, **counts)
    assert (judged.verdict, said in judged.sentence) == (verdict, True), judged.sentence


def test_a_deleted_original_is_not_shown_as_if_it_were_there():
    """The promised text must stand there, and the deleted words must not."""

    def judged(*replies):
        return deleted(*replies, gone_in_data=sum(reply.is_gone for reply in replies))

    assert judged(replace(GONE, says_gone=False)).sentence == "reply m3: no such text in the message"
    assert judged(replace(GONE, shows_gone_text=True)).sentence == "reply m3: the deleted words stand there"
    assert judged(GONE).verdict is Verdict.PASS
    assert judged(REPLY).sentence == "no reply to a deleted message (looked at 4 replies)"


@pytest.mark.parametrize(
    ("cut", "have"),
    [
        (replace(CUT, says_unavailable=False), "no such text"),
        (replace(CUT, broken_icons=1), "1 broken image"),
        (replace(CUT, moved=2), "2 of 4 changed"),
        (replace(CUT, overflows=True), "it does"),
        (replace(CUT, errors=(replace(ERROR, text="boom"),)), "boom"),
    ],
)
def test_dead_media_that_breaks_something_fails(cut, have):
    """Each promise about dead media is told by itself."""
    judged = answers.dead_media_shows_fallback("smoke/fallback", [cut], "Content unavailable", "runbook 6.4")
    assert judged.sentence == f"medium of message m1, answered 404: {have}"


def test_an_error_beside_dead_media_is_judged_as_any_other():
    """Allowed, and known from the old release: silent; after an answer of ours: a warning that says so."""

    def judged(event=ERROR, **given):
        cut = replace(CUT, errors=(event, event))
        return answers.dead_media_shows_fallback("smoke/fallback", [cut], "Content unavailable", "runbook 6.4", **given)

    assert judged().sentence == "medium of message m1, answered 404: TypeError: a is undefined"
    assert judged(allowed=[("a is undefined", "known since March")]).verdict is Verdict.PASS
    assert judged(known=[ERROR.shape]).verdict is Verdict.PASS
    after = judged(replace(ERROR, after_ours=True))
    assert (after.verdict, after.sentence) == (
        Verdict.WARN,
        (
            "medium of message m1, answered 404: TypeError: a is undefined; seen only after this gate had answered a "
            "request itself, which may have caused it"
        ),
    )


def test_a_medium_that_could_not_be_cut_off_is_undecided():
    """Nothing cut off, nothing judged."""

    def judged(*cuts):
        return answers.dead_media_shows_fallback("smoke/fallback", cuts, "Content unavailable", "runbook 6.4")

    assert judged(CUT).verdict is Verdict.PASS
    assert judged(replace(CUT, cut=0)).sentence == (
        "the page did not ask for u, or by another address, so it could not be cut off"
    )
    assert judged().verdict is Verdict.INCONCLUSIVE


def test_a_viewer_that_waits_for_ever_fails():
    """An open viewer without the text is a finding; one that stays shut, or says so, is not."""

    def judged(viewer):
        cut = replace(CUT, viewer=viewer)
        return answers.viewer_shows_fallback("smoke/fallback-in-viewer", [cut], "Content unavailable", "runbook 6.4")

    spins = judged(Enlarged(shown=Shown.WAITING))
    assert spins.sentence == ("viewer of message m1, its file answered 404: no such text; the medium is still loading")
    assert judged(Enlarged(shown=Shown.MISSING, says_unavailable=True)).verdict is Verdict.PASS
    assert judged(Enlarged(shown=Shown.PAINTED, is_same=False)).verdict is Verdict.INCONCLUSIVE
    assert judged(None).verdict is Verdict.PASS


def test_a_dead_medium_that_nobody_could_click_says_nothing_of_the_viewer():
    """Clicked and none opened is fine; nothing to click is undecided; one of two is counted."""

    def judged(*cuts):
        return answers.viewer_shows_fallback("smoke/fallback-in-viewer", cuts, "Content unavailable", "runbook 6.4")

    missed = judged(replace(CUT, clicked=False))
    assert (missed.verdict, missed.sentence) == (
        Verdict.INCONCLUSIVE, "where the medium of message m1 stood, nothing could be clicked",
    )  # fmt: skip
    assert judged(CUT, replace(CUT, clicked=False)).sentence == (
        "0 of 1 dead medium opened a viewer, and it says so; 1 more could not be clicked"
    )


@pytest.mark.parametrize("what", Trouble)
def test_trouble_that_looks_like_nothing_is_a_warning(what):
    """A failed, a late and an unsent request that read as an empty conversation are told; each by its own words."""
    silent = ErrorFacts(conversation="c1", request="GET /messages", what=what, is_told=False)

    def judged(*looks, promised_by=""):
        return answers.errors_are_told("smoke/error-is-shown", looks, promised_by=promised_by)

    said = judged(silent)
    assert (said.verdict, said.sentence) == (
        Verdict.WARN,
        f"conversation c1: GET /messages {what}, and the page reads exactly as with no messages at all",
    )
    assert judged(silent, promised_by="manual 3").verdict is Verdict.FAIL
    assert judged(replace(silent, is_told=True)).verdict is Verdict.PASS
    assert judged(replace(silent, is_told=True, came=False)).verdict is Verdict.WARN
    unknown = replace(silent, is_told=None, trouble="unknown request")
    assert judged(unknown).verdict is Verdict.NOT_APPLICABLE
    assert judged(unknown, promised_by="manual 3").sentence == "not judged: unknown request"
    assert judged(unknown, promised_by="manual 3").verdict is Verdict.INCONCLUSIVE
    assert judged(replace(silent, is_told=True), unknown).sentence == (
        f"a request for messages {what}: each is told otherwise than an empty conversation; the others were not tried: "
        "unknown request"
    )
    assert judged(replace(silent, reads="blank")).sentence.endswith("and the page shows no word at all")
    assert judged(replace(silent, reads="silent")).sentence.endswith("and the page says nothing of it")
    assert judged().verdict is Verdict.INCONCLUSIVE


@pytest.mark.parametrize("way", DeadWay)
def test_a_finding_about_dead_media_says_how_it_died(way):
    """The way is part of the subject."""
    cut = replace(CUT, way=way, says_unavailable=False)
    judged = answers.dead_media_shows_fallback("smoke/fallback", [cut], "Content unavailable", "runbook 6.4")
    assert judged.findings[0].subject == f"medium of message m1, {way}"


def test_a_message_that_jumps_is_a_warning_and_a_line_is_none():
    """Half a screen is worth a look, a line of text is not."""

    def judged(jumped):
        cut = replace(CUT, jumped=jumped)
        return answers.dead_media_shows_fallback("smoke/fallback", [cut], "Content unavailable", "runbook 6.4")

    assert judged(-180).sentence == "medium of message m1, answered 404: its message shrank by 180 pixels"
    assert judged(-180).verdict is Verdict.WARN
    assert judged(20).verdict is Verdict.PASS


@pytest.mark.parametrize(
    ("reply", "verdict", "have"),
    [
        (replace(REPLY, other_sender=True), Verdict.FAIL, "it names somebody else of the conversation"),
        (replace(REPLY, names_sender=False), Verdict.FAIL, "it names nobody"),
        (replace(REPLY, height=0.7), Verdict.WARN, "the preview alone takes 70% of the window's height"),
        (replace(REPLY, leads=False), Verdict.WARN, "a click on the box does not bring it into sight"),
    ],
)
def test_a_reply_s_box_is_judged_by_what_is_promised(reply, verdict, have):
    """A wrong name is wrong; what nobody promises is a warning."""
    judged = answers.replies_shown("smoke/reply-shown", [reply], "Replied to", "runbook 6.3", in_table=3, rows=50)
    assert (judged.verdict, judged.sentence) == (verdict, f"reply m2: {have}")


KEYS = KeyboardFacts(conversation="c1", message="m1", takes_focus=True, enter_opens=True, focus_goes_in=True,
                     focus_comes_back=True)  # fmt: skip
ENDS = EndsFacts(conversation="c1", message="m1", attachments=3, counters=("1/3", "3/3"), wraps=False)
AGAIN = AgainFacts(conversation="c1", message="m1", wanted=20, opened=20, how="Escape")


@pytest.mark.parametrize(
    ("look", "have"),
    [
        (replace(KEYS, takes_focus=False), "it takes no focus"),
        (replace(KEYS, enter_opens=False), "nothing opened"),
        (replace(KEYS, focus_goes_in=False), "it stays behind it"),
        (replace(KEYS, focus_comes_back=False), "it is somewhere else after Escape"),
        (replace(KEYS, keys_turn=False), "they lead nowhere"),
    ],
)
def test_a_viewer_that_needs_a_mouse_is_a_warning(look, have):
    """Each thing that the keyboard cannot do is told; what was not tried is not."""

    def judged(*looks):
        return handling.viewer_obeys_keys("smoke/viewer-keyboard", looks)

    assert (judged(look).verdict, judged(look).sentence) == (Verdict.WARN, f"viewer of message m1: {have}")
    assert judged(KEYS).verdict is Verdict.PASS
    assert judged().verdict is Verdict.INCONCLUSIVE
    stuck = judged(replace(KEYS, trouble="no thumbnail"))
    assert (stuck.verdict, stuck.sentence) == (Verdict.WARN, "viewer of message m1: no thumbnail")


def test_what_the_arrow_keys_do_is_said_or_that_nobody_tried():
    """One picture alone, or one that cannot be told from the next, shows nothing of the arrow keys."""

    def judged(turns):
        return handling.viewer_obeys_keys("smoke/viewer-keyboard", [replace(KEYS, keys_turn=turns)]).sentence

    opened = "1 thumbnail opened by Enter; focus goes in and comes back; "
    assert judged(True) == f"{opened}the arrow keys lead on"
    assert judged(None) == f"{opened}whether the arrow keys lead on was not tried or cannot be told"


@pytest.mark.parametrize(
    ("look", "said"),
    [
        (replace(ENDS, wraps=True), "message m1 with 3 attachments: going on from it leads to the first again"),
        (replace(ENDS, wraps_back=True), "message m1 with 3 attachments: going back from it leads to the last"),
        (replace(ENDS, counters=("1/3", "1/3")), "message m1 with 3 attachments: 1/3 at the first and at the last"),
        (
            replace(ENDS, arrows_alone=("Next",), alone="m2"),
            "message m2 with 1 attachment: Next can be pressed beside it",
        ),
    ],
)
def test_a_viewer_without_ends_is_a_warning(look, said):
    """Wrapping, a counter that stands still, and arrows beside one attachment are told; no counter at all is not."""

    def judged(*looks, several=1):
        return handling.viewer_keeps_its_ends("smoke/viewer-ends", looks, several, 1200)

    assert (judged(look).verdict, judged(look).sentence) == (Verdict.WARN, said)
    assert judged(replace(ENDS, counters=("", ""), arrows_alone=())).verdict is Verdict.PASS
    assert judged(replace(ENDS, wraps_back=False)).sentence == (
        "the last attachment is the end, and the first the beginning; one alone has no arrows"
    )
    unreached = judged(replace(ENDS, wraps=None))
    assert (unreached.verdict, unreached.sentence) == (
        Verdict.WARN, "viewer of message m1: the last attachment was not reached; smoke/viewer-arrows says why",
    )  # fmt: skip
    assert judged(replace(ENDS, wraps=None, trouble="no thumbnail")).verdict is Verdict.WARN
    assert judged().verdict is Verdict.INCONCLUSIVE
    assert judged(several=0).sentence == "no message has several attachments (looked at 1 200 rows)"


def test_a_viewer_that_tires_fails_and_one_that_lets_the_background_move_is_a_warning():
    """The nineteenth opening is promised as the first is; the background is not."""

    def judged(*looks):
        return handling.viewer_opens_again("smoke/viewer-again", looks, "runbook 6.2")

    tired = judged(replace(AGAIN, opened=6))
    assert (tired.verdict, tired.sentence) == (
        Verdict.FAIL, "viewer of message m1: 6 times; after that a click opened nothing",
    )  # fmt: skip
    assert judged(replace(AGAIN, background_moved=True)).verdict is Verdict.WARN
    twice = judged(replace(AGAIN, lost=9))
    assert (twice.verdict, twice.sentence) == (
        Verdict.WARN, "viewer of message m1: 9 of 20 times it took a second click",
    )  # fmt: skip
    assert judged(AGAIN).verdict is Verdict.PASS
    assert judged(replace(AGAIN, opened=1, trouble="it could not be closed")).verdict is Verdict.INCONCLUSIVE
    assert judged(replace(AGAIN, opened=0)).sentence == "no viewer opened"


def test_a_video_that_cannot_be_played_is_a_warning():
    """A video without controls that does not play is told; whether a picture plays is no question."""
    view = replace(VIEW, kind="video", is_playable=False)
    judged = media.viewer_opens("smoke/viewer-opens", [view], "runbook 6.2")
    assert (judged.verdict, judged.sentence) == (
        Verdict.WARN, "video of message m1: it neither plays nor has controls",
    )  # fmt: skip
    assert (
        media.viewer_opens("smoke/viewer-opens", [replace(view, kind="image")], "runbook 6.2").verdict is Verdict.PASS
    )


def test_a_wrong_password_that_is_let_in_fails():
    """Let in is wrong, refused is right, not asked for is N/A, not sent is undecided."""

    def judged(*tries):
        return loading.wrong_password_refused("frontend/wrong-password", tries, "runbook 5.5")

    refused = replace(IN, is_in=False, answers=("POST /login 401",), said="Senha errada")
    assert judged(replace(IN, landed="https://x/inbox")).sentence == "https://x/: it lets one in, at https://x/inbox"
    assert judged(refused).sentence == 'a wrong password is refused: POST /login 401, and the page says "Senha errada"'
    assert judged().verdict is Verdict.NOT_APPLICABLE
    assert judged(replace(refused, answers=())).verdict is Verdict.INCONCLUSIVE


def test_a_page_wider_than_a_phone_is_a_warning_unless_it_always_was():
    """The width is named; what the old page did too is silent."""
    widths = (("phone", 390, 210), ("tablet", 820, 0), ("desktop", 1280, 0))

    def judged(sideways, before=None):
        return loading.page_fits_screens("frontend/fits-screens", replace(PAGE, sideways=sideways), before)

    assert judged(widths).sentence == "https://x/: the page is 210 pixels wider"
    assert judged(widths).verdict is Verdict.WARN
    assert judged(widths, {"sideways": ["phone"]}).verdict is Verdict.PASS
    assert judged((("phone", 390, 1), *widths[1:])).verdict is Verdict.PASS
    assert judged(()).verdict is Verdict.INCONCLUSIVE


def test_a_barrier_is_a_warning_and_a_lesser_thing_is_counted():
    """Serious ones are told with rule and element; nothing looked at is undecided."""
    look = AccessFacts(where="viewer of message m1", parts=1)
    nameless = Barrier(rule="button-name", impact="critical", elements=1, example="<button>")

    def judged(*looks):
        return access.new_parts_accessible("smoke/accessible", looks)

    said = judged(replace(look, barriers=(nameless,)))
    assert (said.verdict, said.sentence) == (
        Verdict.WARN, "viewer of message m1: button-name (critical) on 1 element, as <button>",
    )  # fmt: skip
    lesser = judged(replace(look, barriers=(replace(nameless, impact="moderate"),)))
    assert (lesser.verdict, lesser.sentence) == (
        Verdict.PASS, "axe finds nothing serious in 1 part; 1 lesser thing in the evidence",
    )  # fmt: skip
    assert judged().verdict is Verdict.INCONCLUSIVE
    stuck = judged(replace(look, parts=0, trouble="no viewer opened"))
    assert (stuck.verdict, stuck.sentence) == (Verdict.WARN, "viewer of message m1: no viewer opened")


def test_a_voice_message_beside_a_picture_is_nothing_for_arrows():
    """Several attachments are those that the release promises to show; the others stay out of the viewer."""
    one, other = (Medium(url=url, kind="image", message="m1") for url in ("1.jpg", "2.jpg"))
    voice, paper = replace(one, url="3.ogg", kind="audio"), replace(one, url="4.pdf", kind="document")
    mixed = Message(id="m1", media=(one, voice, paper))
    several = Message(id="m2", media=(paper, one, voice, other, one))
    samples = Samples(
        conversations=(Conversation(id="c1", messages=(mixed, several)),),
        listed=1, read=1, rows=2, replies=0, several=2, originals_gone=0,
    )  # fmt: skip
    assert [message.id for _, message in samples.with_several] == ["m2"]
    assert several.viewed(samples.kinds) == (one, other)
