"""The rows after a day and after a week. Runbook after 24 hours, after 1 week."""

import pytest

from releasegate.checks import rows as checks
from releasegate.core.facts.rows import recorded_checksums
from releasegate.probes import clocks, rows
from releasegate.probes.columns import as_found
from releasegate.probes.row_sql import Moments

pytestmark = pytest.mark.followup


@pytest.mark.check("followup/coverage-still-complete", promise="backfill", target="database")
def test_every_picture_is_still_there_and_new_ones_come_in_the_new_form(
    database, change, recorded, opened_at, passes, require
):
    backfill = as_found(database, change.backfill)
    before = recorded_checksums(recorded("preflight/baseline")).get(backfill.table)
    released = opened_at("backfill")
    began = clocks.on_its_clock(database, released.isoformat() if released else "")
    moments = Moments(
        old_until=before.until if before else "",
        began=began,
        zone=clocks.zone_of(database, backfill) if began else "UTC",
    )
    counts = rows.every_row(database, backfill, moments, kept_in=passes)
    unreadable = checks.unreadable_rows("followup/coverage-still-complete", counts.value, backfill.source)
    complete = checks.still_complete(counts.value, source=backfill.source, least=backfill.least_rows)
    require(unreadable or complete, counts)
