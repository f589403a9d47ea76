"""Faults that only somebody who goes on looking sees: what grows, what comes now and then, what is written anew."""

from typing import Final

import psycopg

from reference_inbox import moments
from reference_inbox.faults.backend import patched
from reference_inbox.faults.code import Edit, patches_backend, patches_page, restores_backend, restores_page
from reference_inbox.faults.fault import Fault
from reference_inbox.faults.kept import execute
from reference_inbox.faults.load import SHOW_MESSAGES, START_OF_MESSAGES
from reference_inbox.faults.preflight import does
from reference_inbox.faults.schema import ATTACHMENTS_INDEX
from reference_inbox.state import State

GATE: Final = "monitoring"
NO_VACUUM: Final = "ALTER TABLE messages SET (autovacuum_enabled = false)"
# An indexed column is changed and changed back: a new row version that every index has to know, twice over.
REWRITES: Final = (
    "UPDATE messages SET created_at = created_at + interval '1 microsecond'",
    "UPDATE messages SET created_at = created_at - interval '1 microsecond'",
)
EVERY_FEW: Final = 9  # requests for messages of which one fails: a watch of a few seconds sends a hundred
MOST_LEAKED: Final = 64  # connections: more than nine in ten of the reference's are then taken, and a few are left
OLD_WRITER: Final = "old-writer"


def beside(*lines: str) -> tuple[Edit, Edit]:
    """Make edits after which the backend does something of its own, again and again, beside its requests."""
    body = "\n".join(f"        {line}" for line in lines)
    return (
        (
            "app.py",
            "@asynccontextmanager\n",
            (
                f"async def beside(app: Starlette) -> None:\n    kept = []\n    while True:\n{body}\n\n\n"
                "@asynccontextmanager\n"
            ),
        ),
        (
            "app.py",
            "    yield\n",
            "    import asyncio\n    going = asyncio.create_task(beside(app))\n    yield\n    going.cancel()\n",
        ),
    )


def leaking(*lines: str) -> tuple[Edit, ...]:
    """Make edits after which a health check keeps something: as leaks do, it grows with the requests."""
    body = "\n".join(f"    {line}" for line in lines)
    return (
        ("health.py", "import logging\n", "import itertools\nimport logging\n"),
        (
            "health.py",
            "log = logging.getLogger(__name__)\n",
            "log = logging.getLogger(__name__)\nKEPT = []\nSEEN = itertools.count(1)\n",
        ),
        ("health.py", "    try:\n", f"{body}\n    try:\n"),
    )


SLOW_STATEMENT: Final = beside(
    "import asyncio",
    "async with app.state.database.connection() as database:",
    '    await database.execute("SELECT pg_sleep(0.6) FROM (SELECT 1 FROM messages LIMIT 1) AS one")',
    "await asyncio.sleep(0.1)",
)
WRITES_OLD_FORM: Final = beside(
    "import asyncio",
    "async with app.state.database.connection() as database:",
    "    await database.execute(",
    '        "INSERT INTO messages (conversation_id, sender_type, sender_name, message_type, media_url, is_read)"',
    "        \" SELECT conversation_id, sender_type, 'old writer', message_type, media_url, true FROM messages\"",
    "        \" WHERE media_url <> '' LIMIT 1\"",
    "    )",
    "await asyncio.sleep(1)",
)


def take_back_rows(state: State) -> None:
    """End the old writer, and remove what it wrote."""
    restores_backend(OLD_WRITER)(state)
    execute(state, "DELETE FROM messages WHERE sender_name = 'old writer'")


def clean_up(state: State) -> None:
    """Take the dead rows away, and let the server do so again by itself."""
    execute(state, "ALTER TABLE messages RESET (autovacuum_enabled)")
    with psycopg.connect(state.read().admin_dsn, autocommit=True) as database:
        database.execute("VACUUM messages")


FAULTS: Final = (
    patched(
        "errors-now-and-then",
        moments.RELEASED,
        GATE,
        f"one of {EVERY_FEW} requests for messages is answered 503",
        ("monitoring/error-rate", "monitoring/latency-stayed-good", "monitoring/errors-in-logs"),
        ("messages.py", START_OF_MESSAGES, "import itertools\n" + START_OF_MESSAGES),
        ("messages.py", "PAGE = 50\n", "PAGE = 50\nSEEN = itertools.count(1)\n"),
        (
            "messages.py",
            SHOW_MESSAGES,
            f'    if next(SEEN) % {EVERY_FEW} == 0:\n        raise HTTPException(503, "busy")\n' + SHOW_MESSAGES,
        ),
    ),
    Fault(
        "page-error-while-watched",
        moments.RELEASED,
        GATE,
        "the page logs an error to the console that it did not have when it was released",
        ("monitoring/page-stayed-good",),
        patches_page(
            "page-error-while-watched",
            ("main.js", "let inbox = null;\n", 'console.error("the list ended too early");\nlet inbox = null;\n'),
        ),
        restores_page("page-error-while-watched"),
    ),
    patched(
        "memory-leaks",
        moments.RELEASED,
        GATE,
        "the backend keeps 4 MB more with every health check",
        ("monitoring/services-stayed-up",),
        *leaking("KEPT.append(bytes(range(256)) * 16_000)"),
    ),
    patched(
        "connections-leak",
        moments.RELEASED,
        GATE,
        "the backend opens two connections to the database with every health check and closes none",
        ("monitoring/database-stayed-well",),
        *leaking(
            "address = request.app.state.database.address",
            f"while len(KEPT) < min(2 * next(SEEN), {MOST_LEAKED}):",
            "    KEPT.append(await psycopg.AsyncConnection.connect(address))",
        ),
    ),
    patched(
        "statement-slow",
        moments.RELEASED,
        GATE,
        "a statement on the messages that nobody waits for takes 600 ms, again and again",
        ("monitoring/slow-queries",),
        *SLOW_STATEMENT,
    ),
    Fault(
        OLD_WRITER,
        moments.RELEASED,
        GATE,
        "a message with media_url and without attachments is written every second",
        ("monitoring/new-rows-in-new-form",),
        patches_backend(OLD_WRITER, *WRITES_OLD_FORM),
        take_back_rows,
    ),
    Fault(
        "index-invalid-after-a-day",
        moments.RELEASED,
        "followup",
        "a day later, the index on attachments is there and not valid",
        ("followup/indexes",),
        does(f"UPDATE pg_index SET indisvalid = false WHERE indexrelid = '{ATTACHMENTS_INDEX}'::regclass"),
        does(f"UPDATE pg_index SET indisvalid = true WHERE indexrelid = '{ATTACHMENTS_INDEX}'::regclass"),
    ),
    Fault(
        "table-bloats",
        moments.RELEASED,
        "followup",
        "a day later, there are four dead messages for each live one, and nothing cleans them away",
        ("followup/table-growth",),
        lambda state: execute(state, NO_VACUUM, *REWRITES, *REWRITES),
        clean_up,
    ),
)
