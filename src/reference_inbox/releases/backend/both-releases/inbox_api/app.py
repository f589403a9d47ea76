"""The application: routes, who may call them, and what is logged."""

import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from inbox_api import conversations, health, login, media, messages, webhooks
from inbox_api.database import Database
from inbox_api.settings import Settings

log = logging.getLogger(__name__)

Handler = Callable[[Request], Awaitable[Response]]


def signed_in(handler: Handler) -> Handler:
    """Let only requests with a token that holds through (401 for the others), and answer 500 for what breaks.

    Done here and not in the outermost middleware, so that the answer carries the headers that let the page read it.
    """

    async def guarded(request: Request) -> Response:
        user = login.user_of(request)
        if user is None:
            return JSONResponse({"error": "sign in first"}, status_code=401, headers={"www-authenticate": "Bearer"})
        request.state.user = user
        try:
            return await handler(request)
        except HTTPException:
            raise
        except Exception as problem:  # noqa: BLE001 - the outermost handler: whatever it is becomes a 500
            return broken(request, problem)

    return guarded


def broken(request: Request, problem: Exception) -> Response:
    """Answer 500, and log in one line what happened where."""
    log.error(
        "%s %s failed: %s: %s",
        request.method,
        request.url.path,
        type(problem).__name__,
        str(problem).strip().replace("\n", " "),
    )
    return JSONResponse({"error": "internal error"}, status_code=500)


async def refused(_: Request, problem: Exception) -> Response:
    """Answer a request that was wrong with the reason."""
    if not isinstance(problem, HTTPException):
        raise problem
    return JSONResponse({"error": problem.detail}, status_code=problem.status_code)


@asynccontextmanager
async def lifespan(app: Starlette) -> AsyncIterator[None]:
    """Say that the application started, and close the pool when it ends."""
    settings: Settings = app.state.settings
    log.info("Application started version=%s commit=%s port=%d", settings.version, settings.commit, settings.port)
    yield
    await app.state.database.close()
    log.info("Application stopped")


ONE = "/api/messaging/conversations/{id:uuid}"
ROUTES = [
    Route("/health", health.health),
    Route("/version", health.version),
    Route("/media/{path:path}", media.media),
    Route("/api/auth/login", login.login, methods=["POST"]),
    Route("/api/webhooks/instagram", webhooks.instagram, methods=["POST"]),
    Route("/api/messaging/conversations", signed_in(conversations.conversations)),
    Route(f"{ONE}/messages", signed_in(messages.messages)),
    Route(f"{ONE}/messages", signed_in(messages.send), methods=["POST"]),
    Route(f"{ONE}/read", signed_in(conversations.read), methods=["POST"]),
]


def application(settings: Settings) -> Starlette:
    """Build the application for these settings."""
    cors = Middleware(
        CORSMiddleware,
        allow_origins=[settings.frontend_origin],
        allow_methods=["GET", "POST"],
        allow_headers=["authorization", "content-type"],
        max_age=600,
    )
    app = Starlette(routes=ROUTES, middleware=[cors], lifespan=lifespan, exception_handlers={HTTPException: refused})
    app.state.settings = settings
    app.state.database = Database(settings.database)
    return app
