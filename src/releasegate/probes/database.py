"""Which server answers, what the session's role may do and see, what the planner says."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from psycopg import sql

from releasegate.change.models import Statement
from releasegate.core import CannotMeasure, Measurement
from releasegate.core.facts.database import (
    Planned,
    Refusal,
    RoleFacts,
    ServerFacts,
    Statistics,
    TableAccess,
)
from releasegate.probes import sql_text
from releasegate.probes.postgres import MUST_BE_REFUSED, Answer, Session, identifier

_SERVER = """
SELECT current_setting('server_version') AS version,
       current_setting('server_version_num')::int AS version_number,
       {identifier} AS system_identifier,
       current_database()::text AS database,
       current_user::text AS "user",
       coalesce(host(inet_server_addr()) || ':' || inet_server_port(), 'local socket') AS address,
       pg_is_in_recovery() AS is_replica,
       format('OWNER %I TEMPLATE template0 ENCODING %I', pg_get_userbyid(datdba), pg_encoding_to_char(encoding))
           || CASE kind WHEN 'i' THEN ' LOCALE_PROVIDER icu' || coalesce(' ICU_LOCALE ' || quote_ident(locale), '')
                        WHEN 'b' THEN ' LOCALE_PROVIDER builtin BUILTIN_LOCALE ' || quote_ident(locale)
                        WHEN 'c' THEN ' LOCALE_PROVIDER libc' ELSE '' END
           || format(' LC_COLLATE %I LC_CTYPE %I', datcollate, datctype) AS made_with,
       datacl IS NOT NULL OR EXISTS (SELECT FROM pg_db_role_setting WHERE setdatabase = base.oid) AS has_own_settings
  FROM pg_database base, to_jsonb(base) AS said,
       coalesce(said ->> 'datlocprovider', '') AS kind,
       coalesce(said ->> 'datlocale', said ->> 'daticulocale') AS locale
 WHERE datname = current_database()
"""
_IDENTIFIER = "(SELECT system_identifier FROM pg_control_system())::text"
_ACCESS = """
SELECT name.given AS "table",
       coalesce(space.nspname || '.' || class.relname, '') AS found_as,
       coalesce(has_table_privilege(class.oid, 'SELECT') OR has_any_column_privilege(class.oid, 'SELECT'), false)
           AS may_select,
       coalesce(row_security_active(class.oid), false) AS is_filtered,
       coalesce(pg_has_role(class.relowner, 'USAGE'), false) AS is_owned,
       coalesce(has_table_privilege(class.oid, 'INSERT, UPDATE, DELETE, TRUNCATE'), false) AS may_write
  FROM unnest({names}::text[], {regclasses}::text[]) AS name (given, quoted)
  LEFT JOIN pg_class class ON class.oid = to_regclass(name.quoted)
  LEFT JOIN pg_namespace space ON space.oid = class.relnamespace
 ORDER BY 1
"""
_HAS_ROWS = "SELECT EXISTS (SELECT FROM {table}) AS has_rows"
_STATISTICS = """
SELECT current_user::text AS role, current_setting('track_counts')::bool AS is_counting,
       (SELECT count(*) FROM pg_stat_user_tables
         WHERE relid IN (SELECT to_regclass(quoted) FROM unnest({regclasses}::text[]) AS name (quoted)))::int
           AS counted,
       coalesce((SELECT nspname::text FROM pg_extension JOIN pg_namespace space ON space.oid = extnamespace
                  WHERE extname = 'pg_stat_statements'), '') AS schema
"""
_STATEMENTS = """
SELECT count(*)::int AS statements, (count(*) FILTER (WHERE query = '<insufficient privilege>'))::int AS hidden
  FROM {source} WHERE dbid = (SELECT oid FROM pg_database WHERE datname = current_database())
"""
_ROLE = """
SELECT current_user::text AS name, coalesce(bool_or(rolsuper), false) AS is_superuser
  FROM pg_roles WHERE rolname = current_user
