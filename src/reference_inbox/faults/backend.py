"""Faults of the API: the wrong build, wrong answers, slow answers, noise in its log."""

from typing import Final

from reference_inbox import moments
from reference_inbox.faults.code import (
    Edit,
    patches_backend,
    restores_backend,
    serves_other_commit,
    serves_own_commit,
)
from reference_inbox.faults.fault import Fault

SHOW_MESSAGES: Final = '    conversation, limit = request.path_params["id"], number(request, "limit", PAGE, 1, 100)\n'
START_OF_MESSAGES: Final = "from collections.abc import Mapping\n"


def patched(name: str, at: str, gate: str, what: str, trips: tuple[str, ...], *edits: Edit) -> Fault:
    """Make a fault of edits to the backend's build."""
    return Fault(name, at, gate, what, trips, patches_backend(name, *edits), restores_backend(name))


def wrong_build(*, name: str, at: str, gate: str, what: str, trips: tuple[str, ...], which: str) -> Fault:
    """Make a fault in which the process runs the build of another commit."""
    return Fault(
        name, at, gate, what, trips, serves_other_commit(name, "backend", which), serves_own_commit(name, "backend")
    )


FAULTS: Final = (
    wrong_build(
        name="old-backend-answers",
        at=moments.BACKEND,
        gate="backend",
        what="the checkout is new and the running process is the old build",
        trips=("backend/right-build",),
        which="old",
    ),
    patched(
        "health-503",
        moments.BACKEND,
        "backend",
        "the health endpoint answers 503: it asks for a table that is not there",
        ("backend/health",),
        ("health.py", "SELECT 1 FROM messages LIMIT 1", "SELECT 1 FROM message_health"),
    ),
    patched(
        "open-api",
        moments.BACKEND,
        "backend",
        "the list of conversations is answered without a token",
        ("backend/conversations",),
        ("app.py", "signed_in(conversations.conversations)", "conversations.conversations"),
    ),
    patched(
        "conversations-500",
        moments.BACKEND,
        "backend",
        "the list of conversations is answered 500: it reads a column that is not there",
        ("backend/conversations",),
        ("conversations.py", "SELECT c.id, c.customer_name,", "SELECT c.id, c.display_name,"),
    ),
    patched(
        "slow-api",
        moments.RELEASED,
        "perf",
        "the messages of a conversation take 650 ms longer",
        ("perf/below-limit",),
        ("messages.py", START_OF_MESSAGES, "import asyncio\n" + START_OF_MESSAGES),
        ("messages.py", SHOW_MESSAGES, "    await asyncio.sleep(0.65)\n" + SHOW_MESSAGES),
    ),
    patched(
        "fast-errors",
        moments.RELEASED,
        "perf",
        "every tenth request for messages is answered 503, fast",
        ("perf/below-limit",),
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
    ),
    patched(
        "health-flaps",
        moments.RELEASED,
        "monitoring",
        "every third health check is answered 503",
        ("monitoring/health-stayed-good",),
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
    wrong_build(
        name="rollback-new-backend-answers",
        at=moments.ROLLED_BACK_CODE,
        gate="rollback",
        what="the checkout went back and the running process is still the new build",
        trips=("rollback/old-release-answers",),
        which="new",
    ),
)
