"""The backfill's promise as SQL: every property of a row is a bit, and a row's bits are one number.

One number per row means that the server sends back a handful of groups however many rows there are. The rows are
read in three layers, so that what several conditions need (the path of the url, the target unless it is empty, the
url and the type in it) is worked out once for each row.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from psycopg import sql

from releasegate.change.models import Backfill
from releasegate.core.facts.rows import FIRST_REQUIRED, Flag
from releasegate.core.pointers import list_of
from releasegate.probes import rule_sql
from releasegate.probes.postgres import identifier

_FALSE = sql.SQL("false")

# OFFSET '0' drops no row. It keeps the planner from unfolding a layer, which would evaluate its columns again for
# each condition, and from expecting as many groups as there are rows, which would cost the parallel workers. It must
# be a text: a number is cast to bigint too late for the planner to see that it is zero (PostgreSQL 15 to 18).
_LAYERS: Final = """(
SELECT {kept}{flags} AS flags, {type} AS type FROM (
SELECT *, {texts} FROM (
SELECT {raw} FROM {table} WHERE {where} OFFSET '0') AS one OFFSET '0') AS two OFFSET '0')"""

# What the inner layers call their columns.
_TARGET, _CUT = sql.Identifier("target"), sql.Identifier("cut")
_PATH, _URL, _TYPE = sql.Identifier("path"), sql.Identifier("url"), sql.Identifier("named")


@dataclass(frozen=True, slots=True, kw_only=True)
class Moments:
    """Which rows are old, as texts that the `created` column's type can read; "" where nobody knows.

    `old_until` is the newest row's creation when preflight looked: in the column's own words, so that a column
    without time zone compares with itself. `began` is when the backfill began, with its own time zone; `zone` is the
    one that a column without any is written in.
    """

    old_until: str = ""
    began: str = ""
    zone: str = "UTC"


@dataclass(frozen=True, slots=True, kw_only=True)
class MarkedRows:
    """The rows of the table with their flags, as a subquery.

    The target column is jsonb or json, the source has a type; `created_type` is "" where no column dates a row, and
    `key_type` is the key's type as the catalog prints it.
    """

    backfill: Backfill
    moments: Moments
    created_type: str = ""
    key_type: str = ""

    def of(self, where: sql.Composable | None = None, **kept: sql.Composable) -> sql.Composable:
        """Return the subquery over the rows that fit `where`, with what else of each is `kept`, by name."""
        backfill, held = self.backfill, {f"kept {name}": expression for name, expression in kept.items()}
        source = sql.SQL('({}::text COLLATE "C")').format(sql.Identifier(backfill.from_column))
        raw = {
            "source": source,
            "target": sql.SQL("nullif(nullif({0}::jsonb, '[]'), '{{}}')").format(sql.Identifier(backfill.to_column)),
            "cut": sql.SQL("CASE WHEN {} <> '' THEN {} END").format(source, rule_sql.without_query(source)),
            "times": sql.SQL(" + ").join(_times(backfill, self.moments, self.created_type)),
        }
        raw |= {
            _value(name): sql.SQL('({}::text COLLATE "C")').format(sql.Identifier(name))
            for name in _looked_at(backfill)
        }
        return sql.SQL(_LAYERS).format(
            kept=sql.SQL("").join(
                sql.SQL("{} AS {}, ").format(sql.Identifier(f"kept {name}"), sql.Identifier(name)) for name in kept
            ),
            flags=_flags(backfill),
            type=_named_type(backfill),
            texts=_named(
                {
                    "path": rule_sql.without_slashes(_CUT),
                    "url": first_text(_TARGET, backfill.url),
                    "named": first_text(_TARGET, backfill.type),
                }
            ),
            raw=_named(raw | held),
            table=identifier(backfill.table),
            where=where or sql.SQL("true"),
        )


def is_empty(target: sql.Composable) -> sql.Composable:
    """Return whether a jsonb column says nothing: NULL, an empty list, an empty object."""
    return sql.SQL("({0} IS NULL OR {0} = '[]' OR {0} = '{{}}')").format(target)


def is_marked(backfill: Backfill) -> sql.Composable:
    """Return whether a row of the table carries the backfill's marker at any of its places."""
    return _is_marked(backfill, sql.SQL("{}::jsonb").format(sql.Identifier(backfill.to_column)))


