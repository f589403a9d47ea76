"""What the checks of a restored copy say, and when they stay silent."""

from __future__ import annotations

from dataclasses import replace

import pytest

from releasegate.checks import restore as checks
from releasegate.core import Verdict
from releasegate.core.facts.backup import Restored, TableRows
from releasegate.core.facts.host import DiskFacts
from releasegate.core.facts.rows import Checksums

SOURCE = "runbook 1.1"
RESTORED = Restored(
    path="/b/a.dump", database="copy_1", server="PostgreSQL 17", duration_s=2, entries=9,
    command="pg_restore -d EMPTY_DATABASE /b/a.dump",
)  # fmt: skip
TABLES = [
    TableRows(table="public.messages", restored=20, has_rows=True),
    TableRows(table="public.drafts", restored=0, has_rows=False),
    TableRows(table="audit.log", restored=0, has_rows=None),
]
BEFORE = Checksums(
    table="messages", key="id", columns=("media_url",), until="",
    groups={0: ("5", "11"), 1: ("5", "12"), 2: ("5", "13"), 3: ("5", "14")},
)  # fmt: skip


def only(judgement):
    (finding,) = judgement.findings
    return finding


def having(**groups):
    return replace(BEFORE, groups=BEFORE.groups | {int(name[1:]): value for name, value in groups.items()})


def test_a_restore_without_an_error_passes_with_its_rows_and_time():
    judgement = checks.dump_is_restored(RESTORED, TABLES, source=SOURCE)
    assert (judgement.verdict, judgement.sentence) == (
        Verdict.PASS,
        "20 rows in 3 tables restored in 2.0 s on PostgreSQL 17; 1 table of the database could not be looked into",
    )


def test_an_error_of_the_restore_is_a_finding():
    failed = replace(RESTORED, errors=("pg_restore: error: could not read from input file", "another"))
    assert str(only(checks.dump_is_restored(failed, TABLES, source=SOURCE))) == (
        "backup/restored: /b/a.dump\n"
        "  want: it goes into an empty database without an error (runbook 1.1)\n"
        "  have: pg_restore: error: could not read from input file; 1 more\n"
        "  why:  the way back by this file stops here, or leaves something out\n"
        "  fix:  take the backup again (runbook step 1), then this gate; do not go on without it\n"
        "  run:  pg_restore -d EMPTY_DATABASE /b/a.dump"
    )


def test_a_table_that_came_out_empty_is_a_finding_unless_it_is_empty_anyway():
    tables = [TableRows(table="public.users", restored=0, has_rows=True), *TABLES]
    judgement = checks.dump_is_restored(RESTORED, tables, source=SOURCE)
    assert (judgement.verdict, only(judgement).have) == (Verdict.FAIL, "none in public.users")


def test_what_this_machine_lacks_is_inconclusive_by_name():
    lacking = replace(RESTORED, errors=("extension is not available",), lacking=("extension postgis",))
    judgement = checks.dump_is_restored(lacking, TABLES, source=SOURCE)
    assert judgement.verdict is Verdict.INCONCLUSIVE
    assert "has no extension postgis" in judgement.sentence


def test_without_permission_or_tables_or_a_baseline_nothing_is_decided():
    assert checks.not_allowed().verdict is Verdict.INCONCLUSIVE
    assert checks.dump_is_restored(RESTORED, [], source=SOURCE).verdict is Verdict.INCONCLUSIVE
    assert checks.has_baseline({}).verdict is Verdict.INCONCLUSIVE
    assert checks.catalog_came_back({}, None, same_major=True, source=SOURCE).verdict is Verdict.INCONCLUSIVE


def test_a_restore_that_takes_longer_than_the_document_says_is_a_warning():
    slow = checks.restore_is_quick_enough(replace(RESTORED, duration_s=601), 600, source=SOURCE)
    assert (slow.verdict, only(slow).have) == (Verdict.WARN, "10 min 01 s on this machine")
    assert checks.restore_is_quick_enough(replace(RESTORED, duration_s=600), 600, source=SOURCE).verdict is Verdict.PASS


CATALOG = {"table public.messages": "", "index public.i": "CREATE INDEX i (invalid)", "view public.v": "SELECT 1"}


def back(copy, *, same_major=True):
    return checks.catalog_came_back(copy, CATALOG, same_major=same_major, source=SOURCE)


def test_the_same_catalog_passes_also_where_a_broken_index_was_built_anew():
    assert back(CATALOG | {"index public.i": "CREATE INDEX i"}).verdict is Verdict.PASS


def test_rights_are_not_restored_and_not_missed():
    before = CATALOG | {"grants on public.messages to auditor": "SELECT"}
    assert checks.catalog_came_back(CATALOG, before, same_major=True, source=SOURCE).verdict is Verdict.PASS


