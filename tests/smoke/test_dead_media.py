"""Dead media, made so in the browser and never in a row. Runbook 6.4."""

import pytest

from releasegate.checks.page import answers
from releasegate.probes.browser import fallback, walking

pytestmark = pytest.mark.smoke


@pytest.fixture(scope="module")
def dead(desk, chosen):
    """Return what became of media whose files were cut off in the browser, each in another way."""
    return [
        cut
        for conversation, media in fallback.plan(desk, walking.within_reach(desk, chosen))
        for cut in fallback.cut_off(desk, conversation, media)
    ]


@pytest.mark.check("smoke/fallback", promise="interface.fallback", target=("frontend", "backend", "database"))
def test_dead_media_is_told_and_breaks_nothing(dead, known_shapes, allowed, change, require):
    promised, cuts = change.interface.fallback, [one.value for one in dead]
    judged = answers.dead_media_shows_fallback(
        "smoke/fallback", cuts, promised.text, promised.source, known=known_shapes, allowed=allowed
    )
    require(judged, *dead)


@pytest.mark.check("smoke/fallback-in-viewer", promise="interface.fallback", target=("frontend", "backend", "database"))
def test_the_viewer_does_not_wait_for_dead_media(dead, change, require):
    promised, cuts = change.interface.fallback, [one.value for one in dead]
    require(answers.viewer_shows_fallback("smoke/fallback-in-viewer", cuts, promised.text, promised.source), *dead)
