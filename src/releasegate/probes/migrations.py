"""The files of a migration, on the disk or in the fetched release; and what a runner has written down."""

from __future__ import annotations

import re
from collections.abc import Sequence
from fnmatch import fnmatch
from pathlib import PurePosixPath
from typing import Final

from psycopg import sql

from releasegate.core import Measurement
from releasegate.core.facts.migrations import Bookkeeping, MigrationFile, MigrationFiles
from releasegate.probes.columns import column_types
from releasegate.probes.git import GIT
from releasegate.probes.host import Machine
from releasegate.probes.postgres import Session

MOST_COMMITS: Final = 200  # of all branches: a release that is deployed now is no older
MOST_NAMES: Final = 10_000

# Tables of the runners that people use, and the column in which each names a migration.
USUAL: Final = {
    "schema_migrations": ("name", "filename", "version", "migration", "id"),  # Rails, golang-migrate, dbmate, own ones
    "pgmigrations": ("name",),  # node-pg-migrate
    "knex_migrations": ("name",),
    "sequelizemeta": ("name",),
    "_prisma_migrations": ("migration_name",),
    "kysely_migration": ("name",),
    "mikro_orm_migrations": ("name",),
    "flyway_schema_history": ("script", "version"),
    "alembic_version": ("version_num",),
    "django_migrations": ("name",),
    "databasechangelog": ("filename", "id"),  # Liquibase
    "__efmigrationshistory": ("migrationid", "migration_id"),
    "goose_db_version": ("version_id",),
    "_sqlx_migrations": ("version",),
    "atlas_schema_revisions": ("version",),
    "migrations": ("name", "migration", "filename", "version"),  # TypeORM, Laravel, own ones
    "schema_version": ("script", "version"),
    "schema_history": ("script", "version", "name"),
    "migration_history": ("name", "filename", "version"),
    "db_migrations": ("name", "filename", "version"),
    "applied_migrations": ("name", "filename", "version"),
}
_RUNS: Final = {"django_migrations": ".py", "alembic_version": ".py"}  # what they run and write down, and nothing else
_TABLES: Final = """
SELECT nspname::text AS schema, relname::text AS "table", array_agg(attname::text) AS columns,
       CASE WHEN NOT has_schema_privilege(space.oid, 'USAGE')
            THEN format('GRANT USAGE ON SCHEMA %I TO %I', nspname, current_user)
            WHEN NOT has_table_privilege(class.oid, 'SELECT')
            THEN format('GRANT SELECT ON %I.%I TO %I', nspname, relname, current_user) ELSE '' END AS grant
  FROM pg_class class JOIN pg_namespace space ON space.oid = relnamespace
  JOIN pg_attribute ON attrelid = class.oid AND attnum > 0 AND NOT attisdropped
 WHERE relkind IN ('r', 'p') AND nspname NOT LIKE 'pg\\_%' AND nspname <> 'information_schema'
   AND lower(relname) = ANY ({names})
 GROUP BY 1, 2, class.oid, space.oid ORDER BY 1, 2
"""
# A name is done where one of its rows is: Prisma keeps that of the attempt that was rolled back, which stops nobody.
_NAMES: Final = """
SELECT {column}::text AS name, coalesce(bool_or(NOT ({is_failed} OR {is_undone})), true) AS is_done,
       coalesce(bool_or({is_failed}), false) AS is_failed
  FROM {table} WHERE {column} IS NOT NULL GROUP BY 1 LIMIT {most}
"""
# How runners mark a migration that began and is not done, and one that was undone: the columns, which are all there or
# it is another runner's table, and the two conditions.
_MARKS: Final = {
    ("finished_at", "rolled_back_at"): (  # Prisma
        "(finished_at IS NULL AND rolled_back_at IS NULL)",
        "rolled_back_at IS NOT NULL",
    ),
    ("success",): ("success::text IN ('false', 'f', '0')", "false"),  # Flyway, sqlx
    ("dirty",): ("dirty::text IN ('true', 't', '1')", "false"),  # golang-migrate
}
_NO_MARK: Final = ("false", "false")
_SUM_OF_BLOB: Final = 'git --no-optional-locks -c "safe.directory=*" -C "$1" show "$2" | sha256sum'