@pytest.mark.parametrize(
    ("copy", "have"),
    [
        ({"index public.i": "CREATE INDEX i", "view public.v": "SELECT 1"}, "gone"),
        (CATALOG | {"column public.messages.attachments": "jsonb"}, "new: jsonb"),
        (CATALOG | {"view public.v": "SELECT 2"}, "changed from SELECT 1: SELECT 2"),
    ],
)
def test_an_object_that_is_gone_new_or_changed_is_a_finding(copy, have):
    judgement = back(copy)
    assert (judgement.verdict, only(judgement).have) == (Verdict.FAIL, have)


def test_other_words_of_another_version_are_worth_a_look_and_a_missing_object_stops():
    assert back(CATALOG | {"view public.v": "SELECT (1)"}, same_major=False).verdict is Verdict.WARN
    assert back({"view public.v": "SELECT 1", "index public.i": ""}, same_major=False).verdict is Verdict.FAIL


def came_back(copy, live=BEFORE):
    return checks.rows_came_back(copy, BEFORE, live, source=SOURCE)


def test_rows_that_are_younger_than_the_baseline_are_counted():
    """Written between preflight and the dump."""
    judgement = checks.rows_came_back(BEFORE, BEFORE, BEFORE, source=SOURCE, in_copy=23)
    assert judgement.sentence == "messages: 20 rows of 20 came back and hold what they held; 3 later rows in it too"


def test_the_same_sums_pass():
    judgement = came_back(BEFORE)
    assert (judgement.verdict, judgement.sentence) == (
        Verdict.PASS,
        "messages: 20 rows of 20 came back and hold what they held",
    )


def test_a_value_that_only_the_copy_has_is_a_finding():
    assert str(only(came_back(having(g1=("5", "99"))))) == (
        "backup/restored-rows: messages\n"
        "  want: the same rows and values in 4 groups of rows (runbook 1.1)\n"
        "  have: others in 1; 20 of 20 rows are there\n"
        "  why:  the database still holds what preflight saw; the file does not\n"
        "  fix:  take the backup again (runbook step 1), then this gate; do not go on without it"
    )


def test_a_row_that_the_copy_has_not_is_a_finding():
    judgement = came_back(having(g1=("4", "10")))
    assert (judgement.verdict, only(judgement).have) == (Verdict.FAIL, "others in 1; 19 of 20 rows are there")


def test_a_row_that_was_edited_before_the_dump_began_is_none():
    edited = having(g1=("5", "99"))
    judgement = came_back(edited, edited)
    assert judgement.verdict is Verdict.PASS
    assert "people edited rows in 1 group of them since" in judgement.sentence


def test_a_row_that_differs_on_all_sides_is_a_warning_and_nearly_all_of_them_are_a_finding():
    assert came_back(having(g1=("5", "98")), having(g1=("5", "99"))).verdict is Verdict.WARN
    many = {"g1": ("5", "98"), "g2": ("5", "98")}
    assert came_back(having(**many), having(g1=("5", "99"), g2=("5", "99"))).verdict is Verdict.FAIL


def test_a_table_that_is_gone_or_a_column_that_is_gone_is_a_finding():
    assert came_back(None).verdict is Verdict.FAIL
    assert came_back(replace(BEFORE, columns=(), groups={0: ("20",)})).verdict is Verdict.FAIL


DISK = DiskFacts(path="/pg", looked_at="/pg", mount="/data", total_bytes=10**12, free_bytes=5 * 10**9)


def test_too_little_room_for_a_second_database_is_a_warning():
    """The printed restore goes into an empty database before the old one goes."""
    judgement = checks.there_is_room_to_restore(5_100_000_000, DISK)
    assert judgement.verdict is Verdict.WARN
    assert str(only(judgement)) == (
        "backup/room-to-restore: /data\n"
        "  want: about 5.1 GB for the restored database beside the present one (releasegate)\n"
        "  have: 5.0 GB free on /data\n"
        "  why:  a restore that finds no room stops half-way, and a full disk stops the database for everybody\n"
        "  fix:  make room now, while nobody waits for it; or plan to restore on another server\n"
        "  run:  df -h /data"
    )


def test_room_enough_passes_and_a_disk_that_nobody_sees_is_not_judged():
    """A managed server's disk is not this machine's."""
    enough = checks.there_is_room_to_restore(5_000_000_000, DISK)
    assert (enough.verdict, enough.sentence) == (
        Verdict.PASS, "5.0 GB for the restored database beside the present one; 5.0 GB free on /data",
    )  # fmt: skip
    small = checks.there_is_room_to_restore(83_400_000, DISK)
    assert small.sentence.startswith("83 MB for the restored database")
    unseen = checks.there_is_room_to_restore(5_000_000_000, None)
    assert unseen.verdict is Verdict.NOT_APPLICABLE
    assert unseen.sentence == (
        "the disk of the server's data cannot be seen from here; a restore takes 5.0 GB for the restored database "
        "beside the present one: compare it by hand"
    )
