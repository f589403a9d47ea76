"""What people see in a real browser: old media, the viewer, replies, dead media. Runbook 6.1 to 6.4."""

import pytest

from releasegate.checks.page import answers, loading, media
from releasegate.probes import samples as sampling
from releasegate.probes.browser import fallback, replies, thread, viewer, walking

pytestmark = pytest.mark.smoke

MOST_THREADS = 4
MOST_REPLYING = 3


@pytest.fixture(scope="module")
def sampled(database, api, site, change):
    """Return conversations that hold what the release promises to show, found in the data."""
    found = sampling.find(database, api, change, None)
    site.knows_hosts_of(medium.url for conversation in found.value.conversations for medium in conversation.media)
    return found


@pytest.fixture(scope="module")
def chosen(site, sampled):
    """Return one living medium of each kind that the release promises to show."""
    return walking.choose(site, sampled.value)


@pytest.fixture(scope="module")
def replying(site, sampled):
    """Return how the replies in a few conversations stand."""
    holding = [one for one in sampled.value.conversations if one.replies]
    holding.sort(key=lambda one: -sum(reply.original.is_gone for reply in one.replies))
    return replies.look_at_replies(site, [(one, one.replies) for one in holding[:MOST_REPLYING]])


@pytest.fixture(scope="module")
def dead(site, chosen):
    """Return what became of each chosen medium when its file was cut off in the browser."""
    return [fallback.cut_off(site, conversation, medium) for conversation, medium in chosen]


@pytest.mark.check(
    "smoke/old-media-shown", promise=("interface.old_media", "backfill"), target=("frontend", "backend", "database")
)
def test_every_old_picture_is_still_there(site, sampled, change, require):
    holding = [one for one in sampled.value.conversations if one.media][:MOST_THREADS]
    looks = thread.look_at_threads(site, holding)
    in_data = {medium.kind for one in holding for medium in one.media if medium.is_old}
    threads, source = [look.value for look in looks], change.interface.old_media.source
    judged = media.old_media_shown("smoke/old-media-shown", threads, change.interface.kinds, in_data, source)
    require(judged, sampled, *looks)


@pytest.mark.check("smoke/viewer-opens", promise="interface.viewer", target=("frontend", "backend", "database"))
def test_a_click_opens_the_same_picture_in_full(site, chosen, sampled, change, require):
    views = viewer.open_each(site, [*chosen, *walking.one_of_several(site, sampled.value)])
    source = change.interface.viewer.source
    require(media.viewer_opens("smoke/viewer-opens", [view.value for view in views], source), *views)


@pytest.mark.check("smoke/viewer-closes", promise="interface.viewer", target=("frontend", "backend", "database"))
def test_the_viewer_closes_every_way_it_promises(site, chosen, change, require):
    promised = change.interface.viewer
    closings = viewer.close_each(site, chosen[:1], promised.closed_by)
    judged = media.viewer_closes("smoke/viewer-closes", [one.value for one in closings], promised.source)
    require(judged, *closings)


@pytest.mark.check("smoke/viewer-arrows", promise="interface.viewer.arrows", target=("frontend", "backend", "database"))
def test_arrows_lead_through_the_attachments(site, sampled, change, require):
    samples = sampled.value
    message = next(((one, each) for one in samples.conversations for each in one.messages if each.has_several), None)
    arrows = viewer.follow_arrows(site, *message) if message else []
    turned, source = [arrow.value for arrow in arrows], change.interface.viewer.source
    judged = media.arrows_lead_on("smoke/viewer-arrows", turned, samples.several, samples.rows, source)
    require(judged, sampled, *arrows)


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
    seen, count = [one.value for one in replying], sampled.value.replies
    judged = answers.deleted_originals_say_so("smoke/deleted-original", seen, count, promised.text, promised.source)
    require(judged, sampled, *replying)


@pytest.mark.check("smoke/fallback", promise="interface.fallback", target=("frontend", "backend", "database"))
def test_dead_media_is_told_and_breaks_nothing(dead, change, require):
    promised, cuts = change.interface.fallback, [one.value for one in dead]
    require(answers.dead_media_shows_fallback("smoke/fallback", cuts, promised.text, promised.source), *dead)


@pytest.mark.check("smoke/fallback-in-viewer", promise="interface.fallback", target=("frontend", "backend", "database"))
def test_the_viewer_does_not_wait_for_dead_media(dead, change, require):
    promised, cuts = change.interface.fallback, [one.value for one in dead]
    require(answers.viewer_shows_fallback("smoke/fallback-in-viewer", cuts, promised.text, promised.source), *dead)


@pytest.mark.check("smoke/error-is-shown", promise="interface.page", target=("frontend", "backend", "database"))
def test_a_failing_api_does_not_look_like_an_empty_inbox(site, sampled, require):
    failed = fallback.fail_messages(site, sampled.value.conversations[0])
    require(answers.errors_are_told("smoke/error-is-shown", failed.value, was_told_before=None), failed)


@pytest.mark.check("smoke/console-clean", promise="interface.page", target=("frontend", "backend", "database"))
def test_nothing_goes_wrong_while_one_works(site, chosen, recorded, change, target, require):
    events = walking.walk(site, chosen)
    payloads = [payload.get("value") for payload in recorded("preflight/page-baseline")]
    known = next((value["shapes"] for value in payloads if isinstance(value, dict) and "shapes" in value), ())
    allowed = [(allow.pattern, allow.reason) for allow in target.allow]
    source = change.interface.page.source
    judged = loading.console_clean(
        "smoke/console-clean", events.value, source, pages=events.rows, known=known, allowed=allowed
    )
    require(judged, events)
