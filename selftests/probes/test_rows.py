"""The pass over all rows against a real server, on tables of other shapes than the reference's."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import psycopg
import pytest
from pydantic import SecretStr

from releasegate.change.models import Backfill, Marker, RequiredField, TypeCase
from releasegate.checks.rows import judged_flags, own_flags
from releasegate.checks.survival import differing_groups
from releasegate.core.facts.rows import (
    FIRST_REQUIRED,
    Edited,
    Flag,
    NewRows,
    OwnNow,
    Segment,
    recorded_checksums,
    recorded_own,
)  # fmt: skip
from releasegate.plugin.notebook import as_payload
from releasegate.probes import checksums, clocks, own_rows, picked, rows, upkeep
from releasegate.probes.columns import as_found
from releasegate.probes.postgres import open_session
from releasegate.probes.row_sql import Moments
from releasegate.target.models import Database

SOURCE = "runbook 4"
TABLE = """
CREATE SCHEMA "Chat";
CREATE TABLE "Chat"."Msg" (
    "Id" bigint PRIMARY KEY, "ThreadId" bigint, "Kind" text, "mediaUrl" text, "createdAt" timestamp, "Files" {kind});
"""
BACKFILL = Backfill(
    source=SOURCE,
    table="Chat.Msg",
    key="Id",
    from_column="mediaUrl",
    to_column="Files",
    url=("/0/url", "/0/href"),
    type=("/0/type",),
    marker=Marker(source=SOURCE, at=("/0/source", "/0/meta/by"), value="legacy"),
    required=(RequiredField(source=SOURCE, at=("/0/name",)),),
    types=(
        TypeCase(source=SOURCE, endings=("jpg",), types=("image", "photo")),
        TypeCase(source=SOURCE, column="Kind", values=("clip",), types=("video",)),
    ),
)
EMPTY = int(Flag.MEDIA | Flag.DUE)  # with media, from before the backfill began as far as anybody knows, and not filled
GOOD = '[{"url": "https://x/1.jpg", "type": "image", "source": "legacy", "name": "1"}]'
NEVER = Moments()


def made(cluster, *rows_of_sql, kind="jsonb"):
    inserts = "".join(f'INSERT INTO "Chat"."Msg" VALUES ({row});' for row in rows_of_sql)  # noqa: S608  rows made here
    return cluster.database(TABLE.format(kind=kind) + inserts)


def reach(dsn):
    return open_session(Database(dsn=SecretStr(dsn)))


def flags_of(dsn, moments=NEVER):
    with reach(dsn) as session:
        return rows.every_row(session, as_found(session, BACKFILL), moments).value


def one(cluster, row, moments=NEVER):
    (flags,) = flags_of(made(cluster, row), moments).by_flags
    return Flag(flags & (FIRST_REQUIRED - 1)), bool(flags & FIRST_REQUIRED)


MARKED = Flag.MEDIA | Flag.FILLED | Flag.MARKED | Flag.DUE


@pytest.mark.parametrize(
    ("row", "flags", "lacks_name"),
    [
        (f"1, 1, 'x', 'https://x/1.jpg', now(), '{GOOD}'", MARKED, False),
        ("1, 1, 'x', NULL, now(), '[]'", Flag.DUE, False),
        ("1, 1, 'x', '', now(), NULL", Flag.DUE, False),
        ("1, 1, 'x', 'https://x/1.jpg', now(), '[]'", Flag.MEDIA | Flag.DUE, False),
        ("1, 1, 'x', 'https://x/1.jpg', now(), '{}'", Flag.MEDIA | Flag.DUE, False),
        (f"1, 1, 'x', 'https://x/2.jpg', now(), '{GOOD}'", MARKED | Flag.OTHER_URL, False),
        (f"1, 1, 'x', NULL, now(), '{GOOD}'", (MARKED | Flag.OTHER_URL) & ~Flag.MEDIA, False),
        (
            """1, 1, 'clip', 'u', now(), '[{"href": "u", "type": "image", "meta": {"by": "legacy"}}]'""",
            MARKED | Flag.OTHER_TYPE,
            True,
        ),
        (
            """1, 1, 'x', 'u', now(), '[{"url": "u", "type": "image", "source": "legacy", "name": ""}]'""",
            MARKED | Flag.UNDECIDED,
            True,
        ),
    ],
)
def test_a_row_has_the_flags_of_what_it_holds(cluster, row, flags, lacks_name):
    """Several places for url and marker, an empty required field, no media, another url, a type by column."""
    assert one(cluster, row) == (flags, lacks_name)


@pytest.mark.parametrize("stored", ["null", '"[]"', "7", '{"0": {"url": "https://x/1.jpg"}}'])
def test_json_of_another_kind_is_counted_and_breaks_nothing(cluster, stored):
    """JSON null, a text, a number and an object in the place of a list are wrong rows, not a traceback."""
    flags, _ = one(cluster, f"1, 1, 'x', 'https://x/1.jpg', now(), '{stored}'")
    assert Flag.WRONG_KIND in flags


@pytest.mark.parametrize(
    ("stored", "is_too_many"),
    [
        ('[{"url": "u"}, {"url": "v"}]', False),
        ('[{"url": "u"}, {"url": "v"}, {"url": "w"}]', True),
        ('{"url": "u"}', False),
        ("7", False),
    ],
)
def test_more_elements_than_the_change_allows_are_counted(cluster, stored, is_too_many):
    """Two are allowed here; what is no list has no elements and is another kind of wrong."""
    dsn = made(cluster, f"1, 1, 'x', 'u', now(), '{stored}'")
    with reach(dsn) as session:
        counts = rows.every_row(session, BACKFILL.model_copy(update={"most_elements": 2}), NEVER).value
    assert [bool(flags & Flag.TOO_MANY) for flags in counts.by_flags] == [is_too_many]


def test_the_pass_is_one_sequential_scan_that_may_use_workers(cluster):
    """The planner sees a handful of groups, so that workers count for themselves; nothing is scanned twice."""
    dsn = made(cluster, *(f"{n}, 1, 'x', 'https://x/{n}.jpg', now(), '{GOOD}'" for n in range(50)))
    with reach(dsn) as session, psycopg.connect(dsn, autocommit=True) as other:
        query = rows.every_row(session, BACKFILL, NEVER).query
        for setting in ("parallel_setup_cost = 0", "parallel_tuple_cost = 0", "min_parallel_table_scan_size = 0"):
            other.execute(f"SET {setting}")  # so that fifty rows are worth it
        plan = [line for (line,) in other.execute(f"EXPLAIN {query}".encode())]
    assert [line.split("(")[0].strip() for line in plan if "Scan" in line and "Subquery" not in line] == [
        '->  Parallel Seq Scan on "Msg"'
    ]


@pytest.mark.parametrize(("kind", "found"), [("text", "text"), ("jsonb[]", "jsonb[]")])
def test_a_target_column_that_is_no_json_is_told_by_its_type(cluster, kind, found):
    """Nothing is counted, and the type says why."""
    counts = flags_of(made(cluster, kind=kind))
    assert (counts.target_type, counts.is_readable, counts.by_flags) == (found, False, {})


def test_a_json_column_is_read_like_a_jsonb_one(cluster):
    """The pass casts json to jsonb."""
    counts = flags_of(made(cluster, f"1, 1, 'x', 'https://x/1.jpg', now(), '{GOOD}'", kind="json"))
    assert counts.by_flags == {int(MARKED): 1}


def test_old_and_due_follow_the_column_that_dates_a_row(cluster):
    """A row after both moments is neither; the column is found by its usual name."""
    dsn = made(cluster, "1, 1, '', 'u', '2025-11-01', '[]'", "2, 1, '', 'u', '2025-11-03', '[]'")
    moments = Moments(old_until="2025-11-01 00:00:00", began="2025-11-02T12:00:00+00:00")
    counts = flags_of(dsn, moments)
    assert counts.by_flags == {int(Flag.MEDIA | Flag.OLD | Flag.DUE): 1, int(Flag.MEDIA): 1}
    assert counts.knows_old


def test_examples_are_the_rows_of_those_flags(cluster):
    """Ids are listed as text, at most twenty of each kind."""
    dsn = made(cluster, *(f"{n}, 1, '', 'u', now(), '[]'" for n in range(30)))
    with reach(dsn) as session:
        found = rows.examples(session, BACKFILL, Moments(), {"missing": [int(Flag.MEDIA | Flag.DUE)]}).value
    assert len(set(found["missing"])) == rows.MOST_EXAMPLES


def test_the_segment_with_the_most_wrong_rows_is_the_change_s_or_a_day(cluster):
    """The day by default, a column where the change file names one; none where nothing is wrong."""
    dsn = made(
        cluster,
        "1, 7, '', 'u', '2025-11-01 08:00', '[]'",
        "2, 8, '', 'u', '2025-11-01 23:00', '[]'",
        "3, 8, '', 'u', '2025-11-03', '[]'",
    )
    wrong = {int(Flag.MEDIA | Flag.DUE)}
    with reach(dsn) as session:
        found = as_found(session, BACKFILL)
        by_day = rows.worst_segment(session, found, NEVER, wrong).value
        by_thread = rows.worst_segment(session, found.model_copy(update={"segment": "ThreadId"}), NEVER, wrong).value
        assert rows.worst_segment(session, found, NEVER, set()).value is None
    assert by_day == Segment(name="createdAt", value="2025-11-01", rows=2)
    assert by_thread == Segment(name="ThreadId", value="8", rows=2)


def test_new_rows_are_looked_at_twice(cluster):
    """A row that gets its content between the looks is fine; one that comes in between is not counted as late."""
    dsn = made(cluster, *(f"{n}, 1, '', 'u', '2025-11-0{n}', '[]'" for n in range(1, 5)))
    moments = Moments(began="2025-11-02T12:00:00+00:00")
    with reach(dsn) as session, psycopg.connect(dsn, autocommit=True) as other:
        found = as_found(session, BACKFILL)
        assert rows.written_since(session, found, NEVER, again_after_s=0).value == NewRows(since="")
        once = rows.written_since(session, found, moments, again_after_s=0).value

        def meanwhile(_):
            other.execute("""UPDATE "Chat"."Msg" SET "Files" = '[{"url": "u"}]' WHERE "Id" = 3""")
            other.execute("""INSERT INTO "Chat"."Msg" VALUES (9, 1, '', 'u', '2025-11-09', '[]')""")

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(rows.time, "sleep", meanwhile)
            again = rows.written_since(session, found, moments, again_after_s=5).value
    assert once == NewRows(since=moments.began, media=2, old_form=2)
    assert again == NewRows(since=moments.began, media=3, old_form=2, still=1, waited_s=5)


def test_only_rows_that_the_backfill_answers_for_are_picked(cluster):
    """What people attached themselves, and what came since, may be otherwise: it is no sample of the backfill."""
    own = """'[{"url": "https://y/own.jpg", "type": "image"}]'"""
    dsn = made(
        cluster,
        f"1, 1, 'k', 'https://x/1.jpg', '2025-11-01', '{GOOD}'",
        f"2, 1, 'k', 'https://x/2.jpg', '2025-11-01', {own}",
        "3, 1, 'k', 'https://x/3.jpg', '2025-11-05', '[]'",
    )
    moments = Moments(old_until="2025-10-01", began="2025-11-03T00:00:00+00:00")
    with reach(dsn) as session:
        found = as_found(session, BACKFILL)
        counts = rows.every_row(session, found, moments).value
        spots = picked.spots(session, found, moments, judged_flags(counts), count=5, seed=1, preview_length=0)
    assert [spot.id for spot in spots.value] == ["1"]


@pytest.mark.parametrize(
    ("newest", "zone"),
    [
        ("now() AT TIME ZONE 'America/Sao_Paulo' - interval '1 minute'", "America/Sao_Paulo"),
        ("now() AT TIME ZONE 'UTC' - interval '1 minute'", "UTC"),
        ("NULL", "UTC"),
    ],
)
def test_a_column_without_a_time_zone_is_read_in_the_one_it_is_written_in(cluster, newest, zone):
    """By its newest row: three hours off are three hours of messages that the backfill is blamed for, or not asked."""
    dsn = made(cluster, f"1, 1, 'k', 'https://x/1.jpg', {newest}, '[]'")
    with psycopg.connect(dsn, autocommit=True) as owner:
        owner.execute(f"ALTER DATABASE {owner.info.dbname} SET timezone = 'America/Sao_Paulo'")
    with reach(dsn) as session:
        found = as_found(session, BACKFILL)
        assert clocks.zone_of(session, found) == zone
        minute = datetime.now(UTC) - timedelta(seconds=30)
        moments = Moments(began=minute.isoformat(), zone=clocks.zone_of(session, found))
        assert rows.written_since(session, found, moments, again_after_s=0).value.media == 0
        moments = replace(moments, began=(minute - timedelta(minutes=1)).isoformat())
        came = rows.written_since(session, found, moments, again_after_s=0).value.media
        assert came == (newest != "NULL")


def test_the_partitions_of_a_table_are_kept_up_as_it_is(cluster):
    """It has no rows and no counters of its own."""
    parts = "".join(f"CREATE TABLE p{n} PARTITION OF t FOR VALUES FROM ({n}000) TO ({n + 1}000);" for n in range(2))
    dsn = cluster.database(f"CREATE TABLE t (id int) PARTITION BY RANGE (id); {parts}")
    with psycopg.connect(dsn, autocommit=True) as owner:
        owner.execute("INSERT INTO t SELECT generate_series(0, 1999)")
        owner.execute("SELECT pg_stat_force_next_flush()")
    with reach(dsn) as session:
        found = upkeep.upkeep(session, "t").value
    assert (found.alive, found.changed, found.analyze_at) == (2000, 2000, 100)


def test_the_same_seed_picks_the_same_rows(cluster):
    """A spot check can be repeated; the preview is cut, or absent."""
    dsn = made(cluster, *(f"{n}, 1, 'k', 'https://x/{n}.jpg', now(), '[]'" for n in range(50)))
    shown = BACKFILL.model_copy(update={"preview_column": "mediaUrl"})
    with reach(dsn) as session:
        first, again, other = (
            picked.spots(session, shown, NEVER, [EMPTY], count=5, seed=seed, preview_length=6).value
            for seed in (1, 1, 2)
        )
        silent = picked.spots(session, shown, NEVER, [EMPTY], count=5, seed=1, preview_length=0).value
    assert first == again != other
    assert {spot.preview for spot in first} == {"https:"}
    assert {spot.preview for spot in silent} == {""}
    assert first[0].fields == {"Kind": "k"}


def test_conversations_are_chosen_to_cover_every_kind_of_media(cluster):
    """One conversation for each ending and kind, and only among those that the API shows."""
    dsn = made(
        cluster,
        "1, 1, 'a', 'https://x/1.jpg', now(), '[]'",
        "2, 2, 'a', 'https://x/2.jpg', now(), '[]'",
        "3, 3, 'a', 'https://x/3.mov?x=1', now(), '[]'",
        "4, 4, 'b', 'https://x/4.pdf', now(), '[]'",
    )
    with reach(dsn) as session:
        found = as_found(session, BACKFILL)
        chosen = picked.conversations_to_read(session, found, ["1", "2", "3"])
    assert sorted(chosen.value) == ["1", "3"]
    assert chosen.rows == 2


def test_urls_without_an_ending_are_one_kind_and_replies_another(cluster):
    """A signature at the end of a url is no ending: a million of them must not be a million kinds."""
    dsn = made(
        cluster,
        "1, 1, 'a', 'https://x/abcdefghij', now(), '[]'",
        "2, 2, 'a', 'https://x/klmnopqrst', now(), '[]'",
        "3, 3, 'a', 'https://x/u.verylongone', now(), '[]'",
        "4, 4, 'a', 'https://x/uvwxyz', now(), '[]'",
    )
    with reach(dsn) as session, psycopg.connect(dsn, autocommit=True) as other:
        found = as_found(session, BACKFILL)
        assert picked.conversations_to_read(session, found, ["1", "2", "3", "4"]).rows == 1
        other.execute('ALTER TABLE "Chat"."Msg" ADD "replyToId" bigint')
        other.execute('UPDATE "Chat"."Msg" SET "replyToId" = 1 WHERE "Id" = 4')
        with_reply = picked.conversations_to_read(session, found, ["1", "2", "3", "4"])
    assert with_reply.rows == 2
    assert "4" in with_reply.value


@pytest.mark.parametrize("ids", [["7"], ["7", "not a number"], ["7", "99999999999999999999"]])
def test_ids_that_are_no_keys_of_the_table_are_not_found_and_break_nothing(cluster, ids):
    """An API may show ids of another kind beside the table's."""
    dsn = made(cluster, "7, 1, '', 'u', now(), '[]'")
    with reach(dsn) as session:
        assert [one.id for one in picked.stored(session, BACKFILL, ids).value] == ["7"]


