"""Whether the clocks tell the same time at this step: the evidence, and what began after what, rest on it.

Only where the gate has something to judge at all: a clock alone opens none.
"""

import pytest

from releasegate.checks.host import clocks_agree


@pytest.mark.monitoring
@pytest.mark.check("monitoring/clock", promise="monitoring")
def test_the_clocks_agree_when_the_watch_is_judged(clocks, require):
    require(clocks_agree("monitoring/clock", [clock.value for clock in clocks]), *clocks)


@pytest.mark.followup
@pytest.mark.check("followup/clock", promise="monitoring")
def test_the_clocks_agree_a_day_or_a_week_later(clocks, require):
    require(clocks_agree("followup/clock", [clock.value for clock in clocks]), *clocks)
