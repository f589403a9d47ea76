"""What the catalog says: the change's tables in detail, and every object of the database in one comparable form."""

from __future__ import annotations

import json
import time
from collections.abc import Iterable, Sequence
from typing import LiteralString

from psycopg import sql

from releasegate.core import CannotMeasure, Measurement
from releasegate.core.facts.catalog import (
    CATALOG_UNIT,
    Catalog,
    ColumnFacts,
    Deparsed,
    ForeignKeyFacts,
    IndexFacts,
    SchemaFacts,
)
from releasegate.probes.database import regclasses
from releasegate.probes.postgres import Answer, Row, Session, identifier

_NAMED = """
WITH named (given, class) AS (
    SELECT given, to_regclass(quoted) FROM unnest({names}::text[], {regclasses}::text[]) AS name (given, quoted)
)
"""
_TABLES = """
SELECT given AS "table", space.nspname || '.' || found.relname AS found_as
  FROM named JOIN pg_class found ON found.oid = class JOIN pg_namespace space ON space.oid = found.relnamespace
"""
_COLUMNS = """
SELECT given AS "table", attname::text AS name, format_type(atttypid, atttypmod) AS type,
       NOT attnotnull AS nullable, pg_get_expr(adbin, adrelid) AS "default"
  FROM named JOIN pg_attribute ON attrelid = class AND attnum > 0 AND NOT attisdropped
  LEFT JOIN pg_attrdef ON adrelid = attrelid AND adnum = attnum
 ORDER BY given, attnum
"""
_FOREIGN_KEYS = """
SELECT conname::text AS name, given AS "table",
       (SELECT array_agg(attname::text ORDER BY place) FROM unnest(conkey) WITH ORDINALITY AS key (number, place)
          JOIN pg_attribute ON attrelid = conrelid AND attnum = number) AS columns,
       coalesce(other.name, confrelid::regclass::text) AS references_table,
       (SELECT array_agg(attname::text ORDER BY place) FROM unnest(confkey) WITH ORDINALITY AS key (number, place)
          JOIN pg_attribute ON attrelid = confrelid AND attnum = number) AS references_columns,
       CASE confdeltype WHEN 'a' THEN 'NO ACTION' WHEN 'r' THEN 'RESTRICT' WHEN 'c' THEN 'CASCADE'
                        WHEN 'n' THEN 'SET NULL' WHEN 'd' THEN 'SET DEFAULT' END AS on_delete,
       convalidated AS is_valid
  FROM named JOIN pg_constraint ON conrelid = class AND contype = 'f'
  LEFT JOIN unnest({references}::text[], {regclasses_of_references}::text[]) AS other (name, quoted)
    ON to_regclass(quoted) = confrelid
 ORDER BY given, conname, references_table
"""
_INDEXES = """
SELECT found.relname::text AS name, given AS "table", amname::text AS method,
       (SELECT array_agg(coalesce(attname::text, pg_get_indexdef(indexrelid, place::int, true)) ORDER BY place)
          FROM unnest(indkey::int[]) WITH ORDINALITY AS key (number, place)
          LEFT JOIN pg_attribute ON attrelid = indrelid AND attnum = number AND number > 0
         WHERE place <= indnkeyatts) AS columns,
       pg_get_expr(indpred, indrelid, true) AS predicate, indisvalid AS is_valid, indisready AS is_ready
  FROM named JOIN pg_index ON indrelid = class
  JOIN pg_class found ON found.oid = indexrelid JOIN pg_am ON pg_am.oid = found.relam
 ORDER BY given, name
"""