def test_what_is_stored_is_read_as_one_url_for_each_attachment(cluster):
    """Every element of the list counts, one without url too."""
    dsn = made(cluster, """7, 1, '', 'u', now(), '[{"url": "u"}, {"href": "v"}, {"x": 1}]'""")
    with reach(dsn) as session:
        (found,) = picked.stored(session, BACKFILL, ["7", "8"]).value
    assert (found.id, found.urls) == ("7", ("u", "v", None))


def test_checksums_see_a_changed_value_and_two_that_swapped(cluster):
    """What went through the evidence compares equal, until a value changes or moves; a new row does not count."""
    dsn = made(cluster, "1, 1, '', 'u', '2025-11-01', '[]'", "2, 1, '', 'v', '2025-11-02', '[]'")
    with reach(dsn) as session, psycopg.connect(dsn, autocommit=True) as other:
        found = as_found(session, BACKFILL)
        taken = checksums.checksums(session, "Chat.Msg", ["mediaUrl"], key="Id", created=found.created)
        before = recorded_checksums([as_payload(taken)])["Chat.Msg"]
        other.execute("""INSERT INTO "Chat"."Msg" VALUES (3, 1, '', 'w', '2025-11-03', '[]')""")
        assert checksums.again(session, before, found).value == before
        other.execute("""UPDATE "Chat"."Msg" SET "mediaUrl" = CASE "Id" WHEN 1 THEN 'v' ELSE 'u' END""")
        assert checksums.again(session, before, found).value.groups != before.groups


