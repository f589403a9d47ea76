"""The rows of the backfilled table: one pass over all of them, and a few picked to be shown or read back."""

from __future__ import annotations

import re
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Final, LiteralString

from psycopg import sql

from releasegate.change.models import Backfill
from releasegate.core import Measurement
from releasegate.core.facts.rows import (
    COUNTS_UNIT,
    OWN_UNIT,
    Flag,
    NewRows,
    OwnNow,
    OwnRows,
    RowCounts,
    Segment,
    Spot,
    Stored,
)  # fmt: skip
from releasegate.core.pointers import MISSING, first
from releasegate.probes import catalog, rule_sql
from releasegate.probes.postgres import Answer, Session, identifier
from releasegate.probes.row_pass import count_rows
from releasegate.probes.row_sql import MarkedRows, Moments, as_moment, first_text, parts

MOST_EXAMPLES: Final = 20  # of each kind; enough to see what they have in common
MOST_READ: Final = 40  # conversations; at 50 ms an answer the API is busy with us for 2 s
MOST_OWN: Final = 1000  # rows of people's own that are looked for again; few are written in the minutes of a deploy
MOST_KINDS: Final = 500  # of old media, the most frequent first; more are covered by chance
# In lower case without underscores, the likeliest first.
CREATED: Final = ("createdat", "created", "insertedat", "createdon", "datecreated", "createddate", "creationdate")
UPDATED: Final = ("updatedat", "updated", "modifiedat", "modified", "lastmodified", "updatedon", "changedat")
REPLY: Final = (
    "repliedtomessageid",
    "repliedtoid",
    "replytomessageid",
    "replytoid",
    "replyto",
    "inreplyto",
    "parentid",
)
CONVERSATION: Final = ("conversationid", "conversation", "threadid", "thread", "chatid", "dialogid", "channelid")

