"""What time the database has, asked of the database itself."""

from __future__ import annotations

import time

from releasegate.core import Measurement
from releasegate.core.facts.host import ClockFacts
from releasegate.probes.postgres import Session

_NOW = "SELECT extract(epoch FROM pg_catalog.clock_timestamp())::float8 AS now"


def clock(session: Session) -> Measurement[ClockFacts]:
    """Measure how far the database's clock is ahead of the operator's."""
    before = time.time()
    answer = session.read(_NOW)
    after = time.time()
    facts = ClockFacts(
        whose="the database",
        ahead_s=round(answer.row["now"] - (before + after) / 2, 3),
        uncertainty_s=round((after - before) / 2, 3),
    )
    return answer.measurement(facts, rows=1, unit="clocks")
