"""Whether somebody clears up after a backfill: dead rows, and statistics that still speak of the table before it."""

from __future__ import annotations

from releasegate.checks.words import number
from releasegate.core import Finding, Judgement, Severity
from releasegate.core.facts.upkeep import Upkeep
from releasegate.core.figures import count


def table_is_kept_up(check: str, found: Upkeep | None, *, source: str, command: str) -> Judgement:
    """Judge that dead rows and old statistics are few, or that autovacuum sees to them.

    No release document promises either, so what nobody sees to is a warning, with the command. `command` shows it
    again; {sql} stands where the statement goes.
    """
    if found is None:
        return Judgement(seen=0, unit="tables", holds="", undecided="the table is not there")
    is_stale, is_bloated = found.changed > found.analyze_at, found.dead > found.vacuum_at
    figures = f"{count(found.dead, 'dead row')}, {count(found.changed, 'row')} changed since the statistics were taken"
    if not (is_stale or is_bloated):
        return Judgement(seen=1, unit="tables", holds=f"{figures}: few for {count(found.alive, 'row')}")
    statement = f"{'VACUUM (ANALYZE)' if is_bloated else 'ANALYZE'} {found.table}"
    seen_to = f"{figures}; autovacuum sees to it within minutes, {statement} does now"
    finding = Finding(
        check=check,
        subject=found.table,
        want=f"at most {count(found.vacuum_at, 'dead row')}, {number(found.analyze_at)} changed ({source})",
        have=f"{figures}; autovacuum is off here",
        why="the planner still believes in the table before the backfill: the inbox can become slow at any time",
        fix=f"as the table's owner: {statement}",
        run=command,
        severity=Severity.WARNING,
    )
    return Judgement(seen=1, unit="tables", holds=seen_to, findings=() if found.is_automatic else (finding,))
