"""Faults of the ways back: a rollback that is nearly one."""

from typing import Final

from reference_inbox import moments
from reference_inbox.faults.backend import BROKEN_HEALTH, BROKEN_LIST, logs_at_start, patched, wrong_build
from reference_inbox.faults.code import (
    Edit,
    patches_page,
    restores_page,
    serves_other_commit,
    serves_own_commit,
)
from reference_inbox.faults.fault import Fault
from reference_inbox.faults.rows import OWN, damaged, empty, legacy, some


def patched_page(name: str, what: str, trips: tuple[str, ...], *edits: Edit) -> Fault:
    """Make a fault of edits to the build of the old pages, which are served again."""
    return Fault(
        name, moments.ROLLED_BACK_CODE, "rollback", what, trips, patches_page(name, *edits), restores_page(name)
    )


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
        ("rollback/health", "rollback/log-clean"),
        BROKEN_HEALTH,
    ),
    patched(
        "rollback-conversations-500",
        moments.ROLLED_BACK_CODE,
        "rollback",
        "the old backend answers the list of conversations with 500",
        ("rollback/conversations", "rollback/old-media-shown", "rollback/log-clean"),
        BROKEN_LIST,
    ),
    patched_page(
        "rollback-script-404",
        "the old page asks for a script that is not there",
        ("rollback/page-loads",),
        ("index.html", "</head>", '  <script type="module" src="/assets/metrics.js"></script>\n</head>'),
    ),
    patched_page(
        "rollback-media-missing",
        "the old page leaves out every medium",
        ("rollback/old-media-shown",),
        ("message.js", "  if (message.mediaUrl) {", "  if (message.mediaAddress) {"),
    ),
    patched(
        "rollback-fatal-line",
        moments.ROLLED_BACK_CODE,
        "rollback",
        "the old backend runs again, and its log says that something fatal happened at the start",
        ("rollback/log-clean",),
        logs_at_start("FATAL: the index of conversations is unreadable"),
    ),
    Fault(
        "rollback-new-page-served",
        moments.ROLLED_BACK_CODE,
        "rollback",
        "the frontend's checkout went back and the pages served are still the new build",
        ("rollback/old-page-answers", "rollback/old-media-shown"),
        serves_other_commit("rollback-new-page-served", "frontend", "new"),
        serves_own_commit("rollback-new-page-served", "frontend"),
    ),
)
