"""What the backup checks say, and when they stay silent."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from releasegate.checks import backup as checks
from releasegate.core import Verdict
from releasegate.core.facts.backup import DumpFile, DumpListing, DumpMade, DumpRead, recorded_dumps

SOURCE = "runbook 1.1"
NOON = datetime(2025, 11, 3, 12, 0, tzinfo=UTC)
FILE = DumpFile(pattern="/b/*.dump", fitting=1, path="/b/a.dump", size_bytes=1000, apart_s=1, modified=NOON)
ITEMS = ("TABLE DATA public messages", "TABLE DATA Chat Old Msg", "TABLE public messages", "INDEX public idx")
LISTING = DumpListing(
    path="/b/a.dump", format="custom", entries=9, items=frozenset(ITEMS),
    database="shop", created=NOON, command="pg_restore --list /b/a.dump",
)  # fmt: skip
TABLES = [("public", "messages"), ("Chat", "Old Msg")]


def only(judgement):
    (finding,) = judgement.findings
    return finding


def test_a_finished_dump_passes_with_its_size():
    judgement = checks.dump_exists(FILE, source=SOURCE)
    assert (judgement.verdict, judgement.sentence) == (Verdict.PASS, "/b/a.dump, 1 000 bytes")


@pytest.mark.parametrize(
    ("changed", "have"),
    [
        ({"path": "", "fitting": 0}, "no file fits /b/*.dump"),
        ({"size_bytes": 0}, "0 bytes"),
        ({"grew_bytes": 50}, "1 000 bytes and growing: 50 more in 1 s"),
    ],
)
def test_no_dump_an_empty_one_and_one_still_written_are_findings(changed, have):
    judgement = checks.dump_exists(replace(FILE, **changed), source=SOURCE)
    assert (judgement.verdict, only(judgement).have) == (Verdict.FAIL, have)


def test_a_dump_that_lists_its_tables_passes():
    assert checks.dump_is_listed(LISTING, source=SOURCE).verdict is Verdict.PASS


@pytest.mark.parametrize(
    ("changed", "have"),
    [
        ({"trouble": "pg_restore: error: input file is too short"}, "pg_restore: error: input file is too short"),
        ({"entries": 0}, "0 entries"),
    ],
)
def test_a_dump_that_does_not_list_is_a_finding(changed, have):
    judgement = checks.dump_is_listed(replace(LISTING, **changed), source=SOURCE)
    assert (judgement.verdict, only(judgement).have) == (Verdict.FAIL, have)


def complete(listing=LISTING, tables=TABLES, **more):
    return checks.dump_is_complete(listing, tables, source=SOURCE, **more)


def test_a_dump_with_every_table_passes():
    assert complete().verdict is Verdict.PASS
    assert complete(size_bytes=10, least_bytes=10).verdict is Verdict.PASS


def test_a_table_without_its_rows_is_a_finding():
    judgement = complete(tables=[*TABLES, ("Chat", "Old"), ("public", "users")])
    assert str(only(judgement)) == (
        "backup/dump-complete: /b/a.dump\n"
        "  want: the rows of all 4 tables of the database (runbook 1.1)\n"
        "  have: 2; without Chat.Old, public.users\n"
        "  why:  a restore from this file would lose these tables\n"
        "  fix:  take the backup again (runbook step 1), then this gate; do not go on without it\n"
        "  run:  pg_restore --list /b/a.dump"
    )


def test_an_object_that_is_not_listed_is_a_finding_and_one_that_is_listed_is_none():
    assert complete(items=ITEMS).verdict is Verdict.PASS
    judgement = complete(items=[*ITEMS, "FK CONSTRAINT public messages messages_user_fkey"])
    assert judgement.verdict is Verdict.FAIL
    assert only(judgement).have == "4; without FK CONSTRAINT public messages messages_user_fkey"


def test_a_file_that_everybody_can_read_is_a_warning():
    judgement = checks.dump_exists(replace(FILE, open_mode="644"), source=SOURCE)
    assert (judgement.verdict, only(judgement).have) == (Verdict.WARN, "everybody on this machine can, mode 644")


def test_a_dump_that_is_too_small_is_a_finding_where_a_size_is_promised():
    judgement = complete(size_bytes=10**8, least_bytes=2 * 10**9)
    assert (judgement.verdict, only(judgement).have) == (Verdict.FAIL, "0.1 GB")


def test_a_database_without_tables_is_inconclusive():
    assert complete(tables=[]).verdict is Verdict.INCONCLUSIVE


def test_a_dump_read_to_its_end_passes_and_a_cut_one_is_a_finding():
    read = DumpRead(path="/b/a.dump", size_bytes=1000, sha256="ab" * 32)
    assert checks.dump_reads_to_its_end(read, source=SOURCE).verdict is Verdict.PASS
    judgement = checks.dump_reads_to_its_end(replace(read, trouble="end of file"), source=SOURCE)
    assert (judgement.verdict, only(judgement).have) == (Verdict.FAIL, "end of file")
    assert checks.dump_reads_to_its_end(replace(read, size_bytes=0), source=SOURCE).verdict is Verdict.INCONCLUSIVE


def fresh(listing=LISTING, *, modified=NOON, began=NOON, ahead_s=0.0, database="shop"):
    return checks.dump_is_fresh(
        listing, modified=modified, database=database, deploy_began=began, clock_ahead_s=ahead_s, source=SOURCE
    )


@pytest.mark.parametrize(
    ("began", "ahead_s"),
    [(None, 0), (NOON, 0), (NOON + timedelta(seconds=2), 0), (NOON + timedelta(seconds=62), -60)],
)
def test_a_dump_begun_after_preflight_passes_whatever_the_clocks_say(began, ahead_s):
    assert fresh(began=began, ahead_s=ahead_s).verdict is Verdict.PASS


@pytest.mark.parametrize(("began", "ahead_s"), [(NOON + timedelta(seconds=3), 0), (NOON, 60)])
def test_a_dump_from_before_preflight_is_a_finding(began, ahead_s):
    judgement = fresh(began=began, ahead_s=ahead_s)
    assert (judgement.verdict, only(judgement).have) == (Verdict.FAIL, "begun 2025-11-03 12:00:00 UTC")


def test_a_dump_of_another_database_is_a_finding():
    assert only(fresh(database="shop_staging")).have == "one of shop"


def test_a_dump_written_after_the_first_step_is_a_finding_and_one_ended_before_is_none():
    late = checks.dump_is_fresh(
        LISTING, modified=NOON, database="shop", deploy_began=NOON, clock_ahead_s=0, source=SOURCE,
        first_write=NOON - timedelta(seconds=3),
    )  # fmt: skip
    assert only(late).want == "ended before the first step that writes, 2025-11-03 11:59:57 UTC (runbook 1.1)"
    near = checks.dump_is_fresh(
        LISTING, modified=NOON, database="shop", deploy_began=NOON, clock_ahead_s=0, source=SOURCE,
        first_write=NOON - timedelta(seconds=2),
    )  # fmt: skip
    assert near.verdict is Verdict.PASS


@pytest.mark.parametrize(
    ("of", "verdict"), [("15.2", Verdict.FAIL), ("17.1 (Debian)", Verdict.PASS), ("", Verdict.PASS)]
)
def test_a_dump_of_another_version_is_a_finding(of, verdict):
    judgement = checks.dump_is_fresh(
        replace(LISTING, server_version=of), modified=NOON, database="shop", deploy_began=NOON, clock_ahead_s=0,
        source=SOURCE, server_version="17.5",
    )  # fmt: skip
    assert judgement.verdict is verdict


def test_a_plain_dump_is_dated_by_its_file_and_without_that_inconclusive():
    plain = replace(LISTING, created=None, database="")
    assert fresh(plain).verdict is Verdict.PASS
    assert fresh(plain, began=NOON + timedelta(minutes=1)).verdict is Verdict.FAIL
    assert fresh(plain, modified=None).verdict is Verdict.INCONCLUSIVE


MADE = DumpMade(path="/b/a.dump", size_bytes=1000, sha256="ab" * 32, by="1.1-dump")


def test_a_dump_that_is_not_what_was_made_is_a_finding():
    read = DumpRead(path="/b/a.dump", size_bytes=1000, sha256="cd" * 32)
    judgement = checks.dump_is_unchanged(read, MADE, source=SOURCE)
    assert str(judgement.findings[0]) == (
        "backup/dump-unchanged: /b/a.dump\n"
        f"  want: sha256 abababababab, 1 000 bytes, as 1.1-dump left it ({SOURCE})\n"
        "  have: sha256 cdcdcdcdcdcd, 1 000 bytes\n"
        "  why:  a disk flipped bits in it, or somebody wrote another dump over it\n"
        "  fix:  take the backup again (runbook step 1), then this gate; do not go on without it\n"
        "  run:  sha256sum /b/a.dump"
    )


def test_the_same_bytes_pass_and_what_nobody_noted_is_not_judged():
    read = DumpRead(path="/b/a.dump", size_bytes=1000, sha256="ab" * 32)
    assert checks.dump_is_unchanged(read, MADE, source=SOURCE).verdict is Verdict.PASS
    assert checks.dump_is_unchanged(read, None, source=SOURCE).verdict is Verdict.NOT_APPLICABLE
    unread = DumpRead(path="/b/a.dump", size_bytes=1000)
    assert checks.dump_is_unchanged(unread, MADE, source=SOURCE).verdict is Verdict.INCONCLUSIVE


def test_the_newest_step_that_made_a_path_counts():
    """Steps that made no dump hold none."""
    made = {"path": "/b/a.dump", "size_bytes": 1, "sha256": "1"}
    steps = [
        {"item": "1.1", "dump": made},
        {"item": "1.1", "dump": made | {"sha256": "2"}},
        {"item": "2", "dump": None},
    ]
    assert recorded_dumps(steps)["/b/a.dump"].sha256 == "2"
    assert recorded_dumps([{"item": "1.1"}]) == {}
