"""Whether the right database answers, cannot be written to by us, and shows us what we came to see."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from releasegate.checks.words import number, some
from releasegate.core import Finding, Judgement, Severity
from releasegate.core.facts.database import Planned, Refusal, RoleFacts, ServerFacts, Statistics, TableAccess
from releasegate.core.figures import count

READ_ONLY = "25006"  # read_only_sql_transaction
UNDEFINED_COLUMN = "42703"
NO_RIGHT = "42501"  # comes after "no such column": the statement parses and its columns exist
TESTED = (15, 17, 18)  # major versions of PostgreSQL that the self-tests run against
_NOT_PRELOADED = "55000"  # object not in prerequisite state
OURS = "releasegate"  # who promises what no release document does


def answers(server: ServerFacts, *, source: str) -> Judgement:
    """The database answers with its version, and is no replica, which may be behind what people see."""
    check = "preflight/database-reachable"
    findings: tuple[Finding, ...] = ()
    if server.is_replica:
        findings = (
            Finding(
                check=check,
                subject=server.database,
                want=f"the server that takes the writes ({source})",
                have="a replica: what it shows may be behind",
                why="the migration runs on the primary, and a gate that reads a replica may judge yesterday's rows",
                fix="point database.dsn of the target file at the primary",
                severity=Severity.WARNING,
            ),
        )
    holds = f"PostgreSQL {server.version} answers as {server.user} in {server.database}"
    if server.version_number // 10_000 not in TESTED:
        holds += f"; these gates were tested on {', '.join(map(str, TESTED))}, and not on this version"
    return Judgement(seen=1, unit="servers", holds=holds, findings=findings)


def is_the_pinned_one(server: ServerFacts, pinned: tuple[str, str] | None, address: str | None = None) -> Judgement:
    """The database is the one the target file pins; `pinned` holds system identifier and database name.

    `address` is compared where it is pinned too: replicas share their primary's identifier.
    """
    found = (server.system_identifier, server.database)
    holds = f"database {server.database} of cluster {server.system_identifier}, as pinned"
    elsewhere = (_other_address(server, address),) if address and server.address != address else ()
    if pinned and pinned[0] and (server.system_identifier, pinned[1]) == ("", server.database):
        undecided = (
            "this server does not tell its system identifier, only the database's name is as pinned; "
            'system_identifier = "" in [fingerprint] pins the name alone'
        )
        return Judgement(seen=1, unit="servers", holds="", findings=elsewhere, undecided=undecided)
    finding = _not_pinned(server) if pinned is None else _other_server(found, pinned) if found != pinned else None
    return Judgement(seen=1, unit="servers", holds=holds, findings=((finding,) if finding else ()) + elsewhere)


def _not_pinned(server: ServerFacts) -> Finding:
    return Finding(
        check="preflight/right-server",
        subject=server.database,
        want="the target file says which cluster and database it means ([fingerprint])",
        have="nothing is pinned",
        why="staging's gate could run on production, or the other way round, and nobody would notice",
        fix=(
            "if this is the right server, add to the target file: [fingerprint] "
            f'system_identifier = "{server.system_identifier}" database = "{server.database}" '
            f'address = "{server.address}"'
        ),
        severity=Severity.WARNING,
    )


def _other_server(found: tuple[str, str], pinned: tuple[str, str]) -> Finding:
    return Finding(
        check="preflight/right-server",
        subject=found[1],
        want=f"cluster {pinned[0]}, database {pinned[1]} (target file [fingerprint])",
        have=f"cluster {found[0]}, database {found[1]}",
        why="this is another database than the one this target was written for",
        fix="correct database.dsn; if the cluster was made anew on purpose, correct [fingerprint]",
    )


def _other_address(server: ServerFacts, address: str) -> Finding:
    return Finding(
        check="preflight/right-server",
        subject=server.database,
        want=f"the server at {address} (target file [fingerprint] address)",
        have=f"it answers at {server.address}",
        why="this is another database than the one this target was written for",
        fix="correct database.dsn; if the server moved on purpose, correct [fingerprint] address",
    )


def write_is_refused(refusal: Refusal) -> Judgement:
    """A write in our session is refused for being read-only, whatever the role may do elsewhere."""
    findings: tuple[Finding, ...] = ()
    if refusal.sqlstate != READ_ONLY:
        said = f"{refusal.sqlstate}: {refusal.message}" if refusal.sqlstate else "it was taken (and rolled back)"
        findings = (
            Finding(
                check="preflight/read-only",
                subject="the gate's session",
                want=f"{refusal.statement} is refused with {READ_ONLY}, read-only transaction ({OURS})",
                have=said,
                why="what stands between us and the server drops BEGIN READ ONLY: a gate could change data",
                fix="connect to the server directly, or ask who runs the pooler",
            ),
        )
    return Judgement(
        seen=1, unit="writes tried", holds="a write was refused: the session can only read", findings=findings
    )


def role_is_safe(role: RoleFacts) -> Judgement:
    """The role can do no more than the gates need; warnings only, since no release document speaks of it."""
    findings = tuple(
        Finding(
            check="preflight/role-is-safe",
            subject=f"role {role.name}",
            want=f"a role that may read and nothing else ({OURS})",
            have=have,
            why=f"every session of ours is read-only, but {what}",
            fix="give the gates a role of their own: CREATE ROLE gate LOGIN; GRANT pg_read_all_data TO gate",
            severity=Severity.WARNING,
        )
        for have, what in _can_do(role)
    )
    return Judgement(seen=1, unit="roles", holds=f"role {role.name} may read and nothing else", findings=findings)


def _can_do(role: RoleFacts) -> Iterator[tuple[str, str]]:
    """Yield what the role could do, and why that matters; each table once, and a superuser may write to all."""
    if role.is_superuser:
        yield "it is a superuser", "a superuser can switch any protection off"
    if role.owns:
        yield f"it owns {some(role.owns)}", "an owner can change and drop what it owns"
    writes = [] if role.is_superuser else [table for table in role.may_write if table not in role.owns]
    if writes:
        yield f"it may write to {some(writes)}", "a role that can write is one mistake from writing"


def sees_the_rows(tables: Sequence[TableAccess], role: str) -> Judgement:
    """The role finds each table, may read it, and sees its rows; tables that are all empty tell nothing."""
    findings = tuple(finding for table in tables if (finding := _cannot_see(table, role)))
    shown = [table.table for table in tables if table.has_rows]
    undecided = "" if shown or findings else f"{some([table.table for table in tables])}: no rows to see"
    return Judgement(
        seen=len(tables),
        unit="tables",
        holds=f"role {role} reads {some(shown)} and sees rows there",
        findings=findings,
        undecided=undecided,
    )


def _cannot_see(table: TableAccess, role: str) -> Finding | None:
    if table.closed_schema:
        have = f"it stands in the schema {table.closed_schema}, which {role} may not use"
        fix = f"GRANT USAGE ON SCHEMA {table.closed_schema} TO {role}"
    elif not table.found_as:
        have = "there is no such table on the search path"
        fix = f"check database.dsn; if it stands in another schema: ALTER ROLE {role} SET search_path = …"
    elif not table.may_select:
        have, fix = f"{role} may not read {table.found_as}", f"GRANT SELECT ON {table.found_as} TO {role}"
    elif table.is_filtered:
        have = f"row security hides rows of {table.found_as} from {role}"
        fix = f"ALTER ROLE {role} BYPASSRLS, or a policy that shows it every row"
    elif table.has_rows is None:
        have = f"{table.found_as} could not be read"
        fix = f"GRANT USAGE ON SCHEMA {table.found_as.partition('.')[0]} TO {role}"
    else:
        return None
    return Finding(
        check="preflight/can-read",
        subject=table.table,
        want=f"role {role} reads every row of {table.table} ({OURS})",
        have=have,
        why="a gate that does not see the rows cannot tell whether they are right",
        fix=fix,
    )


def statistics_are_readable(found: Statistics) -> Judgement:
    """What the gates after the release look at can be read; what cannot is said, and will not be judged."""
    findings = tuple(
        Finding(
            check="preflight/statistics",
            subject=subject,
            want=f"{found.role} reads it ({OURS}; runbook 7.2 asks for slow queries)",
            have=have,
            why="without it, slow queries after the release will not be judged",
            fix=fix,
            severity=Severity.WARNING,
        )
        for subject, have, fix in _unreadable(found)
    )
    holds = (
        f"counters of {number(found.counted)} of {count(found.tables, 'table')}, {count(found.statements, 'statement')}"
    )
    return Judgement(seen=2, unit="sources of statistics", holds=holds, findings=findings)


def _unreadable(found: Statistics) -> Iterator[tuple[str, str, str]]:
    if not found.is_counting:
        yield "pg_stat_user_tables", "track_counts is off: nothing is counted", "ALTER SYSTEM SET track_counts = on"
    elif found.counted < found.tables:
        yield (
            "pg_stat_user_tables",
            f"counters of {number(found.counted)} of {count(found.tables, 'table')}",
            "look whether each table of the change file is there (preflight/can-read)",
        )
    name, create = "pg_stat_statements", "CREATE EXTENSION pg_stat_statements"
    if not found.schema:
        yield name, "it is not installed in this database", f"{create} (and shared_preload_libraries, with a restart)"
    elif found.sqlstate == _NOT_PRELOADED:
        yield name, "it is not in shared_preload_libraries", "add it there; it takes a restart of the server"
    elif found.sqlstate:
        yield (
            name,
            f"{found.sqlstate}: {found.role} may not read it",
            f"GRANT USAGE ON SCHEMA {found.schema} TO {found.role}",
        )
    elif found.hidden:
        yield (
            name,
            f"{number(found.hidden)} of {number(found.statements)} texts are hidden",
            f"GRANT pg_monitor TO {found.role}",
        )


def statements_plan(check: str, planned: Sequence[Planned], *, created_later: Sequence[str] = ()) -> Judgement:
    """Every statement of the ways back parses and its tables and columns exist.

    `created_later` are columns that the migration is still to make: a statement that only misses one of these waits
    for the migration gate. What EXPLAIN does not take (DDL) is counted, not judged.
    """
    judged = [one for one in planned if one.is_plannable]
    waiting = [one for one in judged if _only_waits(one, created_later)]
    findings = tuple(
        _does_not_plan(check, one) for one in judged if one not in waiting and one.sqlstate not in ("", NO_RIGHT)
    )
    closed = [one for one in judged if one.grant]
    unseen = [one for one in judged if one.sqlstate == NO_RIGHT and not one.grant]
    able = len(judged) - len(waiting) - len(findings) - len(unseen) - len(closed)
    notes = [f"{number(able)} of {count(len(planned), 'statement')} of the way back can run"]
    if waiting:
        named = some([_named(one) for one in waiting])
        notes.append(f"{number(len(waiting))} to be planned by the migration gate, once the columns are there: {named}")
    if unseen:
        notes.append(f"{number(len(unseen))} without the right to write: it parses, its tables and columns exist")
    if len(judged) < len(planned):
        named = some([_named(one) for one in planned if one not in judged])
        notes.append(f"{number(len(planned) - len(judged))} cannot be planned (DDL): {named}")
    return Judgement(
        seen=len(judged),
        unit="statements",
        holds="; ".join(notes),
        findings=findings,
        undecided=f"{count(len(closed), 'statement')} in a schema that may not be looked into: {closed[0].grant}"
        if closed
        else "",
        not_applicable="" if judged else f"none of {count(len(planned), 'statement')} is one that can be planned",
    )


def _only_waits(planned: Planned, created_later: Sequence[str]) -> bool:
    return planned.sqlstate == UNDEFINED_COLUMN and not planned.named.isdisjoint(created_later)


def _named(planned: Planned) -> str:
    return " ".join(planned.statement.split())[:60]


def _does_not_plan(check: str, planned: Planned) -> Finding:
    return Finding(
        check=check,
        subject=_named(planned),
        want=f"the statement can run ({planned.source})",
        have=f"{planned.sqlstate}: {planned.message}",
        why="the way back would fail in the minute it is needed",
        fix="correct the statement in the runbook and in the change file, and rehearse it",
    )
