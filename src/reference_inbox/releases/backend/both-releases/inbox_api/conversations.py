"""Conversations: the list, newest first, and marking one as read."""

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from inbox_api import database
from inbox_api.requests import number

LIST = """
SELECT c.id, c.customer_name, c.customer_username, c.unread_count, c.last_message_at,
       m.content AS last_content, m.message_type AS last_type, m.sender_type AS last_sender
FROM conversations c
LEFT JOIN LATERAL (SELECT content, message_type, sender_type FROM messages
                   WHERE conversation_id = c.id AND deleted_at IS NULL
                   ORDER BY created_at DESC, id LIMIT 1) m ON true
ORDER BY c.last_message_at DESC NULLS LAST, c.id
LIMIT %s OFFSET %s
"""


async def conversations(request: Request) -> Response:
    """Answer GET /api/messaging/conversations?limit=&offset=."""
    limit, offset = number(request, "limit", 30, 1, 100), number(request, "offset", 0, 0, 10**9)
    async with request.app.state.database.connection() as connection:
        found = await database.rows(connection, LIST, limit, offset)
        total = await database.one(connection, "SELECT count(*) AS n FROM conversations")
    return JSONResponse({"conversations": [shown(row) for row in found], "total": total["n"] if total else 0})


def shown(row: dict[str, object]) -> dict[str, object]:
    """Give a conversation the form the pages read."""
    last_at = row["last_message_at"]
    return {
        "id": str(row["id"]),
        "customerName": row["customer_name"],
        "customerUsername": row["customer_username"],
        "unreadCount": row["unread_count"],
        "lastMessageAt": last_at.isoformat() if last_at else None,  # type: ignore[attr-defined]
        "lastMessage": {"content": row["last_content"], "type": row["last_type"], "senderType": row["last_sender"]},
    }


async def read(request: Request) -> Response:
    """Answer POST …/{id}/read: nothing in it is unread any more."""
    conversation = request.path_params["id"]
    async with request.app.state.database.connection() as connection:
        await connection.execute(
            "UPDATE conversations SET unread_count = 0 WHERE id = %s AND unread_count > 0", (conversation,)
        )
        await connection.execute(
            "UPDATE messages SET is_read = true WHERE conversation_id = %s AND NOT is_read", (conversation,)
        )
    return Response(status_code=204)