def test_rows_are_compared_with_those_of_a_copy_one_by_one(cluster):
    """Of five rows of the copy one is the same, one emptied, one rewritten, one gone, one newer than the baseline."""
    old = [f"{key}, 1, '', 'u{key}', '2025-11-0{key}', '[]'" for key in (1, 2, 3, 4)]
    copied = made(cluster, *old)
    live = made(cluster, *old, "5, 1, '', 'new', '2025-11-09', '[]'")
    with reach(copied) as copy, reach(live) as session, psycopg.connect(live, autocommit=True) as other:
        found = as_found(session, BACKFILL)
        before = checksums.checksums(copy, "Chat.Msg", ["mediaUrl"], key="Id", created=found.created).value
        other.execute("""UPDATE "Chat"."Msg" SET "mediaUrl" = NULL WHERE "Id" = 2""")
        other.execute("""UPDATE "Chat"."Msg" SET "mediaUrl" = 'w' WHERE "Id" = 3""")
        other.execute("""DELETE FROM "Chat"."Msg" WHERE "Id" = 4""")
        groups = differing_groups(checksums.again(session, before, found).value, before)["mediaUrl"]
        looked = checksums.edited(copy, session, before, found, column="mediaUrl", groups=groups).value
        everywhere = checksums.edited(copy, session, before, found, column="mediaUrl", groups=list(before.groups)).value
    assert looked == Edited(column="mediaUrl", rows=2, emptied=("2",), rewritten=("3",))
    assert everywhere == Edited(column="mediaUrl", rows=3, emptied=("2",), rewritten=("3",))


