"""Roles, the database, and the rights each role has in it."""

from typing import Final

import psycopg
from psycopg import sql

from reference_inbox.state import ADMIN, DATABASE, GATE_ROLE, OWNER, State, write_private

# What the gate needs and no more: SELECT on the tables, those to come included, and pg_monitor, without which the
# sessions and statements of other roles are hidden from it.
GATE_RIGHTS: Final = """
GRANT pg_monitor TO {gate};
GRANT USAGE ON SCHEMA public TO {gate};
GRANT SELECT ON ALL TABLES IN SCHEMA public TO {gate};
ALTER DEFAULT PRIVILEGES FOR ROLE {owner} IN SCHEMA public GRANT SELECT ON TABLES TO {gate};
"""


def write_pgpass(state: State, port: int) -> None:
    """Write the password file that every connection of the reference names (format: libpq's, one line a role)."""
    lines = [f"127.0.0.1:{port}:*:{role}:{state.secret(role)}" for role in (ADMIN, OWNER, GATE_ROLE)]
    write_private(state.pgpass, "\n".join(lines) + "\n")


def create(state: State, port: int) -> None:
    """Create the two roles and the database with pg_stat_statements in it."""
    with psycopg.connect(state.dsn(ADMIN, port, ADMIN), autocommit=True) as server:
        for role in (OWNER, GATE_ROLE):
            server.execute(
                sql.SQL("CREATE ROLE {} LOGIN PASSWORD {}").format(
                    sql.Identifier(role), sql.Literal(state.secret(role))
                )
            )
        server.execute(sql.SQL("CREATE DATABASE {} OWNER {}").format(sql.Identifier(DATABASE), sql.Identifier(OWNER)))
    with psycopg.connect(state.dsn(ADMIN, port), autocommit=True) as database:
        database.execute("CREATE EXTENSION pg_stat_statements")


def grant(state: State, port: int) -> None:
    """Give the gate's role its rights, once the tables exist."""
    with psycopg.connect(state.dsn(ADMIN, port), autocommit=True) as database:
        database.execute(sql.SQL(GATE_RIGHTS).format(gate=sql.Identifier(GATE_ROLE), owner=sql.Identifier(OWNER)))
