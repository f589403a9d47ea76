"""What one request costs the database: statements in a loop, and tables read without an index."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any, Final

from releasegate.core import Finding, Judgement, Severity
from releasegate.core.facts.statements import Activity, Statement
from releasegate.core.lines import cut

_MANY_ROWS: Final = 500  # read one by one for each request: a table that small is read so with an index too
_MORE: Final = 3  # times what it was before, since the server's counters lag by up to a second
_LEAST_REQUESTS: Final = 20
_LONGEST_TEXT: Final = 120


def nothing_new_per_request(
    check: str, activity: Activity, requests: int, before: Mapping[str, Any] | None, *, most_calls: float, run: str = ""
) -> Judgement:
    """Judge that no statement runs in a loop, and no table is read through, for each request, that was not before.

    `before` is what the same requests cost the old release (`Activity.shown`); None where nobody measured it: then
    nothing is known to be new. No release document promises it, so a finding is a warning.
    """
    if activity.unavailable:
        return Judgement(
            seen=0,
            unit="statements",
            holds="",
            not_applicable=f"what the database was asked is not known: {activity.unavailable}",
        )
    known = None if not requests or before is None or before.get("unavailable") else before
    loops = () if known is None else tuple(_loops(activity, requests, known, most_calls))
    scans = () if known is None else tuple(_scans(activity, requests, known))
    return Judgement(
        seen=requests if activity.statements else 0,
        least=_LEAST_REQUESTS,
        unit="requests whose statements were counted",
        holds=_costs(activity, requests) + ("" if known else "; nobody measured the old release, so nothing is new"),
        findings=tuple(replace(finding, check=check, run=run) for finding in (*loops, *scans)),
    )


def _loops(activity: Activity, requests: int, before: Mapping[str, Any], most_calls: float) -> Iterator[Finding]:
    looped = {one["text"] for one in before.get("most_called", ()) if one["calls_per_request"] >= most_calls}
    for statement in activity.statements.values():
        if statement.calls / requests >= most_calls and statement.text not in looped:
            yield Finding(
                check="",
                subject=cut(statement.text, _LONGEST_TEXT),
                want=f"fewer than {most_calls:g} calls per request, or as many as before the release",
                have=f"{statement.calls / requests:.1f} calls per request, {statement.mean_ms:.2f} ms each",
                why="one query for each row of an answer (N+1) grows with the data, and slows down the longest first",
                fix="fetch the rows of one answer together: a join, or one statement with = ANY (…)",
                severity=Severity.WARNING,
            )


def _scans(activity: Activity, requests: int, before: Mapping[str, Any]) -> Iterator[Finding]:
    was = before.get("rows_scanned_per_request", {})
    for table, rows in activity.scans.items():
        now, then = rows / requests, was.get(table, 0)
        if now >= _MANY_ROWS and now >= _MORE * then:
            yield Finding(
                check="",
                subject=f"table {table}",
                want=f"at most {max(then, _MANY_ROWS):.0f} rows read without an index per request, as before",
                have=f"{now:.0f} rows per request",
                why="the time of every request grows with the table: an index is missing, or a new query cannot use it",
                fix="find the query with EXPLAIN, and give it an index",
                severity=Severity.WARNING,
            )


def _costs(activity: Activity, requests: int) -> str:
    statements = activity.statements.values()
    if not statements or not requests:
        return "no statement was counted"
    slowest = max(statements, key=lambda one: one.mean_ms)
    dearest = max(statements, key=lambda one: one.total_ms)
    most = max(statements, key=lambda one: one.calls)
    return (
        f"slowest {_cost(slowest)}; most time in all {dearest.total_ms:.0f} ms for {cut(dearest.text, _LONGEST_TEXT)}; "
        f"at most {most.calls / requests:.1f} calls per request"
    )


def _cost(statement: Statement) -> str:
    return f"{statement.mean_ms:.1f} ms for {cut(statement.text, _LONGEST_TEXT)}"
