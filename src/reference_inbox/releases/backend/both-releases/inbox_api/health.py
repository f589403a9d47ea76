"""Health, which asks the database, and the version that the build stamped."""

import logging

import psycopg
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from inbox_api import database

log = logging.getLogger(__name__)


async def health(request: Request) -> Response:
    """Answer GET /health: 200 when a query on the messages table works, 503 when not."""
    try:
        async with request.app.state.database.connection() as connection:
            await database.one(connection, "SELECT 1 FROM messages LIMIT 1")
    except psycopg.Error as problem:
        log.error("health: the database does not answer: %s", str(problem).strip())  # noqa: TRY400 - one line an event
        return JSONResponse({"status": "unavailable", "database": "down"}, status_code=503)
    return JSONResponse({"status": "ok", "database": "up", "version": request.app.state.settings.version})


async def version(request: Request) -> Response:
    """Answer GET /version."""
    settings = request.app.state.settings
    return JSONResponse({"version": settings.version, "commit": settings.commit, "built_at": settings.built_at})
