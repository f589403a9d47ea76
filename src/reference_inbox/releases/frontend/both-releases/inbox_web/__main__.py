"""Run the server: `python -m inbox_web`, with INBOX_PORT and INBOX_API from the environment.

Over https where INBOX_CERTIFICATE names a file with a key and its certificate.
"""

import json
import logging
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

PUBLIC = Path(__file__).resolve().parent.parent / "public"
API = os.environ["INBOX_API"]
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "line": {"format": "%(asctime)s.%(msecs)03dZ %(levelname)s %(message)s", "datefmt": "%Y-%m-%dT%H:%M:%S"}
    },
    "handlers": {"out": {"class": "logging.StreamHandler", "formatter": "line", "stream": "ext://sys.stdout"}},
    "root": {"level": "INFO", "handlers": ["out"]},
    "loggers": {"uvicorn.error": {"level": "WARNING"}},
}
EACH_TIME = {"cache-control": "no-cache"}  # a rehearsal changes files under the same address, and means it


async def page(_: Request) -> Response:
    """Answer every address of the application with the one page."""
    return FileResponse(PUBLIC / "index.html", headers=EACH_TIME)


async def asset(request: Request) -> Response:
    """Answer an asset of this build; one of an older build is gone."""
    path = (PUBLIC / "assets" / request.path_params["path"]).resolve()
    if not path.is_relative_to(PUBLIC) or not path.is_file():
        return PlainTextResponse("no such asset", status_code=404)
    return FileResponse(path, headers=EACH_TIME)


async def config(_: Request) -> Response:
    """Tell the page where the API is: known when the server starts, not when the page is built."""
    return JSONResponse({"api": API}, headers=EACH_TIME)


async def build(_: Request) -> Response:
    """Tell which build this is."""
    return FileResponse(PUBLIC / "build.json", headers=EACH_TIME)


async def favicon(_: Request) -> Response:
    """Answer browsers that ask for the icon without reading the page."""
    return FileResponse(next(PUBLIC.glob("assets/*/favicon.svg")), headers=EACH_TIME)


@asynccontextmanager
async def lifespan(_: Starlette) -> AsyncIterator[None]:
    """Say that the server started, and with what."""
    stamp = json.loads((PUBLIC / "build.json").read_text())
    logging.getLogger("inbox_web").info("Application started version=%s commit=%s", stamp["version"], stamp["commit"])
    yield


ROUTES = [
    Route("/config.json", config),
    Route("/build.json", build),
    Route("/favicon.ico", favicon),
    Route("/assets/{path:path}", asset),
    Route("/", page),
    Route("/login", page),
    Route("/inbox", page),
    Route("/inbox/{conversation}", page),
]

if __name__ == "__main__":
    uvicorn.run(
        Starlette(routes=ROUTES, lifespan=lifespan),
        host="127.0.0.1",
        port=int(os.environ["INBOX_PORT"]),
        ssl_certfile=os.environ.get("INBOX_CERTIFICATE") or None,
        log_config=LOGGING,
        timeout_graceful_shutdown=2,
        server_header=False,
    )