def test_upkeep_is_read_with_the_table_s_own_settings(cluster):
    """Storage parameters of the table go before the server's; a table that is not there is None."""
    dsn = cluster.database(
        "CREATE TABLE t (id int) WITH (autovacuum_enabled = off, autovacuum_analyze_threshold = 7);"
        "INSERT INTO t SELECT generate_series(1, 100); CREATE TABLE u (id int)"
    )
    with reach(dsn) as session:
        assert not upkeep.upkeep(session, "u").value.is_automatic  # off for the whole server
    with cluster.told("autovacuum", "on"), reach(dsn) as session:
        own, usual = upkeep.upkeep(session, "t").value, upkeep.upkeep(session, "u").value
        assert upkeep.upkeep(session, "nowhere").value is None
    assert (own.is_automatic, own.analyze_at) == (False, 7)
    assert (usual.is_automatic, usual.analyze_at, usual.vacuum_at, usual.analyzed) == (True, 50, 50, "")


def test_rows_of_people_s_own_are_found_again_whatever_became_of_them(cluster):
    """Of four, one stays, one is emptied, one overwritten by the backfill, one deleted."""
    theirs = '[{"url": "https://x/own.jpg", "type": "image", "name": "1"}]'
    dsn = made(cluster, *(f"{key}, 1, NULL, NULL, now(), '{theirs}'" for key in (1, 2, 3, 4)))
    with reach(dsn) as session:
        backfill = as_found(session, BACKFILL)
        counts = rows.every_row(session, backfill, NEVER).value
        own = own_rows.listed(session, backfill, NEVER, own_flags(counts), total=counts.total)
        assert (sorted(own.value.ids), own.value.total) == (["1", "2", "3", "4"], 4)
        assert recorded_own([as_payload(own)]) == own.value
    with psycopg.connect(dsn) as connection:
        connection.execute("""UPDATE "Chat"."Msg" SET "Files" = '[]' WHERE "Id" = 2""")
        connection.execute("""UPDATE "Chat"."Msg" SET "Files" = %s WHERE "Id" = 3""", [GOOD])
        connection.execute("""DELETE FROM "Chat"."Msg" WHERE "Id" = 4""")
    with reach(dsn) as session:
        now = own_rows.now(session, backfill, own.value).value
    assert now == OwnNow(asked=4, there=3, emptied=("2",), overwritten=("3",))


