"""Faults of the release's own files: they are there, and cannot do their work."""

import shutil
import tempfile
from pathlib import Path
from typing import Final

from reference_inbox import moments
from reference_inbox.errors import ReferenceFailed
from reference_inbox.faults.fault import Change, Fault
from reference_inbox.repositories import AUTHOR, NEW, SUBJECTS, git
from reference_inbox.state import State

MIGRATION: Final = "migrations/039-add-message-reply-and-attachments.sql"
BACKFILL: Final = "migrations/040-backfill-attachments-from-mediaurl.sql"
ROLLBACK: Final = "rollback/040-clear-attachments.sql"


def released_with(path: str, old: str, new: str) -> Change:
    """Make a change of the release itself: one text of one of the backend's files, committed, pushed and fetched."""

    def release(state: State) -> None:
        with tempfile.TemporaryDirectory() as folder:
            clone = Path(folder) / "backend"
            git(state.folder, "clone", "--quiet", str(state.origin / "backend.git"), str(clone))
            text = (clone / path).read_text("utf-8")
            if text.count(old) != 1:
                raise ReferenceFailed(f"{path} holds {old!r} {text.count(old)} times, once is needed")
            (clone / path).write_text(text.replace(old, new), "utf-8")
            git(clone, *AUTHOR, "commit", "--quiet", "--all", "-m", SUBJECTS[NEW])
            git(clone, "push", "--quiet", "origin", "main")
            shutil.rmtree(clone)
        git(state.repository("backend"), "fetch", "--quiet", "origin")

    return release


def released_again(state: State) -> None:
    """Take the last commit of the release back, and have the checkout see it."""
    good = state.read().commits["backend"]["new"]
    checkout = state.repository("backend")
    git(checkout, "push", "--quiet", "--force", "origin", f"{good}:refs/heads/main")
    git(checkout, "fetch", "--quiet", "origin")


def rehearsed(name: str, what: str, path: str, old: str, new: str) -> Fault:
    """Make a fault of one of the release's files, which the dress rehearsal is to find."""
    trips = ("backup/dress-rehearsal",)
    return Fault(name, moments.BACKED_UP, "backup", what, trips, released_with(path, old, new), released_again)


FAULTS: Final = (
    rehearsed(
        "backfill-names-no-column",
        "the backfill's file names a column that no release has, inside a DO block",
        BACKFILL,
        "INTO total, media, todo FROM messages;",
        "INTO total, media, todo FROM messages WHERE media_uri IS NULL OR true;",
    ),
    rehearsed(
        "rollback-names-no-column",
        "the file of the way back names a column that no release has",
        ROLLBACK,
        "updated_at = NOW()",
        "edited_at = NOW()",
    ),
    rehearsed(
        "migration-has-another-type",
        "the migration's file makes attachments a text",
        MIGRATION,
        "attachments jsonb DEFAULT '[]'::jsonb;",
        "attachments text DEFAULT '[]';",
    ),
    rehearsed(
        "rollback-file-takes-own",
        "the file of the way back clears what people attached themselves",
        ROLLBACK,
        """WHERE attachments @> '[{"source": "legacy_migration"}]'::jsonb""",
        "WHERE attachments <> '[]'::jsonb",
    ),
)
