"""Whether a migration would have to wait for anybody, and whether anybody waits after it."""

from __future__ import annotations

from collections.abc import Iterator

from releasegate.checks.words import some
from releasegate.core import Finding, Judgement, Severity
from releasegate.core.facts.activity import Activity, Prepared, Transaction, Vacuum
from releasegate.core.figures import count

OURS = "releasegate"  # who promises what no release document does
_SHOW = "psql -c 'SELECT pid, usename, state, xact_start FROM pg_stat_activity WHERE pid = {}'"
_SHOW_BLOCKERS = "psql -c 'SELECT pg_blocking_pids({})'"
_SHOW_PREPARED = "psql -c 'TABLE pg_prepared_xacts'"


def nobody_is_in_the_way(activity: Activity, *, longest_s: float) -> Judgement:
    """No transaction older than `longest_s` seconds, prepared one or vacuum against wraparound is in the way.

    Warnings only, since no release document speaks of it. Transactions that the server hides from the role and that
    do not end make it undecided: how old they are nobody can say.
    """
    check = "preflight/can-migrate"
    findings = [
        *_long_ones(check, activity, longest_s),
        *(_waits(check, one, activity) for one in activity.waiting),
        *(_prepared(check, one) for one in activity.prepared if one.tables or one.open_s > longest_s),
        *(_vacuum(check, one) for one in activity.vacuums if one.is_for_wraparound),
    ]
    notes = [f"{count(activity.sessions, 'other session')}, none of them in the way"]
    if activity.hidden:
        notes.append(
            f"{count(activity.hidden, 'session')} hidden from {activity.role}, none with a lasting transaction"
        )
    notes += _vacuums(activity)
    undecided = ""
    if activity.hidden_open:
        undecided = (
            f"{count(activity.hidden_open, 'session')} with a transaction that stayed open for "
            f"{activity.watched_s:.0f} s hidden from {activity.role}: GRANT pg_monitor TO {activity.role} shows how old"
        )
    # The look itself is what was seen: an empty list is the good answer.
    return Judgement(
        seen=1,
        unit="looks at sessions and locks",
        holds="; ".join(notes),
        findings=tuple(findings),
        undecided=undecided,
    )


def nobody_waits(activity: Activity) -> Judgement:
    """Nobody waits for a lock on the change's tables, now that the migration is done."""
    check = "migration/nobody-waits"
    findings = tuple(_waits(check, one, activity) for one in activity.waiting)
    holds = f"{count(activity.sessions, 'other session')}, none waits for a lock on the change's tables"
    return Judgement(seen=1, unit="looks at sessions and locks", holds=holds, findings=findings)


def _long_ones(check: str, activity: Activity, longest_s: float) -> Iterator[Finding]:
    for one in activity.transactions:
        if one.open_s <= longest_s or one.is_waiting:
            continue
        where = some(one.tables) if one.tables else "the database"
        held = f"has held a lock for {one.open_s:.0f} s" if one.tables else f"has been open for {one.open_s:.0f} s"
        yield Finding(
            check=check,
            subject=where,
            want=f"no transaction open for more than {longest_s:.0f} s ({OURS})",
            have=f"pid {one.pid} ({one.user}, {one.state}) {held}",
            why=(
                "the migration waits behind it, and everybody who wants the table waits behind the migration"
                if one.tables
                else "an index that is made CONCURRENTLY waits for it, and dead rows of the backfill stay"
            ),
            fix="let it finish or end it (SELECT pg_terminate_backend(…)), then run this gate again",
            run=_SHOW.format(one.pid),
            severity=Severity.WARNING,
        )


def _vacuums(activity: Activity) -> Iterator[str]:
    """Yield what is known of the server's own vacuums that are no finding."""
    yielding = sorted({one.table for one in activity.vacuums if one.is_for_wraparound is False})
    unknown = sorted({one.table for one in activity.vacuums if one.is_for_wraparound is None})
    if yielding:
        yield f"autovacuum works on {some(yielding)}, and yields"
    if unknown:
        yield (
            f"autovacuum works on {some(unknown)}; whether it yields is hidden from {activity.role}: "
            f"GRANT pg_monitor TO {activity.role}"
        )


def _blockers(one: Transaction, activity: Activity) -> str:
    """Return whom somebody waits for: each with what is known of it, a prepared transaction by what it is."""
    known = {session.pid: f"pid {session.pid} ({session.user}, {session.state})" for session in activity.blockers}
    named = [known.get(pid, f"pid {pid}") if pid else "a prepared transaction" for pid in one.blocked_by]
    return f", behind {some(named)}" if named else ""


def _waits(check: str, one: Transaction, activity: Activity) -> Finding:
    return Finding(
        check=check,
        subject=some(one.tables),
        want=f"nobody waits for a lock on it ({OURS})",
        have=f"pid {one.pid} ({one.user}) has waited in a transaction of {one.open_s:.0f} s{_blockers(one, activity)}",
        why="somebody holds the table: requests that want it hang until they time out",
        fix="find the one who holds it: SELECT pg_blocking_pids(pid)",
        run=_SHOW_BLOCKERS.format(one.pid),
        severity=Severity.WARNING,
    )


def _prepared(check: str, one: Prepared) -> Finding:
    return Finding(
        check=check,
        subject=some(one.tables) if one.tables else "the database",
        want=f"no prepared transaction that nobody ends ({OURS})",
        have=f"{one.gid!r} of {one.user} has been prepared for {one.open_s:.0f} s",
        why="it belongs to no session and keeps its locks, also over a restart: the migration would wait for ever",
        fix="find out whose it is, then COMMIT PREPARED or ROLLBACK PREPARED",
        run=_SHOW_PREPARED,
        severity=Severity.WARNING,
    )


def _vacuum(check: str, one: Vacuum) -> Finding:
    return Finding(
        check=check,
        subject=one.table,
        want=f"no vacuum against wraparound on it ({OURS})",
        have="one is at work",
        why="other vacuums yield to a migration, this one does not: the migration waits until it is done",
        fix="wait for its end, or run VACUUM (FREEZE) in a quiet hour before the release",
        run="psql -c 'TABLE pg_stat_progress_vacuum'",
        severity=Severity.WARNING,
    )
