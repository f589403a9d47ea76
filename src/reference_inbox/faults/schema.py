"""Faults of the migration: a catalog that is nearly what was promised."""

from typing import Final

import psycopg

from reference_inbox import moments, processes
from reference_inbox.faults.fault import Change, Fault
from reference_inbox.faults.kept import definition, execute, forget, keep_text, kept_text
from reference_inbox.faults.preflight import does
from reference_inbox.state import GATE_ROLE, OWNER, State
from reference_inbox.steps import Steps
from reference_inbox.waiting import wait_until

FOREIGN_KEY: Final = "messages_replied_to_message_id_fkey"
REPLY_INDEX, ATTACHMENTS_INDEX = "idx_messages_replied_to", "idx_messages_attachments"
MIGRATION: Final = "039-add-message-reply-and-attachments"
QUEUE: Final = ("queue-head", "queue-tail")
QUEUED: Final = "BEGIN; LOCK TABLE messages IN SHARE UPDATE EXCLUSIVE MODE; SELECT pg_sleep(3600)"
WAITING: Final = "SELECT count(*) FROM pg_locks WHERE NOT granted AND relation = 'messages'::regclass"
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


def strike_out(state: State) -> None:
    """Take the migration out of the runner's table and keep when it ran."""
    ran = definition(state, f"SELECT applied_at::text FROM schema_migrations WHERE name = '{MIGRATION}'")
    keep_text(state, "not-written-down", "applied-at", ran)
    execute(state, f"DELETE FROM schema_migrations WHERE name = '{MIGRATION}'")


def write_down(state: State) -> None:
    """Write the migration down again, with the time at which it ran."""
    ran = kept_text(state, "not-written-down", "applied-at")
    execute(state, f"INSERT INTO schema_migrations (name, applied_at) VALUES ('{MIGRATION}', '{ran}')")
    forget(state, "not-written-down")


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


def queue_for_the_table(state: State) -> None:
    """Leave a transaction open that holds the messages, and start one that waits for it; readers pass both."""
    record = state.read()
    env = Steps(state, record).database()
    for name in QUEUE:
        command = [f"{record.bin}/psql", "-X", "-c", QUEUED]
        processes.launch(state, name, command, log=state.logs / f"{name}.log", env=env, cwd=state.folder)
    with psycopg.connect(record.admin_dsn, autocommit=True) as database:

        def not_waiting() -> str | None:
            row = database.execute(WAITING.encode()).fetchone()
            return None if row and row[0] else "nobody waits for the messages yet"

        wait_until("somebody who waits for the messages", not_waiting, 20)


def end_the_queue(state: State) -> None:
    """End both, the one who waits first."""
    for name in reversed(QUEUE):
        processes.stop(state, name)
        (state.logs / f"{name}.log").unlink(missing_ok=True)


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
    # An index that the way back cannot use: its condition is not one that the statement repeats.
    Fault(
        "index-partial",
        moments.MIGRATED,
        "migration",
        "the index on attachments leaves the empty lists out, and the way back does not say so",
        ("migration/indexes-usable",),
        as_owner(
            f"DROP INDEX {ATTACHMENTS_INDEX}",
            f"CREATE INDEX {ATTACHMENTS_INDEX} ON messages USING gin (attachments) WHERE attachments <> '[]'",
        ),
        as_owner(
            f"DROP INDEX {ATTACHMENTS_INDEX}",
            f"CREATE INDEX {ATTACHMENTS_INDEX} ON messages USING gin (attachments)",
        ),
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
        (
            "migration/columns",
            "migration/foreign-keys",
            "migration/indexes",
            "migration/indexes-usable",
            "migration/nothing-unplanned",
        ),
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
        "autovacuum-off",
        moments.MIGRATED,
        "migration",
        "autovacuum is switched off for the table, and nobody announced it",
        ("migration/nothing-unplanned",),
        does("ALTER TABLE messages SET (autovacuum_enabled = off)"),
        does("ALTER TABLE messages RESET (autovacuum_enabled)"),
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
        "attachments-demanded",
        moments.MIGRATED,
        "migration",
        "the column attachments is NOT NULL without a default: the old release could write no row beside it",
        ("migration/columns", "migration/rollback-plans"),
        as_owner("ALTER TABLE messages ALTER attachments SET NOT NULL, ALTER attachments DROP DEFAULT"),
        as_owner("ALTER TABLE messages ALTER attachments DROP NOT NULL, ALTER attachments SET DEFAULT '[]'::jsonb"),
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
        "constraint-not-validated",
        moments.MIGRATED,
        "migration",
        "somebody added a constraint that no older row was compared with",
        ("migration/leftovers", "migration/nothing-unplanned"),
        does("ALTER TABLE messages ADD CONSTRAINT messages_have_text CHECK (content <> '?') NOT VALID"),
        does("ALTER TABLE messages DROP CONSTRAINT messages_have_text"),
    ),
    Fault(
        "not-written-down",
        moments.MIGRATED,
        "migration",
        "the runner's table does not list the migration, as when psql ran a file that writes no row",
        ("migration/bookkeeping",),
        strike_out,
        write_down,
    ),
    Fault(
        "lock-queue",
        moments.MIGRATED,
        "migration",
        "a session left open holds the messages, and another one waits behind it",
        ("migration/nobody-waits",),
        queue_for_the_table,
        end_the_queue,
    ),
    Fault(
        "read-right-lost",
        moments.MIGRATED,
        "migration",
        "the gate's role may not read the messages any more",
        (
            "migration/rows-on-record",
            "migration/nothing-unplanned",
            "migration/writes-go-on",
            "migration/indexes-usable",
        ),
        does(f"REVOKE SELECT ON messages FROM {GATE_ROLE}"),
        does(f"SET ROLE {OWNER}; GRANT SELECT ON messages TO {GATE_ROLE}"),
    ),
)
