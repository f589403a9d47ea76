"""Dead rows and old statistics of a table, as the server counts them."""

from __future__ import annotations

from typing import Final

from psycopg import sql

from releasegate.core import Measurement
from releasegate.core.facts.upkeep import Upkeep
from releasegate.probes.postgres import Session, identifier

# The table's own storage parameters go before the server's settings; the limits are how autovacuum works them out. A
# partitioned table has neither rows nor counters of its own: its partitions have.
_UPKEEP: Final = """
SELECT sum(alive)::bigint AS alive, sum(dead)::bigint AS dead, sum(changed)::bigint AS changed,
       coalesce(min(analyzed)::text, '') AS analyzed, bool_and(is_automatic) AS is_automatic,
       sum(analyze_at)::bigint AS analyze_at, sum(vacuum_at)::bigint AS vacuum_at,
       max(vacuumed_ago_s) AS vacuumed_ago_s, bool_or(is_vacuumed_now) AS is_vacuumed_now, max(held_s) AS held_s
  FROM (
SELECT coalesce(n_live_tup, 0) AS alive, coalesce(n_dead_tup, 0) AS dead, coalesce(n_mod_since_analyze, 0) AS changed,
       greatest(last_analyze, last_autoanalyze) AS analyzed,
       current_setting('autovacuum')::bool AND current_setting('track_counts')::bool
           AND coalesce(own.settings ->> 'autovacuum_enabled', 'true')::bool AS is_automatic,
       (coalesce(own.settings ->> 'autovacuum_analyze_threshold',
                 current_setting('autovacuum_analyze_threshold'))::float
           + coalesce(own.settings ->> 'autovacuum_analyze_scale_factor',
                      current_setting('autovacuum_analyze_scale_factor'))::float * greatest(reltuples, 0))::bigint
           AS analyze_at,
       (coalesce(own.settings ->> 'autovacuum_vacuum_threshold', current_setting('autovacuum_vacuum_threshold'))::float
           + coalesce(own.settings ->> 'autovacuum_vacuum_scale_factor',
                      current_setting('autovacuum_vacuum_scale_factor'))::float * greatest(reltuples, 0))::bigint
           AS vacuum_at,
       extract(epoch FROM clock_timestamp() - greatest(last_vacuum, last_autovacuum))::float AS vacuumed_ago_s,
       EXISTS (SELECT FROM pg_stat_progress_vacuum AS going WHERE going.relid = pg_class.oid) AS is_vacuumed_now,
       (SELECT max(extract(epoch FROM clock_timestamp() - began))::float
          FROM (SELECT xact_start AS began FROM pg_stat_activity
                 WHERE datname = current_database() AND pid <> pg_backend_pid()
                   AND coalesce(backend_xid, backend_xmin) IS NOT NULL
                 UNION ALL
                SELECT prepared FROM pg_prepared_xacts WHERE database = current_database()) AS open) AS held_s
  FROM pg_class
  LEFT JOIN pg_stat_all_tables AS stat ON stat.relid = pg_class.oid
 CROSS JOIN LATERAL (
       SELECT jsonb_object_agg(option_name, option_value) AS settings FROM pg_options_to_table(reloptions)) AS own
 WHERE pg_class.oid = to_regclass({table}) AND relkind <> 'p'
    OR pg_class.oid IN (SELECT relid FROM pg_partition_tree(to_regclass({table})) WHERE isleaf)) AS part
HAVING count(*) > 0
"""


def upkeep(session: Session, table: str) -> Measurement[Upkeep | None]:
    """Measure `table`; None where there is none."""
    answer = session.read(sql.SQL(_UPKEEP).format(table=sql.Literal(identifier(table).as_string(None))))
    found = [Upkeep(table=table, **row) for row in answer.rows]
    return answer.measurement(found[0] if found else None, unit="tables", rows=len(found))
