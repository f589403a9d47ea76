"""Faults that show once people work with the release: slow answers, errors, noise in the log."""

from typing import Final

from reference_inbox import moments
from reference_inbox.faults.backend import BROKEN_HEALTH, patched
from reference_inbox.faults.code import Edit

SHOW_MESSAGES: Final = '    conversation, limit = request.path_params["id"], number(request, "limit", PAGE, 1, 100)\n'
START_OF_MESSAGES: Final = "from collections.abc import Mapping\n"
SERVED: Final = 300  # requests for messages; a load sends more, one person does not


def later_by(seconds: float) -> tuple[Edit, Edit]:
    """Make edits after which the messages of a conversation take longer."""
    return (
        ("messages.py", START_OF_MESSAGES, "import asyncio\n" + START_OF_MESSAGES),
        ("messages.py", SHOW_MESSAGES, f"    await asyncio.sleep({seconds})\n" + SHOW_MESSAGES),
    )


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
        "slow-api",
        moments.RELEASED,
        "perf",
        "the messages of a conversation take 650 ms longer",
        ("perf/single-user", "perf/below-limit"),
        *later_by(0.65),
    ),
    patched(
        "fast-errors",
        moments.RELEASED,
        "perf",
        "every tenth request for messages is answered 503, fast",
        ("perf/below-limit", "perf/error-rate"),
        ("messages.py", START_OF_MESSAGES, "import itertools\n" + START_OF_MESSAGES),
        ("messages.py", "PAGE = 50\n", "PAGE = 50\nSEEN = itertools.count(1)\n"),
        (
            "messages.py",
            SHOW_MESSAGES,
            '    if next(SEEN) % 10 == 0:\n        raise HTTPException(503, "busy")\n' + SHOW_MESSAGES,
        ),
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
        "every third health check is answered 503",
        ("monitoring/health-stayed-good", "monitoring/errors-in-logs"),
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
                "    if next(SEEN) % 3 == 0:\n"
                '        return JSONResponse({"status": "unavailable"}, status_code=503)\n    try:\n'
            ),
        ),
    ),
    patched(
        "health-dies-under-load",
        moments.RELEASED,
        "perf",
        f"health is answered 503 once the messages were asked for {SERVED} times",
        ("perf/healthy-after-load",),
        (
            "messages.py",
            SHOW_MESSAGES,
            '    request.app.state.served = getattr(request.app.state, "served", 0) + 1\n' + SHOW_MESSAGES,
        ),
        (
            "health.py",
            "    try:\n",
            (
                f'    if getattr(request.app.state, "served", 0) > {SERVED}:\n'
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
        ("followup/health", "followup/errors-in-logs"),
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
