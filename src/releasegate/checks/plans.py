"""Whether the new indexes serve the queries that they were made for."""

from __future__ import annotations

from collections.abc import Sequence

from releasegate.checks.words import some
from releasegate.core import Finding, Judgement, Severity
from releasegate.core.facts.catalog import SchemaFacts
from releasegate.core.facts.plans import QueryPlan
from releasegate.core.figures import count


def indexes_serve(plans: Sequence[QueryPlan], schema: SchemaFacts) -> Judgement:
    """Every query that the change names can use its index; a way back that no index serves is a warning.

    An index that is missing or invalid serves nothing, and is judged by its own check; so is a statement of the way
    back that cannot be planned.
    """
    judged = [plan for plan in plans if _is_whole(schema, plan.index) and (plan.is_promised or not plan.sqlstate)]
    findings = tuple(_serves_not(plan) for plan in judged if not _is_served(plan))
    return Judgement(
        seen=len(judged),
        unit="plans",
        holds=f"{count(len(judged), 'query', 'queries')} planned: {some([_how(plan) for plan in judged])}",
        findings=findings,
        not_applicable=""
        if judged
        else f"0 of {count(len(plans), 'query', 'queries')} of the release meet a whole index",
    )


def _is_whole(schema: SchemaFacts, name: str) -> bool:
    found = schema.index(name)
    return found is not None and found.is_valid and found.is_ready


def _is_served(plan: QueryPlan) -> bool:
    """A promised query is served by its own index, a way back by whichever."""
    return plan.index in plan.used if plan.is_promised else bool(plan.used)


def _how(plan: QueryPlan) -> str:
    return f"{plan.source} uses {some(plan.used)}"


def _serves_not(plan: QueryPlan) -> Finding:
    have = f"it uses {some(plan.used)} instead" if plan.used else "it reads the whole table, also without other choice"
    if plan.sqlstate:
        have = f"it has no plan: {plan.sqlstate}: {plan.message}"
    query = " ".join(plan.sql.split())
    return Finding(
        check="migration/indexes-usable",
        subject=plan.index,
        want=f"it serves: {query[:160]} ({plan.source})",
        have=have,
        why=(
            "the new release's own query gets slower with every row"
            if plan.is_promised
            else "the way back holds its lock for as long as it reads the whole table; a partial index only serves "
            "queries that repeat its condition"
        ),
        fix="compare the index's method, columns and predicate with the query",
        run=f'psql -c "SET enable_seqscan = off" -c "EXPLAIN {query}"',
        severity=Severity.ERROR if plan.is_promised else Severity.WARNING,
    )
