"""What a colleague would ask for when a command of the runbook failed: the last lines of the logs, who is at work."""

from __future__ import annotations

from collections.abc import Iterator

from releasegate.core import CannotMeasure, UsageError
from releasegate.core.log_text import shape_of
from releasegate.probes.host import open_machine
from releasegate.probes.logs import LogReader, has_log
from releasegate.probes.postgres import open_session
from releasegate.target.models import Database, Host, Services, Target

LAST_LINES = 50  # of each log, as the runbook asks for
_LONGEST_LINE = 300
# An ordinary role is shown neither state nor statement of the sessions of others.
_AT_WORK = """
SELECT pid, coalesce(usename, '') AS "user", coalesce(application_name, '') AS program,
       coalesce(state, 'hidden') AS state,
       coalesce(wait_event_type || '/' || wait_event, '') AS waits_for,
       coalesce(round(extract(epoch FROM clock_timestamp() - xact_start)::numeric, 1)::text, '') AS open_s,
       coalesce(array_to_string(pg_blocking_pids(pid), ' '), '') AS blocked_by, coalesce(query, '') AS statement
  FROM pg_stat_activity
 WHERE datname = current_database() AND pid <> pg_backend_pid() AND state IS DISTINCT FROM 'idle'
 ORDER BY xact_start NULLS LAST
"""


def collected(target: Target) -> dict[str, str]:
    """Return texts by name, for the evidence: of each log that the target names, and of the database's sessions.

    What cannot be read is named with the reason: this is asked for when something is already wrong. Statements come
    by their shape, without the values in them.
    """
    found: dict[str, str] = {}
    if target.host is not None and target.services is not None:
        found |= dict(_logs(target.host, target.services))
    if target.database is not None:
        found["pg_stat_activity"] = _sessions(target.database)
    return found


def _logs(host: Host, services: Services) -> Iterator[tuple[str, str]]:
    for part in ("backend", "frontend"):
        if has_log(services, part):
            yield f"log of the {part}", _log(host, services, part)


def _log(host: Host, services: Services, part: str) -> str:
    try:
        with open_machine(host) as machine:
            lines = LogReader(services, part, machine).read().value.lines[-LAST_LINES:]
    except (CannotMeasure, UsageError) as error:
        return f"could not be read: {error}"
    return "".join(f"{line.text[:_LONGEST_LINE]}\n" for line in lines)


def _sessions(database: Database) -> str:
    try:
        with open_session(database) as session:
            rows = session.read(_AT_WORK).rows
    except (CannotMeasure, UsageError) as error:
        return f"could not be read: {error}"
    lines = (
        f"{row['pid']} {row['user']} {row['program']}: {row['state']}, waits for {row['waits_for'] or 'nothing'}, "
        f"transaction open for {row['open_s'] or '-'} s, blocked by {row['blocked_by'] or 'nobody'}: "
        f"{shape_of(row['statement'])}\n"
        for row in rows
    )
    return "".join(lines) or "no other session is at work\n"