def first_text(target: sql.Composable, pointers: Sequence[str]) -> sql.Composable:
    """Return the text at the first of the JSON `pointers` that is there, NULL where none is."""
    places = [_text_at(target, parts(pointer)) for pointer in pointers]
    if len(places) < 2:
        return places[0] if places else sql.SQL("NULL")
    return sql.SQL("coalesce({})").format(sql.SQL(", ").join(places))


def has_more_elements(document: sql.Composable, pointers: Sequence[str], most: int) -> sql.Composable:
    """Return whether a list that one of the JSON `pointers` leads into has more than `most` elements."""
    lists = dict.fromkeys(found for pointer in pointers if (found := list_of(pointer)) is not None)
    longer = [
        sql.SQL("CASE WHEN jsonb_typeof({0}) = 'array' THEN jsonb_array_length({0}) > {1} ELSE false END").format(
            sql.SQL("{} #> {}").format(document, sql.Literal(parts(pointer))) if pointer else document,
            sql.Literal(most),
        )
        for pointer in lists
    ]
    return sql.SQL(" OR ").join(longer) if longer else _FALSE


def parts(pointer: str) -> list[str]:
    """Return a JSON pointer as the path that jsonb's `#>>` takes."""
    return [part.replace("~1", "/").replace("~0", "~") for part in pointer.split("/")[1:]]


def has_no_zone(created_type: str) -> bool:
    """Whether a column of this type tells hours and minutes, and not of which time zone."""
    return created_type.startswith("timestamp") and "with time zone" not in created_type


def as_moment(moment: str, created_type: str) -> sql.Composable:
    """Return a moment in the words of a column of `created_type` as SQL that compares with it."""
    return sql.SQL("{}::timestamp" if has_no_zone(created_type) else "{}::timestamptz").format(sql.Literal(moment))


def as_instant(moment: str, created_type: str, zone: str) -> sql.Composable:
    """Return a moment with a time zone as SQL that compares with a column of `created_type`, written in `zone`."""
    return in_its_words(sql.SQL("{}::timestamptz").format(sql.Literal(moment)), created_type, zone)


def in_its_words(instant: sql.Composable, created_type: str, zone: str) -> sql.Composable:
    """Return an expression with a time zone as a column of `created_type` would hold it, written in `zone`."""
    if not has_no_zone(created_type):
        return instant
    return sql.SQL("(({}) AT TIME ZONE {})").format(instant, sql.Literal(zone))


def _text_at(target: sql.Composable, steps: Sequence[str]) -> sql.Composable:
    """Return the text at `steps`; the usual way, a field of one element, is a third faster than `#>>`."""
    if len(steps) == 2 and steps[0].isdecimal() and not steps[1].isdecimal():
        return sql.SQL("{} -> {} ->> {}").format(target, sql.Literal(int(steps[0])), sql.Literal(steps[1]))
    return sql.SQL("{} #>> {}").format(target, sql.Literal(list(steps)))


def _flags(backfill: Backfill) -> sql.Composable:
    """Return the expression that turns a row of the inner layers into its flags."""
    return sql.SQL("{} + times + CASE WHEN target IS NULL THEN 0 ELSE {} END").format(
        _bit(Flag.MEDIA, sql.SQL("path IS NOT NULL")), sql.SQL(" + ").join(_content(backfill))
    )


def _times(backfill: Backfill, moments: Moments, created_type: str) -> list[sql.Composable]:
    return [
        _bit(Flag.OLD, _not_after(backfill, _moment(moments.old_until, created_type), created_type, unknown=False)),
        _bit(Flag.DUE, _not_after(backfill, _began(moments, created_type), created_type, unknown=True)),
    ]


def _content(backfill: Backfill) -> list[sql.Composable]:
    """Return the flags of a row whose target column holds something."""
    bits = [
        sql.Literal(int(Flag.FILLED)),
        _bit(Flag.MARKED, _is_marked(backfill, _TARGET)),
        _bit(Flag.WRONG_KIND, sql.SQL("jsonb_typeof(target) <> {}").format(sql.Literal(_kind(backfill)))),
        _bit(Flag.OTHER_URL, sql.SQL("{} IS DISTINCT FROM source").format(_URL)),
        sql.SQL("CASE WHEN path IS NULL THEN 0 ELSE {} END").format(_type(backfill)),
    ]
    if backfill.most_elements is not None:
        bits.append(_bit(Flag.TOO_MANY, has_more_elements(_TARGET, backfill.url, backfill.most_elements)))
    for place, field in enumerate(backfill.required):
        missing = sql.SQL("coalesce({}, '') = ''").format(_text_of(backfill, field.at))
        bits.append(_bit(FIRST_REQUIRED << place, missing))
    return bits


