"""The seed: repeatable, complete, and read the same way by both backfills."""

import importlib.util
from pathlib import Path
from types import ModuleType

import psycopg
import pytest

from reference_inbox import life, moments, repositories, walking
from reference_inbox.seeding import shapes
from reference_inbox.state import State

FINGERPRINT = """
SELECT md5(string_agg(concat_ws('|', id, conversation_id, sender_type, message_type, content,
       regexp_replace(media_url, '^http://[^/]+', ''), is_read, deleted_at IS NULL), ',' ORDER BY id)) FROM messages
"""


def one(state: State, query: str) -> object:
    with psycopg.connect(state.read().admin_dsn) as database:
        row = database.execute(query.encode()).fetchone()
    assert row is not None
    return row[0]


@pytest.mark.parametrize(("seed", "is_same"), [(life.DEFAULT_SEED, True), (7, False)])
def test_the_same_seed_gives_the_same_rows(deployment: State, tmp_path: Path, seed: int, is_same: bool) -> None:
    other = State(tmp_path / "other")
    try:
        life.up(other, moments.BEFORE, deployment.read().rows, seed, ())
        assert (one(deployment, FINGERPRINT) == one(other, FINGERPRINT)) is is_same
    finally:
        life.down(other)


def test_every_shape_of_address_occurs(deployment: State) -> None:
    with psycopg.connect(deployment.read().admin_dsn) as database:
        found = {row[0] for row in database.execute("SELECT split_part(media_url, '/media/', 2) FROM messages")}
    assert {shape.address for shape in shapes.SHAPES} <= found


@pytest.mark.parametrize(
    "kind",
    ["media_url = ''", "media_url IS NULL", "media_url <> '' AND content IS NULL", "media_url <> '' AND content = ''",
     "deleted_at IS NOT NULL", "NOT is_read", "length(content) > 200"],
)  # fmt: skip
def test_every_kind_of_row_occurs(deployment: State, kind: str) -> None:
    assert one(deployment, "SELECT count(*) > 0 FROM messages WHERE " + kind)  # noqa: S608  the list above


def test_each_address_leads_to_its_file_or_is_dead(deployment: State) -> None:
    for shape in shapes.SHAPES:
        assert (deployment.media / shape.stored_as).is_file() is (shape.file is not None), shape.address


def python_backfill(folder: Path) -> ModuleType:
    """Load the new release's backfill command from its sources."""
    repositories.lay_out("backend", repositories.NEW, folder)
    spec = importlib.util.spec_from_file_location("backfill", folder / "inbox_api" / "backfill.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_command_and_the_migration_agree_on_every_row(deployment: State, tmp_path: Path) -> None:
    walking.advance(deployment, moments.BACKFILLED)
    attachment = python_backfill(tmp_path).attachment
    with psycopg.connect(deployment.read().admin_dsn) as database:
        rows = database.execute(
            "SELECT media_url, message_type, attachments -> 0 FROM messages "
            """WHERE attachments @> '[{"source": "legacy_migration"}]'"""
        ).fetchall()
    assert len(rows) > 100
    assert [attachment(url, kind) for url, kind, _ in rows] == [written for _, _, written in rows]
