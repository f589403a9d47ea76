"""Faults that show in the hours and days after the release: noise in the log, an ill backend, slower answers."""

from typing import Final

from reference_inbox import moments
from reference_inbox.faults.backend import BROKEN_HEALTH, logs_at_start, patched
from reference_inbox.faults.code import Edit
from reference_inbox.faults.load import later_by

ERROR_EVERY_SECOND: Final[tuple[Edit, ...]] = (
    ("app.py", "import logging\n", "import asyncio\nimport logging\n"),
    (
        "app.py",
        "@asynccontextmanager\n",
        """async def refresh_previews() -> None:
    \"\"\"Warm the previews of attachments.\"\"\"
    while True:
        log.error("preview failed: attachments of message has no property 'thumbnail'")
        await asyncio.sleep(1)


@asynccontextmanager
""",
    ),
    (
        "app.py",
        "    yield\n",
        "    previews = asyncio.create_task(refresh_previews())\n    yield\n    previews.cancel()\n",
    ),
)


FAULTS: Final = (
    patched(
        "error-at-smoke",
        moments.RELEASED,
        "smoke",
        "the backend logs an error about the new column while people look at the release",
        ("smoke/log-clean",),
        logs_at_start("reading replied_to_message_id failed for 3 messages"),
    ),
    patched(
        "error-burst",
        moments.RELEASED,
        "monitoring",
        "the log gains an error about attachments every second",
        ("monitoring/errors-in-logs",),
        *ERROR_EVERY_SECOND,
    ),
    patched(
        "health-flaps",
        moments.RELEASED,
        "monitoring",
        "every second health check is answered 503",
        (
            "monitoring/health-stayed-good",
            "monitoring/error-rate",
            "monitoring/latency-stayed-good",
            "monitoring/errors-in-logs",
        ),
        ("health.py", "import logging\n", "import itertools\nimport logging\n"),
        (
            "health.py",
            "log = logging.getLogger(__name__)\n",
            "log = logging.getLogger(__name__)\nSEEN = itertools.count(1)\n",
        ),
        (
            "health.py",
            "    try:\n",
            (
                "    if next(SEEN) % 2 == 0:\n"
                '        return JSONResponse({"status": "unavailable"}, status_code=503)\n    try:\n'
            ),
        ),
    ),
    patched(
        "slower-than-released",
        moments.RELEASED,
        "monitoring",
        "the messages of a conversation take 300 ms longer than when they were measured",
        ("monitoring/latency-stayed-good",),
        *later_by(0.3),
    ),
    patched(
        "ill-after-a-day",
        moments.RELEASED,
        "followup",
        "a day later, the health endpoint answers 503",
        ("followup/health", "followup/latency-not-worse", "followup/errors-in-logs"),
        BROKEN_HEALTH,
    ),
    patched(
        "slower-after-a-day",
        moments.RELEASED,
        "followup",
        "a day later, the messages of a conversation take 300 ms longer",
        ("followup/latency-not-worse",),
        *later_by(0.3),
    ),
    patched(
        "errors-after-a-day",
        moments.RELEASED,
        "followup",
        "a day later, the log gains an error about attachments every second",
        ("followup/errors-in-logs",),
        *ERROR_EVERY_SECOND,
    ),
)