def _type(backfill: Backfill) -> sql.Composable:
    """Return OTHER_TYPE, UNDECIDED or 0, by the first case of the rule that fits."""
    if not backfill.types or not backfill.type:
        return sql.SQL("0")
    values = {name: sql.Identifier(_value(name)) for name in rule_sql.columns(backfill)}
    cases = [
        sql.SQL("WHEN {} THEN CASE WHEN {} IN ({}) THEN 0 ELSE {} END").format(
            sql.Literal(place), _TYPE, _texts(case.types), sql.Literal(int(Flag.OTHER_TYPE))
        )
        for place, case in enumerate(backfill.types)
    ]
    return sql.SQL("CASE {} {} ELSE {} END").format(
        rule_sql.place_of_case(backfill, _PATH, values), sql.SQL(" ").join(cases), sql.Literal(int(Flag.UNDECIDED))
    )


def _named_type(backfill: Backfill) -> sql.Composable:
    """Return the type that a filled row says it has, "" for one that the change file does not name, else NULL."""
    names = list(dict.fromkeys([name for case in backfill.types for name in case.types] + list(backfill.kinds)))
    if not backfill.type or not names:
        return sql.SQL("NULL::text")
    whens = sql.SQL(" ").join(sql.SQL("WHEN {0} THEN {0}").format(sql.Literal(name)) for name in names)
    return sql.SQL("CASE WHEN target IS NOT NULL THEN CASE {} {} ELSE '' END END").format(_TYPE, whens)


def _text_of(backfill: Backfill, pointers: Sequence[str]) -> sql.Composable:
    """Return the text at the first of `pointers` that is there: the url's and the type's have been taken already."""
    taken = {tuple(backfill.url): _URL, tuple(backfill.type): _TYPE}
    return taken.get(tuple(pointers)) or first_text(_TARGET, pointers)


def _is_marked(backfill: Backfill, target: sql.Composable) -> sql.Composable:
    if backfill.marker is None:
        return _FALSE
    value = sql.Literal(backfill.marker.value)
    places = [
        sql.SQL("coalesce({} = {}, false)").format(first_text(target, [pointer]), value)
        for pointer in backfill.marker.at
    ]
    return sql.SQL("({})").format(sql.SQL(" OR ").join(places))


def _looked_at(backfill: Backfill) -> list[str]:
    """Return the columns that the rule needs; none where nothing says where the type stands."""
    return rule_sql.columns(backfill) if backfill.type else []


def _value(column: str) -> str:
    """Return what the inner layer calls a column that the rule looks at."""
    return f"value {column}"


def _kind(backfill: Backfill) -> str:
    """Return the kind of JSON that the url's pointers lead through: a list where they begin with a number."""
    return "array" if all((parts(pointer) or [""])[0].isdecimal() for pointer in backfill.url) else "object"


def _moment(moment: str, created_type: str) -> sql.Composable | None:
    return as_moment(moment, created_type) if moment else None


def _began(moments: Moments, created_type: str) -> sql.Composable | None:
    return as_instant(moments.began, created_type, moments.zone) if moments.began else None


def _not_after(backfill: Backfill, limit: sql.Composable | None, created_type: str, *, unknown: bool) -> sql.Composable:
    """Return whether the row was created at `limit` or before; `unknown` for rows of which nobody can tell."""
    if not backfill.created or not created_type or limit is None:
        return sql.Literal(unknown)
    return sql.SQL("coalesce({} <= {}, {})").format(sql.Identifier(backfill.created), limit, sql.Literal(unknown))


def _bit(flag: int, condition: sql.Composable) -> sql.Composable:
    return sql.SQL("CASE WHEN {} THEN {} ELSE 0 END").format(condition, sql.Literal(int(flag)))


def _named(expressions: Mapping[str, sql.Composable]) -> sql.Composable:
    return sql.SQL(", ").join(
        sql.SQL("{} AS {}").format(expression, sql.Identifier(name)) for name, expression in expressions.items()
    )


def _texts(values: Iterable[str]) -> sql.Composable:
    return sql.SQL(", ").join(map(sql.Literal, values))
