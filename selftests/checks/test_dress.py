"""What the dress rehearsal says of the release's own files, and when it stays silent."""

from __future__ import annotations

from dataclasses import replace

import pytest

from releasegate.checks import dress as checks
from releasegate.core import Finding, Judgement, Verdict
from releasegate.core.facts.dress import FileRun

SOURCE = "runbook 4.3"
RUN = FileRun(
    file="migrations/040.sql", step="backfill", where="commit 0a1b2c3d4", duration_s=0.4, command="psql -f 040"
)


def test_files_that_run_to_their_end_pass_with_their_times():
    judgement = checks.files_ran("backfill", [RUN], source=SOURCE)
    assert (judgement.verdict, judgement.sentence) == (Verdict.PASS, "backfill: 040.sql in 0.4 s")


def test_a_file_that_fails_is_a_finding_with_the_server_s_message_and_the_line():
    failed = replace(RUN, exit_code=3, said='line 23: ERROR: column "media_uri" does not exist')
    (finding,) = checks.files_ran("backfill", [failed], source=SOURCE).findings
    assert str(finding) == (
        "backup/dress-rehearsal: migrations/040.sql (commit 0a1b2c3d4)\n"
        "  want: it runs to its end on a copy of this database (runbook 4.3)\n"
        '  have: line 23: ERROR: column "media_uri" does not exist\n'
        "  why:  the release would fail in the middle of the window; psql -f without ON_ERROR_STOP would even say 0\n"
        "  fix:  correct the file in the release and rehearse it again; do not begin\n"
        "  run:  psql -f 040"
    )


def test_a_file_that_cannot_be_run_here_is_inconclusive_by_name():
    judgement = checks.files_ran("backfill", [replace(RUN, not_run="it runs programs")], source=SOURCE)
    assert judgement.verdict is Verdict.INCONCLUSIVE
    assert judgement.sentence.startswith("backfill not rehearsed: migrations/040.sql: it runs programs; git fetch")


def test_no_file_at_all_never_passes():
    assert checks.files_ran("backfill", [], source=SOURCE).verdict is Verdict.INCONCLUSIVE


@pytest.mark.parametrize(("lacking", "errors"), [(("extension postgis",), ()), ((), ("pg_restore: error",))])
def test_a_copy_that_is_not_whole_shows_nothing(lacking, errors):
    assert checks.copy_is_whole(lacking, errors).verdict is Verdict.INCONCLUSIVE
    assert checks.copy_is_whole((), ()).verdict is Verdict.PASS
    assert checks.no_copy().verdict is Verdict.NOT_APPLICABLE


def test_what_a_later_gate_s_check_says_is_said_of_the_copy():
    finding = Finding(
        check="migration/columns", subject="messages.attachments", want="jsonb", have="text", why="w", fix="f", run="r"
    )
    judgement = checks.on_the_copy("migration", Judgement(seen=1, unit="columns", holds="", findings=(finding,)))
    (said,) = judgement.findings
    assert (said.check, said.subject, said.run) == (
        "backup/dress-rehearsal", "the copy after the migration: messages.attachments", "",
    )  # fmt: skip


def test_a_file_that_only_its_runner_can_run_says_what_to_give_instead():
    """A fetch brings no SQL where the migration is a program."""
    idle = replace(RUN, not_run="only `manage.py migrate` runs it, which is not done here", is_runners=True)
    judgement = checks.files_ran("migration", [idle], source=SOURCE)
    assert judgement.verdict is Verdict.INCONCLUSIVE
    assert judgement.sentence.endswith(
        "; give the SQL that it stands for as [backup] release_files (Django: manage.py sqlmigrate), or say why not: "
        '[[not_applicable]] check = "backup/dress-rehearsal"'
    )
