"""What people attached themselves: which rows hold it, and what became of them later."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from psycopg import sql

from releasegate.change.models import Backfill
from releasegate.core import Measurement
from releasegate.core.facts.rows import OWN_UNIT, Flag, OwnNow, OwnRows
from releasegate.probes.postgres import Session
from releasegate.probes.row_query import among, as_text, composed, created_type, marked_rows, types_of
from releasegate.probes.row_sql import Moments, as_moment

MOST_OWN: Final = 1000  # rows of people's own that are looked for again; few are written in the minutes of a deploy

_OWN = """
SELECT id FROM {marked} AS marked WHERE flags = ANY ({wanted}) ORDER BY hashtextextended(id, 0) LIMIT {most}
"""
_OWN_NOW = "SELECT id, flags FROM {marked} AS marked"

# A way back sets its rows in few transactions, and PostgreSQL keeps in each row which one wrote it last. Those that
# emptied many backfilled rows are the way back's: what else they set had nothing of the backfill.
_SWEPT = """
WITH taken AS (
  SELECT xmin::text AS by, count(*) AS rows FROM {table} WHERE {source} <> '' AND {url} IS NULL
  GROUP BY 1 HAVING count(*) > 1
)
SELECT count(*) AS swept FROM {table} WHERE coalesce({source}, '') = '' AND {url} IS NULL AND {is_new}
  AND xmin::text IN (SELECT by FROM taken WHERE rows * 100 >= (SELECT sum(rows) FROM taken))
"""


def listed(
    session: Session, backfill: Backfill, moments: Moments, wanted: Iterable[int], *, total: int
) -> Measurement[OwnRows]:
    """Measure which rows hold what people attached themselves: those of the sets of flags in `wanted`, `total` in all.

    Their ids are what a later look needs to tell a row that was emptied from one that people deleted.
    """
    sets = sorted(wanted)
    if not sets:
        return Measurement(value=OwnRows(ids=(), total=0), unit=OWN_UNIT, rows=0, query="", duration_s=0.0)
    marked = marked_rows(backfill, moments, types_of(session, backfill)).of(id=as_text(backfill.key))
    answer = session.read(composed(_OWN, backfill, marked=marked, wanted=sql.Literal(sets), most=sql.Literal(MOST_OWN)))
    ids = tuple(row["id"] for row in answer.rows)
    return answer.measurement(OwnRows(ids=ids, total=total), unit=OWN_UNIT, rows=len(ids))


def swept(session: Session, backfill: Backfill, *, old_until: str) -> Measurement[int]:
    """Count the empty rows without old media that the way back set too: people may have attached something there.

    Only those written after `old_until` (as the server prints it), where a column dates a row: what rows from before
    held is on record.
    """
    types = types_of(session, backfill)
    created = created_type(types, backfill)
    is_new: sql.Composable = sql.SQL("true")
    if created and old_until:
        is_new = sql.SQL("{} > {}").format(sql.Identifier(str(backfill.created)), as_moment(old_until, created))
    answer = session.read(composed(_SWEPT, backfill, is_new=is_new))
    return answer.measurement(int(answer.row["swept"]), unit="rows that the way back set", rows=1)


def now(session: Session, backfill: Backfill, own: OwnRows) -> Measurement[OwnNow]:
    """Measure what became of the rows in `own`."""
    types = types_of(session, backfill)
    these = among(backfill.key, types, own.ids)
    marked = marked_rows(backfill, Moments(), types).of(these, id=as_text(backfill.key))
    answer = session.read(composed(_OWN_NOW, backfill, marked=marked))
    value = OwnNow(
        asked=len(own.ids),
        there=len(answer.rows),
        emptied=tuple(row["id"] for row in answer.rows if not row["flags"] & Flag.FILLED),
        overwritten=tuple(row["id"] for row in answer.rows if row["flags"] & Flag.MARKED),
    )
    return answer.measurement(value, unit="rows looked for again", rows=value.there)
