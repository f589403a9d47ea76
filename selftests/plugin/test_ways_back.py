"""The ways back that an operator is shown: commands of this very target, what each loses, and until when."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from releasegate.change.models import Change
from releasegate.plugin.back.commands import commands
from releasegate.plugin.back.known import Known
from releasegate.plugin.back.ways import Way
from releasegate.target.models import Target

NOON = datetime(2025, 11, 3, 12, 0, tzinfo=UTC)
KNOWN = Known(
    commits={"backend": "0a1b2c3", "at /srv/pages": "9f8e7d6"},
    dump="/b/a.dump",
    form="custom",
    dumped=NOON,
    restore_s=95,
)
CONNECTION = "host=db.internal dbname=shop"
STATEMENT = "UPDATE messages SET attachments = '[]';"


def change(**more):
    statement = {"kind": "data", "sql": STATEMENT, "source": "runbook"}
    return Change.model_validate(
        {"id": "c-1", "title": {"en": "a", "pt-BR": "b"}, "document": "runbook.md", "rollback": [statement]} | more
    )


def target(manager="docker", **more):
    parts = {part: {"name": part, "pid_file": f"/run/{part}.pid"} for part in ("backend", "frontend")}
    paths = {"backend": "/srv/back end", "frontend": "/srv/pages"}
    return Target.model_validate({"name": "shop", "services": {"manager": manager, **parts}, "paths": paths} | more)


WAY_BACK = {"parts": ["backend", "frontend"], "build": "npm run build", "source": "runbook"}


def test_the_code_goes_back_to_the_saved_commits_and_is_built():
    """The frontend stops first; a commit that was not saved is the one that stood there before the update."""
    assert commands("code", target(), change(way_back=WAY_BACK), KNOWN, CONNECTION) == (
        "docker compose stop frontend",
        "docker compose stop backend",
        "cd '/srv/back end' && git checkout 0a1b2c3 && npm run build",
        "cd /srv/pages && git checkout 9f8e7d6 && npm run build",
        "docker compose up -d --build backend",
        "docker compose up -d --build frontend",
    )


@pytest.mark.parametrize(
    ("manager", "first", "last"),
    [
        ("pm2", "pm2 stop frontend", "pm2 restart frontend"),
        ("systemd", "sudo systemctl stop frontend", "sudo systemctl start frontend"),
        ("process", "kill $(cat /run/frontend.pid)", "# start the frontend again, as you always do"),
    ],
)
def test_services_are_stopped_and_started_by_their_own_manager(manager, first, last):
    """What nobody can know is left to a person, in words."""
    lines = commands("code", target(manager), change(), KNOWN, CONNECTION)
    assert (lines[0], lines[-1]) == (first, last)


def test_the_data_goes_back_by_the_document_s_statement_in_a_transaction():
    """Psql stops at the first error, which it does not by itself."""
    assert commands("data", target(), change(), KNOWN, CONNECTION) == (
        "psql 'host=db.internal dbname=shop' -X -v ON_ERROR_STOP=1 <<'SQL'", "BEGIN;", STATEMENT, "COMMIT;", "SQL",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("form", "packed", "line"),
    [
        ("custom", "", "pg_restore --exit-on-error -d 'host=db.internal dbname=shop_restored' /b/a.dump"),
        ("plain", "gzip", "gzip -dc /b/a.dump | psql 'host=db.internal dbname=shop_restored' -X -v ON_ERROR_STOP=1"),
    ],
)
def test_a_restore_goes_into_an_empty_database_that_takes_the_name(form, packed, line):
    """The runbook's pg_restore -c stops at objects that are newer than the dump."""
    lines = commands("restore", target(), change(), replace(KNOWN, form=form, compression=packed), CONNECTION)
    assert lines[2].endswith("""-c 'CREATE DATABASE "shop_restored" TEMPLATE template0'""")
    assert lines[3] == line
    assert """-c 'ALTER DATABASE "shop_restored" RENAME TO "shop"'""" in lines[4]


def test_a_target_s_own_commands_stand_in_their_place():
    """With what was saved filled in; what was not stands in capitals."""
    own = target(way_back={"code": ["deploy back {backend_commit} {frontend_commit}"], "restore": ["back.sh {dump}"]})
    assert commands("code", own, change(), KNOWN, CONNECTION) == ("deploy back 0a1b2c3 9f8e7d6",)
    assert commands("restore", own, change(), Known(), CONNECTION) == ("back.sh DUMP",)
    assert commands("code", own, change(), Known(), "")[0].endswith(
        "COMMIT_OF_THE_BACKEND_BEFORE COMMIT_OF_THE_FRONTEND_BEFORE"
    )


def test_the_line_above_says_what_is_lost_how_long_it_takes_and_until_when():
    """A moment that has passed is said as that."""
    way = Way(kind="restore", loses="all is lost", takes_s=600, commands=(), decide_by=NOON)
    assert way.head(NOON - timedelta(minutes=12, seconds=30)) == (
        "restore: all is lost; about 10 min 00 s; decide by 2025-11-03 12:00:00 UTC (12 min from now)"
    )
    assert way.head(NOON + timedelta(minutes=3)).endswith("(3 min ago: the window is too short for it now)")
    assert replace(way, why_not="no backup was judged good").head(NOON) == (
        "restore: not possible: no backup was judged good"
    )
