"""What the tests of the way back share: the rows and the catalog as they are now, each looked at once."""

import pytest

from releasegate.checks.rollback import columns_set_by
from releasegate.core.facts.back import Written, recorded_begin, recorded_dump, recorded_written
from releasegate.core.facts.rows import recorded_checksums, recorded_counts
from releasegate.core.facts.watch import recorded_rounds
from releasegate.probes import catalog, checksums, rows
from releasegate.probes.columns import as_found
from releasegate.probes.row_sql import Moments


@pytest.fixture(scope="module")
def backfill(database, change):
    return as_found(database, change.backfill)


@pytest.fixture(scope="module")
def sums_before(recorded):
    """Return what preflight summed up, by table."""
    return recorded_checksums(recorded("preflight/baseline"))


@pytest.fixture(scope="module")
def before(sums_before, change):
    return sums_before.get(change.backfill.table)


@pytest.fixture(scope="session")
def once():
    """Return a place for looks that several files share: a pass over a large table takes minutes."""
    return {}


@pytest.fixture
def sums_now(database, change, sums_before, once):
    """Return the same sums as they are now, by table."""
    if "sums" not in once:
        found = change.backfill and as_found(database, change.backfill)
        once["sums"] = {table: checksums.again(database, one, found) for table, one in sums_before.items()}
    return once["sums"]


@pytest.fixture
def objects(database, once):
    if "objects" not in once:
        once["objects"] = catalog.objects(database)
    return once["objects"]


@pytest.fixture
def counts(database, backfill, before, passes):
    moments = Moments(old_until=before.until if before else "")
    return rows.every_row(database, backfill, moments, kept_in=passes)


@pytest.fixture
def taken(change, options):
    """Return the statements of the document for the way that was taken."""
    return [one.sql for one in change.rollback if one.kind == options.kind]


@pytest.fixture
def rewritten(taken, sums_before):
    """Return the columns that these statements set, of all that preflight summed up."""
    return columns_set_by(taken, {name for one in sums_before.values() for name in one.columns})


@pytest.fixture(scope="module")
def counted(recorded):
    """Return the last look of a gate at every row, before the way back was taken."""
    return recorded_counts(recorded("backfill/every-row") or recorded("migration/rows-on-record"))


@pytest.fixture(scope="module")
def dump(recorded):
    """Return what the dump holds, as its restored copy showed in the backup gate."""
    return recorded_dump(recorded("backup/restored"))


@pytest.fixture(scope="module")
def dumped(recorded):
    """Return when the dump was begun."""
    return recorded_begin(recorded("backup/dump-listed"), recorded("backup/dump-exists"))


@pytest.fixture(scope="module")
def written(history):
    """Return every look at the server's counters since the backup was judged: the gates' and the watch's.

    Those before an earlier way back are of another database.
    """
    marks = [history.latest_closed("backup"), *(one for one in history.attempts("rollback") if one.ended)]
    if marks[0] is None:
        return []
    since = max(one.began_seq for one in marks)
    gates = (one for one in history.all_attempts if one.began_seq >= since and one.gate != "rollback")
    found = [recorded_written(one.began, one.start) for one in gates]
    watched = recorded_rounds(event.payload for event in history.latest_watch if event.seq > since)
    names = {table.rpartition(".")[2]: table for look in found if look for table in look.tables}
    inserted = [
        Written(at=at, tables={names.get(table, table): (look.inserted,) for table, look in looks.tables.items()})
        for at, looks in ((one.at, one.database) for one in watched)
        if looks
    ]
    return [*(look for look in found if look), *inserted]


@pytest.fixture(scope="module")
def page_stays(options, opened_at):
    """Return why the page is not looked at on this way, "" where it is."""
    if options.kind != "data" or opened_at("frontend"):
        return ""
    return "the old page was never replaced"
