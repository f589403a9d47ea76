"""Whether the clocks tell the same time at this step: the evidence, and what began after what, rest on it.

Only where the gate has something to judge at all: a clock alone opens none.
"""

import pytest

from releasegate.checks.host import clocks_agree


@pytest.mark.preflight
@pytest.mark.check("preflight/clock", target="host")
def test_the_clocks_agree_before_anything_is_touched(clocks, require):
    require(clocks_agree("preflight/clock", [clock.value for clock in clocks]), *clocks)


@pytest.mark.backup
@pytest.mark.check("backup/clock", promise="backup", target=("host", "paths.dump"))
def test_the_clocks_agree_when_the_dump_is_looked_at(clocks, require):
    require(clocks_agree("backup/clock", [clock.value for clock in clocks]), *clocks)
