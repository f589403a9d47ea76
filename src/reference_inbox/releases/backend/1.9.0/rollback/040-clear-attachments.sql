-- Undo the backfill of 040: empty what it filled, and nothing that people attached themselves. The runbook's statement.
BEGIN;

UPDATE messages
SET attachments = '[]'::jsonb,
    updated_at = NOW()
WHERE attachments @> '[{"source": "legacy_migration"}]'::jsonb;

COMMIT;
