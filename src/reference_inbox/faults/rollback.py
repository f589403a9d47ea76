"""Faults of the ways back: a rollback that is nearly one."""

from typing import Final

from reference_inbox import moments
from reference_inbox.faults.backend import BROKEN_HEALTH, BROKEN_LIST, patched, wrong_build
from reference_inbox.faults.fault import Fault
from reference_inbox.faults.kept import move_rows_in, move_rows_out
from reference_inbox.faults.preflight import does
from reference_inbox.faults.rows import OWN, damaged, empty, legacy, some

FAULTS: Final = (
    damaged(
        name="rollback-leaves-rows",
        at=moments.ROLLED_BACK_DATA,
        gate="rollback",
        what="ten rows still carry the backfill's marker",
        trips=("rollback/nothing-left-behind",),
        select=some("media_url ~ '[.]jpg$' AND attachments = '[]'", 10),
        change=lambda _, place: legacy(f"https://cdn.example/{place}.jpg"),
    ),
    damaged(
        name="rollback-takes-own",
        at=moments.ROLLED_BACK_DATA,
        gate="rollback",
        what="the rollback cleared attachments that people had sent",
        trips=("rollback/own-data-kept",),
        select=f"SELECT id FROM messages WHERE {OWN}",
        change=empty,
    ),
    Fault(
        "restore-loses-rows",
        moments.ROLLED_BACK_RESTORE,
        "rollback",
        "twenty messages of the dump are not in the database",
        ("rollback/source-unchanged",),
        lambda state: move_rows_out(state, "restore-loses-rows", some("true", 20)),
        lambda state: move_rows_in(state, "restore-loses-rows"),
    ),
    wrong_build(
        name="rollback-new-backend-answers",
        at=moments.ROLLED_BACK_CODE,
        gate="rollback",
        what="the checkout went back and the running process is still the new build",
        trips=("rollback/old-release-answers",),
        which="new",
    ),
    patched(
        "rollback-health-503",
        moments.ROLLED_BACK_CODE,
        "rollback",
        "the old backend's health endpoint answers 503",
        ("rollback/health",),
        BROKEN_HEALTH,
    ),
    patched(
        "rollback-conversations-500",
        moments.ROLLED_BACK_CODE,
        "rollback",
        "the old backend answers the list of conversations with 500",
        ("rollback/conversations",),
        BROKEN_LIST,
    ),
    Fault(
        "restore-leaves-column",
        moments.ROLLED_BACK_RESTORE,
        "rollback",
        "the restored table still has a column of the release",
        ("rollback/catalog-is-back",),
        does("ALTER TABLE messages ADD COLUMN replied_to_message_id uuid"),
        does("ALTER TABLE messages DROP COLUMN replied_to_message_id"),
    ),
)
