"""What time the database has, asked of the database itself."""

from __future__ import annotations

import time
from datetime import datetime, timedelta

from psycopg import sql

from releasegate.change.models import Backfill
from releasegate.core import Measurement
from releasegate.core.facts.host import ClockFacts
from releasegate.probes.columns import column_types
from releasegate.probes.postgres import Session, identifier
from releasegate.probes.row_sql import has_no_zone

_UTC = "UTC"
_AHEAD_S = 60  # a row may be dated by another clock
# Sessions of ours are in UTC; those of the applications are in what the server, the database or the role says.
_ZONES = """
SELECT reset_val AS zone,
       extract(epoch FROM clock_timestamp() AT TIME ZONE 'UTC' - newest)::float8 AS behind_utc,
       extract(epoch FROM clock_timestamp() AT TIME ZONE reset_val - newest)::float8 AS behind_local
  FROM pg_catalog.pg_settings, (SELECT max({created}) AS newest FROM {table}) AS rows WHERE name = 'TimeZone'
"""
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


def zone_of(session: Session, backfill: Backfill) -> str:
    """Return the time zone that the column which dates rows is written in, "UTC" where it says so itself.

    A column without one holds the server's time zone, where `now()` fills it, or UTC, as many libraries write it. It
    is the one by which the newest row is the youngest, and none of the future.
    """
    kind = column_types(session, backfill.table).get(backfill.created or "", "")
    if backfill.created is None or not has_no_zone(kind):
        return _UTC
    query = sql.SQL(_ZONES).format(table=identifier(backfill.table), created=sql.Identifier(backfill.created))
    found = session.read(query).row
    zones = {_UTC: found["behind_utc"], found["zone"]: found["behind_local"]}
    ages = {zone: age for zone, age in zones.items() if age is not None and age > -_AHEAD_S}
    return min(ages, key=lambda zone: ages[zone], default=_UTC)


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
