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
    """Judge that dead rows and old statistics are few: fewer than the server's own autovacuum waits for.

    No release document promises either, so more is a warning, with the statement that need not wait for autovacuum
    and with what is known of when that comes. `command` shows it again; {sql} stands where the statement goes.
    """
    if found is None:
        return Judgement(seen=0, unit="tables", holds="", undecided="the table is not there")
    is_stale, is_bloated = found.changed > found.analyze_at, found.dead > found.vacuum_at
    figures = f"{count(found.dead, 'dead row')}, {count(found.changed, 'row')} changed since the statistics were taken"
    if not (is_stale or is_bloated):
        return Judgement(seen=1, unit="tables", holds=f"{figures}: few for {count(found.alive, 'row')}")
    statement = f"{'VACUUM (ANALYZE)' if is_bloated else 'ANALYZE'} {found.table}"
    held = _held(found) if is_bloated else ""
    finding = Finding(
        check=check,
        subject=found.table,
        want=f"at most {count(found.vacuum_at, 'dead row')}, {number(found.analyze_at)} changed ({source})",
        have=f"{figures}; {held or _when(found)}",
        why="the planner still believes in the table before the backfill: the inbox can become slow at any time",
        fix=f"{'end what stays open; then, ' if held else ''}as the table's owner: {statement}",
        run=command,
        severity=Severity.WARNING,
    )
    return Judgement(seen=1, unit="tables", holds="", findings=(finding,))


def _held(found: Upkeep) -> str:
    """Return what keeps every vacuum from taking the dead rows, "" for nothing."""
    held_s = found.held_s or 0.0
    return f"vacuum takes none of them: a transaction is open for {show_duration(held_s)}" if held_s >= _HELD_S else ""


def _when(found: Upkeep) -> str:
    return "autovacuum comes by itself, within minutes as a rule" if found.is_automatic else "autovacuum is off here"
