"""The release itself: every moment forward, every way back, and the way forward again."""

import httpx
import psycopg
import pytest

from reference_inbox import moments, network, walking
from reference_inbox.errors import WrongUsage
from reference_inbox.state import State

COVERAGE = """
SELECT count(*) FILTER (WHERE media_url <> ''),
       count(*) FILTER (WHERE media_url <> '' AND attachments -> 0 ->> 'url' = media_url) FROM messages
"""

REPLIES = """
SELECT count(replied_to_message_id), count(*) FILTER (WHERE jsonb_array_length(attachments) = 3) FROM messages
"""


def asked(state: State, query: str) -> tuple[object, ...]:
    with psycopg.connect(state.read().gate_dsn) as database:
        row = database.execute(query.encode()).fetchone()
    assert row is not None
    return tuple(row)


def running_commit(state: State, service: str) -> str:
    record = state.read()
    url = f"{record.backend_url}/version" if service == "backend" else f"{record.frontend_url}/build.json"
    return str(httpx.get(url).json()["commit"])


def which(state: State) -> tuple[str, str]:
    """Say for backend and frontend whether the old or the new commit is running."""
    commits = state.read().commits
    names = {commits[service][age]: age for service in commits for age in ("old", "new")}
    return names[running_commit(state, "backend")], names[running_commit(state, "frontend")]


def test_before_the_release_everything_is_old_and_healthy(deployment: State) -> None:
    assert which(deployment) == ("old", "old")
    assert network.status(f"{deployment.read().backend_url}/health") == 200


def test_a_backup_leaves_a_dump_and_the_commits_to_go_back_to(deployment: State) -> None:
    walking.advance(deployment, moments.BACKED_UP)
    assert len(list(deployment.dumps.glob("db_backup_*.dump"))) == 1
    saved = (deployment.dumps / "current_commit.txt").read_text().splitlines()
    assert [line.split()[0] for line in saved] == [
        commits["old"][:7] for commits in (deployment.read().commits[name] for name in ("backend", "frontend"))
    ]


def test_the_new_backend_works_on_the_old_schema(deployment: State) -> None:
    walking.advance(deployment, moments.BACKEND)
    assert which(deployment) == ("new", "old")
    record = deployment.read()
    with httpx.Client(base_url=record.backend_url) as api:
        token = api.post("/api/auth/login", json=record.login).json()["access_token"]
        api.headers["authorization"] = f"Bearer {token}"
        conversation = api.get("/api/messaging/conversations?limit=1").json()["conversations"][0]["id"]
        sent = api.post(f"/api/messaging/conversations/{conversation}/messages", json={"content": "Olá"})
    assert sent.status_code == 201
    assert sent.json()["attachments"] == []


def test_people_write_between_migration_and_backfill(deployment: State) -> None:
    walking.advance(deployment, moments.MIGRATED)
    replies, threes = asked(deployment, REPLIES)
    assert isinstance(replies, int)
    assert replies > 20
    assert threes == 6


def test_the_backfill_covers_every_row(deployment: State) -> None:
    walking.advance(deployment, moments.BACKFILLED)
    with_media, covered = asked(deployment, COVERAGE)
    assert with_media == covered


def test_released_means_both_are_new(deployment: State) -> None:
    walking.advance(deployment, moments.RELEASED)
    assert which(deployment) == ("new", "new")


def test_a_moment_behind_cannot_be_gone_to(deployment: State) -> None:
    with pytest.raises(WrongUsage, match="stands at released and cannot go back to before"):
        walking.advance(deployment, moments.BEFORE)


@pytest.mark.parametrize(
    ("way_back", "running", "has_marker"),
    [
        (moments.ROLLED_BACK_DATA, ("new", "new"), False),
        (moments.ROLLED_BACK_CODE, ("old", "old"), True),
    ],
)
def test_each_way_back_takes_back_its_part_and_the_way_forward_works_again(
    deployment: State, way_back: str, running: tuple[str, str], has_marker: bool
) -> None:
    walking.advance(deployment, way_back)
    assert which(deployment) == running
    marked = asked(
        deployment, """SELECT count(*) FROM messages WHERE attachments @> '[{"source": "legacy_migration"}]'"""
    )
    assert (marked != (0,)) is has_marker
    walking.advance(deployment, moments.RELEASED)
    assert which(deployment) == ("new", "new")


def test_a_restore_brings_back_the_old_schema_and_release(deployment: State) -> None:
    walking.advance(deployment, moments.ROLLED_BACK_RESTORE)
    assert which(deployment) == ("old", "old")
    assert asked(deployment, "SELECT count(*) FROM messages") == (deployment.read().rows,)
    columns = asked(
        deployment,
        "SELECT count(*) FROM information_schema.columns WHERE table_name = 'messages' AND column_name = 'attachments'",
    )
    assert columns == (0,)
    walking.advance(deployment, moments.RELEASED)
    assert which(deployment) == ("new", "new")