_BLOCKS = "SELECT pg_relation_size({table}::regclass) / current_setting('block_size')::int AS blocks"
_EXAMPLES = "SELECT id FROM {marked} AS marked WHERE flags = ANY ({wanted}) LIMIT {most}"
_OWN = """
SELECT id FROM {marked} AS marked WHERE flags = ANY ({wanted}) ORDER BY hashtextextended(id, 0) LIMIT {most}
"""
_OWN_NOW = "SELECT id, flags FROM {marked} AS marked"
_WORST = """
SELECT segment, count(*) AS rows FROM {marked} AS marked WHERE flags = ANY ({wanted})
 GROUP BY segment ORDER BY 2 DESC, 1 LIMIT 1
"""
_NEW = """
SELECT count(*) FILTER (WHERE flags & {media} <> 0) AS media, count(*) FILTER (WHERE {is_old_form}) AS old_form,
       count(*) FILTER (WHERE {is_old_form} AND created <= {newest}) AS still, max(created)::text AS newest
  FROM {marked} AS marked
"""
# Picked by a hash with the seed in it, so that the same seed shows the same rows again.
_SPOTS = """
SELECT {key}::text AS id, {source}::text AS source, {url} AS url, {type} AS type, {preview} AS preview,
       {fields} AS fields
  FROM {table} WHERE {source}::text <> '' ORDER BY hashtextextended({key}::text, {seed}) LIMIT {count}
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
_UUID: Final = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_WHOLE: Final = re.compile(r"-?[0-9]{1,9}")
# Ids that the API shows are texts; those of these types are surely read back as the same value.
_READ_AS: Final = {"uuid": _UUID.fullmatch, "integer": _WHOLE.fullmatch, "bigint": _WHOLE.fullmatch}
_AGAIN = "SELECT {key}, {source}, {target} FROM {table} WHERE {key}::text IN ({{ids}})"


def every_row(
    session: Session, backfill: Backfill, moments: Moments, *, kept_in: Path | None = None
) -> Measurement[RowCounts]:
    """Measure every row of the table in one pass; `kept_in` is where a gentle one notes how far it is.

    Where the source or target column is missing, or the target is no JSON, nothing is counted: the types tell why.
    """
    types = _types(session, backfill)
    described = RowCounts(
        table=backfill.table,
        source=backfill.from_column,
        target=backfill.to_column,
        source_type=types.get(backfill.from_column, ""),
        target_type=types.get(backfill.to_column, ""),
        by_flags={},
        required=tuple(field.at[0] for field in backfill.required),
        has_marker=backfill.marker is not None,
        knows_old=bool(_created_type(types, backfill) and moments.old_until),
    )
    if not described.is_readable:
        query = f"\\d {backfill.table}"
        return Measurement(value=described, unit=COUNTS_UNIT, rows=0, query=query, duration_s=0.0)
    found = count_rows(session, backfill, _marked(backfill, moments, types), kept_in=kept_in)
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
    """Measure the ids of up to MOST_EXAMPLES rows for each name in `wanted`, which maps it to sets of flags."""
    marked = _marked(backfill, moments, _types(session, backfill)).of(id=_as_text(backfill.key))
    answers = {
        name: session.read(
            _composed(
                _EXAMPLES, backfill, marked=marked, wanted=sql.Literal(sorted(sets)), most=sql.Literal(MOST_EXAMPLES)
            )
        )
        for name, sets in wanted.items()
    }
    found = {name: tuple(row["id"] for row in answer.rows) for name, answer in answers.items()}
    return Measurement(
        value=found,
        unit="rows listed",
        rows=sum(map(len, found.values())),
        query=";\n".join(answer.query.strip() for answer in answers.values()),
        duration_s=sum(answer.duration_s for answer in answers.values()),
    )


def own_rows(
    session: Session, backfill: Backfill, moments: Moments, wanted: Iterable[int], *, total: int
) -> Measurement[OwnRows]:
    """Measure which rows hold what people attached themselves: those of the sets of flags in `wanted`, `total` in all.

    Their ids are what a later look needs to tell a row that was emptied from one that people deleted.
    """
    sets = sorted(wanted)
    if not sets:
        return Measurement(value=OwnRows(ids=(), total=0), unit=OWN_UNIT, rows=0, query="", duration_s=0.0)
    marked = _marked(backfill, moments, _types(session, backfill)).of(id=_as_text(backfill.key))
    answer = session.read(
        _composed(_OWN, backfill, marked=marked, wanted=sql.Literal(sets), most=sql.Literal(MOST_OWN))
    )
    ids = tuple(row["id"] for row in answer.rows)
    return answer.measurement(OwnRows(ids=ids, total=total), unit=OWN_UNIT, rows=len(ids))


def own_now(session: Session, backfill: Backfill, own: OwnRows) -> Measurement[OwnNow]:
    """Measure what became of the rows in `own`."""
    types = _types(session, backfill)
    among = _among(backfill.key, types, own.ids)
    marked = _marked(backfill, Moments(), types).of(among, id=_as_text(backfill.key))
    answer = session.read(_composed(_OWN_NOW, backfill, marked=marked))
    value = OwnNow(
        asked=len(own.ids),
        there=len(answer.rows),
        emptied=tuple(row["id"] for row in answer.rows if not row["flags"] & Flag.FILLED),
        overwritten=tuple(row["id"] for row in answer.rows if row["flags"] & Flag.MARKED),
    )
    return answer.measurement(value, unit="rows looked for again", rows=value.there)


def how_long(took: Sequence[float], rows: int) -> Measurement[dict[str, float]]:
    """Return how long the last recorded run took, in seconds, beside the number of rows that it was for."""
    value = {"took_s": took[-1], "rows": float(rows)} if took else {}
    query = "gate step: the recorded runs of the backfill"
    return Measurement(value=value, unit="recorded runs", rows=len(took), query=query, duration_s=0.0)


def worst_segment(
    session: Session, backfill: Backfill, moments: Moments, wanted: Iterable[int]
) -> Measurement[Segment | None]:
    """Measure which day, or value of the change's `segment`, has the most rows of the sets of flags in `wanted`."""
    types = _types(session, backfill)
    is_day = backfill.segment not in types
    name = (backfill.created if _created_type(types, backfill) else None) if is_day else backfill.segment
    sets = sorted(wanted)
    if name is None or not sets:
        return Measurement(value=None, unit="segments", rows=0, query="", duration_s=0.0)
    cast = sql.SQL("{}::date::text" if is_day else "{}::text")
    marked = _marked(backfill, moments, types).of(segment=cast.format(sql.Identifier(name)))
    answer = session.read(_composed(_WORST, backfill, marked=marked, wanted=sql.Literal(sets)))
    found = [Segment(name=name, value=str(row["segment"]), rows=row["rows"]) for row in answer.rows]
    return answer.measurement(found[0] if found else None, unit="segments", rows=len(found))


