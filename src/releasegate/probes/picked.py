"""A few rows of the backfilled table, picked to be shown to people or read back through the API."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from psycopg import sql

from releasegate.change.models import Backfill
from releasegate.core import Measurement
from releasegate.core.facts.rows import Spot, Stored
from releasegate.core.pointers import MISSING, first
from releasegate.probes import rule_sql
from releasegate.probes.columns import REPLY, usual
from releasegate.probes.postgres import Session
from releasegate.probes.row_query import among, as_text, composed, marked_rows, types_of
from releasegate.probes.row_sql import Moments, first_text, parts

MOST_READ: Final = 40  # conversations; at 50 ms an answer the API is busy with us for 2 s
MOST_KINDS: Final = 500  # of old media, the most frequent first; more are covered by chance

_TRIED: Final = 20  # rows picked for each that is shown: most tables have few that are not the backfill's

# Picked by a hash with the seed in it, so that the same seed shows the same rows again.
_PLACE = "hashtextextended({key}::text, {seed})"
_PICKED = "{key} IN (SELECT {key} FROM {table} WHERE {source}::text <> '' ORDER BY {place} LIMIT {tried})"
_SPOTS = """
SELECT id, source, url, named AS type, preview, fields FROM {marked} AS marked
 WHERE flags = ANY ({wanted}::int[]) ORDER BY place LIMIT {count}
"""
# An ending is what follows the last dot, where it is as short as an ending and made of letters and figures: anything
# else (a signature, an id) would be as many kinds as there are rows.
_STRATA = """
SELECT CASE WHEN ending ~ '^[0-9A-Za-z]{{1,5}}$' THEN lower(ending) ELSE '' END AS ending, type, kind, reply,
       min(conversation) AS conversation
  FROM (SELECT split_part(right({path}, 6), '.', -1) AS ending, left({type}, 40) AS type, {kind} AS kind,
               {reply} AS reply, {conversation}::text AS conversation
          FROM {table} WHERE {source}::text <> '' AND {among}) AS media
 GROUP BY 1, 2, 3, 4 ORDER BY count(*) DESC LIMIT {most}
"""
_STORED = """
SELECT {key}::text AS id, {target}::jsonb AS stored FROM {table} WHERE {among} AND {source}::text <> ''
"""
_AGAIN = "SELECT {key}, {source}, {target} FROM {table} WHERE {key}::text IN ({{ids}})"


def spots(
    session: Session,
    backfill: Backfill,
    moments: Moments,
    wanted: Sequence[int],
    *,
    count: int,
    seed: int,
    preview_length: int,
) -> Measurement[tuple[Spot, ...]]:
    """Measure `count` rows picked by `seed` among those whose flags are `wanted`.

    `preview_length` characters of the row's text are shown, 0 shows none.
    """
    preview: sql.Composable = sql.SQL("''")
    if backfill.preview_column and preview_length:
        column = sql.Identifier(backfill.preview_column)
        preview = sql.SQL("coalesce(left({}::text, {}), '')").format(column, sql.Literal(preview_length))
    pairs = [
        sql.SQL("{}, {}::text").format(sql.Literal(name), sql.Identifier(name)) for name in rule_sql.columns(backfill)
    ]
    fields = sql.SQL("jsonb_build_object({})").format(sql.SQL(", ").join(pairs))
    place = composed(_PLACE, backfill, seed=sql.Literal(seed))
    target = sql.SQL("{}::jsonb").format(sql.Identifier(backfill.to_column))
    marked = marked_rows(backfill, moments, types_of(session, backfill)).of(
        composed(_PICKED, backfill, place=place, tried=sql.Literal(_TRIED * count)),
        id=as_text(backfill.key),
        source=as_text(backfill.from_column),
        url=first_text(target, backfill.url),
        named=first_text(target, backfill.type),
        preview=preview,
        fields=fields,
        place=place,
    )
    answer = session.read(
        composed(_SPOTS, backfill, marked=marked, wanted=sql.Literal(list(wanted)), count=sql.Literal(count))
    )
    picked = tuple(Spot(**row) for row in answer.rows)
    return answer.measurement(picked, unit="rows picked", rows=len(picked))


def conversations_to_read(session: Session, backfill: Backfill, visible: Sequence[str]) -> Measurement[tuple[str, ...]]:
    """Measure which of the `visible` conversations hold every ending, stored type and kind of message there is.

    Replies are kinds of their own, where a column has a usual name for what a message replies to. Other kinds are the
    columns that the rule from url to type looks at. Where no column says which conversation a row
    belongs to, the first ones are taken. At most MOST_READ either way.
    """
    if backfill.conversation is None:
        first_ones = tuple(visible[:MOST_READ])
        return Measurement(value=first_ones, unit="kinds of old media", rows=0, query="", duration_s=0.0)
    columns = [sql.SQL("{}::text").format(sql.Identifier(column)) for column in rule_sql.columns(backfill)]
    kind: sql.Composable = sql.SQL("concat_ws(' ', {})").format(sql.SQL(", ").join(columns))
    types = types_of(session, backfill)
    reply = usual(list(types), REPLY)
    source = sql.SQL("{}::text").format(sql.Identifier(backfill.from_column))
    answer = session.read(
        composed(
            _STRATA,
            backfill,
            kind=kind if columns else sql.SQL("''"),
            path=rule_sql.path_of(source),
            reply=sql.SQL("{} IS NOT NULL").format(sql.Identifier(reply)) if reply else sql.SQL("false"),
            conversation=sql.Identifier(backfill.conversation),
            among=among(backfill.conversation, types, visible),
            most=sql.Literal(MOST_KINDS),
        )
    )
    chosen = tuple(dict.fromkeys(row["conversation"] for row in answer.rows))[:MOST_READ]
    covered = sum(row["conversation"] in chosen for row in answer.rows)
    return answer.measurement(chosen, unit="kinds of old media", rows=covered)


def stored(session: Session, backfill: Backfill, ids: Sequence[str]) -> Measurement[tuple[Stored, ...]]:
    """Measure the attachments' urls of those messages of `ids` that have media."""
    target = sql.Identifier(backfill.to_column)
    these = among(backfill.key, types_of(session, backfill), ids)
    answer = session.read(composed(_STORED, backfill, target=target, among=these))
    found = tuple(Stored(id=row["id"], urls=_urls(row["stored"], backfill)) for row in answer.rows)
    return answer.measurement(found, unit="messages", rows=len(found), shown={"messages": len(found)})


def show_again(session: Session, backfill: Backfill) -> str:
    """Return the command that shows rows by hand; {ids} stands where their ids go."""
    return session.psql(composed(_AGAIN, backfill, target=sql.Identifier(backfill.to_column)))


def _urls(stored: Any, backfill: Backfill) -> tuple[str | None, ...]:
    """Return the url of every element of a stored list; of one object, its own."""
    elements = stored if isinstance(stored, list) else [stored]
    below = ["".join(f"/{part}" for part in parts(pointer)[isinstance(stored, list) :]) for pointer in backfill.url]
    found = (first(element, below) for element in elements)
    return tuple(None if url is MISSING else str(url) for url in found)
