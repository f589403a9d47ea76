-- The schema after migrations 001 to 038, in one file for new installations.
BEGIN;

CREATE TABLE schema_migrations (
    name        text PRIMARY KEY,
    applied_at  timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE users (
    id             uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    email          text NOT NULL UNIQUE,
    name           text NOT NULL,
    password_hash  text NOT NULL,
    created_at     timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE instagram_accounts (
    id          uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    username    text NOT NULL UNIQUE,
    name        text NOT NULL,
    created_at  timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE conversations (
    id                 uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    account_id         uuid NOT NULL REFERENCES instagram_accounts (id) ON DELETE CASCADE,
    customer_name      text NOT NULL,
    customer_username  text NOT NULL,
    unread_count       integer NOT NULL DEFAULT 0 CHECK (unread_count >= 0),
    last_message_at    timestamptz,
    created_at         timestamptz NOT NULL DEFAULT now(),
    UNIQUE (account_id, customer_username)
);

CREATE TABLE messages (
    id               uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    conversation_id  uuid NOT NULL REFERENCES conversations (id) ON DELETE CASCADE,
    sender_type      text NOT NULL CHECK (sender_type IN ('customer', 'user')),
    sender_name      text NOT NULL,
    message_type     text NOT NULL DEFAULT 'text' CHECK (message_type IN ('text', 'image', 'video', 'audio', 'file')),
    content          text,
    media_url        text,
    is_read          boolean NOT NULL DEFAULT false,
    created_at       timestamptz NOT NULL DEFAULT now(),
    updated_at       timestamptz NOT NULL DEFAULT now(),
    deleted_at       timestamptz
);

CREATE INDEX idx_conversations_last_message ON conversations (last_message_at DESC NULLS LAST, id);
CREATE INDEX idx_messages_conversation ON messages (conversation_id, created_at DESC, id);

INSERT INTO schema_migrations (name)
SELECT format('%s-%s', lpad(n::text, 3, '0'), (ARRAY[
    'create-users', 'create-instagram-accounts', 'create-conversations', 'create-messages', 'add-user-names',
    'add-message-types', 'add-media-url', 'index-messages', 'add-unread-count', 'soft-delete-messages'
])[1 + (n - 1) % 10] || CASE WHEN n > 10 THEN '-' || ((n - 1) / 10 + 1) ELSE '' END)
FROM generate_series(1, 38) AS n;

COMMIT;