"""


def server(session: Session) -> Measurement[ServerFacts]:
    """Measure which server and database answer; "" for the identifier where a managed server does not tell it."""
    try:
        answer = session.read(sql.SQL(_SERVER).format(identifier=sql.SQL(_IDENTIFIER)))
    except CannotMeasure:
        answer = session.read(sql.SQL(_SERVER).format(identifier=sql.SQL("''")))
    return answer.measurement(ServerFacts(**answer.row), unit="servers answered", rows=1)


def write_refused(session: Session) -> Measurement[Refusal]:
    """Measure what the server says to a write; nothing stays of it even where it is not refused."""
    refusal = session.attempt(MUST_BE_REFUSED)
    query = f"BEGIN READ ONLY; {MUST_BE_REFUSED}; ROLLBACK"
    return Measurement(value=refusal, unit="writes tried", rows=1, query=query, duration_s=0.0)


def role(session: Session, tables: Sequence[str]) -> Measurement[RoleFacts]:
    """Measure what the role could do to `tables` outside this session."""
    answer, access = session.read(_ROLE), _access(session, tables)
    facts = RoleFacts(
        **answer.row,
        owns=tuple(row["table"] for row in access.rows if row["is_owned"]),
        may_write=tuple(row["table"] for row in access.rows if row["may_write"]),
    )
    return access.measurement(facts, unit="tables", rows=len(access.rows))


def table_access(session: Session, tables: Sequence[str]) -> Measurement[tuple[TableAccess, ...]]:
    """Measure whether the role finds, may read and sees `tables`."""
    access = _access(session, tables)
    facts = tuple(
        TableAccess(
            table=row["table"],
            found_as=row["found_as"],
            may_select=row["may_select"],
            is_filtered=row["is_filtered"],
            has_rows=_has_rows(session, row["table"]) if _is_readable(row) else None,
        )
        for row in access.rows
    )
    return access.measurement(facts, unit="tables", rows=len(facts))


def rollback_plans(session: Session, statements: Iterable[Statement]) -> Measurement[tuple[Planned, ...]]:
    """Measure what the planner says to every statement of the ways back, each by itself; none of them runs."""
    planned = tuple(one for statement in statements for one in _planned(session, statement))
    query = ";\n".join(f"EXPLAIN {one.statement}" for one in planned)
    return Measurement(value=planned, unit="statements", rows=len(planned), query=query, duration_s=0.0)


def _planned(session: Session, statement: Statement) -> Iterator[Planned]:
    """Yield the plans of a text; what comes after something that cannot be planned may rest on it."""
    is_alone = True
    for one in sql_text.statements(statement.sql):
        is_alone = is_alone and sql_text.is_plannable(one)
        yield (
            session.plan(one, source=statement.source)
            if is_alone
            else Planned(statement=one, source=statement.source, is_plannable=False)
        )


def statistics(session: Session, tables: Sequence[str]) -> Measurement[Statistics]:
    """Measure what of the server's statistics the role may read."""
    quoted = sql.Literal(regclasses(tables))
    answer = session.read(sql.SQL(_STATISTICS).format(regclasses=quoted))
    facts = Statistics(tables=len(tables), **answer.row)
    if facts.schema:
        source = sql.Identifier(facts.schema, "pg_stat_statements")
        refusal = session.attempt(session.text(sql.SQL("SELECT FROM {} LIMIT 1").format(source)))
        facts = replace(facts, sqlstate=refusal.sqlstate)
        if not refusal.sqlstate:
            facts = replace(facts, **session.read(sql.SQL(_STATEMENTS).format(source=source)).row)
    return answer.measurement(facts, unit="sources of statistics", rows=2)


def regclasses(names: Sequence[str]) -> list[str]:
    """Return names of the change file as the server reads them: quoted, so that upper case stays upper case."""
    return [identifier(name).as_string(None) for name in names]


def _access(session: Session, tables: Sequence[str]) -> Answer:
    names, quoted = sql.Literal(list(tables)), sql.Literal(regclasses(tables))
    return session.read(sql.SQL(_ACCESS).format(names=names, regclasses=quoted))


def _is_readable(row: dict[str, object]) -> bool:
    return bool(row["may_select"]) and not row["is_filtered"]


def _has_rows(session: Session, table: str) -> bool | None:
    try:
        return bool(session.read(sql.SQL(_HAS_ROWS).format(table=identifier(table))).row["has_rows"])
    except CannotMeasure:  # a schema without USAGE, a lock: the check says which right to look at
        return None