# Left out: what belongs to an extension, partitions (a scheduled job makes them), NOT NULL as a constraint (the
# column says it; PostgreSQL 18 lists it twice). A function's body is kept as a hash; one in standard SQL is only in
# its whole definition. What was added later than the first baselines has names of its own, `DETAILS` and `OWNER`: a
# definition in other words would differ from each of them.
_OURS = """
WITH space AS (
    SELECT oid, nspname FROM pg_namespace
     WHERE nspname NOT LIKE 'pg\\_%' AND nspname <> 'information_schema'
), ours AS (
    SELECT class.oid, class.relkind, class.relname, class.relowner, class.relacl, class.relrowsecurity,
           class.relforcerowsecurity, class.relpersistence, class.reloptions, nspname,
           format('%I.%I', nspname, relname) AS name,
           CASE relkind WHEN 'v' THEN 'view ' WHEN 'm' THEN 'materialised view ' WHEN 'S' THEN 'sequence '
                        WHEN 'f' THEN 'foreign table ' ELSE 'table ' END AS kind
      FROM pg_class class JOIN space ON space.oid = relnamespace
     WHERE relkind IN ('r', 'p', 'v', 'm', 'S', 'f') AND NOT relispartition
       AND NOT EXISTS (SELECT FROM pg_depend WHERE classid = 'pg_class'::regclass AND objid = class.oid
                                               AND deptype = 'e')
)
"""
_OBJECTS = """
SELECT kind || name AS object,
       concat_ws(', ', CASE WHEN relkind IN ('v', 'm') THEN pg_get_viewdef(oid) END,
                 CASE WHEN relrowsecurity THEN 'row security' END,
                 CASE WHEN relforcerowsecurity THEN 'row security also for its owner' END) AS definition
  FROM ours
UNION ALL
SELECT 'owner of ' || kind || name, pg_get_userbyid(relowner) FROM ours
UNION ALL
SELECT 'details of ' || kind || name,
       concat_ws(', ', CASE relpersistence WHEN 'u' THEN 'unlogged' ELSE 'logged' END,
                 (SELECT string_agg(option, ', ' ORDER BY option) FROM unnest(reloptions) AS option))
  FROM ours
UNION ALL
SELECT format('details of column %s.%I', name, attname),
       concat_ws(', ', CASE attgenerated::text WHEN '' THEN NULL WHEN 's' THEN 'generated, stored'
                                               ELSE 'generated' END,
                 CASE WHEN attcollation <> typcollation
                      THEN (SELECT 'collation ' || collname FROM pg_collation WHERE oid = attcollation) END)
  FROM ours JOIN pg_attribute ON attrelid = ours.oid AND attnum > 0 AND NOT attisdropped
  JOIN pg_type typ ON typ.oid = atttypid
 WHERE relkind IN ('r', 'p', 'f') AND (attgenerated <> '' OR attcollation <> typcollation)
UNION ALL
SELECT format('column %s.%I', name, attname),
       concat_ws(' ', format_type(atttypid, atttypmod), CASE WHEN attnotnull THEN 'not null' END,
                 'default ' || pg_get_expr(adbin, adrelid), nullif('identity ' || attidentity::text, 'identity '))
  FROM ours JOIN pg_attribute ON attrelid = ours.oid AND attnum > 0 AND NOT attisdropped
  LEFT JOIN pg_attrdef ON adrelid = attrelid AND adnum = attnum
 WHERE relkind IN ('r', 'p', 'f')
UNION ALL
SELECT format('constraint %s.%I', name, conname), pg_get_constraintdef(con.oid)
  FROM ours JOIN pg_constraint con ON conrelid = ours.oid AND contype <> 'n'
UNION ALL
SELECT format('index %I.%I', nspname, found.relname),
       pg_get_indexdef(indexrelid) || CASE WHEN indisvalid AND indisready THEN '' ELSE ' (invalid)' END
  FROM ours JOIN pg_index ON indrelid = ours.oid JOIN pg_class found ON found.oid = indexrelid
UNION ALL
SELECT format('trigger %s.%I', name, tgname),
       pg_get_triggerdef(trg.oid) || CASE WHEN tgenabled = 'D' THEN ' (disabled)' ELSE '' END
  FROM ours JOIN pg_trigger trg ON tgrelid = ours.oid AND (NOT tgisinternal OR tgenabled = 'D')
UNION ALL
SELECT format('policy %s.%I', name, polname),
       concat_ws(' ', CASE WHEN polpermissive THEN 'permissive' ELSE 'restrictive' END,
                 CASE polcmd WHEN 'r' THEN 'select' WHEN 'a' THEN 'insert' WHEN 'w' THEN 'update'
                             WHEN 'd' THEN 'delete' ELSE 'all' END,
                 'to ' || (SELECT string_agg(coalesce(rolname, 'public'), ', ' ORDER BY rolname)
                             FROM unnest(polroles) AS role (id) LEFT JOIN pg_roles ON pg_roles.oid = role.id),
                 'using ' || pg_get_expr(polqual, polrelid), 'check ' || pg_get_expr(polwithcheck, polrelid))
  FROM ours JOIN pg_policy pol ON polrelid = ours.oid
UNION ALL
SELECT format('grants on %s to %s', name, coalesce(quote_ident(rolname), 'public')),
       string_agg(privilege_type || CASE WHEN is_grantable THEN ' with grant option' ELSE '' END, ', '
                  ORDER BY privilege_type)
  FROM ours, aclexplode(relacl) AS acl LEFT JOIN pg_roles ON pg_roles.oid = acl.grantee
 WHERE acl.grantee <> relowner GROUP BY name, rolname
UNION ALL
SELECT format('grants on column %s.%I to %s', name, attname, coalesce(quote_ident(rolname), 'public')),
       string_agg(privilege_type, ', ' ORDER BY privilege_type)
  FROM ours JOIN pg_attribute ON attrelid = ours.oid AND attnum > 0 AND NOT attisdropped AND attacl IS NOT NULL,
       aclexplode(attacl) AS acl LEFT JOIN pg_roles ON pg_roles.oid = acl.grantee
 GROUP BY name, attname, rolname
UNION ALL
SELECT format('type %I.%I', nspname, typname),
       (SELECT string_agg(enumlabel, ', ' ORDER BY enumsortorder) FROM pg_enum WHERE enumtypid = typ.oid)
  FROM space JOIN pg_type typ ON typnamespace = space.oid AND typtype = 'e'
UNION ALL
SELECT format('function %I.%I(%s)', nspname, proname, pg_get_function_identity_arguments(pro.oid)),
       md5(concat_ws('|', pg_get_function_result(pro.oid), prosrc))
  FROM space JOIN pg_proc pro ON pronamespace = space.oid
 WHERE NOT EXISTS (SELECT FROM pg_depend WHERE classid = 'pg_proc'::regclass AND objid = pro.oid AND deptype = 'e')
UNION ALL
SELECT format('details of function %I.%I(%s)', nspname, proname, pg_get_function_identity_arguments(pro.oid)),
       md5(pg_get_functiondef(pro.oid))
  FROM space JOIN pg_proc pro ON pronamespace = space.oid AND prokind <> 'a'
 WHERE NOT EXISTS (SELECT FROM pg_depend WHERE classid = 'pg_proc'::regclass AND objid = pro.oid AND deptype = 'e')
ORDER BY 1
"""
_STORED_TABLES = """
SELECT nspname AS schema, relname AS "table" FROM pg_class class JOIN pg_namespace space ON space.oid = relnamespace
 WHERE relkind = 'r' AND relpersistence <> 't'
   AND nspname NOT LIKE 'pg\\_%' AND nspname <> 'information_schema'
   AND NOT EXISTS (SELECT FROM pg_depend WHERE classid = 'pg_class'::regclass AND objid = class.oid AND deptype = 'e')
 ORDER BY 1, 2
"""
_EXPRESSION = "EXPLAIN (VERBOSE, COSTS OFF, FORMAT JSON) SELECT ({expression}) AS told FROM {table}"
_ROWS = "SELECT count(*) AS rows FROM {table}"
# As pg_restore --list names them. A partition's own indexes and keys come with those of its table, and a CHECK is
# part of its table's entry.
_DUMPED = """
SELECT kind || ' ' || nspname || ' ' || name AS item FROM (
    SELECT CASE relkind WHEN 'S' THEN 'SEQUENCE' WHEN 'f' THEN 'FOREIGN TABLE' ELSE 'TABLE' END AS kind, nspname,
           relname::text AS name, class.oid, 'pg_class'::regclass AS classid
      FROM pg_class class JOIN pg_namespace space ON space.oid = relnamespace
     WHERE relkind IN ('r', 'p', 'S', 'f') AND relpersistence <> 't'
    UNION ALL
    SELECT 'INDEX', nspname, found.relname::text, owner.oid, 'pg_class'::regclass
      FROM pg_index JOIN pg_class found ON found.oid = indexrelid JOIN pg_class owner ON owner.oid = indrelid
      JOIN pg_namespace space ON space.oid = found.relnamespace
     WHERE owner.relkind IN ('r', 'p', 'm') AND owner.relpersistence <> 't' AND NOT owner.relispartition
       AND NOT EXISTS (SELECT FROM pg_constraint WHERE conindid = indexrelid AND contype IN ('p', 'u', 'x'))
    UNION ALL
    SELECT CASE contype WHEN 'f' THEN 'FK CONSTRAINT' ELSE 'CONSTRAINT' END, nspname, relname || ' ' || conname,
           owner.oid, 'pg_class'::regclass
      FROM pg_constraint con JOIN pg_class owner ON owner.oid = conrelid
      JOIN pg_namespace space ON space.oid = owner.relnamespace
     WHERE contype IN ('f', 'p', 'u', 'x') AND coninhcount = 0 AND owner.relpersistence <> 't'
) AS stored
 WHERE nspname NOT LIKE 'pg\\_%' AND nspname <> 'information_schema'
   AND NOT EXISTS (SELECT FROM pg_depend WHERE pg_depend.classid = stored.classid AND objid = stored.oid
                                           AND deptype = 'e')
UNION ALL
SELECT 'BLOBS - large objects' WHERE EXISTS (SELECT FROM pg_largeobject_metadata)
 ORDER BY 1
"""
_SIZE = "SELECT pg_database_size(current_database()) AS size_bytes"


