"""An API that fails, is late or cannot be reached, made so in the browser."""

import pytest

from releasegate.checks.page import answers
from releasegate.probes.browser import trouble

pytestmark = pytest.mark.smoke


@pytest.mark.check("smoke/error-is-shown", promise="interface.page", target=("frontend", "backend", "database"))
def test_messages_that_do_not_come_do_not_look_like_none(desk, sampled, require):
    looks = trouble.look_at_troubles(desk, sampled.value.conversations[0])
    require(answers.errors_are_told("smoke/error-is-shown", [look.value for look in looks]), *looks)
