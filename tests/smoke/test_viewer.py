"""The viewer: what a click opens, what closes it, where its arrows lead, and what goes wrong meanwhile. Runbook 6.2."""

import pytest

from releasegate.checks.page import access as judge
from releasegate.checks.page import loading, media
from releasegate.probes.browser import access, viewer, walking

pytestmark = pytest.mark.smoke


@pytest.mark.check("smoke/viewer-opens", promise="interface.viewer", target=("frontend", "backend", "database"))
def test_a_click_opens_the_same_picture_in_full(desk, clicked, change, require):
    views = viewer.open_each(desk, clicked)
    source = change.interface.viewer.source
    require(media.viewer_opens("smoke/viewer-opens", [view.value for view in views], source), *views)


@pytest.mark.check("smoke/viewer-closes", promise="interface.viewer", target=("frontend", "backend", "database"))
def test_the_viewer_closes_every_way_it_promises(desk, clicked, change, require):
    promised = change.interface.viewer
    closings = viewer.close_each(desk, clicked[-1:], promised.closed_by)
    judged = media.viewer_closes("smoke/viewer-closes", [one.value for one in closings], promised.source)
    require(judged, *closings)


@pytest.mark.check("smoke/viewer-arrows", promise="interface.viewer.arrows", target=("frontend", "backend", "database"))
def test_arrows_lead_through_the_attachments(desk, sampled, change, require):
    samples = sampled.value
    message = next(((one, each) for one in samples.conversations for each in one.messages if each.has_several), None)
    arrows = viewer.follow_arrows(desk, *message) if message else []
    turned, source = [arrow.value for arrow in arrows], change.interface.viewer.source
    judged = media.arrows_lead_on("smoke/viewer-arrows", turned, samples.several, samples.rows, source)
    require(judged, sampled, *arrows)


@pytest.mark.check("smoke/accessible", promise="interface.viewer", target=("frontend", "backend", "database"))
def test_the_new_parts_keep_nobody_out(desk, clicked, require):
    looks = [access.in_thread(desk, clicked[-1][0]), access.in_viewer(desk, *clicked[-1])] if clicked else []
    require(judge.new_parts_accessible("smoke/accessible", [look.value for look in looks]), *looks)


@pytest.mark.check("smoke/console-clean", promise="interface.page", target=("frontend", "backend", "database"))
def test_nothing_goes_wrong_while_one_works(desk, clicked, recorded, change, target, require):
    if not desk.opened:  # judged by itself
        viewer.open_each(desk, clicked)
    events = walking.events_of(desk)
    payloads = [payload.get("value") for payload in recorded("preflight/page-baseline")]
    known = next((value["shapes"] for value in payloads if isinstance(value, dict) and "shapes" in value), ())
    allowed = [(allow.pattern, allow.reason) for allow in target.allow]
    source = change.interface.page.source
    judged = loading.console_clean(
        "smoke/console-clean", events.value, source, pages=events.rows, known=known, allowed=allowed
    )
    require(judged, events)
