"""What the planner would do with a query."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class QueryPlan:
    """A query planned without sequential scans, so that it uses an index wherever one can serve it.

    `index` is the one that it should use; `used` are those in the plan; `sqlstate` and `message` where there is none.
    `is_promised` tells a query that the change names from a statement of the way back.
    """

    sql: str
    index: str
    source: str
    is_promised: bool
    used: tuple[str, ...] = ()
    sqlstate: str = ""
    message: str = ""
