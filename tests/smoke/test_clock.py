"""Whether the clocks tell the same time at this step: the evidence, and what began after what, rest on it.

Only where the gate has something to judge at all: a clock alone opens none.
"""

import pytest

from releasegate.checks.host import clocks_agree


@pytest.mark.frontend
@pytest.mark.check("frontend/clock", promise="interface.page", target="frontend")
def test_the_clocks_agree_when_the_frontend_is_looked_at(clocks, require):
    require(clocks_agree("frontend/clock", [clock.value for clock in clocks]), *clocks)


@pytest.mark.smoke
@pytest.mark.check("smoke/clock", promise="interface.page", target="frontend")
def test_the_clocks_agree_when_the_page_is_used(clocks, require):
    require(clocks_agree("smoke/clock", [clock.value for clock in clocks]), *clocks)
