"""The rows of the backfilled table: one pass over all of them, and which they are that the pass counted."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final

from psycopg import sql

from releasegate.change.models import Backfill
from releasegate.core import Measurement
from releasegate.core.facts.rows import COUNTS_UNIT, Flag, NewRows, RowCounts, Segment
from releasegate.probes.key_ranges import TooLong, read_in_time
from releasegate.probes.postgres import Answer, Session, identifier
from releasegate.probes.row_pass import count_rows
from releasegate.probes.row_query import as_text, composed, created_type, marked_rows, types_of
from releasegate.probes.row_sql import Moments, as_instant, as_moment

MOST_EXAMPLES: Final = 20  # of each kind; enough to see what they have in common

_BLOCKS = """
SELECT (pg_relation_size({table}::regclass)
        + coalesce((SELECT sum(pg_relation_size(relid)) FROM pg_partition_tree({table}::regclass)), 0))::bigint
       / current_setting('block_size')::int AS blocks
"""
_EXAMPLES = "SELECT id FROM {marked} AS marked WHERE flags = ANY ({wanted}) LIMIT {most}"
_WORST = """
SELECT segment, count(*) AS rows FROM {marked} AS marked WHERE flags = ANY ({wanted})
 GROUP BY segment ORDER BY 2 DESC, 1 LIMIT 1
"""
_NEW = """
SELECT count(*) FILTER (WHERE flags & {media} <> 0) AS media, count(*) FILTER (WHERE {is_old_form}) AS old_form,
       count(*) FILTER (WHERE {is_old_form} AND created <= {newest}) AS still, max(created)::text AS newest
  FROM {marked} AS marked
