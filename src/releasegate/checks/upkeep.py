"""Whether somebody clears up after a backfill: dead rows, and statistics that still speak of the table before it."""

from __future__ import annotations

from typing import Final

from releasegate.checks.words import number
from releasegate.core import Finding, Judgement, Severity
from releasegate.core.durations import show_duration
from releasegate.core.facts.upkeep import Upkeep
from releasegate.core.figures import count

_HELD_S: Final = 600.0  # open for that long, a transaction is no ordinary one, and vacuum has waited for it in vain


def table_is_kept_up(check: str, found: Upkeep | None, *, source: str, command: str) -> Judgement:
    """Judge that dead rows and old statistics are few, or that autovacuum will see to them and may.

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
    in_vain = _why_in_vain(found, is_bloated=is_bloated)
    seen_to = f"{figures}; autovacuum sees to it within minutes, {statement} does now"
    finding = Finding(
        check=check,
        subject=found.table,
        want=f"at most {count(found.vacuum_at, 'dead row')}, {number(found.analyze_at)} changed ({source})",
        have=f"{figures}; {in_vain}",
        why="the planner still believes in the table before the backfill: the inbox can become slow at any time",
        fix=f"{'end what stays open; then, ' if found.is_automatic else ''}as the table's owner: {statement}",
        run=command,
        severity=Severity.WARNING,
    )
    return Judgement(seen=1, unit="tables", holds=seen_to, findings=(finding,) if in_vain else ())


def _why_in_vain(found: Upkeep, *, is_bloated: bool) -> str:
    """Return why autovacuum will not see to the table, "" where it will."""
    if not found.is_automatic:
        return "autovacuum is off here"
    if is_bloated and (found.held_s or 0.0) >= _HELD_S:
        return f"vacuum takes none of them: a transaction is open for {show_duration(found.held_s or 0.0)}"
    return ""
