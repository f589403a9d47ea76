"""Indexes that serve their queries, and those that only look as if."""

from __future__ import annotations

from dataclasses import replace

import pytest

from releasegate.checks import plans as checks
from releasegate.core import Verdict
from releasegate.core.facts.catalog import IndexFacts, SchemaFacts
from releasegate.core.facts.plans import QueryPlan
from releasegate.probes.plans import as_select

WHOLE = IndexFacts(
    name="i", table="m", method="gin", columns=("a",), predicate=None, is_valid=True, is_ready=True
)  # fmt: skip
SCHEMA = SchemaFacts(tables={"m": "public.m"}, indexes=(WHOLE,))
OWN = QueryPlan(sql="SELECT 1 FROM m WHERE a = 1", index="i", source="runbook 3", is_promised=True, used=("i",))
BACK = replace(OWN, is_promised=False, source="runbook rollback")


def test_queries_that_use_their_index_pass():
    judgement = checks.indexes_serve([OWN, replace(BACK, used=("another",))], SCHEMA)
    assert judgement.verdict is Verdict.PASS
    assert judgement.sentence == "2 queries planned: runbook 3 uses i, runbook rollback uses another"


def test_a_promised_query_that_its_index_cannot_serve_fails():
    judgement = checks.indexes_serve([replace(OWN, used=())], SCHEMA)
    assert judgement.verdict is Verdict.FAIL
    assert str(judgement.findings[0]) == (
        "migration/indexes-usable: i\n"
        "  want: it serves: SELECT 1 FROM m WHERE a = 1 (runbook 3)\n"
        "  have: it reads the whole table, also without other choice\n"
        "  why:  the new release's own query gets slower with every row\n"
        "  fix:  compare the index's method, columns and predicate with the query\n"
        '  run:  psql -c "SET enable_seqscan = off" -c "EXPLAIN SELECT 1 FROM m WHERE a = 1"'
    )


@pytest.mark.parametrize(
    ("plan", "have"),
    [
        (replace(OWN, used=("other",)), "it uses other instead"),
        (replace(OWN, used=(), sqlstate="42703", message="no a"), "it has no plan: 42703: no a"),
    ],
)
def test_another_index_or_no_plan_is_said(plan, have):
    judgement = checks.indexes_serve([plan], SCHEMA)
    assert (judgement.verdict, judgement.findings[0].have) == (Verdict.FAIL, have)


def test_a_way_back_that_no_index_serves_is_a_warning():
    assert checks.indexes_serve([replace(BACK, used=())], SCHEMA).verdict is Verdict.WARN


@pytest.mark.parametrize(
    ("plans", "schema"),
    [
        ([], SCHEMA),
        ([replace(OWN, used=())], SchemaFacts(tables={})),
        ([replace(OWN, used=())], replace(SCHEMA, indexes=(replace(WHOLE, is_valid=False),))),
        ([replace(BACK, used=(), sqlstate="42703")], SCHEMA),
    ],
)
def test_what_other_checks_judge_is_nothing_here(plans, schema):
    assert checks.indexes_serve(plans, schema).verdict is Verdict.NOT_APPLICABLE


@pytest.mark.parametrize(
    ("statement", "select"),
    [
        ("UPDATE m SET a = 1, b = now() WHERE a @> '[1]'::jsonb;", "SELECT 1 FROM m WHERE a @> '[1]'::jsonb"),
        ("\n-- back\nupdate only s.m as t\n set a = NULL\n where t.a > 1\n", "SELECT 1 FROM s.m as t WHERE t.a > 1"),
        ('DELETE FROM "M" WHERE a = 1 RETURNING id', 'SELECT 1 FROM "M" WHERE a = 1'),
        ("UPDATE m SET a = 1", ""),
        ("UPDATE m SET a = o.a FROM o WHERE o.id = m.id", ""),
        ("DROP INDEX i", ""),
        ("UPDATE m SET a = 1 WHERE b; DELETE FROM m WHERE c", ""),
    ],
)  # fmt: skip
def test_a_write_is_planned_as_a_select_with_its_condition(statement, select):
    assert as_select(statement) == select