def schema(session: Session, tables: Sequence[str], *, references: Sequence[str] = ()) -> Measurement[SchemaFacts]:
    """Measure columns, foreign keys and indexes of `tables`; a table that is not found is absent from the answer.

    `references` are tables that foreign keys point to, as the change file names them; `tables` are known by theirs.
    """
    found = _read(session, _TABLES, tables)
    columns, indexes = (_read(session, query, tables) for query in (_COLUMNS, _INDEXES))
    keys = _read(session, _FOREIGN_KEYS, tables, references=list(dict.fromkeys((*tables, *references))))
    facts = SchemaFacts(
        tables={row["table"]: row["found_as"] for row in found.rows},
        columns=tuple(ColumnFacts(**row) for row in columns.rows),
        foreign_keys=tuple(_foreign_key(row) for row in keys.rows),
        indexes=tuple(IndexFacts(**row | {"columns": tuple(row["columns"])}) for row in indexes.rows),
    )
    answers = (found, columns, keys, indexes)
    return Measurement(
        value=facts,
        unit="tables, columns, foreign keys and indexes",
        rows=sum(len(answer.rows) for answer in answers),
        query=";\n".join(answer.query.strip() for answer in answers),
        duration_s=sum(answer.duration_s for answer in answers),
    )


def objects(session: Session) -> Measurement[Catalog]:
    """Measure every object of the database's own schemas, each name and definition fully qualified."""
    answer = session.read(_OURS + _OBJECTS, search_path="pg_catalog")
    catalog = {row["object"]: row["definition"] or "" for row in answer.rows}
    return answer.measurement(catalog, unit=CATALOG_UNIT, rows=len(catalog))


