"""Plans of the release's own queries; EXPLAIN without ANALYZE runs none of them."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Any, Final

from psycopg import sql

from releasegate.change.models import Change, Index
from releasegate.core import Measurement
from releasegate.core.facts.plans import QueryPlan
from releasegate.probes.postgres import Session

# A plan of a partitioned table names the indexes of its partitions; the promised one is their parent.
_PARENTS: Final = """
WITH RECURSIVE above (name, class) AS (
    SELECT relname::text, oid FROM pg_class WHERE relkind = 'i' AND relispartition AND relname = ANY ({names})
    UNION SELECT name, inhparent FROM above JOIN pg_inherits ON inhrelid = class
)
SELECT name, array_agg(DISTINCT relname::text) AS parents
  FROM above JOIN pg_class ON oid = class AND NOT relispartition GROUP BY name
"""
NO_RIGHT: Final = "42501"  # says nothing about the query: the read that follows says what it does about the role

# As the planner is told here, a sequential scan is what is left when no index can serve.
_INDEXES_FIRST: Final = {"enable_seqscan": "off", "max_parallel_workers_per_gather": "0"}
_WRITES: Final = re.compile(
    r"^\s*(?:UPDATE\s+(?:ONLY\s+)?(?P<updated>\S+)(?P<named>(?:\s+AS)?\s+\w+)?\s+SET\s+(?P<set>.*?)"
    r"|DELETE\s+FROM\s+(?:ONLY\s+)?(?P<deleted>\S+))\s+WHERE\s+(?P<where>.*?);?\s*$",
    re.IGNORECASE | re.DOTALL,
)


def index_plans(session: Session, change: Change) -> Measurement[tuple[QueryPlan, ...]]:
    """Measure which indexes serve the change's queries and, of its ways back, the conditions on an indexed column."""
    plans, kept = [], {}
    for number, asked in enumerate(_asked(change), start=1):
        refusal, document = _plan(session, asked.sql)
        used = tuple(sorted(set(_index_names(document))))
        plans.append(replace(asked, used=used, sqlstate=refusal[0], message=refusal[1]))
        kept[f"plan-{number}-{asked.index}.json"] = json.dumps(document, indent=1).encode()
    parents = _parents(session, {name for plan in plans for name in plan.used})
    plans = [replace(plan, used=_whole(plan.used, parents)) for plan in plans]
    query = ";\n".join(f"EXPLAIN {one.sql}" for one in plans)
    return Measurement(
        value=tuple(plans), unit="plans", rows=len(plans), query=query, duration_s=0.0, blobs=kept if plans else {}
    )


def _parents(session: Session, names: set[str]) -> dict[str, list[str]]:
    """Return the index of the whole table for each of `names` that is one of a partition, in whichever schema."""
    if not names:
        return {}
    rows = session.read(sql.SQL(_PARENTS).format(names=sql.Literal(sorted(names)))).rows
    return {row["name"]: row["parents"] for row in rows}


def _whole(used: Iterable[str], parents: dict[str, list[str]]) -> tuple[str, ...]:
    return tuple(sorted({whole for name in used for whole in parents.get(name, [name])}))


def _asked(change: Change) -> Iterator[QueryPlan]:
    schema = change.db
    if schema is None:
        return
    for one in schema.queries:
        yield QueryPlan(sql=one.sql.strip().rstrip(";"), index=one.index, source=one.source, is_promised=True)
    for statement in change.rollback:
        for index in _indexes_meant(statement.sql, schema.indexes):
            select = as_select(statement.sql)
            if select:
                yield QueryPlan(sql=select, index=index, source=statement.source, is_promised=False)


def as_select(statement: str) -> str:
    """Return a SELECT with the condition of an UPDATE or DELETE on one table, "" for what has none or is more.

    The gate's role may read and not write, and EXPLAIN of an UPDATE asks for the right to write.
    """
    plain = re.sub(r"--[^\n]*", "", statement)
    match = _WRITES.match(plain)
    if match is None or re.search(r"\bFROM\b|;", match["set"] or "", re.IGNORECASE) or ";" in match["where"]:
        return ""
    where = re.split(r"\bRETURNING\b", match["where"], flags=re.IGNORECASE)[0].strip()
    table = f"{match['updated'] or match['deleted']}{match['named'] or ''}"
    return f"SELECT 1 FROM {table} WHERE {where}"  # noqa: S608  the release's own text, which is planned and not run


def _indexes_meant(statement: str, indexes: Iterable[Index]) -> list[str]:
    """Return the promised indexes whose name or column the statement's condition speaks of."""
    where = as_select(statement).partition(" WHERE ")[2]
    return [index.name for index in indexes if any(_speaks_of(where, word) for word in _words(index))]


def _words(index: Index) -> tuple[str, ...]:
    """Return the first column of an index; where no document names it, what its name says beside the table's."""
    if index.columns:
        return index.columns[:1]
    return (re.sub(r"^(idx|ix|index)_|_(idx|ix|index)$", "", index.name).removeprefix(f"{index.table}_"),)


def _speaks_of(where: str, word: str) -> bool:
    return bool(word) and re.search(rf"(?<![\w']){re.escape(word)}(?![\w'])", where) is not None


def _plan(session: Session, query: str) -> tuple[tuple[str, str], Any]:
    refusal = session.attempt(f"EXPLAIN (FORMAT JSON) {query}", local=_INDEXES_FIRST)
    if refusal.sqlstate not in ("", NO_RIGHT):
        return (refusal.sqlstate, refusal.message), []
    row = session.read(f"EXPLAIN (FORMAT JSON) {query}", local=_INDEXES_FIRST).row
    return ("", ""), next(iter(row.values()))


def _index_names(document: Any) -> Iterator[str]:
    if isinstance(document, dict):
        if "Index Name" in document:
            yield str(document["Index Name"])
        for value in document.values():
            yield from _index_names(value)
    elif isinstance(document, list):
        for value in document:
            yield from _index_names(value)
