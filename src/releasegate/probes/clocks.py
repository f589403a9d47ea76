"""What time the database has, asked of the database itself."""

from __future__ import annotations

import time
from datetime import datetime, timedelta

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


def on_its_clock(session: Session, moment: str) -> str:
    """Return a moment of the operator's clock (ISO 8601) as the database's own clock told it; "" stays "".

    Rows are dated by that one: on a laptop that is two minutes ahead, what people wrote in the two minutes after the
    backfill would count as left out by it.
    """
    if not moment:
        return ""
    found = clock(session).value
    ahead_s = found.ahead_s if abs(found.ahead_s) > found.uncertainty_s else 0.0
    return (datetime.fromisoformat(moment) + timedelta(seconds=ahead_s)).isoformat()
