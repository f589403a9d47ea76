"""The one list of gates, in the order of the runbook."""

from __future__ import annotations

from datetime import timedelta

from releasegate.core.gate import Bond, Gate

GATES: tuple[Gate, ...] = (
    Gate(
        marker="preflight",
        phase="preflight",
        question="can we start, and could we get back?",
        runbook="prerequisites",
    ),
    Gate(
        marker="backup",
        phase="preflight",
        question="could we restore this, now, from this file?",
        runbook="step 1",
        requires=("preflight",),
        may_change=frozenset({Bond.BACKEND}),
    ),
    Gate(
        marker="backend",
        phase="post_migration",
        question="is the new backend the one answering, and healthy?",
        runbook="step 2",
        requires=("backup",),
        may_change=frozenset({Bond.CATALOG, Bond.BACKFILLED}),
    ),
    Gate(
        marker="migration",
        phase="post_migration",
        question="is the schema what the release promised, and nothing else?",
        runbook="step 3",
        requires=("backend",),
        may_change=frozenset({Bond.BACKFILLED}),
    ),
    Gate(
        marker="backfill",
        phase="post_migration",
        question="does every row hold what it should?",
        runbook="step 4",
        requires=("migration",),
        may_change=frozenset({Bond.FRONTEND}),
    ),
    Gate(
        marker="frontend",
        phase="smoke",
        question="is the new frontend the one served, clean, and can one log in?",
        runbook="step 5",
        requires=("backfill",),
        max_age=timedelta(days=8),
        is_released=True,
        workers=2,
    ),
    Gate(
        marker="smoke",
        phase="smoke",
        question="do people see what they should, in a real browser?",
        runbook="step 6.1-6.4",
        requires=("frontend",),
        max_age=timedelta(days=8),
        is_released=True,
        workers=2,
    ),
    Gate(
        marker="perf",
        phase="perf",
        question="is the API below its limit, with known confidence?",
        runbook="step 6.5",
        requires=("frontend",),
        max_age=timedelta(days=8),
        is_released=True,
    ),
    Gate(
        marker="monitoring",
        phase="monitoring",
        question="did it stay well for two hours?",
        runbook="step 7",
        requires=("frontend",),
        # Days lie behind it: an index may become invalid meanwhile, and followup judges that instead of being blocked.
        may_change=frozenset({Bond.CATALOG}),
        max_age=timedelta(days=8),
        is_released=True,
    ),
    Gate(
        marker="rollback",
        phase="rollback",
        question="are we really back where we were?",
        runbook="emergency rollback",
    ),
    Gate(
        marker="followup",
        phase="monitoring",
        question="is it still well after a day, a week?",
        runbook="post-deploy list",
        requires=("monitoring",),
        max_age=timedelta(days=8),
        is_released=True,
    ),
)

BY_MARKER = {gate.marker: gate for gate in GATES}
