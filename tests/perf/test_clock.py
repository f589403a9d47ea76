"""Whether the clocks tell the same time at this step: the evidence, and what began after what, rest on it."""

import pytest

from releasegate.checks.host import clocks_agree


@pytest.mark.perf
@pytest.mark.check("perf/clock")
def test_the_clocks_agree_when_the_api_is_timed(clocks, require):
    require(clocks_agree("perf/clock", [clock.value for clock in clocks]), *clocks)
