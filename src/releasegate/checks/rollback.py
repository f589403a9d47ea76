"""Whether the way back led back: nothing of the release is left in the rows, and nothing of people's is gone."""

from __future__ import annotations

from releasegate.checks.rows import is_own
from releasegate.checks.words import number
from releasegate.core import Finding, Judgement
from releasegate.core.facts.rows import Flag, RowCounts
from releasegate.core.figures import count


def nothing_left_behind(counts: RowCounts, *, source: str) -> Judgement:
    """No row carries the backfill's marker any more."""
    if not counts.target_type:
        gone = f"{counts.table} has no {counts.target} any more"
        return Judgement(seen=1, unit="columns", holds=gone)
    marked = counts.having(Flag.MARKED)
    findings: tuple[Finding, ...] = ()
    if marked:
        findings = (
            Finding(
                check="rollback/nothing-left-behind",
                subject=counts.table,
                want=f"0 rows carry the backfill's marker ({source})",
                have=f"{count(marked, 'row')} do",
                why="the old release meets rows that it did not write; a second backfill would skip them",
                fix="run the rollback's statement again and read how many rows it says it changed",
            ),
        )
    holds = f"none of {count(counts.total, 'row')} carries the marker"
    return Judgement(seen=counts.total, unit="rows", holds=holds, findings=findings)


def own_data_kept(counts: RowCounts, before: RowCounts | None, *, source: str) -> Judgement:
    """What people attached themselves since the release is still there, counted against the last look before."""
    if before is None:
        undecided = "no look at the rows before the rollback is on record (gate backfill)"
        return Judgement(seen=0, unit="rows", holds="", undecided=undecided)
    theirs = before.where(lambda flags: is_own(flags, before))
    if not theirs:
        nothing = f"nobody had attached anything themselves: 0 of {count(before.total, 'row')}"
        return Judgement(seen=0, unit="rows", holds="", not_applicable=nothing)
    kept = counts.having(Flag.FILLED, without=Flag.MARKED)
    findings: tuple[Finding, ...] = ()
    if kept < theirs:
        findings = (
            Finding(
                check="rollback/own-data-kept",
                subject=counts.table,
                want=f"{count(theirs, 'row')} with what people attached themselves ({source})",
                have=f"{number(kept)}: {number(theirs - kept)} are empty",
                why="the rollback took more than the backfill had written: this is customers' data",
                fix="restore these rows' column from a dump taken before the rollback",
            ),
        )
    holds = f"{count(kept, 'row')} with what people attached themselves, {number(theirs)} before the rollback"
    return Judgement(seen=counts.total, unit="rows", holds=holds, findings=findings)
