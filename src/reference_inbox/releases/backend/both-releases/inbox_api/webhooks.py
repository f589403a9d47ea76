"""What Instagram delivers: a customer's message, signed with the secret both sides know."""

import hashlib
import hmac
import json
import logging

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from inbox_api import messages
from inbox_api.requests import identifier

log = logging.getLogger(__name__)


async def instagram(request: Request) -> Response:
    """Answer POST /api/webhooks/instagram; the signature is the header that Meta's webhooks carry."""
    body = await request.body()
    key = (request.app.state.settings.secrets / "webhook").read_text().strip().encode()
    expected = "sha256=" + hmac.new(key, body, hashlib.sha256).hexdigest()
    if not hmac.compare_digest(expected, request.headers.get("x-hub-signature-256", "")):
        log.warning("webhook refused: the signature does not fit")
        return JSONResponse({"error": "wrong signature"}, status_code=401)
    given = json.loads(body)
    async with request.app.state.database.connection() as connection:
        written = await messages.receive(connection, identifier("conversation_id", given["conversation_id"]), given)
    return JSONResponse(written, status_code=201)
