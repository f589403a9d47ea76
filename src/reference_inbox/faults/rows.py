"""Faults of rows: a backfill that is nearly right, and a release that decays."""

from collections.abc import Callable
from typing import Any, Final

from reference_inbox import moments, services
from reference_inbox.faults.fault import Fault
from reference_inbox.faults.kept import change_rows, cut_log_back, keep_log_size, put_rows_back
from reference_inbox.faults.preflight import does
from reference_inbox.state import State

MARKED: Final = """attachments @> '[{"source": "legacy_migration"}]' """
OWN: Final = f"attachments <> '[]' AND NOT {MARKED}"
NEW_ROWS: Final = 4
INVALID: Final = "invalid-for-api"
SUFFIX: Final = "?from=backfill"

# Each picks by a hash of the id, so that the rows lie all over the table.
SOME: Final = "SELECT id FROM messages WHERE deleted_at IS NULL AND {where} ORDER BY md5(id::text) LIMIT {limit}"


def some(where: str, limit: int) -> str:
    """Select a few messages of a kind."""
    return SOME.format(where=where, limit=limit)


def damaged(
    *, name: str, at: str, gate: str, what: str, trips: tuple[str, ...], select: str, change: Callable[[Any, int], Any]
) -> Fault:
    """Make a fault that changes the attachments of the rows that SELECT picks."""
    return Fault(
        name,
        at,
        gate,
        what,
        trips,
        lambda state: change_rows(state, name, select, change),
        lambda state: put_rows_back(state, name),
    )


def legacy(url: str, kind: str = "image") -> list[dict[str, str]]:
    """Build attachments as the backfill writes them."""
    return [{"url": url, "type": kind, "source": "legacy_migration", "legacy_type": kind}]


def empty(_: Any, __: int) -> list[Any]:
    """Take all attachments away."""
    return []


def first_with(**changes: str) -> Callable[[Any, int], Any]:
    """Make a change that sets fields of the first attachment."""
    return lambda value, _: [{**value[0], **changes}, *value[1:]]


def without_marker(value: Any, _: int) -> Any:
    """Take the marker off the first attachment."""
    return [{name: held for name, held in value[0].items() if name != "source"}, *value[1:]]


def swap(value: Any, _: int) -> Any:
    """Empty a row that has attachments, and give some to one that has none."""
    return [] if value else legacy("https://cdn.example/picture.jpg")


def with_preview(value: Any, _: int) -> Any:
    """Add a second element without an address, which the API refuses."""
    return [*value, {"type": "image", "source": "legacy_migration"}]


def as_backfilled(value: Any, _: int) -> Any:
    """Overwrite people's own attachments with the one that media_url stands for."""
    return legacy(value[0]["url"], value[0]["type"])


def backfilled(name: str, what: str, trips: tuple[str, ...], select: str, change: Callable[[Any, int], Any]) -> Fault:
    """Make a fault that strikes after the backfill."""
    return damaged(
        name=name, at=moments.BACKFILLED, gate="backfill", what=what, trips=trips, select=select, change=change
    )


def inserts_old_form(name: str) -> str:
    """Write a few new messages with media_url and without attachments, as the old release does."""
    return f"""INSERT INTO messages (id, conversation_id, sender_type, sender_name, message_type, media_url, is_read)
               SELECT md5('{name}' || n)::uuid, c.id, 'customer', c.customer_name, 'image', m.media_url, true
               FROM generate_series(1, {NEW_ROWS}) n,
                    LATERAL (SELECT id, customer_name FROM conversations ORDER BY last_message_at DESC, id
                             LIMIT 1 OFFSET n) c,
                    (SELECT media_url FROM messages WHERE media_url ~ '01-vaso[.]jpg$' LIMIT 1) m"""


def takes_back(name: str) -> str:
    """Delete the messages that a fault of this name wrote."""
    return f"DELETE FROM messages WHERE id IN (SELECT md5('{name}' || n)::uuid FROM generate_series(1, {NEW_ROWS}) n)"


IMAGE: Final = MARKED + "AND attachments -> 0 ->> 'type' = 'image' AND media_url ~ '[.]jpg$'"
NO_MEDIA: Final = "coalesce(media_url, '') = ''"
BOTH_WRONGS: Final = f"({some(MARKED, 5)}) UNION ALL ({some(NO_MEDIA, 5)})"


