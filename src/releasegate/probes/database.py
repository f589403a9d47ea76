"""Which server answers, what the session's role may do and see, what the planner says."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Final

import psycopg
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

NO_RIGHT: Final = "42501"
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
WITH name AS (
    SELECT given, schema, bare, CASE WHEN schema = '' THEN to_regclass(quoted)::oid
           ELSE (SELECT pg_class.oid FROM pg_class JOIN pg_namespace space ON space.oid = relnamespace
                  WHERE nspname = schema AND relname = bare AND relkind IN ('r', 'p', 'v', 'm', 'f')) END AS class
      FROM unnest({names}::text[], {regclasses}::text[], {schemas}::text[], {bare}::text[])
           AS name (given, quoted, schema, bare)
)
SELECT name.given AS "table",
       coalesce(space.nspname || '.' || class.relname, '') AS found_as,
       -- The search path passes over a schema without USAGE; a name with that schema is refused.
       coalesce(CASE WHEN class.oid IS NULL AND name.schema = ''
                     THEN (SELECT min(nspname::text) FROM pg_class other JOIN pg_namespace closed
                                  ON closed.oid = relnamespace
                            WHERE relname = name.bare AND relkind IN ('r', 'p', 'v', 'm', 'f')
                              AND NOT has_schema_privilege(closed.oid, 'USAGE'))
                     WHEN NOT has_schema_privilege(space.oid, 'USAGE') THEN space.nspname::text END, '')
           AS closed_schema,
       coalesce(has_table_privilege(class.oid, 'SELECT') OR has_any_column_privilege(class.oid, 'SELECT'), false)
           AS may_select,
       coalesce(row_security_active(class.oid), false) AS is_filtered,
       coalesce(CASE WHEN me.rolsuper THEN class.relowner = me.oid ELSE pg_has_role(class.relowner, 'USAGE') END, false)
           AS is_owned,
       coalesce(has_table_privilege(class.oid, 'INSERT, UPDATE, DELETE, TRUNCATE'), false) AS may_write
  FROM name CROSS JOIN (SELECT oid, rolsuper FROM pg_roles WHERE rolname = current_user) AS me
  LEFT JOIN pg_class class ON class.oid = name.class
  LEFT JOIN pg_namespace space ON space.oid = class.relnamespace
 ORDER BY 1
"""
_HAS_ROWS = "SELECT EXISTS (SELECT FROM {table}) AS has_rows"
_STATISTICS = """
SELECT current_user::text AS role, current_setting('track_counts')::bool AS is_counting,
       tables, counted,
       coalesce((SELECT nspname::text FROM pg_extension JOIN pg_namespace space ON space.oid = extnamespace
                  WHERE extname = 'pg_stat_statements'), '') AS schema
  FROM (SELECT count(*)::int AS tables, count(relid)::int AS counted
          FROM unnest({regclasses}::text[]) AS name (quoted)
          LEFT JOIN pg_class ON pg_class.oid = to_regclass(quoted)
          LEFT JOIN pg_stat_user_tables ON relid = pg_class.oid
         WHERE coalesce(relkind NOT IN ('v', 'f'), true)) AS counters
"""
_CLOSED_SCHEMAS = """
SELECT nspname::text AS schema, format('GRANT USAGE ON SCHEMA %I TO %I', nspname, current_user) AS grant
  FROM pg_namespace WHERE NOT has_schema_privilege(oid, 'USAGE')
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
            closed_schema=row["closed_schema"],
            may_select=row["may_select"],
            is_filtered=row["is_filtered"],
            has_rows=_has_rows(session, row["table"]) if _is_readable(row) else None,
        )
        for row in access.rows
    )
    return access.measurement(facts, unit="tables", rows=len(facts))


def rollback_plans(session: Session, statements: Iterable[Statement]) -> Measurement[tuple[Planned, ...]]:
    """Measure what the planner says to every statement of the ways back, each by itself; none of them runs.

    "No right" to a table comes after its columns were looked up, and to a schema before: the two are told apart.
    """
    planned = tuple(one for statement in statements for one in _planned(session, statement))
    if any(one.sqlstate == NO_RIGHT for one in planned):
        grants = {row["schema"]: row["grant"] for row in session.read(_CLOSED_SCHEMAS).rows}
        planned = tuple(_with_grant(one, grants) for one in planned)
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


def _with_grant(planned: Planned, grants: Mapping[str, str]) -> Planned:
    closed = sorted(planned.named & grants.keys()) if planned.sqlstate == NO_RIGHT else []
    return replace(planned, grant=grants[closed[0]]) if closed else planned


def statistics(session: Session, tables: Sequence[str]) -> Measurement[Statistics]:
    """Measure what of the server's statistics the role may read."""
    quoted = sql.Literal(regclasses(tables))
    answer = session.read(sql.SQL(_STATISTICS).format(regclasses=quoted))
    facts = Statistics(**answer.row)
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
    parts = [[part.strip('"') for part in table.split(".")] for table in tables]
    return session.read(
        sql.SQL(_ACCESS).format(
            names=sql.Literal(list(tables)),
            regclasses=sql.Literal(regclasses(tables)),
            schemas=sql.Literal([schema[-1] if schema else "" for *schema, _ in parts]),
            bare=sql.Literal([bare for *_, bare in parts]),
        )
    )


def _is_readable(row: dict[str, object]) -> bool:
    return bool(row["may_select"]) and not row["is_filtered"] and not row["closed_schema"]


def _has_rows(session: Session, table: str) -> bool | None:
    """Return whether a table shows a row, None where the role may not look. Raises CannotMeasure for a lock."""
    try:
        return bool(session.read(sql.SQL(_HAS_ROWS).format(table=identifier(table))).row["has_rows"])
    except CannotMeasure as error:
        if isinstance(error.__cause__, psycopg.errors.InsufficientPrivilege):
            return None
        raise
