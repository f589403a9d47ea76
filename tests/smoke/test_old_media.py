"""Old pictures and videos, and what replies show of what they reply to. Runbook 6.1 and 6.3."""

import pytest

from releasegate.checks.page import answers, media
from releasegate.probes.browser import replies, thread

pytestmark = pytest.mark.smoke

MOST_THREADS = 4
MOST_REPLYING = 3


@pytest.fixture(scope="module")
def walked(desk, sampled):
    """Return how the media and the replies of a few conversations stand, each opened once."""
    conversations = sampled.value.conversations
    holding = [one for one in conversations if one.media][:MOST_THREADS]
    replying = sorted(
        (one for one in conversations if one.replies),
        key=lambda one: -sum(reply.original.is_gone for reply in one.replies),
    )[:MOST_REPLYING]
    looks, replied = [], []
    for one in conversations:
        looks += [thread.look_at_thread(desk, one)] if one in holding else []
        replied += replies.look_at_replies(desk, one) if one in replying else []
    return holding, looks, replied


@pytest.fixture(scope="module")
def replying(walked):
    """Return how the replies stand."""
    return walked[2]


@pytest.mark.check(
    "smoke/old-media-shown", promise=("interface.old_media", "backfill"), target=("frontend", "backend", "database")
)
def test_every_old_picture_is_still_there(walked, sampled, change, require):
    holding, looks, _ = walked
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
    seen, count = [one.value for one in replying], sampled.value.replies
    judged = answers.deleted_originals_say_so("smoke/deleted-original", seen, count, promised.text, promised.source)
    require(judged, sampled, *replying)