@pytest.mark.parametrize(
    ("statement", "swept"),
    [
        ("""UPDATE "Chat"."Msg" SET "Files" = '[]'""", 2),  # the WHERE is forgotten
        ("""UPDATE "Chat"."Msg" SET "Files" = '[]' WHERE jsonb_array_length("Files") > 0""", 1),
        ("""UPDATE "Chat"."Msg" SET "Files" = '[]' WHERE "Files" @> '[{"source": "legacy"}]'""", 0),
        ("""UPDATE "Chat"."Msg" SET "Files" = '[]' WHERE "Id" = 30""", 0),  # somebody took a picture away, days ago
    ],
)
def test_rows_that_a_way_back_swept_along_are_counted(cluster, statement, swept):
    """Of those written since: one with somebody's own, one with nothing; three days old are the others with nothing."""
    old, new = "now() - interval '3 days'", "now()"
    backfilled = GOOD.replace("}", ', "source": "legacy"}', 1)
    theirs = '[{"url": "https://x/own.jpg", "type": "image", "name": "1"}]'
    dsn = made(
        cluster,
        *(f"{key}, 1, NULL, 'https://x/{key}.jpg', {old}, '{backfilled}'" for key in range(1, 9)),
        *(f"{key}, 1, NULL, NULL, {old}, '[]'" for key in (20, 21)),
        f"30, 1, NULL, NULL, {new}, '{theirs}'",
        f"31, 1, NULL, NULL, {new}, '[]'",
    )
    with psycopg.connect(dsn) as connection:
        connection.execute(statement)
    with reach(dsn) as session:
        yesterday = str(session.read("SELECT now() - interval '1 day' AS at").row["at"])
        found = own_rows.swept(session, as_found(session, BACKFILL), old_until=yesterday)
    assert found.value == swept


def test_upkeep_tells_when_a_vacuum_was_there_and_what_holds_it_up(cluster):
    """Never is None; an open transaction that has a snapshot or wrote counts by its age."""
    dsn = cluster.database("CREATE TABLE t (id int); INSERT INTO t SELECT generate_series(1, 100)")
    with reach(dsn) as session, psycopg.connect(dsn, autocommit=True) as other:
        never = upkeep.upkeep(session, "t").value
        assert (never.vacuumed_ago_s, never.is_vacuumed_now, never.held_s) == (None, False, None)
        other.execute("VACUUM t")
        other.execute("SELECT pg_stat_force_next_flush()")
    with psycopg.connect(dsn) as other, reach(dsn) as session:
        other.execute("DELETE FROM t")
        found = upkeep.upkeep(session, "t").value
    assert found.vacuumed_ago_s >= 0
    assert found.held_s >= 0
