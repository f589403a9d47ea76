"""What people see in their conversations: old pictures and videos, replies, the viewer. Runbook 6.1 to 6.3.

All of it in one file, which one process takes: its tests share the conversations that are open, and one of its windows
waits ten seconds for a late answer meanwhile.
"""

import pytest

from releasegate.checks.page import answers, loading, media
from releasegate.probes.browser import replies, thread, trouble, viewer, walking

pytestmark = pytest.mark.smoke

MOST_THREADS = 4
MOST_ANSWERING = 3


@pytest.fixture(scope="module")
def holding(sampled):
    """Return a few conversations that hold media."""
    return [one for one in sampled.value.conversations if one.media][:MOST_THREADS]


@pytest.fixture(scope="module")
def answering(sampled):
    """Return a few conversations that hold replies, those first whose originals are gone."""
    return sorted(
        (one for one in sampled.value.conversations if one.replies),
        key=lambda one: -sum(reply.original.is_gone for reply in one.replies),
    )[:MOST_ANSWERING]


@pytest.fixture(scope="module")
def opened(sampled, holding, answering, clicked):
    """Return the conversations that are opened, in order: where things are clicked comes last, and is open then."""
    conversations = sampled.value.conversations
    found = [one for one in conversations if one in holding or one in answering]
    return sorted(found or conversations[:1], key=lambda one: any(one is other for other, _ in clicked))


@pytest.fixture(scope="module")
def late(desk, opened):
    """Return the window that waits for a late answer from here on."""
    with trouble.late_answer(desk, opened[0]) as late:
        yield late


@pytest.fixture(scope="module")
def walked(late, desk, opened, holding, answering):  # noqa: ARG001  the late answer is asked for first
    """Return how the media and the replies of the conversations stand, each opened once."""
    looks, replied = [], []
    for one in opened:
        looks += [thread.look_at_thread(desk, one)] if one in holding else []
        has_led = any(reply.value.leads is not None for reply in replied)  # one tells for all
        replied += replies.look_at_replies(desk, one, follow=not has_led) if one in answering else []
    return looks, replied


@pytest.fixture(scope="module")
def replying(walked):
    """Return how the replies stand."""
    return walked[1]


@pytest.mark.check(
    "smoke/old-media-shown", promise=("interface.old_media", "backfill"), target=("frontend", "backend", "database")
)
def test_every_old_picture_is_still_there(walked, holding, sampled, change, require):
    looks, _ = walked
    in_data = {medium.kind for one in holding for medium in one.media if medium.is_old}
    threads, source = [look.value for look in looks], change.interface.old_media.source
    judged = media.old_media_shown("smoke/old-media-shown", threads, change.interface.kinds, in_data, source)
    require(judged, sampled, *looks)


@pytest.mark.check("smoke/reply-shown", promise="interface.reply", target=("frontend", "backend", "database"))
def test_a_reply_shows_what_it_replies_to(replying, sampled, change, require):
    samples, promised = sampled.value, change.interface.reply
    seen = [one.value for one in replying]
    judged = answers.replies_shown(
        "smoke/reply-shown", seen, promised.text, promised.source, in_table=samples.replies, rows=samples.rows
    )
    require(judged, sampled, *replying)


@pytest.mark.check(
    "smoke/deleted-original", promise="interface.deleted_original", target=("frontend", "backend", "database")
)
def test_a_deleted_original_is_said_to_be_deleted(replying, sampled, change, require):
    promised = change.interface.deleted_original
    seen, samples = [one.value for one in replying], sampled.value
    judged = answers.deleted_originals_say_so(
        "smoke/deleted-original", seen, promised.text, promised.source,
        in_table=samples.replies, looked_up=samples.replies_read, gone_in_data=samples.originals_gone,
    )  # fmt: skip
    require(judged, sampled, *replying)


@pytest.mark.check("smoke/viewer-opens", promise="interface.viewer", target=("frontend", "backend", "database"))
def test_a_click_opens_the_same_picture_in_full(desk, clicked, change, require):
    views = viewer.open_each(desk, walking.within_reach(desk, clicked))
    source = change.interface.viewer.source
    require(media.viewer_opens("smoke/viewer-opens", [view.value for view in views], source), *views)


@pytest.mark.check("smoke/viewer-closes", promise="interface.viewer", target=("frontend", "backend", "database"))
def test_the_viewer_closes_every_way_it_promises(desk, clicked, change, require):
    promised = change.interface.viewer
    closings = viewer.close_each(desk, walking.within_reach(desk, clicked[-1:]), promised.closed_by)
    judged = media.viewer_closes("smoke/viewer-closes", [one.value for one in closings], promised.source)
    require(judged, *closings)


@pytest.mark.check("smoke/viewer-arrows", promise="interface.viewer.arrows", target=("frontend", "backend", "database"))
def test_arrows_lead_through_the_attachments(desk, sampled, change, require):
    samples = sampled.value
    message = walking.several_within_reach(desk, samples)
    arrows = viewer.follow_arrows(desk, *message) if message else []
    turned, source = [arrow.value for arrow in arrows], change.interface.viewer.source
    judged = media.arrows_lead_on("smoke/viewer-arrows", turned, samples.several, samples.rows, source)
    require(judged, sampled, *arrows)


@pytest.mark.check("smoke/error-is-shown", promise="interface.page", target=("frontend", "backend", "database"))
def test_messages_that_do_not_come_do_not_look_like_none(desk, late, require):
    looks = trouble.look_at_troubles(desk, late)
    require(answers.errors_are_told("smoke/error-is-shown", [look.value for look in looks]), *looks)


@pytest.mark.check("smoke/console-clean", promise="interface.page", target=("frontend", "backend", "database"))
def test_nothing_goes_wrong_while_one_works(desk, clicked, known_shapes, allowed, change, require):
    if not desk.tried:  # judged by itself
        viewer.open_each(desk, walking.within_reach(desk, clicked))
    events = walking.events_of(desk)
    source = change.interface.page.source
    judged = loading.console_clean(
        "smoke/console-clean", events.value, source, pages=events.rows, known=known_shapes, allowed=allowed
    )
    require(judged, events)
