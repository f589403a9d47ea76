"""What a message looks like: text, a list of attachments, and the message it replies to.

The code goes out before the migration does, so each statement comes in two forms: with the columns of migration
039 and without. In both, `media_url` keeps the first attachment's address: the page that is still out, and the
release one would go back to, read nothing else.
"""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from inbox_api.attachments import Attachment, InvalidAttachments, checked, stored
from inbox_api.database import Connection, has_columns
from psycopg.types.json import Jsonb
from starlette.exceptions import HTTPException

Query = tuple[str, tuple[object, ...]]

OLD_FORM = """
SELECT m.id, m.conversation_id, m.sender_type, m.sender_name, m.message_type, m.content, m.media_url, m.is_read,
       m.created_at, '[]'::jsonb AS attachments, NULL AS original_id
FROM messages m
"""
NEW_FORM = """
SELECT m.id, m.conversation_id, m.sender_type, m.sender_name, m.message_type, m.content, m.media_url, m.is_read,
       m.created_at, m.attachments, o.id AS original_id, o.sender_name AS original_sender,
       o.content AS original_content, o.deleted_at IS NOT NULL AS original_deleted,
       coalesce(o.attachments -> 0 ->> 'type', nullif(o.message_type, 'text')) AS original_kind
FROM messages m LEFT JOIN messages o ON o.id = m.replied_to_message_id
"""
BEFORE = "AND (m.created_at, m.id) < (SELECT created_at, id FROM messages WHERE id = %s)"
PREVIEW_LENGTH = 120  # characters; two lines of the reply box at most


async def form(connection: Connection) -> bool:
    """Tell whether the table has the columns of migration 039."""
    return await has_columns(connection, "attachments", "replied_to_message_id")


def page(migrated: bool, conversation: UUID, before: UUID | None, limit: int) -> Query:
    """Select the newest LIMIT messages of a conversation, newest first, older than BEFORE where one is given."""
    query = (
        f"{NEW_FORM if migrated else OLD_FORM} WHERE m.conversation_id = %s AND m.deleted_at IS NULL "
        f"{BEFORE if before else ''} ORDER BY m.created_at DESC, m.id DESC LIMIT %s"
    )
    return query, (conversation, *([before] if before else []), limit)


def single(migrated: bool, message: UUID | None) -> Query:
    """Select one message."""
    return f"{NEW_FORM if migrated else OLD_FORM} WHERE m.id = %s", (message,)


def shown(row: Mapping[str, Any]) -> dict[str, Any]:
    """Give a message the form the pages read. Raises InvalidAttachments for a row that breaks the promise."""
    return {
        "id": str(row["id"]),
        "conversationId": str(row["conversation_id"]),
        "senderType": row["sender_type"],
        "senderName": row["sender_name"],
        "messageType": row["message_type"],
        "content": row["content"],
        "mediaUrl": row["media_url"] or None,
        "isRead": row["is_read"],
        "createdAt": row["created_at"].isoformat(),
        "attachments": checked(row["attachments"] or [], f"message {row['id']}"),
        "repliedTo": replied_to(row),
    }


def replied_to(row: Mapping[str, Any]) -> dict[str, Any] | None:
    """Show the original of a reply: whose it was and how it begins; of a deleted one only that it is deleted."""
    if row["original_id"] is None:
        return None
    deleted = row["original_deleted"]
    return {
        "id": str(row["original_id"]),
        "senderName": row["original_sender"],
        "deleted": deleted,
        "preview": None if deleted else (row["original_content"] or "")[:PREVIEW_LENGTH],
        "kind": None if deleted else row["original_kind"],
    }


def insert(migrated: bool, conversation: UUID, sender: str, name: str, given: Mapping[str, Any]) -> Query:
    """Insert a message; 422 when it is empty, or when its attachments or its original are not what they must be."""
    attachments, content = given_attachments(given), given.get("content") or None
    if not content and not attachments:
        raise HTTPException(422, "a message needs a text or an attachment")
    first = attachments[0] if attachments else None
    values = {
        "conversation_id": conversation,
        "sender_type": sender,
        "sender_name": name,
        "content": content,
        "message_type": first["type"] if first else "text",
        "media_url": first["url"] if first else None,
        "is_read": sender == "user",
    }
    if migrated:
        origin = "instagram" if sender == "customer" else "inbox"
        values |= {
            "attachments": Jsonb(stored(attachments, origin)),
            "replied_to_message_id": given.get("replied_to_message_id"),
        }
    places = ", ".join(["%s"] * len(values))
    return f"INSERT INTO messages ({', '.join(values)}) VALUES ({places}) RETURNING id", tuple(values.values())


def given_attachments(given: Mapping[str, Any]) -> list[Attachment]:
    """Read the attachments of a request; 422 with the reason when they are none."""
    try:
        return checked(given.get("attachments") or [], "the message")
    except InvalidAttachments as problem:
        raise HTTPException(422, str(problem)) from problem
