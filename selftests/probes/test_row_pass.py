"""Going through a table range by range: the same counts as in one pass, also when it is cut off in the middle."""

from __future__ import annotations

import json

import psycopg
import pytest
from pydantic import SecretStr

from releasegate.change.models import Backfill, Marker, TypeCase
from releasegate.core import CannotMeasure
from releasegate.probes import checksums, key_ranges, row_pass, rows
from releasegate.probes.postgres import open_session
from releasegate.probes.row_sql import Moments
from releasegate.target.models import Database

SOURCE = "runbook 4"
BACKFILL = Backfill(
    source=SOURCE, table="m", from_column="u", to_column="a", url=("/0/url",),
    type=("/0/type",), types=(TypeCase(source=SOURCE, types=("image", "video")),),
    marker=Marker(source=SOURCE, at=("/0/source",), value="legacy"),
)  # fmt: skip
TABLE = """
CREATE TABLE m (id {kind}, u text, a jsonb);
INSERT INTO m SELECT {key}, CASE WHEN n % 3 = 0 THEN 'u' || n END,
       CASE WHEN n % 6 = 0 THEN jsonb_build_array(jsonb_build_object(
           'url', 'u' || n, 'source', 'legacy', 'type', (ARRAY['image', 'video', 'sticker'])[1 + n % 5])) ELSE '[]' END
  FROM generate_series(1, 1000) n;
"""
KEYS = {
    "uuid PRIMARY KEY": "md5(n::text)::uuid",
    "bigint PRIMARY KEY": "n * 7 - 3000",
    "text": "CASE WHEN n > 5 THEN 'it''s ' || n END",  # no index, and a few without a key
}


def made(cluster, kind="bigint PRIMARY KEY"):
    return cluster.database(TABLE.format(kind=kind, key=KEYS[kind]))


def counted(dsn, *, gentle, kept_in=None):
    with open_session(Database(dsn=SecretStr(dsn), gentle=gentle)) as session:
        return rows.every_row(session, BACKFILL, Moments(), kept_in=kept_in).value


@pytest.fixture(autouse=True)
def short_ranges(monkeypatch):
    for name, value in {"FIRST_RANGE": 90, "SHORTEST_RANGE": 10, "LONGEST_RANGE": 150, "AGAIN_AFTER_S": 0.0}.items():
        monkeypatch.setattr(key_ranges, name, value)


@pytest.mark.parametrize("kind", KEYS)
def test_ranges_count_what_one_pass_counts(cluster, kind):
    """For keys of any type, one without an index and with NULLs too."""
    dsn = made(cluster, kind)
    whole, ranges = counted(dsn, gentle=False), counted(dsn, gentle=True)
    assert (whole.total, whole.ranges) == (1000, 1)
    assert whole.types == {"image": 33, "video": 34, "": 99}
    assert (ranges.by_flags, ranges.types, ranges.ranges > 5) == (whole.by_flags, whole.types, True)
    assert ranges.blocks == whole.blocks > 0


def broken_after(monkeypatch, reads, error):
    """Let the connection break at the read of that number, and at those that follow it while `error` is given."""
    real, seen = row_pass._read, []

    def read(session, marked):
        seen.append(marked)
        if len(seen) in reads:
            raise error
        return real(session, marked)

    monkeypatch.setattr(row_pass, "_read", read)
    return seen


def test_a_range_that_failed_is_tried_again(cluster, monkeypatch):
    """A connection that breaks once in the middle costs nothing but time."""
    dsn = made(cluster)
    whole = counted(dsn, gentle=False)
    broken_after(monkeypatch, {3}, CannotMeasure("the connection was lost"))
    assert counted(dsn, gentle=True).by_flags == whole.by_flags


def test_a_pass_that_was_cut_off_is_taken_up_where_it_stopped(cluster, monkeypatch, tmp_path):
    """The next run counts only what is left, says so, and comes to the same counts; its notes are gone then."""
    dsn = made(cluster)
    whole = counted(dsn, gentle=False)
    with monkeypatch.context() as broken:
        broken_after(broken, set(range(4, 99)), CannotMeasure("the connection was lost"))
        with pytest.raises(CannotMeasure, match="was lost"):
            counted(dsn, gentle=True, kept_in=tmp_path)
    (notes,) = tmp_path.iterdir()
    stopped_at = json.loads(notes.read_text())["after"]
    again = counted(dsn, gentle=True, kept_in=tmp_path)
    assert (again.by_flags, again.resumed_after) == (whole.by_flags, stopped_at)
    assert not list(tmp_path.iterdir())


