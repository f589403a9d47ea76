"""Faults of the migration: a catalog that is nearly what was promised."""

from typing import Final

from reference_inbox import moments
from reference_inbox.faults.fault import Change, Fault
from reference_inbox.faults.kept import definition, execute, forget, keep_text, kept_text
from reference_inbox.faults.preflight import does
from reference_inbox.state import GATE_ROLE, OWNER, State

FOREIGN_KEY: Final = "messages_replied_to_message_id_fkey"
REPLY_INDEX, ATTACHMENTS_INDEX = "idx_messages_replied_to", "idx_messages_attachments"
CONSTRAINT_OF: Final = f"SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE conname = '{FOREIGN_KEY}'"


def as_owner(*statements: str) -> Change:
    """Make a change of statements that the tables' owner runs."""
    return lambda state: execute(state, f"SET LOCAL ROLE {OWNER}", *statements)


def drop_index(state: State) -> None:
    """Drop the index on replies and keep its definition."""
    keep_text(
        state, "index-missing", "definition", definition(state, f"SELECT pg_get_indexdef('{REPLY_INDEX}'::regclass)")
    )
    execute(state, f"DROP INDEX {REPLY_INDEX}")


def recreate_index(state: State) -> None:
    """Make the index again."""
    execute(state, f"SET LOCAL ROLE {OWNER}", kept_text(state, "index-missing", "definition"))
    forget(state, "index-missing")


def replaces_foreign_key(fault: str, other: str | None) -> Change:
    """Make a change that puts OTHER in the foreign key's place, or nothing."""

    def replace(state: State) -> None:
        keep_text(state, fault, "definition", definition(state, CONSTRAINT_OF))
        drop = f"ALTER TABLE messages DROP CONSTRAINT {FOREIGN_KEY}"
        execute(state, drop, *([f"ALTER TABLE messages ADD CONSTRAINT {FOREIGN_KEY} {other}"] if other else []))

    return replace


def restores_foreign_key(fault: str) -> Change:
    """Make a change that puts the foreign key back as it was."""

    def restore(state: State) -> None:
        execute(
            state,
            f"ALTER TABLE messages DROP CONSTRAINT IF EXISTS {FOREIGN_KEY}",
            f"ALTER TABLE messages ADD CONSTRAINT {FOREIGN_KEY} {kept_text(state, fault, 'definition')}",
        )
        forget(state, fault)

    return restore


FAULTS: Final = (
    # What a failed CREATE INDEX CONCURRENTLY leaves: the index exists, IF NOT EXISTS is satisfied, nothing uses it.
    Fault(
        "index-invalid",
        moments.MIGRATED,
        "migration",
        "the index on attachments exists and is not valid",
        ("migration/indexes",),
        does(f"UPDATE pg_index SET indisvalid = false WHERE indexrelid = '{ATTACHMENTS_INDEX}'::regclass"),
        does(f"UPDATE pg_index SET indisvalid = true WHERE indexrelid = '{ATTACHMENTS_INDEX}'::regclass"),
    ),
    Fault(
        "index-missing",
        moments.MIGRATED,
        "migration",
        "the index on replies is not there",
        ("migration/indexes",),
        drop_index,
        recreate_index,
    ),
    Fault(
        "attachments-text",
        moments.MIGRATED,
        "migration",
        "the column attachments is text, not jsonb",
        ("migration/columns", "migration/indexes", "migration/rollback-plans"),
        as_owner(
            f"DROP INDEX {ATTACHMENTS_INDEX}",
            "ALTER TABLE messages ALTER attachments DROP DEFAULT, "
            "ALTER attachments TYPE text, ALTER attachments SET DEFAULT '[]'",
        ),
        as_owner(
            "ALTER TABLE messages ALTER attachments DROP DEFAULT, "
            "ALTER attachments TYPE jsonb USING attachments::jsonb, ALTER attachments SET DEFAULT '[]'::jsonb",
            f"CREATE INDEX {ATTACHMENTS_INDEX} ON messages USING gin (attachments)",
        ),
    ),
    Fault(
        "reply-column-missing",
        moments.MIGRATED,
        "migration",
        "the column replied_to_message_id is not there: it was made under another name",
        ("migration/columns", "migration/foreign-keys", "migration/indexes", "migration/nothing-unplanned"),
        does("ALTER TABLE messages RENAME replied_to_message_id TO reply_to_message_id"),
        does("ALTER TABLE messages RENAME reply_to_message_id TO replied_to_message_id"),
    ),
    Fault(
        "default-missing",
        moments.MIGRATED,
        "migration",
        "the column attachments has no default",
        ("migration/columns",),
        does("ALTER TABLE messages ALTER attachments DROP DEFAULT"),
        does("ALTER TABLE messages ALTER attachments SET DEFAULT '[]'::jsonb"),
    ),
    Fault(
        "foreign-key-missing",
        moments.MIGRATED,
        "migration",
        "nothing ties a reply to its original",
        ("migration/foreign-keys",),
        replaces_foreign_key("foreign-key-missing", None),
        restores_foreign_key("foreign-key-missing"),
    ),
    Fault(
        "foreign-key-cascades",
        moments.MIGRATED,
        "migration",
        "deleting an original deletes the replies to it",
        ("migration/foreign-keys",),
        replaces_foreign_key(
            "foreign-key-cascades", "FOREIGN KEY (replied_to_message_id) REFERENCES messages (id) ON DELETE CASCADE"
        ),
        restores_foreign_key("foreign-key-cascades"),
    ),
    Fault(
        "unplanned-column",
        moments.MIGRATED,
        "migration",
        "the table has a column that nobody announced",
        ("migration/nothing-unplanned",),
        does("ALTER TABLE messages ADD COLUMN legacy_flags text"),
        does("ALTER TABLE messages DROP COLUMN legacy_flags"),
    ),
    Fault(
        "survivor-renamed",
        moments.MIGRATED,
        "migration",
        "the migration renamed a column that the old release reads",
        ("migration/survivors", "migration/nothing-unplanned"),
        does("ALTER TABLE messages RENAME sender_name TO author_name"),
        does("ALTER TABLE messages RENAME author_name TO sender_name"),
    ),
    Fault(
        "way-back-lost",
        moments.MIGRATED,
        "migration",
        "the migration renamed a column that the way back sets",
        ("migration/rollback-plans", "migration/nothing-unplanned"),
        does("ALTER TABLE messages RENAME updated_at TO changed_at"),
        does("ALTER TABLE messages RENAME changed_at TO updated_at"),
    ),
    Fault(
        "read-right-lost",
        moments.MIGRATED,
        "migration",
        "the gate's role may not read the messages any more",
        ("migration/rows-on-record",),
        does(f"REVOKE SELECT ON messages FROM {GATE_ROLE}"),
        does(f"SET ROLE {OWNER}; GRANT SELECT ON messages TO {GATE_ROLE}"),
    ),
)
