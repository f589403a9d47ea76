"""What a message looks like: text, and at most one medium by its address."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from inbox_api.database import Connection
from starlette.exceptions import HTTPException

Query = tuple[str, tuple[object, ...]]

SELECT = """
SELECT id, conversation_id, sender_type, sender_name, message_type, content, media_url, is_read, created_at
FROM messages
"""
BEFORE = "AND (created_at, id) < (SELECT created_at, id FROM messages WHERE id = %s)"


async def form(_: Connection) -> bool:
    """Tell which form the table has; this release knows one."""
    return False


def page(_: bool, conversation: UUID, before: UUID | None, limit: int) -> Query:
    """Select the newest LIMIT messages of a conversation, newest first, older than BEFORE where one is given."""
    query = (
        f"{SELECT} WHERE conversation_id = %s AND deleted_at IS NULL {BEFORE if before else ''} "
        "ORDER BY created_at DESC, id DESC LIMIT %s"
    )
    return query, (conversation, *([before] if before else []), limit)


def single(_: bool, message: UUID | None) -> Query:
    """Select one message."""
    return f"{SELECT} WHERE id = %s", (message,)


def shown(row: Mapping[str, Any]) -> dict[str, Any]:
    """Give a message the form the pages read."""
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
    }


def insert(_: bool, conversation: UUID, sender: str, name: str, given: Mapping[str, Any]) -> Query:
    """Insert a message; 422 when it is empty."""
    content, media = given.get("content") or None, given.get("media_url") or None
    if not content and not media:
        raise HTTPException(422, "a message needs a text or a medium")
    query = """INSERT INTO messages (conversation_id, sender_type, sender_name, message_type, content, media_url,
                                     is_read) VALUES (%s, %s, %s, %s, %s, %s, %s) RETURNING id"""
    return query, (conversation, sender, name, given.get("message_type", "text"), content, media, sender == "user")
