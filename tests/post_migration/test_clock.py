"""Whether the clocks tell the same time at this step: the evidence, and what began after what, rest on it.

Only where the gate has something to judge at all: a clock alone opens none.
"""

import pytest

from releasegate.checks.host import clocks_agree


@pytest.mark.backend
@pytest.mark.check("backend/clock", promise="api.health", target="backend")
def test_the_clocks_agree_when_the_backend_is_looked_at(clocks, require):
    require(clocks_agree("backend/clock", [clock.value for clock in clocks]), *clocks)


@pytest.mark.migration
@pytest.mark.check("migration/clock", promise="schema", target="database")
def test_the_clocks_agree_when_the_schema_is_looked_at(clocks, require):
    require(clocks_agree("migration/clock", [clock.value for clock in clocks]), *clocks)


@pytest.mark.backfill
@pytest.mark.check("backfill/clock", promise="backfill", target="database")
def test_the_clocks_agree_when_the_rows_are_looked_at(clocks, require):
    require(clocks_agree("backfill/clock", [clock.value for clock in clocks]), *clocks)
