"""Whether the database stayed well: sessions and locks, slow statements, and new rows in the new form."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from releasegate.checks.latency import NOTICEABLE
from releasegate.checks.watch.enough import why_too_few
from releasegate.checks.watch.health import least_seen
from releasegate.checks.watch.promise import OURS, Before, WatchPromise
from releasegate.checks.watch.rules import figure, of_signal
from releasegate.core import Finding, Judgement, Severity
from releasegate.core.facts.watch import Round, Statement
from releasegate.core.figures import count
from releasegate.core.lines import cut

_MOST_FINDINGS = 5
_FEWEST_CALLS = 5  # of a statement during the watch; a mean of fewer says nothing
_SHOWN = 90  # characters of a statement
_WELL = {
    "connections": (
        "when no connection is left, every request fails at once",
        "look for sessions that are opened and never closed (pg_stat_activity), and at the size of the pool",
    ),
    "waiting": (
        "sessions that queue behind a lock make the page wait, and the queue grows",
        "see who holds what (pg_blocking_pids); end the transaction that everybody waits for",
    ),
    "longest-transaction": (
        "an old transaction holds its locks and keeps dead rows from being cleaned away",
        "see in pg_stat_activity whose it is and what it does",
    ),
    "rollbacks": (
        "a transaction that is rolled back is a request that failed, or one that is tried again and again",
        "read the database's log of that time for the statements that failed",
    ),
    "deadlocks": (
        "PostgreSQL ends one of two sessions that wait for each other, and its request fails",
        "the database's log names both statements",
    ),
}


def database_stayed_well(rounds: Sequence[Round], promise: WatchPromise, before: Before) -> Judgement:
    """Judge connections, waits for locks, old transactions, rollbacks and deadlocks by their rules."""
    check = "monitoring/database-stayed-well"
    looks = [one.database for one in rounds if one.database]
    findings = [
        finding
        for name, (why, fix) in _WELL.items()
        for finding in of_signal(check, name, rounds, promise, before, why=why, fix=fix)[1]
    ]
    most = max((look.connections for look in looks), default=0)
    hidden = max((look.hidden for look in looks), default=0)
    holds = f"at most {count(most, 'connection')}, no queue, no deadlock in {count(len(looks), 'round')}"
    holds += f"; {count(hidden, 'session')} hidden from this role" if hidden else ""
    least, reasons = least_seen(rounds, promise), [one.database_error for one in rounds]
    return Judgement(
        seen=len(looks),
        least=least,
        unit="rounds that looked at the database",
        holds=holds,
        findings=tuple(findings),
        undecided=why_too_few(len(looks), least, len(rounds), "looked at the database", reasons),
    )


def statements_stayed_fast(rounds: Sequence[Round], promise: WatchPromise, before: Before) -> Judgement:
    """Judge the statements on the change's tables by what they took before the release; at most warnings.

    The document says to watch them and gives no limit. Where they cannot be seen that is the warning, so that nobody
    takes the box for ticked.
    """
    check = "monitoring/slow-queries"
    first, last = _first_and_last(rounds)
    if first is None or last is None:
        return _unseen(check, rounds, promise)
    meanwhile = [found for now in last.values() if (found := _since(first.get(now.id), now))]
    calm = {one.id: one for one in _statements(before.rounds[-1]).values()} if before.rounds else {}
    slow = sorted(_slower(check, meanwhile, calm, promise), key=lambda pair: -pair[0])
    return Judgement(
        seen=len(last),
        unit="kinds of statement on the change's tables",
        holds=_slowest_text(meanwhile, bool(calm)),
        findings=tuple(finding for _, finding in slow[:_MOST_FINDINGS]),
        undecided="" if last else "no statement of another role on the change's tables was seen",
    )


def _statements(one: Round) -> dict[str, Statement]:
    found = one.database.statements if one.database else None
    return {statement.id: statement for statement in found or ()}


def _first_and_last(rounds: Sequence[Round]) -> tuple[Mapping[str, Statement] | None, Mapping[str, Statement] | None]:
    seen = [one for one in rounds if one.database and one.database.statements is not None]
    return (_statements(seen[0]), _statements(seen[-1])) if len(seen) > 1 else (None, None)


def _since(before: Statement | None, now: Statement) -> Statement | None:
    """Return what a statement did between two looks; None for too little, and after the statistics were reset."""
    calls = now.calls - (before.calls if before else 0)
    total_ms = now.total_ms - (before.total_ms if before else 0.0)
    if calls < _FEWEST_CALLS or total_ms < 0:
        return None
    return Statement(id=now.id, text=now.text, calls=calls, total_ms=total_ms)


def _slower(
    check: str, meanwhile: Sequence[Statement], calm: Mapping[str, Statement], promise: WatchPromise
) -> Iterator[tuple[float, Finding]]:
    limit_ms = promise.limit.ms if promise.limit else 500.0
    for now in meanwhile:
        was = calm.get(now.id)
        if was is None:
            allowed, want = limit_ms, f"a statement takes less than a whole answer may: {limit_ms:g} ms"
        else:
            allowed = max(was.mean_ms * promise.slower_factor, was.mean_ms + limit_ms * NOTICEABLE)
            want = f"at most {figure(allowed)} ms; before the release it took {figure(was.mean_ms)} ms"
        if now.mean_ms > allowed:
            yield now.total_ms, _slow(check, now, f"{want} ({promise.queries_source})")


def _slow(check: str, now: Statement, want: str) -> Finding:
    return Finding(
        check=check,
        subject=cut(now.text, _SHOWN),
        want=want,
        have=f"{figure(now.mean_ms)} ms, the mean of {count(now.calls, 'call')} during the watch",
        why="what every request waits for makes the whole page slow, first when many are at work",
        fix="EXPLAIN it: most often an index of the release is missing, or is there and not used",
        severity=Severity.WARNING,
    )


def _slowest_text(meanwhile: Sequence[Statement], has_before: bool) -> str:  # noqa: FBT001  one fact of a sentence
    slowest = max(meanwhile, key=lambda one: one.mean_ms, default=None)
    if slowest is None:
        return f"none ran {_FEWEST_CALLS} times during the watch"
    told = "compared with before the release" if has_before else "what they took before the release is not known"
    return f"the slowest of {len(meanwhile)} takes {figure(slowest.mean_ms)} ms in the mean; {told}"


def _unseen(check: str, rounds: Sequence[Round], promise: WatchPromise) -> Judgement:
    looks = [one.database for one in rounds if one.database]
    why = next((look.statements_error for look in looks if look.statements_error), "")
    if not looks or not why:
        return Judgement(seen=0, unit="looks at the statements", holds="", undecided=why or "nobody looked twice")
    finding = Finding(
        check=check,
        subject="pg_stat_statements",
        want=f"slow queries are watched ({promise.queries_source})",
        have=f"they could not be: {why}",
        why="nobody knows which statement of the release is slow",
        fix="CREATE EXTENSION pg_stat_statements, GRANT pg_monitor to the gate's role; or look by hand and attest it",
        severity=Severity.WARNING,
    )
    return Judgement(seen=1, unit="looks at the statements", holds="", findings=(finding,))


def new_rows_in_new_form(rounds: Sequence[Round], promise: WatchPromise) -> Judgement:
    """Judge that every row with media that was written during the watch has the new column filled.

    No such row at all is not applicable, with the rows that were counted; the followup gate counts again.
    """
    check = "monitoring/new-rows-in-new-form"
    looks = [one.database for one in rounds if one.database]
    counted = [look.new_rows for look in looks if look.new_rows]
    if not counted:
        why = next((look.rows_error for look in reversed(looks) if look.rows_error), "no round could look")
        return _uncounted(check, why, looks != [], promise)
    last = counted[-1]
    if not last.media:
        said = f"{count(last.total, 'row')} written during the watch, none of them with media"
        return Judgement(seen=0, unit="new rows with media", holds="", not_applicable=said)
    findings: tuple[Finding, ...] = ()
    if last.old_form:
        findings = (
            Finding(
                check=check,
                subject="new rows",
                want=f"every new row with media is written in the new form ({promise.rows_source})",
                have=f"{last.old_form} of {count(last.media, 'row')} with media, written since {last.since}, are not",
                why="an old writer is still at work: these pictures are missing in the new page",
                fix="find out who writes them (an old process, a worker, an import), stop it, run the backfill again",
            ),
        )
    holds = f"{count(last.media, 'new row')} with media, all in the new form; {last.total} new rows in all"
    return Judgement(seen=last.media, unit="new rows with media", holds=holds, findings=findings)


def _uncounted(check: str, why: str, could_look: bool, promise: WatchPromise) -> Judgement:  # noqa: FBT001  one fact
    """Return what is known where no new row was counted: a warning where it would cost too much, else nothing."""
    if not could_look:
        return Judgement(seen=0, unit="new rows with media", holds="", undecided=why)
    finding = Finding(
        check=check,
        subject="new rows",
        want=f"new rows are looked at ({OURS}; {promise.rows_source})",
        have=f"they were not: {why}",
        why="whether an old writer is still at work is not known yet",
        fix="run the followup gate: it counts every row",
        severity=Severity.WARNING,
    )
    return Judgement(seen=1, unit="looks at new rows", holds="", findings=(finding,))