def make_invalid(state: State) -> None:
    """Give every GIF an element that the API refuses."""
    keep_log_size(state, INVALID, "backend")
    change_rows(state, INVALID, f"SELECT id FROM messages WHERE {MARKED} AND media_url ILIKE '%.gif'", with_preview)


def make_valid(state: State) -> None:
    """Put the rows back, and take out of the log what the backend said of them."""
    services.stop(state, "backend")
    cut_log_back(state, INVALID, "backend")
    put_rows_back(state, INVALID)
    services.start(state, "backend")


FAULTS: Final = (
    backfilled(
        "rows-left-out",
        "three messages with media have no attachments",
        ("backfill/every-row", "backfill/coverage"),
        some(MARKED, 3),
        empty,
    ),
    backfilled(
        "wrong-url",
        "two attachments lead to another address than media_url",
        ("backfill/every-row",),
        some(IMAGE, 2),
        first_with(url="https://cdn.example/other.jpg"),
    ),
    backfilled(
        "wrong-type",
        "two pictures are attached as videos",
        ("backfill/every-row",),
        some(IMAGE, 2),
        first_with(type="video"),
    ),
    backfilled(
        "marker-missing",
        "two backfilled attachments lack the marker that a rollback goes by",
        ("backfill/every-row",),
        some(MARKED, 2),
        without_marker,
    ),
    backfilled(
        "coverage-by-two-wrongs",
        "five messages lack their attachments and five without media have some, so the coverage reads 100 %",
        ("backfill/every-row", "backfill/coverage"),
        BOTH_WRONGS,
        swap,
    ),
    Fault(
        INVALID,
        moments.BACKFILLED,
        "backfill",
        "every GIF has a second attachment without an address, which the API answers with 500, and says so in its log",
        ("backfill/api-agrees", "backfill/log-clean", "backfill/writes-go-on"),
        make_invalid,
        make_valid,
    ),
    backfilled(
        "own-overwritten",
        "the backfill overwrote attachments that people had sent since",
        ("backfill/own-data-kept",),
        f"SELECT id FROM messages WHERE {OWN}",
        as_backfilled,
    ),
    backfilled(
        "every-url-wrong",
        "every attachment leads to another address than media_url",
        ("backfill/every-row", "backfill/spot-check"),
        f"SELECT id FROM messages WHERE {MARKED}",
        first_with(url="https://cdn.example/other.jpg"),
    ),
    Fault(
        "new-rows-old-form",
        moments.BACKFILLED,
        "backfill",
        "messages that come in after the backfill have media_url and no attachments",
        ("backfill/new-rows",),
        does(inserts_old_form("new-rows-old-form")),
        does(takes_back("new-rows-old-form")),
    ),
    Fault(
        "nobody-vacuums",
        moments.BACKFILLED,
        "backfill",
        "autovacuum is off for the messages, and every one of them was changed",
        ("backfill/upkeep",),
        does("ALTER TABLE messages SET (autovacuum_enabled = off); UPDATE messages SET is_read = is_read"),
        does("ALTER TABLE messages RESET (autovacuum_enabled)"),
        leaves_dead_rows=True,
    ),
    Fault(
        "source-rewritten",
        moments.BACKFILLED,
        "backfill",
        "the backfill wrote another address into media_url as well",
        ("backfill/source-unchanged",),
        does(f"""UPDATE messages SET media_url = media_url || '{SUFFIX}',
                   attachments = jsonb_set(attachments, '{{0,url}}', to_jsonb(media_url || '{SUFFIX}'))
                   WHERE id IN ({some(IMAGE, 3)})"""),
        does(f"""UPDATE messages SET media_url = replace(media_url, '{SUFFIX}', ''),
                   attachments = jsonb_set(attachments, '{{0,url}}', to_jsonb(replace(media_url, '{SUFFIX}', '')))
                   WHERE media_url LIKE '%{SUFFIX}'"""),
    ),
    Fault(
        "coverage-decays",
        moments.RELEASED,
        "followup",
        "new messages come with media_url and without attachments",
        ("followup/coverage-still-complete",),
        does(inserts_old_form("coverage-decays")),
        does(takes_back("coverage-decays")),
    ),
)
