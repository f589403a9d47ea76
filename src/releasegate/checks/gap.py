"""Whether people's writes go on between the new code and the new schema. Runbook: the gap between steps 2 and 3.

The new backend runs before its columns are there. What it fails to write then is lost, or comes again only when
whoever sent it (a webhook) tries again.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from releasegate.checks import logs, naming
from releasegate.core import Finding, Judgement, Severity
from releasegate.core.facts.arrivals import Arrivals
from releasegate.core.facts.logs import LogSlice
from releasegate.core.figures import count

ENOUGH = 10  # rows that were to be expected: with as many, none at all happens by chance once in 20 000 times
FEW = 0.1  # of what was to be expected: where 50 were to be expected, 5 come by chance once in 10^15 times (Poisson)
ENOUGH_FOR_FEW = 50
_LOST = "what the backend cannot write is lost, or waits for whoever sent it to try again"


def writes_go_on(
    check: str,
    log: LogSlice | None,
    started: datetime | None,
    promise: logs.LogPromise,
    known: Iterable[str] | None,
    *,
    columns: Sequence[str],
    came: Arrivals | None,
    usual: Arrivals | None,
    migrated: datetime | None = None,
) -> Judgement:
    """Judge that no new error of the backend names a column of the release, and that rows come as usual.

    `known` are the shapes of errors from before, None where nobody looked: then an error is a warning. So is one
    from before `migrated`, when the columns were there: it is over, but its write was lost. `came` are the rows since
    the backend started, `usual` those before the release.
    """
    fresh = logs.since_start(log, started, promise.started) if log else None
    lines = len(fresh.lines) if fresh else 0
    failing = naming.errors_naming(fresh, promise, known, (*promise.names, *columns), until=migrated) if fresh else ()
    findings = [_failing(check, fresh, error, promise.source) for error in failing if fresh]
    findings += _silence(check, came, usual)
    rows = came.rows if came else 0
    notes = [f"{count(lines, 'line')} of the backend, no new error about the release"] if lines else []
    if came:
        before = f", {usual.per_minute:.1f} before" if usual else ""
        notes.append(f"{count(rows, 'new row')} in {came.minutes:.1f} min ({came.per_minute:.1f} a minute{before})")
    return Judgement(
        seen=lines + rows,
        unit="log lines and new rows since the start",
        holds="; ".join(notes),
        findings=tuple(findings),
    )


def _failing(check: str, log: LogSlice, error: naming.NewError, source: str) -> Finding:
    is_over = " before the migration; none since" if error.is_over else ""
    return Finding(
        check=check,
        subject=f"{log.part} ({log.source})",
        want=f"no new error about {error.names} ({source})",
        have=f"{count(error.seen, 'line')}{is_over}: {error.shape}",
        why=_LOST,
        fix=(
            "find out which writes these were, and have them sent again"
            if error.is_over
            else "run the migration at once if only its columns are missing; else go back as step 2 of the runbook says"
        ),
        run=log.seen_with,
        severity=Severity.WARNING if error.is_over or not error.has_baseline else Severity.ERROR,
    )


def _silence(check: str, came: Arrivals | None, usual: Arrivals | None) -> list[Finding]:
    if came is None or usual is None:
        return []
    expected = usual.per_minute * came.minutes
    if expected < ENOUGH or (came.rows and (expected < ENOUGH_FOR_FEW or came.rows > FEW * expected)):
        return []
    return [
        Finding(
            check=check,
            subject=came.table,
            want=f"about {expected:.0f} new rows in {came.minutes:.0f} min, as before (releasegate)",
            have=count(came.rows, "new row"),
            why=_LOST,
            fix="send a message through the application and look for it; read the backend's log",
            severity=Severity.WARNING,
        )
    ]
