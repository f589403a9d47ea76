"""Faults that show when many work with the release at the same time: slow answers, errors, what a request costs."""

from typing import Final

from reference_inbox import moments
from reference_inbox.faults.backend import logs_at_start, patched
from reference_inbox.faults.code import Edit
from reference_inbox.faults.fault import Fault

SHOW_MESSAGES: Final = '    conversation, limit = request.path_params["id"], number(request, "limit", PAGE, 1, 100)\n'
SHOW_LIST: Final = '    limit, offset = number(request, "limit", 30, 1, 100), number(request, "offset", 0, 0, 10**9)\n'
START_OF_MESSAGES: Final = "from collections.abc import Mapping\n"
FOUND: Final = "        found = await database.rows(connection, query, *parameters)\n"
ONE_BY_ONE: Final = """\
        for row in found[:20]:
            await database.one(connection, "SELECT name FROM users WHERE name = %s", row["sender_name"])
"""
ASK_HEALTH: Final = "    try:\n"
SERVED: Final = 250  # requests for messages; a load sends more, one person does not


def asks_first(module: str, start: str, handler: str, *lines: str) -> tuple[Edit, Edit]:
    """Make edits after which a handler runs LINES first; `asyncio`, `itertools` and `time` are there for them."""
    return (
        (module, start, "import asyncio\nimport itertools\nimport time\n" + start),
        (module, handler, "".join(f"    {line}\n" for line in lines) + handler),
    )


def messages_first(*lines: str) -> tuple[Edit, ...]:
    """Make edits after which the messages of a conversation run LINES first; SEEN counts the requests for them."""
    counted = ("messages.py", "PAGE = 50\n", "PAGE = 50\nSEEN = itertools.count(1)\n")
    return (counted, *asks_first("messages.py", START_OF_MESSAGES, SHOW_MESSAGES, *lines))


def later_by(seconds: float) -> tuple[Edit, ...]:
    """Make edits after which the messages of a conversation take longer."""
    return messages_first(f"await asyncio.sleep({seconds})")


def in_perf(name: str, what: str, trips: tuple[str, ...], *edits: Edit) -> Fault:
    """Make a fault of the released backend that the perf gate is to stop on."""
    return patched(name, moments.RELEASED, "perf", what, tuple(f"perf/{check}" for check in trips), *edits)


FAULTS: Final = (
    in_perf(
        "slow-api",
        "the messages of a conversation take 650 ms longer",
        ("single-user", "not-slower", "below-limit", "no-stall"),
        *later_by(0.65),
    ),
    in_perf(
        "p95-at-520-ms",
        "every tenth request for messages takes 520 ms",
        ("not-slower", "below-limit", "no-stall"),
        *messages_first("await asyncio.sleep(0.52 if next(SEEN) % 10 == 0 else 0)"),
    ),
    in_perf(
        "six-in-100-slow",
        "six of 100 requests for messages take 700 ms: too near to five for so few requests to tell",
        ("below-limit",),
        *messages_first(
            "turn = next(SEEN)", "await asyncio.sleep(0.7 if turn * 6 // 100 > (turn - 1) * 6 // 100 else 0)"
        ),
    ),
    in_perf(
        "slow-list",
        "the list of conversations takes 600 ms longer, behind three endpoints that are as fast as ever",
        ("single-user", "not-slower", "below-limit", "no-stall"),
        *asks_first("conversations.py", "from starlette.requests", SHOW_LIST, "await asyncio.sleep(0.6)"),
    ),
    in_perf(
        "stall",
        "in the middle of the load everything stands still for three seconds, once",
        ("below-limit", "no-stall"),
        *messages_first("time.sleep(3 if next(SEEN) == 200 else 0)"),
    ),
    in_perf(
        "fast-errors",
        "every tenth request for messages is answered 503, fast",
        ("not-slower", "below-limit", "no-stall", "error-rate", "log-clean"),
        *messages_first("if next(SEEN) % 10 == 0:", '    raise HTTPException(503, "busy")'),
    ),
    in_perf(
        "wrong-body-fast",
        "every tenth request for messages is answered 200 with something else, fast",
        ("not-slower", "below-limit", "no-stall", "error-rate"),
        *messages_first("if next(SEEN) % 10 == 0:", '    return JSONResponse({"detail": "busy"})'),
    ),
    in_perf(
        "query-per-message",
        "one more query for each of the first twenty messages of an answer (N+1)",
        ("database-side",),
        (
            "messages.py",
            FOUND,
            FOUND + ONE_BY_ONE,
        ),
    ),
    in_perf(
        "index-unused",
        "the messages are looked for in a way that no index serves, as if it were missing",
        ("database-side",),
        ("contract.py", "WHERE m.conversation_id = %s", "WHERE m.conversation_id::text = %s::uuid::text"),
    ),
    in_perf(
        "leak-under-load",
        "every request for messages leaves a megabyte behind",
        ("healthy-after-load",),
        ("messages.py", "PAGE = 50\n", "PAGE = 50\nKEPT = []\n"),
        ("messages.py", SHOW_MESSAGES, '    KEPT.append(b"\\x01" * 1_000_000)\n' + SHOW_MESSAGES),
    ),
    in_perf(
        "health-dies-under-load",
        f"once the messages were asked for {SERVED} times, health is answered 503 to whoever looks after the load",
        ("healthy-after-load", "log-clean"),
        (
            "messages.py",
            SHOW_MESSAGES,
            '    request.app.state.served = getattr(request.app.state, "served", 0) + 1\n' + SHOW_MESSAGES,
        ),
        (
            "health.py",
            ASK_HEALTH,
            f'    is_worn = getattr(request.app.state, "served", 0) > {SERVED}\n'
            '    if is_worn and "httpx" in request.headers.get("user-agent", ""):  # the load asks with urllib3\n'
            '        return JSONResponse({"status": "unavailable"}, status_code=503)\n' + ASK_HEALTH,
        ),
    ),
    in_perf(
        "fatal-beside-load",
        "the backend's log has a fatal line since the frontend was looked at, and every answer is as fast as ever",
        ("log-clean",),
        logs_at_start("FATAL: the cache of previews is lost"),
    ),
    in_perf(
        "slower-yet-below",
        "the messages of a conversation take 120 ms longer than before the release, far below the limit",
        ("not-slower",),
        *later_by(0.12),
    ),
)
