"""The messages of a conversation: reading them, and writing one as staff or as a customer.

What a message looks like in and out is the release's own: see `contract`.
"""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from inbox_api import contract, database
from inbox_api.database import Connection
from inbox_api.requests import identifier, number

PAGE = 50

COUNT_AS_UNREAD = """
UPDATE conversations SET last_message_at = now(), unread_count = unread_count + %s WHERE id = %s
"""


async def messages(request: Request) -> Response:
    """Answer GET …/{id}/messages?limit=&before=: the newest before a message, in the order they were written.

    `next` is what `before` must be for the page of older ones.
    """
    conversation, limit = request.path_params["id"], number(request, "limit", PAGE, 1, 100)
    before = request.query_params.get("before")
    async with request.app.state.database.connection() as connection:
        await must_exist(connection, conversation)
        query, parameters = contract.page(
            await contract.form(connection), conversation, identifier("before", before) if before else None, limit + 1
        )
        found = await database.rows(connection, query, *parameters)
    newest = [contract.shown(row) for row in reversed(found[:limit])]
    older = len(found) > limit
    return JSONResponse({"messages": newest, "has_more": older, "next": newest[0]["id"] if older else None})


async def send(request: Request) -> Response:
    """Answer POST …/{id}/messages: the signed-in person writes to the customer."""
    conversation = request.path_params["id"]
    async with request.app.state.database.connection() as connection:
        await must_exist(connection, conversation)
        author = await database.one(connection, "SELECT name FROM users WHERE id = %s", request.state.user)
        name = author["name"] if author else "?"
        row = await write(connection, conversation, "user", name, await request.json())
    return JSONResponse(contract.shown(row), status_code=201)


async def receive(connection: Connection, conversation: UUID, given: Mapping[str, Any]) -> dict[str, Any]:
    """Take a message of the conversation's customer."""
    customer = await database.one(connection, "SELECT customer_name FROM conversations WHERE id = %s", conversation)
    if customer is None:
        raise HTTPException(404, "no such conversation")
    return contract.shown(await write(connection, conversation, "customer", customer["customer_name"], given))


async def write(
    connection: Connection, conversation: UUID, sender: str, name: str, given: Mapping[str, Any]
) -> dict[str, Any]:
    """Write one message and return it as the table has it; 422 when it is empty or breaks the contract."""
    form = await contract.form(connection)
    query, parameters = contract.insert(form, conversation, sender, name, given)
    written = await database.one(connection, query, *parameters)
    await connection.execute(COUNT_AS_UNREAD, (int(sender == "customer"), conversation))
    again, parameters = contract.single(form, written["id"] if written else None)
    row = await database.one(connection, again, *parameters)
    if row is None:
        raise HTTPException(500, "the message was written and is not there")
    return row


async def must_exist(connection: Connection, conversation: UUID) -> None:
    """Answer 404 for a conversation that is not there."""
    if await database.one(connection, "SELECT 1 AS here FROM conversations WHERE id = %s", conversation) is None:
        raise HTTPException(404, "no such conversation")
