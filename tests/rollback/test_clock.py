"""Whether the clocks tell the same time at this step: the evidence, and what began after what, rest on it.

Only where the gate has something to judge at all: a clock alone opens none.
"""

import pytest

from releasegate.checks.host import clocks_agree


@pytest.mark.rollback
@pytest.mark.check("rollback/clock", promise="rollback")
def test_the_clocks_agree_when_the_way_back_is_looked_at(clocks, require):
    require(clocks_agree("rollback/clock", [clock.value for clock in clocks]), *clocks)