def test_a_pass_that_was_killed_at_its_very_end_is_begun_anew(cluster, monkeypatch, tmp_path):
    """Its last range is counted and its notes are still there: taken up again, every row would count twice."""
    dsn = made(cluster)
    whole = counted(dsn, gentle=True)
    with monkeypatch.context() as killed:
        killed.setattr(row_pass.Path, "unlink", lambda *_, **__: None)
        counted(dsn, gentle=True, kept_in=tmp_path)
    assert counted(dsn, gentle=True, kept_in=tmp_path).by_flags == whole.by_flags


def test_notes_that_are_old_or_of_another_question_are_not_taken_up(cluster, tmp_path, monkeypatch):
    """What was counted an hour ago says too little about the table of now."""
    dsn = made(cluster)
    with monkeypatch.context() as broken:
        broken_after(broken, set(range(2, 99)), CannotMeasure("the connection was lost"))
        with pytest.raises(CannotMeasure):
            counted(dsn, gentle=True, kept_in=tmp_path)
    (notes,) = tmp_path.iterdir()
    notes.write_text(json.dumps(json.loads(notes.read_text()) | {"began": 0}))
    assert not counted(dsn, gentle=True, kept_in=tmp_path).resumed_after


def test_one_pass_that_takes_too_long_goes_on_in_ranges(cluster, monkeypatch):
    """A table that is too large for the time-out is judged all the same."""
    dsn = made(cluster)
    whole = counted(dsn, gentle=False)
    broken_after(monkeypatch, {1}, key_ranges.TooLong())
    found = counted(dsn, gentle=False)
    assert (found.by_flags, found.ranges > 5) == (whole.by_flags, True)


def test_a_statement_at_its_time_out_is_told_from_other_trouble(cluster):
    """Only the time-out makes the pass go on in ranges; a right that is missing does not."""
    dsn = made(cluster)
    with psycopg.connect(dsn, autocommit=True) as other:
        other.execute("CREATE FUNCTION slow() RETURNS int LANGUAGE sql AS 'SELECT 1 FROM pg_sleep(9)'")
    with open_session(Database(dsn=SecretStr(dsn), statement_timeout="1s")) as session:
        with pytest.raises(key_ranges.TooLong):
            row_pass._read(session, row_pass.sql.SQL("(SELECT slow() AS flags, '' AS type)"))
        with pytest.raises(CannotMeasure, match="nowhere"):
            row_pass._read(session, row_pass.sql.SQL("(SELECT 1 AS flags FROM nowhere)"))


def summed(dsn, *, gentle):
    with open_session(Database(dsn=SecretStr(dsn), gentle=gentle)) as session:
        return checksums.checksums(session, "m", ["id", "u", "a"], key="id", created=None)


@pytest.mark.parametrize("kind", KEYS)
def test_sums_of_ranges_are_those_of_one_statement(cluster, monkeypatch, kind):
    """A key without an index is not gone through in ranges: each would sort the whole table."""
    dsn, asked = made(cluster, kind), []
    real = key_ranges.read_in_time
    monkeypatch.setattr(checksums, "read_in_time", lambda *given: asked.append(1) or real(*given))
    whole, few = summed(dsn, gentle=False).value, len(asked)
    gentle = summed(dsn, gentle=True).value
    assert (gentle, gentle.rows) == (whole, 1000)
    assert (len(asked) - few > 5) == ("PRIMARY KEY" in kind)


def test_sums_that_take_too_long_go_on_in_ranges(cluster, monkeypatch):
    """As the pass over every row does: a baseline of a very large table is no error."""
    dsn = made(cluster)
    whole, real, asked = summed(dsn, gentle=False), key_ranges.read_in_time, []

    def read(session, query):
        asked.append(query)
        if len(asked) == 1:
            raise key_ranges.TooLong
        return real(session, query)

    monkeypatch.setattr(checksums, "read_in_time", read)
    assert summed(dsn, gentle=False).value == whole.value
    assert len(asked) > 5
