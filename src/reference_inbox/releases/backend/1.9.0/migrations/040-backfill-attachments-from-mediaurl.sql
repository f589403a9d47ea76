-- Give every message with a media_url the attachment that it stands for. Finished rows are left alone, so this may
-- be run again. updated_at stays: nobody edited these messages.
--
-- The type comes from the ending of the address's last part, whatever its case, without query, fragment and a slash
-- at the end; an ending that is not in the list, or none, leaves it to message_type, and 'text' to 'file'.
DO $$
DECLARE
    total     bigint;
    media     bigint;
    todo      bigint;
    migrated  bigint;
    covered   bigint;
BEGIN
    SELECT count(*),
           count(*) FILTER (WHERE media_url <> ''),
           count(*) FILTER (WHERE media_url <> '' AND (attachments IS NULL OR attachments = '[]'))
    INTO total, media, todo FROM messages;
    RAISE NOTICE 'Total messages in database: %', total;
    RAISE NOTICE 'Messages with media_url: %', media;
    RAISE NOTICE 'Messages to migrate: %', todo;

    UPDATE messages m
    SET attachments = jsonb_build_array(jsonb_build_object(
            'url', m.media_url, 'type', kind.type, 'source', 'legacy_migration', 'legacy_type', m.message_type))
    FROM (
        SELECT id, CASE
            WHEN ending IN ('jpg', 'jpeg', 'png', 'gif', 'webp') THEN 'image'
            WHEN ending IN ('mp4', 'mov', 'webm')                THEN 'video'
            WHEN ending IN ('mp3', 'wav')                        THEN 'audio'
            WHEN ending IN ('pdf')                               THEN 'file'
            WHEN message_type = 'text'                           THEN 'file'
            ELSE message_type
        END AS type
        FROM (
            SELECT id, message_type, lower(substring(
                rtrim(split_part(split_part(media_url, '#', 1), '?', 1), '/') FROM '\.([A-Za-z0-9]+)$')) AS ending
            FROM messages
            WHERE media_url <> '' AND (attachments IS NULL OR attachments = '[]')
        ) endings
    ) kind
    WHERE kind.id = m.id;
    GET DIAGNOSTICS migrated = ROW_COUNT;
    RAISE NOTICE 'Messages migrated: %', migrated;
    RAISE NOTICE 'Migration completed successfully!';

    SELECT count(*) INTO covered FROM messages
    WHERE media_url <> '' AND attachments IS NOT NULL AND attachments <> '[]';
    IF covered <> media THEN
        RAISE EXCEPTION 'Migration verification FAILED - % of % messages with media_url are covered', covered, media;
    END IF;
    RAISE NOTICE 'Migration verification PASSED - 100%% coverage';

    INSERT INTO schema_migrations (name) VALUES ('040-backfill-attachments-from-mediaurl') ON CONFLICT DO NOTHING;
END
$$;