def written_since(
    session: Session, backfill: Backfill, moments: Moments, *, again_after_s: float
) -> Measurement[NewRows]:
    """Measure the rows written since the backfill began; where `again_after_s` is not 0, look again after it."""
    types = _types(session, backfill)
    created_type = _created_type(types, backfill)
    if not (created_type and moments.began):
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
    since = sql.SQL("{} > {}").format(created, as_moment(moments.began, _created_type(types, backfill)))
    marked = _marked(backfill, moments, types).of(since, created=created)
    is_old_form = sql.SQL("flags & {} = {}").format(
        sql.Literal(int(Flag.MEDIA | Flag.FILLED)), sql.Literal(int(Flag.MEDIA))
    )
    limit = as_moment(newest, _created_type(types, backfill)) if newest else sql.SQL("NULL")
    return session.read(
        _composed(
            _NEW, backfill, marked=marked, media=sql.Literal(int(Flag.MEDIA)), is_old_form=is_old_form, newest=limit
        )
    )


def spots(
    session: Session, backfill: Backfill, *, count: int, seed: int, preview_length: int
) -> Measurement[tuple[Spot, ...]]:
    """Measure `count` rows picked by `seed`; `preview_length` characters of the row's text are shown, 0 shows none."""
    preview: sql.Composable = sql.SQL("''")
    if backfill.preview_column and preview_length:
        column = sql.Identifier(backfill.preview_column)
        preview = sql.SQL("coalesce(left({}::text, {}), '')").format(column, sql.Literal(preview_length))
    pairs = [
        sql.SQL("{}, {}::text").format(sql.Literal(name), sql.Identifier(name)) for name in rule_sql.columns(backfill)
    ]
    fields = sql.SQL("jsonb_build_object({})").format(sql.SQL(", ").join(pairs))
    answer = session.read(
        _composed(_SPOTS, backfill, preview=preview, fields=fields, seed=sql.Literal(seed), count=sql.Literal(count))
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
    types = _types(session, backfill)
    reply = _usual(list(types), REPLY)
    source = sql.SQL("{}::text").format(sql.Identifier(backfill.from_column))
    answer = session.read(
        _composed(
            _STRATA,
            backfill,
            kind=kind if columns else sql.SQL("''"),
            path=rule_sql.path_of(source),
            reply=sql.SQL("{} IS NOT NULL").format(sql.Identifier(reply)) if reply else sql.SQL("false"),
            conversation=sql.Identifier(backfill.conversation),
            among=_among(backfill.conversation, types, visible),
            most=sql.Literal(MOST_KINDS),
        )
    )
    chosen = tuple(dict.fromkeys(row["conversation"] for row in answer.rows))[:MOST_READ]
    return answer.measurement(chosen, unit="kinds of old media", rows=len(answer.rows))


def stored(session: Session, backfill: Backfill, ids: Sequence[str]) -> Measurement[tuple[Stored, ...]]:
    """Measure the attachments' urls of those messages of `ids` that have media."""
    target = sql.Identifier(backfill.to_column)
    among = _among(backfill.key, _types(session, backfill), ids)
    answer = session.read(_composed(_STORED, backfill, target=target, among=among))
    found = tuple(Stored(id=row["id"], urls=_urls(row["stored"], backfill)) for row in answer.rows)
    return answer.measurement(found, unit="messages", rows=len(found), shown={"messages": len(found)})


def show_again(session: Session, backfill: Backfill) -> str:
    """Return the command that shows rows by hand; {ids} stands where their ids go."""
    return session.psql(_composed(_AGAIN, backfill, target=sql.Identifier(backfill.to_column)))


def _urls(stored: Any, backfill: Backfill) -> tuple[str | None, ...]:
    """Return the url of every element of a stored list; of one object, its own."""
    elements = stored if isinstance(stored, list) else [stored]
    below = ["".join(f"/{part}" for part in parts(pointer)[isinstance(stored, list) :]) for pointer in backfill.url]
    found = (first(element, below) for element in elements)
    return tuple(None if url is MISSING else str(url) for url in found)


def column_types(session: Session, table: str) -> dict[str, str]:
    """Return the type of each column of `table`, as format_type prints it; {} where there is no such table."""
    return {column.name: column.type for column in catalog.schema(session, [table]).value.columns}


def as_found(session: Session, backfill: Backfill) -> Backfill:
    """Return `backfill` with the columns that nobody named found by their usual names, None where there is none.

    A release document rarely says which column dates a row or holds its conversation, and both only say how to
    read: what must be true does not depend on them.
    """
    types = _types(session, backfill)
    return backfill.model_copy(
        update={
            "created": backfill.created or usual_created(types),
            "conversation": backfill.conversation or _usual(list(types), CONVERSATION),
        }
    )


def usual_created(types: Mapping[str, str]) -> str | None:
    """Return the column that dates a row by its usual name and a type that holds a moment, None where none does."""
    return _usual([name for name, kind in types.items() if kind.startswith("timestamp")], CREATED)


def usual_updated(types: Mapping[str, str]) -> str | None:
    """Return the column that says when a row was changed last, by its usual name; None where none does."""
    return _usual([name for name, kind in types.items() if kind.startswith("timestamp")], UPDATED)


def _usual(columns: Sequence[str], usual: Sequence[str]) -> str | None:
    plain = {column.lower().replace("_", ""): column for column in columns}
    return next((plain[name] for name in usual if name in plain), None)


def _as_text(column: str) -> sql.Composable:
    return sql.SQL("{}::text").format(sql.Identifier(column))


def _types(session: Session, backfill: Backfill) -> dict[str, str]:
    return column_types(session, backfill.table)


def _marked(backfill: Backfill, moments: Moments, types: Mapping[str, str]) -> MarkedRows:
    return MarkedRows(
        backfill=backfill,
        moments=moments,
        created_type=_created_type(types, backfill),
        key_type=types.get(backfill.key, ""),
    )


def _blocks(session: Session, table: str) -> int:
    query = sql.SQL(_BLOCKS).format(table=sql.Literal(identifier(table).as_string(None)))
    return int(session.read(query).row["blocks"])


def _among(column: str, types: Mapping[str, str], values: Sequence[str]) -> sql.Composable:
    """Return whether `column` is one of `values`, by its own type where they are of it, so that an index is used."""
    kind = types.get(column, "")
    read = _READ_AS.get(kind)
    if read is None or not all(map(read, values)):
        return sql.SQL("{}::text = ANY ({})").format(sql.Identifier(column), sql.Literal(list(values)))
    return sql.SQL("{} = ANY ({}::" + kind + "[])").format(sql.Identifier(column), sql.Literal(list(values)))


def _created_type(types: Mapping[str, str], backfill: Backfill) -> str:
    """Return the type of the column that dates a row, "" where it holds no date."""
    found = types.get(backfill.created or "", "")
    return found if found.startswith(("timestamp", "date")) else ""


def _composed(query: LiteralString, backfill: Backfill, **more: sql.Composable) -> sql.Composed:
    target = sql.SQL("{}::jsonb").format(sql.Identifier(backfill.to_column))
    parts = {
        "table": identifier(backfill.table),
        "key": sql.Identifier(backfill.key),
        "source": sql.Identifier(backfill.from_column),
        "url": first_text(target, backfill.url),
        "type": first_text(target, backfill.type),
    }
    return sql.SQL(query).format(**parts | more)