def bookkeeping(session: Session, given: str | None) -> Measurement[Bookkeeping]:
    """Measure what a runner has written down: in `given` (table.column), else in the first usual table there is.

    A usual table that the role may not read is told apart from none at all.
    """
    if given:
        *table, column = given.split(".")
        columns = list(column_types(session, ".".join(table)))
    else:
        answer = session.read(sql.SQL(_TABLES).format(names=sql.Literal(list(USUAL))))
        found = [(row, name) for row in answer.rows if (name := _column(row["table"], row["columns"]))]
        if not found:
            return answer.measurement(Bookkeeping(), unit="migrations written down", rows=0)
        best, column = min(found, key=lambda one: (one[0]["grant"] != "", list(USUAL).index(one[0]["table"].lower())))
        table, columns = [best["schema"], best["table"]], best["columns"]
        if best["grant"]:
            value = Bookkeeping(table=".".join(table), column=column, grant=best["grant"])
            return answer.measurement(value, unit="migrations written down", rows=0)
    is_failed, is_undone = next((mark for needed, mark in _MARKS.items() if set(needed) <= set(columns)), _NO_MARK)
    query = sql.SQL(_NAMES).format(
        column=sql.Identifier(column),
        table=sql.Identifier(*table),
        is_failed=sql.SQL(is_failed),
        is_undone=sql.SQL(is_undone),
        most=sql.Literal(MOST_NAMES),
    )
    answer = session.read(query)
    names = tuple(row["name"] for row in answer.rows if row["is_done"])
    failed = tuple(row["name"] for row in answer.rows if row["is_failed"] and not row["is_done"])
    runs = "" if given else _RUNS.get(table[-1].lower(), "")
    value = Bookkeeping(table=".".join(table), column=column, names=names, failed=failed, runs=runs)
    shown = {"table": value.table, "column": column, "names": len(names), "newest": sorted(names)[-5:]}
    shown |= {"failed": list(failed)} if failed else {}
    return answer.measurement(value, unit="migrations written down", rows=len(answer.rows), shown=shown)


def not_looked_for(patterns: Sequence[str]) -> Measurement[MigrationFiles]:
    """Return what is known of the files where the target names no machine to look at: their names."""
    value = MigrationFiles(repository="", found=(), missing=tuple(patterns))
    return Measurement(value=value, unit="migration files", rows=0, query="", duration_s=0.0)


def migration_files(
    machine: Machine, repository: str, patterns: Sequence[str], release: str | None
) -> Measurement[MigrationFiles]:
    """Measure the files that fit `patterns` below `repository`, and their sha256.

    What is not on the disk yet is looked for in the newest commit whose subject fits `release`, on any branch: before
    the code is pulled it may have been fetched. `others` are the files beside them, on the disk and in that commit,
    with the ending of one of them or of a pattern: they are known before the release's own files are.
    """
    where = machine.path(repository)
    with machine.noting() as noted:
        commit, tree = _release(machine, where, release)
        found, missing = [], []
        for pattern in patterns:
            here = [_on_disk(machine, where, path) for path in machine.glob(f"{where}/{pattern}")]
            there = [_in_commit(machine, where, commit, path) for path in tree if fnmatch(path, pattern)]
            found += here or there
            missing += [] if here or there else [pattern]
        siblings = sorted({one for pattern in patterns for one in _siblings(PurePosixPath(pattern))})
        on_disk = [_below(where, path) for one in siblings for path in machine.glob(f"{where}/{one}")]
        beside = {*on_disk, *(path for path in tree if any(_is_one_of(PurePosixPath(path), one) for one in siblings))}
        endings = {PurePosixPath(path).suffix for path in (*patterns, *(file.path for file in found))}
        own = {file.path for file in found}
        others = tuple(sorted(path for path in beside - own if PurePosixPath(path).suffix in endings))
        value = MigrationFiles(repository=where, found=tuple(found), missing=tuple(missing), others=others)
        return noted.measurement(value, rows=len(found), unit="migration files")


def _siblings(pattern: PurePosixPath) -> list[str]:
    """Return the patterns of what lies beside the files of `pattern`: in their folder, and in its siblings.

    In the siblings where the file's own name does not tell one migration from another: Prisma keeps each in a folder of
    its own, and calls the file migration.sql in all of them.
    """
    own = [str(pattern.parent / "*")]
    return own if re.search(r"[\d*?\[]", pattern.name) else [*own, str(pattern.parent.parent / "*" / pattern.name)]


def _is_one_of(path: PurePosixPath, pattern: str) -> bool:
    return len(path.parts) == len(PurePosixPath(pattern).parts) and path.match(pattern)


def _release(machine: Machine, where: str, release: str | None) -> tuple[str, list[str]]:
    """Return the newest commit of the release and the files in it; "" and none where there is none."""
    ran = machine.run([*GIT, where, "log", "--all", f"--max-count={MOST_COMMITS}", "--format=%H %s"])
    lines = [line.partition(" ") for line in ran.stdout.splitlines()] if ran.exit_code == 0 and release else []
    commit = next((number for number, _, subject in lines if re.search(release or "", subject, re.IGNORECASE)), "")
    if not commit:
        return "", []
    return commit, machine.read([*GIT, where, "ls-tree", "-r", "-z", "--name-only", commit]).split("\0")[:-1]


def _on_disk(machine: Machine, where: str, path: str) -> MigrationFile:
    return MigrationFile(path=_below(where, path), sha256=machine.read(["sha256sum", "--", path]).split()[0])


def _in_commit(machine: Machine, where: str, commit: str, path: str) -> MigrationFile:
    said = machine.read(["sh", "-c", _SUM_OF_BLOB, "sh", where, f"{commit}:{path}"])
    return MigrationFile(path=path, sha256=said.split()[0], commit=commit)


def _below(where: str, path: str) -> str:
    return path.removeprefix(f"{where.rstrip('/')}/")


def _column(table: str, columns: Sequence[str]) -> str:
    by_name = {name.lower(): name for name in columns}
    return next((by_name[name] for name in USUAL[table.lower()] if name in by_name), "")