"""


def every_row(
    session: Session, backfill: Backfill, moments: Moments, *, kept_in: Path | None = None
) -> Measurement[RowCounts]:
    """Measure every row of the table in one pass; `kept_in` is where a gentle one notes how far it is.

    Where the source or target column is missing, or the target is no JSON, nothing is counted: the types tell why.
    """
    types = types_of(session, backfill)
    described = RowCounts(
        table=backfill.table,
        source=backfill.from_column,
        target=backfill.to_column,
        source_type=types.get(backfill.from_column, ""),
        target_type=types.get(backfill.to_column, ""),
        by_flags={},
        required=tuple(field.at[0] for field in backfill.required),
        has_marker=backfill.marker is not None,
        knows_old=bool(created_type(types, backfill) and moments.old_until),
    )
    if not described.is_readable:
        query = f"\\d {backfill.table}"
        return Measurement(value=described, unit=COUNTS_UNIT, rows=0, query=query, duration_s=0.0)
    found = count_rows(session, backfill, marked_rows(backfill, moments, types), kept_in=kept_in)
    counted = replace(
        described,
        by_flags=found.by_flags,
        took_s=round(found.took_s, 3),
        blocks=_blocks(session, backfill.table),
        ranges=found.ranges,
        resumed_after=found.resumed_after,
        types=found.types,
    )
    return Measurement(value=counted, unit=COUNTS_UNIT, rows=counted.total, query=found.query, duration_s=found.took_s)


def examples(
    session: Session, backfill: Backfill, moments: Moments, wanted: Mapping[str, Iterable[int]]
) -> Measurement[dict[str, tuple[str, ...]]]:
    """Measure the ids of up to MOST_EXAMPLES rows for each name in `wanted`, which maps it to sets of flags.

    On a table too large to be searched within the time-out there are none: how many there are is known all the same.
    """
    marked = marked_rows(backfill, moments, types_of(session, backfill)).of(id=as_text(backfill.key))
    answers: dict[str, Answer] = {}
    with contextlib.suppress(TooLong):
        for name, sets in wanted.items():
            query = composed(
                _EXAMPLES, backfill, marked=marked, wanted=sql.Literal(sorted(sets)), most=sql.Literal(MOST_EXAMPLES)
            )
            answers[name] = read_in_time(session, query)
    found = {name: tuple(row["id"] for row in answer.rows) for name, answer in answers.items()}
    return Measurement(
        value=found,
        unit="rows listed",
        rows=sum(map(len, found.values())),
        query=";\n".join(answer.query.strip() for answer in answers.values()),
        duration_s=sum(answer.duration_s for answer in answers.values()),
    )


def how_long(took: Sequence[float], rows: int) -> Measurement[dict[str, float]]:
    """Return how long the last recorded run took, in seconds, beside the number of rows that it was for."""
    value = {"took_s": took[-1], "rows": float(rows)} if took else {}
    query = "gate step: the recorded runs of the backfill"
    return Measurement(value=value, unit="recorded runs", rows=len(took), query=query, duration_s=0.0)


def worst_segment(
    session: Session, backfill: Backfill, moments: Moments, wanted: Iterable[int]
) -> Measurement[Segment | None]:
    """Measure which day, or value of the change's `segment`, has the most rows of the sets of flags in `wanted`.

    None where nothing says, or where a table this large cannot be searched within the time-out.
    """
    types = types_of(session, backfill)
    is_day = backfill.segment not in types
    name = (backfill.created if created_type(types, backfill) else None) if is_day else backfill.segment
    sets = sorted(wanted)
    nothing: Measurement[Segment | None] = Measurement(value=None, unit="segments", rows=0, query="", duration_s=0.0)
    if name is None or not sets:
        return nothing
    cast = sql.SQL("{}::date::text" if is_day else "{}::text")
    marked = marked_rows(backfill, moments, types).of(segment=cast.format(sql.Identifier(name)))
    try:
        answer = read_in_time(session, composed(_WORST, backfill, marked=marked, wanted=sql.Literal(sets)))
    except TooLong:
        return nothing
    found = [Segment(name=name, value=str(row["segment"]), rows=row["rows"]) for row in answer.rows]
    return answer.measurement(found[0] if found else None, unit="segments", rows=len(found))


def written_since(
    session: Session, backfill: Backfill, moments: Moments, *, again_after_s: float
) -> Measurement[NewRows]:
    """Measure the rows written since the backfill began; where `again_after_s` is not 0, look again after it."""
    types = types_of(session, backfill)
    if not (created_type(types, backfill) and moments.began):
        return Measurement(value=NewRows(since=""), unit="rows written since", rows=0, query="", duration_s=0.0)
    first = _new_rows(session, backfill, moments, types, newest=None)
    found = NewRows(since=moments.began, media=first.row["media"], old_form=first.row["old_form"])
    last = first
    if again_after_s:
        time.sleep(again_after_s)
        last = _new_rows(session, backfill, moments, types, newest=first.row["newest"])
        found = NewRows(
            since=moments.began, media=last.row["media"], old_form=last.row["old_form"], still=last.row["still"],
            waited_s=again_after_s,
        )  # fmt: skip
    return last.measurement(found, unit="rows written since", rows=found.media)


def _new_rows(
    session: Session, backfill: Backfill, moments: Moments, types: Mapping[str, str], *, newest: str | None
) -> Answer:
    assert backfill.created is not None
    created = sql.Identifier(backfill.created)
    since = sql.SQL("{} > {}").format(created, as_instant(moments.began, created_type(types, backfill), moments.zone))
    marked = marked_rows(backfill, moments, types).of(since, created=created)
    is_old_form = sql.SQL("flags & {} = {}").format(
        sql.Literal(int(Flag.MEDIA | Flag.FILLED)), sql.Literal(int(Flag.MEDIA))
    )
    limit = as_moment(newest, created_type(types, backfill)) if newest else sql.SQL("NULL")
    return session.read(
        composed(
            _NEW, backfill, marked=marked, media=sql.Literal(int(Flag.MEDIA)), is_old_form=is_old_form, newest=limit
        )
    )


def _blocks(session: Session, table: str) -> int:
    query = sql.SQL(_BLOCKS).format(table=sql.Literal(identifier(table).as_string(None)))
    return int(session.read(query).row["blocks"])
