-- Replies and attachments, FEAT-2025-20251103111429. One transaction: all of it or nothing. It may
-- be run again: after a rollback of the code the schema stays, and the way forward comes past here once more.
-- Deleting the original keeps the reply and forgets what it replied to.
BEGIN;

ALTER TABLE messages
    ADD COLUMN IF NOT EXISTS replied_to_message_id uuid REFERENCES messages (id) ON DELETE SET NULL,
    ADD COLUMN IF NOT EXISTS attachments jsonb DEFAULT '[]'::jsonb;

-- Few messages are replies, so the index holds only those.
CREATE INDEX IF NOT EXISTS idx_messages_replied_to ON messages (replied_to_message_id) WHERE replied_to_message_id IS NOT NULL;
CREATE INDEX IF NOT EXISTS idx_messages_attachments ON messages USING gin (attachments);

INSERT INTO schema_migrations (name) VALUES ('039-add-message-reply-and-attachments') ON CONFLICT DO NOTHING;

COMMIT;
