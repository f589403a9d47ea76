"""How many rows of each table were written so far, as PostgreSQL counts them by itself: no table is looked at."""

from __future__ import annotations

from typing import Final

from releasegate.probes.postgres import Session

MOST_TABLES: Final = 500  # the most written ones; each is 60 bytes in the evidence of every gate

# A replica counts what is written to it, which is nothing.
_WRITTEN: Final = """
SELECT schemaname || '.' || relname AS "table", n_tup_ins AS inserted, n_tup_upd AS updated, n_tup_del AS deleted
  FROM pg_stat_user_tables
 WHERE NOT pg_is_in_recovery() AND current_setting('track_counts')::bool
 ORDER BY n_tup_ins + n_tup_upd + n_tup_del DESC, 1 LIMIT {most}
"""


def written(session: Session) -> dict[str, tuple[int, int, int]]:
    """Return the rows inserted, updated and deleted since the server began to count, by "schema.table".

    They say something only against an earlier look: the difference is what was written meanwhile.
    """
    answer = session.read(_WRITTEN.format(most=MOST_TABLES))
    return {row["table"]: (row["inserted"], row["updated"], row["deleted"]) for row in answer.rows}