def deparsed(session: Session, texts: Iterable[tuple[str, str]]) -> Measurement[Deparsed]:
    """Measure how the server itself writes expressions over a table's columns, for (table, expression) in `texts`.

    What it plans to put out for each is compared, never run: two spellings of one expression get the same plan. One
    that it does not understand gets its own text back.
    """
    found: Deparsed = {}
    began, asked = time.monotonic(), []
    for table, text in dict.fromkeys(texts):
        query = sql.SQL(_EXPRESSION).format(expression=sql.SQL(text), table=identifier(table))
        asked.append(session.text(query))
        try:
            (plan,) = session.read(query).row.values()
        except CannotMeasure:
            plan = text
        found[table, text] = json.dumps(plan, sort_keys=True)
    shown = [{"table": table, "text": text, "plan": plan} for (table, text), plan in found.items()]
    duration = time.monotonic() - began
    return Measurement(
        value=found, unit="expressions", rows=len(found), query=";\n".join(asked), duration_s=duration, shown=shown
    )


def row_counts(session: Session, tables: Iterable[str]) -> Measurement[dict[str, int]]:
    """Measure how many rows each of `tables` has."""
    answers = {table: session.read(sql.SQL(_ROWS).format(table=identifier(table))) for table in tables}
    counts = {table: int(answer.row["rows"]) for table, answer in answers.items()}
    return Measurement(
        value=counts,
        unit="rows counted",
        rows=sum(counts.values()),
        query=";\n".join(answer.query for answer in answers.values()),
        duration_s=sum(answer.duration_s for answer in answers.values()),
    )


def stored_tables(session: Session) -> Measurement[tuple[tuple[str, str], ...]]:
    """Measure which tables hold rows of their own, as (schema, table): what a complete dump must hold."""
    answer = session.read(_STORED_TABLES)
    tables = tuple((row["schema"], row["table"]) for row in answer.rows)
    return answer.measurement(tables, unit="tables", rows=len(tables))


def dumped_items(session: Session) -> Measurement[tuple[str, ...]]:
    """Measure what a complete dump lists: tables, sequences, indexes, constraints, as "KIND schema name"."""
    answer = session.read(_DUMPED)
    items = tuple(row["item"] for row in answer.rows)
    return answer.measurement(items, unit="tables, sequences, indexes and constraints", rows=len(items))


def size(session: Session) -> Measurement[int]:
    """Measure the database's size on disk, in bytes."""
    answer = session.read(_SIZE)
    return answer.measurement(answer.row["size_bytes"], unit="bytes", rows=1)


def _read(session: Session, query: LiteralString, tables: Sequence[str], *, references: Sequence[str] = ()) -> Answer:
    asked = sql.SQL(_NAMED + query).format(
        names=sql.Literal(list(tables)),
        regclasses=sql.Literal(regclasses(tables)),
        references=sql.Literal(list(references)),
        regclasses_of_references=sql.Literal(regclasses(references)),
    )
    return session.read(asked)


def _foreign_key(row: Row) -> ForeignKeyFacts:
    return ForeignKeyFacts(**row | {name: tuple(row[name]) for name in ("columns", "references_columns")})
