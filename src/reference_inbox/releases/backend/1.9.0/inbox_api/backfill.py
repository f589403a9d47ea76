"""Backfill of attachments from media_url, in batches: `python -m inbox_api.backfill [--dry-run] [--batch N]`.

Does what migration 040 does, a batch at a time, each in a transaction of its own. Finished rows are skipped, so it
may be interrupted and run again. With --dry-run it changes nothing and prints counts and examples.
"""

import argparse
import os
import sys
from urllib.parse import urlsplit

import psycopg
from psycopg.types.json import Jsonb

TODO = "media_url <> '' AND (attachments IS NULL OR attachments = '[]')"
BY_ENDING = (
    dict.fromkeys(("jpg", "jpeg", "png", "gif", "webp"), "image")
    | dict.fromkeys(("mp4", "mov", "webm"), "video")
    | {"mp3": "audio", "wav": "audio", "pdf": "file"}
)
EXAMPLES = 5


def type_of(url: str, message_type: str) -> str:
    """Tell the type of an attachment by the ending of its address, else by its message's type."""
    name = urlsplit(url).path.rstrip("/").rpartition("/")[2]
    _, dot, ending = name.rpartition(".")
    by_message = "file" if message_type == "text" else message_type
    return BY_ENDING.get(ending.lower(), by_message) if dot else by_message


def attachment(url: str, message_type: str) -> dict[str, str]:
    """Build the attachment that a media_url stands for."""
    return {"url": url, "type": type_of(url, message_type), "source": "legacy_migration", "legacy_type": message_type}


def counts(connection: psycopg.Connection) -> tuple[int, int, int]:
    """Count all messages, those with media, and those to migrate."""
    row = connection.execute(
        f"SELECT count(*), count(*) FILTER (WHERE media_url <> ''), count(*) FILTER (WHERE {TODO}) FROM messages"
    ).fetchone()
    return row or (0, 0, 0)


def batch(connection: psycopg.Connection, size: int) -> int:
    """Migrate up to SIZE messages and return how many it were."""
    with connection.transaction():
        found = connection.execute(
            f"SELECT id, media_url, message_type FROM messages WHERE {TODO} LIMIT %s FOR UPDATE SKIP LOCKED", (size,)
        ).fetchall()
        with connection.cursor() as cursor:
            cursor.executemany(
                "UPDATE messages SET attachments = %s WHERE id = %s",
                [(Jsonb([attachment(url, kind)]), message) for message, url, kind in found],
            )
    return len(found)


def preview(connection: psycopg.Connection) -> None:
    """Print what would be written for a few messages."""
    for message, url, kind in connection.execute(
        f"SELECT id, media_url, message_type FROM messages WHERE {TODO} ORDER BY id LIMIT %s", (EXAMPLES,)
    ):
        print(f"  {message}  {kind:<6} -> {type_of(url, kind):<6} {url}")


def main() -> int:
    """Run the backfill; 1 when messages are left over at the end."""
    options = argparse.ArgumentParser(prog="backfill", description=__doc__)
    options.add_argument("--dry-run", action="store_true")
    options.add_argument("--batch", type=int, default=1000, metavar="N", help="messages a transaction")
    given = options.parse_args()
    with psycopg.connect(os.environ["INBOX_DATABASE"], autocommit=True) as connection:
        total, media, todo = counts(connection)
        print(f"Total messages in database: {total}\nMessages with media_url: {media}\nMessages to migrate: {todo}")
        if given.dry_run:
            print("Examples:")
            preview(connection)
            print("DRY RUN - nothing was changed")
            return 0
        done = 0
        while moved := batch(connection, given.batch):
            done += moved
            print(f"Messages migrated: {done} of {todo}")
        left = counts(connection)[2]
    print("Migration completed successfully!" if not left else f"{left} messages are left over")
    return 1 if left else 0


if __name__ == "__main__":
    sys.exit(main())
