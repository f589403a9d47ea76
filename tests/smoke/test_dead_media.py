"""Dead media and a failing API, both made so in the browser and never in a row. Runbook 6.4."""

import pytest

from releasegate.checks.page import answers
from releasegate.probes.browser import fallback

pytestmark = pytest.mark.smoke


@pytest.fixture(scope="module")
def dead(desk, chosen):
    """Return what became of each chosen medium when its file was cut off in the browser."""
    return [fallback.cut_off(desk, conversation, medium) for conversation, medium in chosen]


@pytest.mark.check("smoke/fallback", promise="interface.fallback", target=("frontend", "backend", "database"))
def test_dead_media_is_told_and_breaks_nothing(dead, change, require):
    promised, cuts = change.interface.fallback, [one.value for one in dead]
    require(answers.dead_media_shows_fallback("smoke/fallback", cuts, promised.text, promised.source), *dead)


@pytest.mark.check("smoke/fallback-in-viewer", promise="interface.fallback", target=("frontend", "backend", "database"))
def test_the_viewer_does_not_wait_for_dead_media(dead, change, require):
    promised, cuts = change.interface.fallback, [one.value for one in dead]
    require(answers.viewer_shows_fallback("smoke/fallback-in-viewer", cuts, promised.text, promised.source), *dead)


@pytest.mark.check("smoke/error-is-shown", promise="interface.page", target=("frontend", "backend", "database"))
def test_a_failing_api_does_not_look_like_an_empty_inbox(desk, sampled, require):
    failed = fallback.fail_messages(desk, sampled.value.conversations[0])
    require(answers.errors_are_told("smoke/error-is-shown", failed.value, was_told_before=None), failed)
