"""Whether the clocks tell the same time at this step: the evidence, and what began after what, rest on it.

Only where the gate has something to judge at all: a clock alone opens none.
"""

import pytest

from releasegate.checks.host import clocks_agree


@pytest.mark.perf
@pytest.mark.check("perf/clock", promise="latency", target=("backend", "load"))
def test_the_clocks_agree_when_the_api_is_timed(clocks, require):
    require(clocks_agree("perf/clock", [clock.value for clock in clocks]), *clocks)
