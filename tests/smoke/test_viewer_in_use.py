"""The viewer in use: by keyboard, by everybody, at both ends of its attachments, and again and again. Runbook 6.2."""

import pytest

from releasegate.checks.page import access as access_judge
from releasegate.checks.page import handling as judge
from releasegate.probes.browser import access, handling, walking

pytestmark = pytest.mark.smoke


@pytest.mark.check("smoke/viewer-keyboard", promise="interface.viewer", target=("frontend", "backend", "database"))
def test_the_viewer_can_be_used_without_a_mouse(desk, clicked, sampled, require):
    several = {medium.message for _, medium in walking.one_of_several(desk.site, sampled.value)}
    looks = [
        handling.by_keyboard(desk, conversation, medium, several=medium.message in several)
        for conversation, medium in clicked[-1:]
    ]
    require(judge.viewer_obeys_keys("smoke/viewer-keyboard", [look.value for look in looks]), *looks)


@pytest.mark.check("smoke/accessible", promise="interface.viewer", target=("frontend", "backend", "database"))
def test_the_new_parts_keep_nobody_out(desk, clicked, require):
    looks = [access.in_thread(desk, clicked[-1][0]), access.in_viewer(desk, *clicked[-1])] if clicked else []
    require(access_judge.new_parts_accessible("smoke/accessible", [look.value for look in looks]), *looks)


@pytest.mark.check("smoke/viewer-ends", promise="interface.viewer.arrows", target=("frontend", "backend", "database"))
def test_the_last_attachment_is_the_end(desk, sampled, chosen, require):
    samples = sampled.value
    message = next(iter(samples.with_several), None)
    alone = next((choice for choice in chosen if walking.is_alone(*choice)), None)
    looks = [handling.at_its_ends(desk, *message, alone)] if message else []
    judged = judge.viewer_keeps_its_ends(
        "smoke/viewer-ends", [look.value for look in looks], samples.several, samples.rows
    )
    require(judged, sampled, *looks)


@pytest.mark.check("smoke/viewer-again", promise="interface.viewer", target=("frontend", "backend", "database"))
def test_the_viewer_opens_as_often_as_one_clicks(desk, clicked, change, require):
    looks = [handling.again_and_again(desk, *choice) for choice in clicked[:1]]
    source = change.interface.viewer.source
    require(judge.viewer_opens_again("smoke/viewer-again", [look.value for look in looks], source), *looks)
