"""Rows of the last hour, as the server dates them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from pydantic import SecretStr

from releasegate.change.models import Backfill
from releasegate.probes.arrivals import arrivals
from releasegate.probes.postgres import open_session
from releasegate.target.models import Database

BACKFILL = Backfill(table="m", from_column="a", to_column="b", url=("/0/url",), source="runbook")

ROWS = """
SET TimeZone = 'UTC';
INSERT INTO m (created_at) SELECT now() - make_interval(mins => n) FROM unnest(ARRAY[1, 5, 59, 61, -9]) AS ago (n)
"""


def look(cluster, created, **more):
    table = f"CREATE TABLE m (id serial, a text, b jsonb, {created})"
    dsn = cluster.database(f"{table}; {ROWS if 'created' in created else ''}")
    with open_session(Database(dsn=SecretStr(dsn))) as session:
        return arrivals(session, BACKFILL, **more)


@pytest.mark.parametrize("created", ["created_at timestamptz", "created_at timestamp"])
def test_rows_of_the_last_hour_or_since_a_moment_are_counted(cluster, created):
    """Older rows and those dated ahead are not."""
    hour = look(cluster, created).value
    since = look(cluster, created, since=datetime.now(UTC) - timedelta(minutes=30)).value
    assert (hour.rows, hour.minutes, since.rows) == (3, 60, 2)
    assert since.minutes == pytest.approx(30, abs=1)


def test_where_nothing_dates_a_row_nothing_is_measured(cluster):
    """No column with a usual name and a moment in it."""
    assert look(cluster, "day text") is None
