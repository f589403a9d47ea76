"""A store whose stored addresses no browser reaches: the page shows the files by those that the API hands out."""

from __future__ import annotations

from dataclasses import replace

from releasegate.checks.page import media
from releasegate.core import Verdict
from releasegate.probes.browser import fallback, thread, viewer, walking
from releasegate.probes.browser.desk import Desk


def stored_elsewhere(samples, page):
    """Return the samples with addresses in the data that lead nowhere, beside those that the page uses."""

    def moved(one):
        return replace(one, url=f"{page}/v/{one.message}/original.jpg", others=(one.url,))

    conversations = tuple(
        replace(
            one,
            messages=tuple(replace(each, media=tuple(map(moved, each.media[:1]))) for each in one.messages),
        )
        for one in samples.conversations
    )
    return replace(samples, conversations=conversations)


def test_files_are_known_by_what_the_api_hands_out(oficina):
    """They are alive, opened and cut off by it; without it nothing was chosen, and the gate saw 0 thumbnails."""
    site, samples, _ = oficina()
    samples = stored_elsewhere(samples, site.frontend.url.rstrip("/"))
    known = [medium for one in samples.conversations for medium in one.media]
    assert walking.choose(site, samples) == []  # before anybody says by which other address they are had
    site.trials.close()
    site.trials = type(site.trials)(site)
    site.trials.know(known)
    with Desk(site) as desk:
        look, chosen = thread.look_at_thread(desk, samples.conversations[1]), walking.choose(site, samples)
        views = viewer.open_each(desk, chosen[:1])
        dead = [cut for one, ways in fallback.plan(desk, chosen[:1]) for cut in fallback.cut_off(desk, one, ways[:1])]
    shown = media.old_media_shown("smoke/old-media-shown", [look.value], ("image",), ("image",), "runbook 6.1")
    opened = media.viewer_opens("smoke/viewer-opens", [view.value for view in views], "runbook 6.2")
    assert (shown.verdict, opened.verdict) == (Verdict.PASS, Verdict.PASS), (shown.sentence, opened.sentence)
    assert (dead[0].value.cut > 0, dead[0].value.says_unavailable) == (True, True)


def test_a_picture_that_only_its_page_can_fetch_is_clicked_where_it_stands(oficina):
    """Asked for with a header of the page's own, no file can be had apart from it: the gate saw 0 thumbnails."""
    site, samples, _ = oficina()
    samples = stored_elsewhere(samples, site.frontend.url.rstrip("/"))
    alone = [one for one in samples.conversations[1].messages if one.media]
    samples = replace(samples, conversations=(replace(samples.conversations[1], messages=tuple(alone)),))
    with Desk(site) as desk:
        assert walking.choose(site, samples) == []
        chosen = walking.choose(site, samples, desk)
        (view,) = viewer.open_each(desk, chosen[:1])
    assert (view.value.trouble, view.value.opened) == ("", True)
