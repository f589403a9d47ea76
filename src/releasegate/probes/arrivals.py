"""Rows that people wrote lately."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from psycopg import sql

from releasegate.change.models import Backfill
from releasegate.core import Measurement
from releasegate.core.facts.arrivals import ARRIVALS_UNIT, Arrivals
from releasegate.probes import clocks
from releasegate.probes.columns import as_found, column_types
from releasegate.probes.postgres import Session, identifier
from releasegate.probes.row_sql import in_its_words

USUAL_MINUTES: Final = 60  # how much is usual: long enough for a slow hour, short enough to be this time of day

_ARRIVED = """
SELECT count(*) AS rows, greatest(extract(epoch FROM now() - ({since})), 0)::float / 60 AS minutes
  FROM {table} WHERE {created} >= {after} AND {created} <= {until}
"""


def arrivals(session: Session, backfill: Backfill, *, since: datetime | None = None) -> Measurement[Arrivals] | None:
    """Measure how many rows of the table came since `since` (UTC), or in the last hour; None where nothing dates them.

    A column without a time zone is read in the one that it seems to be written in.
    """
    created = as_found(session, backfill).created
    kind = column_types(session, backfill.table).get(created or "", "")
    if created is None or not kind.startswith("timestamp"):
        return None
    moment: sql.Composable = sql.SQL("now() - make_interval(mins => {})").format(sql.Literal(USUAL_MINUTES))
    if since is not None:
        moment = sql.SQL("{}::timestamptz").format(sql.Literal(since.isoformat()))
    zone = clocks.zone_of(session, as_found(session, backfill))
    query = sql.SQL(_ARRIVED).format(
        after=in_its_words(moment, kind, zone),
        until=in_its_words(sql.SQL("now()"), kind, zone),
        since=moment,
        table=identifier(backfill.table),
        created=sql.Identifier(created),
    )
    answer = session.read(query)
    found = Arrivals(table=backfill.table, created=created, rows=answer.row["rows"], minutes=answer.row["minutes"])
    return answer.measurement(found, unit=ARRIVALS_UNIT, rows=found.rows)
