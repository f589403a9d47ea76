"""The viewer in use: by keyboard, by everybody, at both ends of its attachments, and again and again. Runbook 6.2."""

import pytest

from releasegate.checks.page import access as access_judge
from releasegate.checks.page import handling as judge
from releasegate.probes.browser import access, handling, walking

pytestmark = pytest.mark.smoke


@pytest.mark.check("smoke/viewer-keyboard", promise="interface.viewer", target=("frontend", "backend", "database"))
def test_the_viewer_can_be_used_without_a_mouse(desk, clicked, sampled, require):
    several = {message.id for _, message in sampled.value.with_several}
    looks = [
        handling.by_keyboard(desk, conversation, medium, several=medium.message in several)
        for conversation, medium in walking.within_reach(desk, clicked[-1:])
    ]
    require(judge.viewer_obeys_keys("smoke/viewer-keyboard", [look.value for look in looks]), *looks)


@pytest.mark.check("smoke/accessible", promise="interface.viewer", target=("frontend", "backend", "database"))
def test_the_new_parts_keep_nobody_out(desk, clicked, require):
    looks = [
        look
        for conversation, medium in walking.within_reach(desk, clicked[-1:])
        for look in (access.in_thread(desk, conversation), access.in_viewer(desk, conversation, medium))
    ]
    require(access_judge.new_parts_accessible("smoke/accessible", [look.value for look in looks]), *looks)


@pytest.mark.check("smoke/viewer-ends", promise="interface.viewer.arrows", target=("frontend", "backend", "database"))
def test_the_last_attachment_is_the_end(desk, sampled, openable, require):
    samples = sampled.value
    message = walking.several_within_reach(desk, samples)
    alone = next((choice for choice in openable if walking.is_alone(*choice)), None)
    looks = [handling.at_its_ends(desk, *message, alone)] if message else []
    judged = judge.viewer_keeps_its_ends(
        "smoke/viewer-ends", [look.value for look in looks], samples.several, samples.rows
    )
    require(judged, sampled, *looks)


@pytest.mark.check("smoke/viewer-again", promise="interface.viewer", target=("frontend", "backend", "database"))
def test_the_viewer_opens_as_often_as_one_clicks(desk, clicked, change, require):
    looks = [handling.again_and_again(desk, *choice) for choice in walking.within_reach(desk, clicked[:1])]
    source = change.interface.viewer.source
    require(judge.viewer_opens_again("smoke/viewer-again", [look.value for look in looks], source), *looks)
