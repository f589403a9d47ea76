"""Run the API: `python -m inbox_api`, everything it needs comes from INBOX_* variables."""

import uvicorn

from inbox_api.app import application
from inbox_api.logs import LOGGING
from inbox_api.settings import read

if __name__ == "__main__":
    settings = read()
    uvicorn.run(
        application(settings),
        host="127.0.0.1",
        port=settings.port,
        log_config=LOGGING,
        timeout_graceful_shutdown=2,
        server_header=False,
    )
