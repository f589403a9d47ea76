"""What the check of dead rows and old statistics says, and when it stays silent."""

from __future__ import annotations

from dataclasses import replace

import pytest

from releasegate.checks import upkeep as checks
from releasegate.core import Verdict
from releasegate.core.facts.upkeep import Upkeep

FRESH = Upkeep(
    table="messages", alive=20_000, dead=10, changed=20, is_automatic=False, analyze_at=2_050, vacuum_at=4_050
)


def judge(**changed):
    found = replace(FRESH, **changed)
    return checks.table_is_kept_up("backfill/upkeep", found, source="PostgreSQL's own limits", command="psql …")


def test_a_table_that_nobody_sees_to_is_a_warning_with_the_command():
    judgement = judge(dead=7_000, changed=7_000)
    (finding,) = judgement.findings
    assert judgement.verdict is Verdict.WARN
    assert str(finding) == (
        "backfill/upkeep: messages\n"
        "  want: at most 4 050 dead rows, 2 050 changed (PostgreSQL's own limits)\n"
        "  have: 7 000 dead rows, 7 000 rows changed since the statistics were taken; autovacuum is off here\n"
        "  why:  the planner still believes in the table before the backfill: the inbox can become slow at any time\n"
        "  fix:  as the table's owner: VACUUM (ANALYZE) messages\n"
        "  run:  psql …"
    )


def test_old_statistics_alone_need_no_vacuum():
    (finding,) = judge(changed=2_051, held_s=5_400).findings
    assert finding.fix == "as the table's owner: ANALYZE messages"


def test_that_autovacuum_comes_by_itself_is_said():
    """A warning all the same: what comes in a minute or two is late for the frontend that is deployed next."""
    judgement = judge(dead=9_000, changed=9_000, is_automatic=True, held_s=599)
    (finding,) = judgement.findings
    assert judgement.verdict is Verdict.WARN
    assert finding.have.endswith("; autovacuum comes by itself, within minutes as a rule")
    assert finding.fix == "as the table's owner: VACUUM (ANALYZE) messages"


def test_dead_rows_that_no_vacuum_may_take_are_a_warning():
    """Autovacuum comes, and goes again: a transaction from before the backfill may still read them."""
    judgement = judge(dead=9_000, changed=9_000, is_automatic=True, held_s=5_400)
    (finding,) = judgement.findings
    assert judgement.verdict is Verdict.WARN
    assert finding.have.endswith("; vacuum takes none of them: a transaction is open for 1 h 30 min")
    assert finding.fix == "end what stays open; then, as the table's owner: VACUUM (ANALYZE) messages"


@pytest.mark.parametrize("changed", [{}, {"dead": 4_050, "changed": 2_050}, {"held_s": 5_400}])
def test_few_are_silent(changed):
    assert judge(**changed).verdict is Verdict.PASS


def test_no_table_cannot_tell():
    judgement = checks.table_is_kept_up("backfill/upkeep", None, source="", command="")
    assert judgement.verdict is Verdict.INCONCLUSIVE
