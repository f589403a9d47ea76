"""Dead rows and room that nobody uses: a word when nobody will come for them, silence while somebody may."""

from __future__ import annotations

from dataclasses import replace

import pytest

from releasegate.checks.bloat import tables_stayed_lean
from releasegate.core import Verdict
from releasegate.core.facts.upkeep import Upkeep
from releasegate.core.facts.watch import TableLook

WARN, PASS = Verdict.WARN, Verdict.PASS
HOUR_S, DAY_S = 3600.0, 86_400.0
LEAN = TableLook(size_bytes=10**9, live=10**6, dead=1000, inserted=10**6)
MANY = replace(LEAN, dead=501_001)
SEEN_TO = Upkeep(
    table="messages", alive=10**6, dead=501_001, changed=0, is_automatic=True, analyze_at=100_050, vacuum_at=200_050,
    vacuumed_ago_s=DAY_S,
)  # fmt: skip


def judge(now=MANY, before=None, released_s=DAY_S, **upkeep):
    return tables_stayed_lean(
        {"messages": now}, {"messages": before} if before else {}, {"messages": replace(SEEN_TO, **upkeep)},
        released_s=released_s,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("now", "before", "verdict"),
    [
        (LEAN, LEAN, PASS),
        (replace(LEAN, dead=501_000), LEAN, PASS),
        (MANY, LEAN, WARN),
        (replace(LEAN, live=100, dead=900), LEAN, PASS),
        (replace(LEAN, size_bytes=1_600_000_000), LEAN, WARN),
        (replace(LEAN, size_bytes=1_400_000_000), LEAN, PASS),
        (replace(LEAN, size_bytes=1_600_000_000, live=2 * 10**6), LEAN, PASS),
        (replace(LEAN, size_bytes=90_000_000, live=10), replace(LEAN, size_bytes=1_000_000, live=10), PASS),
        (replace(LEAN, size_bytes=9_000_000_000), None, PASS),
    ],
)
def test_a_table_grows_with_its_rows(now, before, verdict):
    """Dead rows and bytes per row; small tables and new rows are no news."""
    assert judge(now, before).verdict is verdict


@pytest.mark.parametrize(
    ("given", "verdict"),
    [
        ({"released_s": 60.0}, PASS),  # right after the backfill
        ({"released_s": HOUR_S - 1}, PASS),
        ({"released_s": HOUR_S}, WARN),
        ({"released_s": 60.0, "vacuumed_ago_s": None}, PASS),
        ({"released_s": None, "vacuumed_ago_s": None}, WARN),  # it never came
        ({"released_s": 60.0, "is_automatic": False}, WARN),  # and never will
        ({"vacuumed_ago_s": 40.0}, PASS),  # it came a moment ago, and these are new
        ({"vacuumed_ago_s": 40.0, "held_s": HOUR_S - 1}, PASS),
        ({"vacuumed_ago_s": 40.0, "held_s": HOUR_S}, WARN),  # it comes and comes, and may not
        ({"released_s": 40.0, "held_s": HOUR_S}, PASS),
        ({"is_vacuumed_now": True}, PASS),
        ({"vacuum_at": 600_000}, PASS),  # somebody wants it to come later
    ],
)
def test_dead_rows_are_a_finding_when_nobody_will_take_them_away(given, verdict):
    """Not while autovacuum takes care of the table and has not had an hour for it."""
    assert judge(**given).verdict is verdict


def test_dead_rows_that_stay_are_said_in_full():
    """The limit, both numbers, and why they stay."""
    (finding,) = judge().findings
    assert str(finding) == (
        "followup/table-growth: messages\n"
        "  want: at most 501 000 dead rows once autovacuum had the time (releasegate)\n"
        "  have: 501 001 dead rows beside 1 000 000 live ones; no vacuum was here for 24 h 00 min\n"
        "  why:  dead rows are read with the others, and the table grows\n"
        "  fix:  end transactions that stay open, look at autovacuum's settings of the table, and VACUUM messages"
    )


@pytest.mark.parametrize(
    ("given", "why"),
    [
        ({"is_automatic": False}, "autovacuum is off here"),
        ({"released_s": None, "vacuumed_ago_s": None}, "no vacuum was here since the statistics were reset"),
        ({"vacuumed_ago_s": 40.0, "held_s": 7200.0},
         "vacuum was here 40 s ago and takes none: a transaction is open for 2 h 00 min"),
    ],
)  # fmt: skip
def test_what_keeps_dead_rows_is_told(given, why):
    """Each of the ways."""
    (finding,) = judge(**given).findings
    assert finding.have == f"501 001 dead rows beside 1 000 000 live ones; {why}"


def test_dead_rows_that_wait_for_autovacuum_are_told():
    """With the time it has had, so that nobody takes them for none."""
    assert judge(released_s=58.0).sentence == "messages 1.0 GB, 501 001 dead rows, which autovacuum has had 58 s for"


def test_no_table_is_no_verdict():
    """Nothing was looked at."""
    assert tables_stayed_lean({}, {}, {}, released_s=None).verdict is Verdict.INCONCLUSIVE
