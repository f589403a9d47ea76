"""One plain line an event: time, level, words."""

from typing import Any

LOGGING: dict[str, Any] = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "line": {"format": "%(asctime)s.%(msecs)03dZ %(levelname)s %(message)s", "datefmt": "%Y-%m-%dT%H:%M:%S"}
    },
    "handlers": {"out": {"class": "logging.StreamHandler", "formatter": "line", "stream": "ext://sys.stdout"}},
    "root": {"level": "INFO", "handlers": ["out"]},
    "loggers": {"uvicorn.error": {"level": "WARNING"}},
}
