"""The database that a restore replaced, on a real server: found by its name, and what of it the dump lacks."""

from __future__ import annotations

from datetime import UTC, datetime

import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict, make_conninfo
from pydantic import SecretStr

from releasegate.change.models import Backfill
from releasegate.core.facts.back import OfDump, Replaced
from releasegate.probes.postgres import open_session
from releasegate.probes.replaced import replaced
from releasegate.target.models import Database, Target, WayBack

ROWS = """
CREATE TABLE messages AS SELECT n AS id, timestamptz '2025-11-03 01:00Z' + n * interval '1 minute' AS created_at,
    timestamptz '2025-11-03 01:00Z' + n * interval '1 minute' AS updated_at FROM generate_series(0, 90) n;
UPDATE messages SET updated_at = '2025-11-03 02:20Z' WHERE id < 5;
CREATE TABLE tags AS SELECT n AS id FROM generate_series(1, 7) n;
"""
DUMPED = datetime(2025, 11, 3, 2, 0, tzinfo=UTC)
DUMP = {
    "public.messages": OfDump(table="public.messages", rows=61, newest="2025-11-03 02:00:00+00"),
    "public.tags": OfDump(table="public.tags", rows=4),
}


@pytest.fixture(scope="module")
def target(cluster):
    """Return the target of a database that was restored; the one that it replaced stands beside it, as does another."""
    dsn = cluster.database("CREATE TABLE messages (id int)")
    name = conninfo_to_dict(dsn)["dbname"]
    with psycopg.connect(cluster.database(ROWS), autocommit=True) as connection:
        kept = connection.info.dbname
    with psycopg.connect(make_conninfo(dsn, dbname="postgres"), autocommit=True) as server:
        server.execute(f'ALTER DATABASE "{kept}" RENAME TO "{name}_until_20251103_023000"')
    return Target(name="night", database=Database(dsn=SecretStr(dsn)))


def look(target, dump=DUMP, dumped=DUMPED):
    with open_session(target.database) as session:
        return replaced(target, session, None, dump, dumped).value


def test_what_is_younger_than_the_dump_is_counted_table_by_table(target):
    """By the newest row of the dump's copy; a table without dates by how much it has grown."""
    found = look(target)
    assert found.name.endswith("_until_20251103_023000")
    messages, tags = found.tables
    assert (messages.kept, messages.written, messages.changed) == (91, 30, 5)
    assert (messages.first[:16], messages.last[:16]) == ("2025-11-03 02:01", "2025-11-03 02:30")
    assert (tags.written, tags.is_dated) == (3, False)


def test_without_a_restored_copy_the_dump_s_beginning_decides(target):
    """Of a table without dates nobody knows then."""
    messages, tags = look(target, dump={}).tables
    assert (messages.written, tags.written) == (30, None)


def test_another_name_is_given_by_the_target_and_none_is_none(target):
    """A pattern of the target's; the database itself never fits."""
    other = target.model_copy(update={"way_back": WayBack(replaced="{database}*")})
    assert look(other).name.endswith("_until_20251103_023000")
    nowhere = target.model_copy(update={"way_back": WayBack(replaced="kept_elsewhere")})
    assert look(nowhere) == Replaced(name="")


def test_what_an_earlier_restore_left_is_not_taken_for_what_this_one_replaced(target):
    """It ends before the dump begins, so it would say that nothing was lost."""
    later = {"public.messages": OfDump(table="public.messages", rows=200, newest="2025-11-04 02:00:00+00")}
    assert look(target, dump=later) == Replaced(name="")


def test_what_the_backfill_itself_changed_is_no_loss_of_people_s(target):
    """Where it touches the column that says when a row was changed; people's changes of other rows count."""
    named = {"table": "messages", "from_column": "id", "to_column": "files", "url": ["/0/url"], "source": "runbook"}
    marker = {"at": ["/0/source"], "value": "legacy", "source": "runbook"}
    backfill = Backfill.model_validate({**named, "marker": marker})
    with open_session(target.database) as session:
        kept = replaced(target, session, None, DUMP, DUMPED).value.name
    with psycopg.connect(make_conninfo(target.database.dsn.get_secret_value(), dbname=kept), autocommit=True) as other:
        other.execute("""ALTER TABLE messages ADD files jsonb; UPDATE messages SET files = '[{"source": "legacy"}]',
                         updated_at = '2025-11-03 02:25Z' WHERE id BETWEEN 3 AND 40""")
    with open_session(target.database) as session:
        messages, _ = replaced(target, session, backfill, DUMP, DUMPED).value.tables
    assert (messages.written, messages.changed) == (30, 3)
